//! The join: what all scenarios together say of each requirement, and what the policy makes of it.

use super::message::{bits, cite, sentence};
use super::{Finding, LISTED, Ledger, Outcome, Policy, Witness};
use crate::binding::Binding;
use crate::catalogue::{Catalogue, Judged, Requirement, Trigger};
use crate::evidence::Evidence;
use crate::iut::{Pics, Role};
use crate::manifest::Manifest;
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{Nanos, Tester};
use touchstone_reports::model;

/// The rule that a process which ends unasked breaks; findings after that point at it.
const SURVIVES: &str = "harness/survives";

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
    /// SHA-256 of the capture, in hex; `None` when there is none.
    pub sha256: Option<String>,
    /// Tolerances in force.
    pub tolerances: Option<touchstone_fixtures::recording::Tolerances>,
    /// What happened, for reports.
    pub trace: Vec<model::TraceRow>,
    /// Rows left out.
    pub trace_omitted: u64,
}

impl JudgedScenario {
    /// Judges the evidence of one scenario.
    pub fn of(index: usize, evidence: &Evidence, binding: &Binding, sha256: String) -> JudgedScenario {
        let role = evidence.setting.role;
        let requirements = binding.requirements().map(|(_, r)| r).filter(|r| r.binds(role));
        let ledgers = super::judge(evidence, requirements);
        let (trace, trace_omitted) = super::trace(evidence);
        JudgedScenario {
            index,
            status: status(evidence),
            ledgers,
            death: super::run::death(evidence),
            launched: super::run::launched(evidence),
            began: Some(evidence.context.anchor_unix_nanos),
            duration: evidence.ended.0,
            sha256: Some(sha256),
            tolerances: Some(evidence.context.tolerances),
            trace,
            trace_omitted,
        }
    }

    /// A scenario whose recording cannot be judged.
    pub fn without_evidence(index: usize, status: ScenarioStatus) -> JudgedScenario {
        JudgedScenario {
            index,
            status,
            ledgers: BTreeMap::new(),
            death: None,
            launched: false,
            began: None,
            duration: 0,
            sha256: None,
            tolerances: None,
            trace: Vec::new(),
            trace_omitted: 0,
        }
    }
}

fn status(evidence: &Evidence) -> ScenarioStatus {
    use crate::evidence::Observation;
    let mut limit = None;
    for observation in &evidence.observations {
        match observation {
            Observation::Tester(Tester::InternalError { message }) => return ScenarioStatus::Error(message.clone()),
            Observation::Tester(Tester::Canary { ok: false }) => {
                return ScenarioStatus::Error(
                    "messages no longer travel between sessions: the routing canary was lost".to_owned(),
                );
            }
            Observation::Tester(Tester::Limit { what }) => {
                limit.get_or_insert_with(|| what.clone());
            }
            _ => {}
        }
    }
    match (limit, &evidence.complete) {
        (Some(what), _) => ScenarioStatus::Aborted(format!("evidence is missing: {what}")),
        (None, Ok(())) => ScenarioStatus::Completed,
        (None, Err(reason)) => ScenarioStatus::Aborted(reason.clone()),
    }
}

/// A run, judged.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Everything the reports say.
    pub report: model::Report,
    /// Raw outcome of every requirement that binds the role, by id: what the mutation ledger asserts on.
    pub outcomes: BTreeMap<&'static str, Outcome>,
}

/// One requirement across all scenarios.
struct Joined {
    outcome: Outcome,
    met: u64,
    broken: u64,
    findings: Vec<model::Finding>,
    witnesses: Vec<model::Witness>,
}

/// Joins the scenarios of a run under a policy. `program`: version of the judging program.
pub fn assess(
    manifest: &Manifest,
    binding: &Binding,
    role: Role,
    policy: Policy,
    scenarios: &[JudgedScenario],
    program: &str,
) -> Assessment {
    let mut waivers: Vec<model::Waiver> = manifest
        .waivers
        .iter()
        .map(|w| model::Waiver {
            requirement: w.requirement.clone(),
            reason: w.reason.clone(),
            owner: w.owner.clone(),
            expires: w.expires.clone(),
            version: w.version.clone(),
            used: false,
        })
        .collect();
    let mut outcomes = BTreeMap::new();
    let mut requirements = Vec::new();
    for (catalogue, requirement) in binding.requirements() {
        let joined = join(manifest, catalogue, requirement, scenarios);
        let (row, outcome) = row(manifest, catalogue, requirement, role, policy, scenarios, joined, &mut waivers);
        if requirement.binds(role) {
            outcomes.insert(requirement.id, outcome);
        }
        requirements.push(row);
    }
    let report = report(manifest, binding, policy, scenarios, requirements, waivers, program);
    Assessment { report, outcomes }
}

