//! Whether a Producer was made to send, and whether it did: said beside the verdict when it never did.

use super::JudgedScenario;
use crate::evidence::payload::Kind;
use crate::evidence::{Evidence, Observation, TimelineItem};
use touchstone_fixtures::recording::{Event, WindowState};

/// What one scenario shows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stimulated {
    /// Number of stimuli that were accepted.
    pub accepted: u64,
    /// Number of those that were refused.
    pub refused: u64,
    /// The way they were given.
    pub via: Option<String>,
    /// Why the first one was refused.
    pub why: Option<String>,
    /// Number of times it was watched without being told anything.
    pub watched: u64,
    /// Messages it published that hold a command, or anything at all where that cannot be read.
    pub sent: u64,
}

impl Stimulated {
    /// Of a Producer; a Consumer is not stimulated.
    pub(super) fn of(evidence: &Evidence) -> Stimulated {
        let mut found = Stimulated::default();
        if !evidence.setting.part().stimulated {
            return found;
        }
        for item in &evidence.timeline {
            let TimelineItem::Event(entry) = item else { continue };
            // What the harness publishes as a peer is no stimulus of the Producer's.
            if let Event::Stimulus { via, accepted, detail, .. } = &entry.event
                && via != "mqtt"
            {
                found.via.get_or_insert_with(|| via.clone());
                if *accepted {
                    found.accepted += 1;
                } else {
                    found.refused += 1;
                    found.why.get_or_insert_with(|| detail.clone());
                }
            }
        }
        for observation in &evidence.observations {
            match observation {
                Observation::Window { state: WindowState::Opened, .. } => found.watched += 1,
                Observation::Packet(p) if p.from_iut() && p.packet.publish().is_some() => {
                    let kind = p.payload.as_ref().map(|payload| payload.facts().kind());
                    found.sent += u64::from(matches!(kind, None | Some(None | Some(Kind::Request))));
                }
                _ => {}
            }
        }
        found
    }
}

/// A sentence about a Producer that never sent a command in any of these scenarios, though it had occasion to.
pub(super) fn never_sent(scenarios: &[JudgedScenario]) -> Option<String> {
    let all = scenarios.iter().map(|s| &s.stimulated);
    if all.clone().any(|s| s.sent > 0) {
        return None;
    }
    let sum = |of: fn(&Stimulated) -> u64| all.clone().map(of).sum::<u64>();
    let via = all.clone().find_map(|s| s.via.clone()).unwrap_or_default();
    let why = all.clone().find_map(|s| s.why.clone());
    let stimuli = |n: u64| if n == 1 { "1 stimulus was".to_owned() } else { format!("{n} stimuli were") };
    match (sum(|s| s.accepted), sum(|s| s.refused), sum(|s| s.watched)) {
        (0, 0, 0) => None,
        (0, 0, _) => Some("It never sent a command; nothing told it to, [stimulus] being via none.".to_owned()),
        (0, n, _) => Some(format!(
            "It never sent a command: {} given via {via} and refused ({}); see [stimulus] in the IUT file.",
            stimuli(n),
            why.unwrap_or_default()
        )),
        (n, 0, _) => Some(format!("It never sent a command, although {} accepted via {via}.", stimuli(n))),
        (n, refused, _) => Some(format!(
            "It never sent a command, although {} accepted via {via}; {refused} more refused ({}).",
            stimuli(n),
            why.unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::ScenarioStatus;

    fn scenario(stimulated: Stimulated) -> JudgedScenario {
        JudgedScenario { stimulated, ..JudgedScenario::without_evidence(0, ScenarioStatus::Completed) }
    }

    fn said(accepted: u64, refused: u64, watched: u64, sent: u64) -> Option<String> {
        let given = (accepted + refused > 0).then(|| "http".to_owned());
        let why = (refused > 0).then(|| "nobody listens".to_owned());
        let silent = scenario(Stimulated::default());
        never_sent(&[silent, scenario(Stimulated { accepted, refused, via: given, why, watched, sent })])
    }

    #[test]
    fn a_producer_that_never_sends_is_told_of_with_the_way_it_was_asked() {
        assert_eq!(said(3, 0, 0, 1), None);
        assert_eq!(said(0, 0, 0, 0), None, "no occasion");
        insta::assert_debug_snapshot!([
            said(1, 0, 0, 0),
            said(3, 0, 0, 0),
            said(0, 2, 0, 0),
            said(3, 1, 0, 0),
            said(0, 0, 2, 0)
        ]);
    }
}
