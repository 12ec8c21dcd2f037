//! One scenario, judged from its evidence alone.

use super::{FlowsSeen, Ledger, Stimulated};
use crate::binding::Binding;
use crate::evidence::{Evidence, Observation};
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::recording::{CloseHow, FaultState, Nanos, Tester, Tolerances};
use touchstone_reports::model;

/// How a scenario went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScenarioStatus {
    /// To its last step.
    Completed,
    /// It ended early; why.
    Aborted(String),
    /// The test system failed; how.
    Error(String),
}

/// One scenario, judged.
#[derive(Debug)]
pub struct JudgedScenario {
    /// Position in the manifest.
    pub index: usize,
    /// How it went.
    pub status: ScenarioStatus,
    /// What each check decided.
    pub ledgers: BTreeMap<&'static str, Ledger>,
    /// When the IUT's process ended unasked, with the frame that says so.
    pub death: Option<(Nanos, u32)>,
    /// Whether the harness started the IUT for it.
    pub launched: bool,
    /// When it began, in nanoseconds since 1970.
    pub began: Option<u64>,
    /// How long it took, in nanoseconds.
    pub duration: u64,
    /// Evidence that is missing: nothing that this scenario promised counts as kept for sure.
    pub gap: Option<String>,
    /// A fault that was armed and never fired: what this scenario promised, it did not provoke.
    pub unfired: Option<String>,
    /// SHA-256 of the capture, in hex; `None` when there is none.
    pub sha256: Option<String>,
    /// What came of stimulating a Producer.
    pub stimulated: Stimulated,
    /// The deliveries above QoS 0 that it took part in.
    pub flows: FlowsSeen,
    /// Tolerances in force.
    pub tolerances: Option<Tolerances>,
    /// The largest lag of the test system that was recorded, in nanoseconds.
    pub lag: u64,
    /// What happened, for reports.
    pub trace: Vec<model::TraceRow>,
    /// Rows left out.
    pub trace_omitted: u64,
}

impl JudgedScenario {
    /// Judges the evidence of one scenario.
    pub fn of(index: usize, evidence: &Evidence, binding: &Binding, sha256: String) -> JudgedScenario {
        let role = evidence.setting.role;
        let requirements = binding.requirements().map(|(_, r)| r).filter(|r| r.binds(role) && r.belongs_to(binding.id));
        let ledgers = super::judge(evidence, requirements);
        let shown = ledgers.values().flat_map(|l| l.findings(true)).map(|f| &f.witness);
        let (trace, trace_omitted) = super::trace::trace_with(evidence, shown);
        JudgedScenario {
            index,
            status: status(evidence),
            ledgers,
            death: super::run::death(evidence),
            launched: super::run::launched(evidence),
            began: Some(evidence.context.anchor_unix_nanos),
            duration: evidence.ended.0,
            gap: gap(evidence),
            unfired: unfired(evidence),
            sha256: Some(sha256),
            stimulated: Stimulated::of(evidence),
            flows: FlowsSeen::of(evidence),
            tolerances: Some(evidence.context.tolerances),
            lag: lag(evidence),
            trace,
            trace_omitted,
        }
    }

    /// A scenario whose recording cannot be judged.
    pub fn without_evidence(index: usize, status: ScenarioStatus) -> JudgedScenario {
        let gap = match &status {
            ScenarioStatus::Completed => None,
            ScenarioStatus::Aborted(reason) | ScenarioStatus::Error(reason) => Some(reason.clone()),
        };
        JudgedScenario {
            gap,
            unfired: None,
            index,
            status,
            ledgers: BTreeMap::new(),
            death: None,
            launched: false,
            began: None,
            duration: 0,
            sha256: None,
            stimulated: Stimulated::default(),
            flows: FlowsSeen::default(),
            tolerances: None,
            lag: 0,
            trace: Vec::new(),
            trace_omitted: 0,
        }
    }
}

/// The largest lag of the test system.
fn lag(evidence: &Evidence) -> u64 {
    let lags = evidence.observations.iter().filter_map(|observation| match observation {
        Observation::Tester { about: Tester::Lag { nanos }, .. } => Some(*nanos),
        _ => None,
    });
    lags.max().unwrap_or(0)
}

/// What evidence is missing, if any: a limit was reached, or the file breaks off.
fn gap(evidence: &Evidence) -> Option<String> {
    let limit = evidence.observations.iter().find_map(|observation| match observation {
        Observation::Tester { about: Tester::Limit { what }, .. } => Some(format!("evidence is missing: {what}")),
        _ => None,
    });
    limit.or_else(|| evidence.broken_off().map(str::to_owned))
}

/// The first fault that was armed and never fired, if there is one.
fn unfired(evidence: &Evidence) -> Option<String> {
    let mut armed: BTreeMap<u32, &str> = BTreeMap::new();
    let mut fired: BTreeSet<u32> = BTreeSet::new();
    for observation in &evidence.observations {
        match observation {
            Observation::Fault { id, name, state: FaultState::Armed, .. } => {
                armed.entry(*id).or_insert(name);
            }
            Observation::Fault { id, state: FaultState::Fired, .. } => {
                fired.insert(*id);
            }
            _ => {}
        }
    }
    let (id, name) = armed.into_iter().find(|(id, _)| !fired.contains(id))?;
    Some(format!("Fault {id} ({name}) of the scenario never fired: nothing that it was to provoke has happened"))
}

fn status(evidence: &Evidence) -> ScenarioStatus {
    let failure = evidence.observations.iter().find_map(|observation| match observation {
        Observation::Tester { about: Tester::InternalError { message }, .. } => Some(message.clone()),
        Observation::Tester { about: Tester::Canary { ok: false }, .. } => {
            Some("messages no longer travel between sessions: the routing canary was lost".to_owned())
        }
        _ => None,
    });
    match (failure, gap(evidence), &evidence.complete) {
        (Some(failure), ..) => ScenarioStatus::Error(failure),
        (None, Some(gap), _) => ScenarioStatus::Aborted(gap),
        (None, None, Ok(())) => ScenarioStatus::Completed,
        (None, None, Err(reason)) => ScenarioStatus::Aborted(match limit_met(evidence) {
            Some(limit) => format!("{reason}; before that {limit}"),
            None => reason.clone(),
        }),
    }
}

/// The connection of the IUT that the broker closed for a limit of its own, where it did: what fails after that may
/// have no other reason.
fn limit_met(evidence: &Evidence) -> Option<String> {
    evidence.observations.iter().find_map(|observation| match observation {
        Observation::Closed { conn, how: CloseHow::Limit, reason, .. } => {
            Some(format!("the broker closed connection {conn} for a limit of its own: {reason}"))
        }
        _ => None,
    })
}