fn join(manifest: &Manifest, catalogue: &Catalogue, requirement: &Requirement, scenarios: &[JudgedScenario]) -> Joined {
    let mut joined = Joined { outcome: Outcome::None, met: 0, broken: 0, findings: Vec::new(), witnesses: Vec::new() };
    for scenario in scenarios {
        let Some(selected) = manifest.scenarios.get(scenario.index) else { continue };
        let promised = selected.exercises.iter().any(|e| e == requirement.id);
        let empty = Ledger::default();
        let ledger = scenario.ledgers.get(requirement.id).unwrap_or(&empty);
        let mut outcome = ledger.outcome(promised);
        for finding in ledger.findings(promised) {
            joined.push(model::Finding {
                at: witness(&selected.id, &finding.witness),
                outcome: outcome_name(finding.outcome).to_owned(),
                expected: some(&finding.expected),
                actual: some(&finding.actual),
                message: sentence(catalogue, requirement, finding),
                because: cascade(requirement, scenario, finding),
            });
        }
        if outcome == Outcome::None && promised && requirement.judged.testable() {
            if let ScenarioStatus::Aborted(reason) = &scenario.status {
                outcome = Outcome::Undecided;
                joined.push(plain(
                    &selected.id,
                    Outcome::Undecided,
                    format!("The scenario ended before this could be decided: {reason}"),
                    scenario.death.map(|_| SURVIVES.to_owned()).filter(|id| *id != requirement.id),
                ));
            }
        }
        joined.outcome = joined.outcome.join(outcome);
        joined.met += ledger.met();
        joined.broken += ledger.broken();
        let room = LISTED.saturating_sub(joined.witnesses.len());
        joined.witnesses.extend(ledger.witnesses().iter().take(room.min(3)).map(|w| witness(&selected.id, w)));
    }
    joined
}

impl Joined {
    /// Findings are listed up to a bound per outcome; the counts have them all.
    fn push(&mut self, finding: model::Finding) {
        let same = self.findings.iter().filter(|f| f.outcome == finding.outcome).count();
        if same < LISTED {
            self.findings.push(finding);
        }
    }
}

/// What followed from the end of the process points at it.
fn cascade(requirement: &Requirement, scenario: &JudgedScenario, finding: &Finding) -> Option<String> {
    let (_, frame) = scenario.death?;
    (requirement.id != SURVIVES && finding.witness.frame.is_some_and(|f| f > frame)).then(|| SURVIVES.to_owned())
}

fn plain(scenario: &str, outcome: Outcome, message: String, because: Option<String>) -> model::Finding {
    model::Finding {
        at: model::Witness {
            scenario: scenario.to_owned(),
            connection: None,
            packet: None,
            frame: None,
            bytes: None,
            bits: None,
        },
        outcome: outcome_name(outcome).to_owned(),
        expected: None,
        actual: None,
        message,
        because,
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::None => "none",
        Outcome::Met => "met",
        Outcome::Undecided => "undecided",
        Outcome::Broken => "broken",
        Outcome::Error => "error",
    }
}

fn witness(scenario: &str, witness: &Witness) -> model::Witness {
    model::Witness {
        scenario: scenario.to_owned(),
        connection: witness.connection.map(|c| c.0),
        packet: witness.packet,
        frame: witness.frame,
        bytes: witness.bytes.map(|span| [span.start, span.end]),
        bits: (witness.bits != 0).then(|| bits(witness.bits)),
    }
}

