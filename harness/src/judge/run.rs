use super::{Check, Ledger, Ruling, Witness};
use crate::catalogue::{Judged, Requirement};
use crate::evidence::{Evidence, Observation, Setting};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use touchstone_fixtures::recording::{Nanos, ProcessChange};

/// Observations that each check in turn looks at: few enough to stay at hand for all of them, and enough for its code
/// and state to be worth fetching.
const AT_ONCE: usize = 32;

/// A check at work on one recording.
struct Running {
    id: &'static str,
    check: Form,
    ledger: Ledger,
    failed: bool,
}

enum Form {
    Packet(fn(&crate::evidence::PacketSeen, &Setting) -> Option<Ruling>),
    Exchange(fn(&crate::evidence::Exchange, &Setting) -> Option<Ruling>),
    Machine(Box<dyn Check>),
}

impl Form {
    fn of(judged: &Judged) -> Option<Form> {
        match judged {
            Judged::Packet(rule) => Some(Form::Packet(*rule)),
            Judged::Exchange(rule) => Some(Form::Exchange(*rule)),
            Judged::Machine(make) => Some(Form::Machine(make())),
            Judged::NotYet(_) | Judged::Untestable(_) => None,
        }
    }

    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match (self, observation) {
            (Form::Packet(rule), Observation::Packet(packet)) => {
                if let Some(ruling) = rule(packet, setting) {
                    ledger.enter(Witness::packet(packet), ruling);
                }
            }
            (Form::Exchange(rule), Observation::Exchange(exchange)) => {
                if let Some(ruling) = rule(exchange, setting) {
                    ledger.enter(Witness::packet(&exchange.request), ruling);
                }
            }
            (Form::Machine(check), observation) => check.observe(observation, setting, ledger),
            _ => {}
        }
    }
}

/// Runs the checks of `requirements` over one recording. A check that panics is an error of the test system,
/// entered under its requirement; the others go on.
pub fn judge(
    evidence: &Evidence,
    requirements: impl IntoIterator<Item = &'static Requirement>,
) -> BTreeMap<&'static str, Ledger> {
    let mut running: Vec<Running> = requirements
        .into_iter()
        .filter_map(|requirement| {
            let check = Form::of(&requirement.judged)?;
            Some(Running { id: requirement.id, check, ledger: Ledger::default(), failed: false })
        })
        .collect();
    for observations in evidence.observations.chunks(AT_ONCE) {
        for one in running.iter_mut().filter(|one| !one.failed) {
            let mut current = None;
            // A panicking check leaves only its own state behind, and is never called again.
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                for observation in observations {
                    current = Some(observation);
                    one.check.observe(observation, &evidence.setting, &mut one.ledger);
                }
            }));
            if let (Err(_), Some(observation)) = (outcome, current) {
                one.failed = true;
                one.ledger.error(at(observation), format!("the check of {} failed on this observation", one.id));
            }
        }
    }
    running.into_iter().map(|one| (one.id, one.ledger)).collect()
}

fn at(observation: &Observation) -> Witness {
    match observation {
        Observation::Packet(p) | Observation::Delivered(p) | Observation::Stray(p) => Witness::packet(p),
        Observation::Exchange(e) => Witness::packet(&e.request),
        Observation::Opened { frame, .. } | Observation::Process { frame, .. } => Witness::frame(*frame),
        _ => Witness { connection: None, packet: None, frame: None, bytes: None, bits: 0 },
    }
}

/// Whether a process was started.
pub(super) fn launched(evidence: &Evidence) -> bool {
    evidence.observations.iter().any(|o| matches!(o, Observation::Process { change: ProcessChange::Spawn { .. }, .. }))
}

/// When a process ended without being asked to, if it did.
pub(super) fn death(evidence: &Evidence) -> Option<(Nanos, u32)> {
    evidence.observations.iter().find_map(|o| match o {
        Observation::Process { change: ProcessChange::Exit { expected: false, .. }, at, frame, .. } => {
            Some((*at, *frame))
        }
        _ => None,
    })
}
