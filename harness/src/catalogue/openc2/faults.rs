//! What is wrong with a Command, and what the IUT does not support.

use super::support::{Answer, OURS, actuator, answer, answerable, is_ours, is_query_features, result, well_formed};
use crate::evidence::openc2::schema::{command, malforms};
use crate::evidence::openc2::{Message, Node};
use crate::evidence::{Exchange, Observation, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is wrong with the grammar of a Command. Each Command has one fault at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its action is unknown, and nothing else.
    Action,
    /// It has no or several targets, and nothing else.
    Targets,
    /// Its args are empty, and nothing else.
    Args,
    /// Anything else, and mixtures.
    Other,
}

impl Fault {
    /// How a sentence begins.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Fault::Action => "A Command with an unknown action",
            Fault::Targets => "A Command without exactly one target",
            Fault::Args => "A Command with empty args",
            Fault::Other => "A malformed Command",
        }
    }
}

/// The fault of a Command, if it has one.
pub(super) fn fault(message: &Message) -> Option<Fault> {
    let rows: BTreeSet<&str> = message.content_defects.iter().filter(|d| malforms(d)).map(|d| d.clause).collect();
    let only = |row: &str| rows.len() == 1 && rows.contains(row);
    if rows.is_empty() {
        None
    } else if only(command::ACTION) {
        Some(Fault::Action)
    } else if only(command::TARGET) {
        Some(Fault::Targets)
    } else if only(command::ARGS_EMPTY) {
        Some(Fault::Args)
    } else {
        Some(Fault::Other)
    }
}

/// The request of an exchange, when it is sound and for a profile that no Consumer has.
pub(super) fn unsupported_profile<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<&'a Message> {
    let message = answerable(exchange, setting).filter(|m| well_formed(m))?;
    (actuator(message)? == OURS).then_some(message)
}

/// Most exchanges that wait for the IUT's `pairs`.
const WAITING: usize = 4_096;
/// Most pairs that are kept.
const PAIRS: usize = 4_096;

/// Judges Commands that the IUT does not support, when all it says about its pairs is known.
pub(super) struct Unsupported {
    rule: fn(&Exchange) -> Option<Ruling>,
    profiles: bool,
    /// Pairs of action and target the IUT has reported; `None`: it has not reported any.
    pairs: Option<BTreeSet<(String, String)>>,
    waiting: Vec<Arc<Exchange>>,
    full: bool,
}

impl Unsupported {
    /// Judges unsupported pairs.
    pub(super) fn pairs(rule: fn(&Exchange) -> Option<Ruling>) -> Unsupported {
        Unsupported { rule, profiles: false, pairs: None, waiting: Vec::new(), full: false }
    }

    /// Judges unsupported pairs, and Commands for profiles that no Consumer has.
    pub(super) fn pairs_and_profiles(rule: fn(&Exchange) -> Option<Ruling>) -> Unsupported {
        Unsupported { profiles: true, ..Unsupported::pairs(rule) }
    }

    fn learn(&mut self, exchange: &Exchange) {
        let Answer::Final(response, 200) = answer(exchange) else { return };
        let Some(message) = response.packet.message() else { return };
        let Some(reported) = result(message, "pairs").and_then(Node::as_map) else { return };
        let pairs = self.pairs.get_or_insert_default();
        for (action, targets) in reported {
            let Some(action) = action.as_text() else { continue };
            for target in targets.as_array().unwrap_or_default().iter().filter_map(Node::as_text) {
                if pairs.len() < PAIRS {
                    pairs.insert((action.to_owned(), target.to_owned()));
                } else {
                    self.full = true;
                }
            }
        }
    }

    /// Whether a sound Command is not supported, as far as is known.
    fn unsupported(&self, message: &Message) -> bool {
        let (Some(action), Some((target, _))) = (message.action(), message.target()) else { return false };
        if self.profiles && actuator(message) == Some(OURS) {
            return true;
        }
        match &self.pairs {
            _ if is_query_features(message) => false,
            Some(pairs) => !pairs.contains(&(action.to_owned(), target.to_owned())),
            None => is_ours(target),
        }
    }
}

/// Whether the vendor declares a command with that pair.
fn declared_pair(message: &Message, setting: &Setting) -> bool {
    let Some((target, _)) = message.target() else { return false };
    setting
        .pics
        .commands
        .iter()
        .any(|command| message.action() == Some(&command.action) && command.target.get(target).is_some())
}

impl Check for Unsupported {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Exchange(exchange) => {
                self.learn(exchange);
                let concerns =
                    answerable(exchange, setting).is_some_and(|m| well_formed(m) && !declared_pair(m, setting));
                if !concerns {
                    return;
                }
                if self.waiting.len() < WAITING {
                    self.waiting.push(Arc::clone(exchange));
                } else {
                    self.full = true;
                }
            }
            Observation::End { .. } => {
                for exchange in std::mem::take(&mut self.waiting) {
                    if exchange.message().is_some_and(|m| self.unsupported(m))
                        && let Some(ruling) = (self.rule)(&exchange)
                    {
                        ledger.enter(Witness::packet(&exchange.request), ruling);
                    }
                }
                if self.full {
                    let nowhere = Witness { connection: None, packet: None, frame: None, bytes: None, bits: 0 };
                    ledger.enter(nowhere, Ruling::Undecided("There were too many Commands or pairs to follow".into()));
                }
            }
            _ => {}
        }
    }
}