/// State and verdict of one requirement.
#[expect(clippy::too_many_arguments, reason = "one call, and each argument is one thing the decision rests on")]
fn row(
    manifest: &Manifest,
    catalogue: &Catalogue,
    requirement: &Requirement,
    role: Role,
    policy: Policy,
    scenarios: &[JudgedScenario],
    mut joined: Joined,
    waivers: &mut [model::Waiver],
) -> (model::Requirement, Outcome) {
    let raw = joined.outcome;
    let (mut state, mut reason) = state(manifest, requirement, role, &joined, scenarios);
    if state == model::State::Applicable && raw == Outcome::None {
        joined.push(plain("", Outcome::Undecided, no_instance(requirement), None));
    }
    if let (Trigger::IutOption(option), true) = (requirement.trigger, raw >= Outcome::Met)
        && state == model::State::Applicable
        && !claims(&manifest.pics, option)
    {
        joined.findings.push(model::Finding {
            outcome: "note".to_owned(),
            ..plain(
                "",
                Outcome::None,
                format!("The option {option:?} was used although the IUT file does not declare it"),
                None,
            )
        });
    }
    let mut verdict = model::Verdict::None;
    if state == model::State::Applicable {
        verdict = policy.verdict(requirement, raw);
        if verdict == model::Verdict::Fail
            && let Some(waiver) = waivers.iter_mut().find(|w| w.requirement == requirement.id)
        {
            waiver.used = true;
            state = model::State::Waived;
            reason = Some(format!("{} (owner {}, until {})", waiver.reason, waiver.owner, waiver.expires));
        }
    }
    let gating = matches!(state, model::State::Applicable | model::State::Waived) && policy.fails(requirement);
    let row = model::Requirement {
        id: requirement.id.to_owned(),
        rows: requirement.rows.iter().map(|r| (*r).to_owned()).collect(),
        catalogue: catalogue.id.to_owned(),
        cite: cite(catalogue, requirement),
        clause: requirement.clause.to_owned(),
        level: requirement.level.as_str().to_owned(),
        interop: requirement.interop,
        contradiction: requirement.contradiction.map(str::to_owned),
        statement: requirement.statement(),
        state,
        reason,
        outcome: outcome_name(raw).to_owned(),
        verdict,
        gating,
        met: joined.met,
        broken: joined.broken,
        findings: joined.findings,
        witnesses: joined.witnesses,
    };
    (row, raw)
}

fn no_instance(requirement: &Requirement) -> String {
    match requirement.trigger {
        Trigger::IutOption(option) => {
            format!("The IUT file declares {option:?}, but nothing in this run showed it")
        }
        Trigger::Always | Trigger::Tester => "Nothing in this run gave an occasion to decide it".to_owned(),
    }
}

/// Whether the PICS claims an option: elected by name, or declared by the field it stands for.
fn claims(pics: &Pics, option: &str) -> bool {
    match option {
        "qos2" => pics.qos == Some(2) || pics.elects(option),
        "cbor" => pics.speaks(crate::iut::Serialization::Cbor),
        "tls" => pics.tls,
        "command" => !pics.commands.is_empty(),
        _ => pics.elects(option),
    }
}

fn state(
    manifest: &Manifest,
    requirement: &Requirement,
    role: Role,
    joined: &Joined,
    scenarios: &[JudgedScenario],
) -> (model::State, Option<String>) {
    use model::State;
    if !requirement.binds(role) {
        let roles: Vec<&str> = requirement.roles.iter().map(|r| r.as_str()).collect();
        return (State::NotApplicable, Some(format!("binds the {} only", roles.join(" and the "))));
    }
    match requirement.judged {
        Judged::NotYet(reason) => return (State::NotYetTested, Some(reason.to_owned())),
        Judged::Untestable(reason) => return (State::Untestable, Some(reason.to_owned())),
        Judged::Packet(_) | Judged::Exchange(_) | Judged::Machine(_) => {}
    }
    if let Some((condition, test)) = requirement.when
        && !test(&manifest.pics)
    {
        return (State::NotApplicable, Some(format!("applies only when {condition}")));
    }
    if !manifest.selection.requirements.is_empty()
        && !manifest.selection.requirements.iter().any(|id| id == requirement.id)
    {
        return (State::NotSelected, Some("left out by --requirement".to_owned()));
    }
    if joined.outcome == Outcome::None {
        let exercised = |s: &&JudgedScenario| {
            manifest.scenarios.get(s.index).is_some_and(|m| m.exercises.iter().any(|e| e == requirement.id))
        };
        if !manifest.selection.scenarios.is_empty() && !scenarios.iter().any(|s| exercised(&s)) {
            return (State::NotSelected, Some("no selected scenario exercises it".to_owned()));
        }
        if let Trigger::IutOption(option) = requirement.trigger
            && !claims(&manifest.pics, option)
            && let Some(offer) = scenarios.iter().filter(exercised).find(|s| s.status == ScenarioStatus::Completed)
            && let Some(offer) = manifest.scenarios.get(offer.index)
        {
            return (
                State::OptionNotTaken,
                Some(format!("{option:?} is not declared, and was not used when scenario {} gave occasion", offer.id)),
            );
        }
    }
    (State::Applicable, None)
}

fn report(
    manifest: &Manifest,
    binding: &Binding,
    policy: Policy,
    scenarios: &[JudgedScenario],
    requirements: Vec<model::Requirement>,
    waivers: Vec<model::Waiver>,
    program: &str,
) -> model::Report {
    let mut counts = count(&requirements);
    counts.scenarios = u32::try_from(manifest.scenarios.len()).unwrap_or(u32::MAX);
    counts.scenarios_completed =
        u32::try_from(scenarios.iter().filter(|s| s.status == ScenarioStatus::Completed).count()).unwrap_or(u32::MAX);
    let undecided = requirements.iter().filter(|r| r.gating && r.verdict == model::Verdict::Undecided).count();
    let unused: Vec<&str> = waivers.iter().filter(|w| !w.used).map(|w| w.requirement.as_str()).collect();
    let scenario_errors = scenarios.iter().filter(|s| matches!(s.status, ScenarioStatus::Error(_))).count();
    let partial = manifest.selection.partial();
    let nothing_ran = scenarios.iter().all(|s| s.sha256.is_none());
    let verdict = if counts.error > 0 || scenario_errors > 0 {
        model::RunVerdict::Error
    } else if counts.fail > 0 {
        model::RunVerdict::Fail
    } else if undecided > 0 || !unused.is_empty() || nothing_ran || !manifest.completed {
        model::RunVerdict::Incomplete
    } else if partial {
        model::RunVerdict::Partial
    } else {
        model::RunVerdict::Pass
    };
    let sentence = verdict_sentence(
        verdict,
        policy,
        &requirements,
        &counts,
        undecided,
        &unused,
        manifest.completed,
        scenario_errors,
    );
    model::Report {
        format: model::FORMAT.to_owned(),
        iut: model::Iut {
            name: manifest.iut.name.clone(),
            vendor: manifest.iut.vendor.clone(),
            version: manifest.iut.version.clone(),
        },
        binding: manifest.binding.clone(),
        role: manifest.role.clone(),
        policy: policy.as_str().to_owned(),
        verdict,
        sentence,
        partial,
        counts,
        run: facts(manifest, binding, scenarios, program),
        requirements,
        scenarios: scenarios.iter().filter_map(|s| scenario(manifest, s)).collect(),
        waivers,
    }
}

fn count(requirements: &[model::Requirement]) -> model::Counts {
    use model::{State, Verdict};
    let mut counts = model::Counts::default();
    for requirement in requirements {
        counts.requirements += 1;
        counts.gating += u32::from(requirement.gating);
        match requirement.state {
            State::Applicable => counts.applicable += 1,
            State::NotApplicable => counts.not_applicable += 1,
            State::NotSelected => counts.not_selected += 1,
            State::NotYetTested => counts.not_yet_tested += 1,
            State::Untestable => counts.untestable += 1,
            State::Waived => counts.waived += 1,
            State::OptionNotTaken => counts.option_not_taken += 1,
        }
        if requirement.state == State::Applicable {
            match requirement.verdict {
                Verdict::Pass => counts.pass += 1,
                Verdict::Warn => counts.warn += 1,
                Verdict::Fail => counts.fail += 1,
                Verdict::Undecided => counts.undecided += 1,
                Verdict::Error => counts.error += 1,
                Verdict::None => {}
            }
        }
    }
    counts
}

#[expect(clippy::too_many_arguments, reason = "one call, and each argument is one fact of the sentence")]
fn verdict_sentence(
    verdict: model::RunVerdict,
    policy: Policy,
    requirements: &[model::Requirement],
    counts: &model::Counts,
    undecided: usize,
    unused: &[&str],
    completed: bool,
    scenario_errors: usize,
) -> String {
    use model::RunVerdict;
    let mut parts = Vec::new();
    let failed = |level: &str| {
        requirements
            .iter()
            .filter(|r| r.verdict == model::Verdict::Fail && r.state == model::State::Applicable && r.level == level)
            .count()
    };
    for (level, name) in [("must", "MUST"), ("should", "SHOULD"), ("may", "MAY"), ("guidance", "guidance")] {
        let n = failed(level);
        if n > 0 {
            parts.push(format!("{n} {name} broken"));
        }
    }
    if counts.waived > 0 {
        parts.push(format!("{} waived", counts.waived));
    }
    if undecided > 0 {
        parts.push(format!("{undecided} not decided"));
    }
    if counts.error > 0 || scenario_errors > 0 {
        parts.push(format!("{} errors of the test system", counts.error as usize + scenario_errors));
    }
    if !unused.is_empty() {
        parts.push(format!("unused waiver of {}", unused.join(", ")));
    }
    if !completed {
        parts.push("the run did not come to its end".to_owned());
    }
    let met = requirements.iter().filter(|r| r.gating && r.verdict == model::Verdict::Pass).count();
    let gate = format!("{met} of {} gating requirements met", counts.gating);
    if parts.is_empty() || matches!(verdict, RunVerdict::Pass | RunVerdict::Partial) {
        parts.push(gate);
    }
    if counts.warn > 0 {
        parts.push(format!("{} {}", counts.warn, if counts.warn == 1 { "warning" } else { "warnings" }));
    }
    let head = match verdict {
        RunVerdict::Pass => "Conforms",
        RunVerdict::Partial => "Nothing wrong in a partial run, which proves no conformance",
        RunVerdict::Incomplete => "Incomplete: conformance is neither shown nor refuted",
        RunVerdict::Fail => "Does not conform",
        RunVerdict::Error => "No verdict: the test system failed",
    };
    format!("{head}: {} (policy {}).", parts.join(", "), policy.as_str())
}

fn facts(manifest: &Manifest, binding: &Binding, scenarios: &[JudgedScenario], program: &str) -> model::Run {
    let began = scenarios.iter().filter_map(|s| s.began).min();
    let ended = scenarios.iter().filter_map(|s| s.began.map(|b| b + s.duration)).max();
    let ms = |nanos: u64| format!("{} ms", nanos / 1_000_000);
    let mut hashes = vec![(manifest.iut_file.path.clone(), manifest.iut_file.sha256.clone())];
    for scenario in scenarios {
        if let (Some(selected), Some(hash)) = (manifest.scenarios.get(scenario.index), &scenario.sha256) {
            hashes.push((format!("{}/capture.pcapng", selected.evidence), hash.clone()));
        }
    }
    model::Run {
        tool: program.to_owned(),
        started: began.map(timestamp).unwrap_or_default(),
        duration_ms: match (began, ended) {
            (Some(began), Some(ended)) => ended.saturating_sub(began) / 1_000_000,
            _ => 0,
        },
        binding_title: binding.title.to_owned(),
        catalogues: binding
            .catalogues
            .iter()
            .map(|c| model::CatalogueRef {
                id: c.id.to_owned(),
                title: c.title.to_owned(),
                cite: c.cite.to_owned(),
                edition: c.edition.to_owned(),
                version: c.version,
            })
            .collect(),
        pics: pics_lines(&manifest.pics),
        hashes,
        seed: manifest.seed,
        tolerances: scenarios
            .iter()
            .find_map(|s| s.tolerances)
            .map(|t| {
                vec![
                    ("quiet window".to_owned(), ms(t.quiet)),
                    ("time to answer".to_owned(), ms(t.response)),
                    ("keep alive".to_owned(), ms(t.keep_alive)),
                    ("close after DISCONNECT".to_owned(), ms(t.disconnect)),
                ]
            })
            .unwrap_or_default(),
    }
}

fn pics_lines(pics: &Pics) -> Vec<(String, String)> {
    match serde_json::to_value(pics) {
        Ok(serde_json::Value::Object(members)) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| match value {
                serde_json::Value::String(text) => (key, text),
                other => (key, other.to_string()),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn timestamp(unix_nanos: u64) -> String {
    use time::format_description::well_known::Rfc3339;
    // Milliseconds are enough, and what every JUnit reader understands.
    let millis = i128::from(unix_nanos / 1_000_000) * 1_000_000;
    time::OffsetDateTime::from_unix_timestamp_nanos(millis)
        .ok()
        .and_then(|t| t.format(&Rfc3339).ok())
        .unwrap_or_default()
}

fn scenario(manifest: &Manifest, judged: &JudgedScenario) -> Option<model::Scenario> {
    let selected = manifest.scenarios.get(judged.index)?;
    let (status, reason) = match &judged.status {
        ScenarioStatus::Completed => ("completed", None),
        ScenarioStatus::Aborted(reason) => ("aborted", Some(reason.clone())),
        ScenarioStatus::Error(reason) => ("error", Some(reason.clone())),
    };
    Some(model::Scenario {
        id: selected.id.clone(),
        status: status.to_owned(),
        reason,
        duration_ms: judged.duration / 1_000_000,
        title: selected.title.clone(),
        purpose: selected.purpose.clone(),
        exercises: selected.exercises.clone(),
        evidence: selected.evidence.clone(),
        rerun: format!("touchstone run --iut {} --out DIR --scenario {}", manifest.iut_file.path, selected.id),
        printed: judged.launched,
        trace: judged.trace.clone(),
        trace_omitted: judged.trace_omitted,
    })
}
