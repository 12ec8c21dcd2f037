//! The same Command written in other ways (LS 5.4-3, RFC 7493).

use super::support::{Answer, answer, answerable, interim_only, misfit, no_status, too_early, unanswered, well_formed};
use crate::evidence::openc2::{Message, Node, schema};
use crate::evidence::{Exchange, Observation, Setting};
use crate::iut::Serialization;
use crate::judge::{Check, Ledger, Ruling, Witness};
use std::sync::Arc;

/// Most Commands that are kept for comparison.
const KEPT: usize = 1_024;

/// The check of `openc2/json-variants`.
#[derive(Debug, Default)]
pub(super) struct Variants {
    /// Plain Commands that were answered with status 200, one of each content.
    plain: Vec<Arc<Exchange>>,
    /// All others that are due an answer.
    others: Vec<Arc<Exchange>>,
    full: bool,
}

impl Check for Variants {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Exchange(exchange) => self.take(exchange, setting),
            Observation::End { .. } => self.conclude(ledger),
            _ => {}
        }
    }
}

impl Variants {
    fn take(&mut self, exchange: &Arc<Exchange>, setting: &Setting) {
        let Some(message) = json(exchange, setting) else { return };
        let style = message.style;
        let plain = !style.escapes && !style.white_space && !style.non_ascii;
        let twin = if plain { self.twin(exchange) } else { None };
        let list = match twin {
            Some(twin) if same_order(twin, exchange) => return,
            None if plain && matches!(answer(exchange), Answer::Final(_, 200)) => &mut self.plain,
            _ => &mut self.others,
        };
        if list.len() < KEPT {
            list.push(Arc::clone(exchange));
        } else {
            self.full = true;
        }
    }

    /// The plain Command with the same content.
    fn twin(&self, exchange: &Exchange) -> Option<&Arc<Exchange>> {
        self.plain.iter().find(|plain| same_content(plain, exchange))
    }

    fn conclude(&mut self, ledger: &mut Ledger) {
        for exchange in std::mem::take(&mut self.others) {
            let Some(message) = exchange.message() else { continue };
            let Some(twin) = self.twin(&exchange) else { continue };
            let style = message.style;
            let how = if style.escapes {
                "escapes"
            } else if style.non_ascii {
                "text beyond ASCII"
            } else if style.white_space {
                "white space"
            } else if !same_order(twin, &exchange) {
                "members in another order"
            } else {
                continue;
            };
            ledger.enter(Witness::packet(&exchange.request), ruling(&exchange, how));
        }
        if self.full {
            let nowhere = Witness { connection: None, packet: None, frame: None, bytes: None, bits: 0 };
            ledger.enter(nowhere, Ruling::Undecided(format!("More than {KEPT} Commands to compare")));
        }
    }
}

fn ruling(exchange: &Exchange, how: &str) -> Ruling {
    let what = format!("A Command with {how}");
    let expected = "status 200, as for the same Command written plainly";
    match answer(exchange) {
        Answer::Final(_, 200) => Ruling::Met,
        // It could not have been carried out however it was written.
        Answer::Final(_, 503) => Ruling::Undecided(format!("{what} was answered with status 503")),
        Answer::Final(response, code) => misfit(response, Some(code), &what, expected),
        Answer::Silent => unanswered(exchange, format!("{what} was not answered"), expected),
        Answer::NoStatus(_) | Answer::Unreadable => no_status(&what),
        Answer::Interim(_) => interim_only(&what),
        Answer::Open => too_early(&what),
    }
}

/// A sound Command in JSON that is due an answer.
fn json<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<&'a Message> {
    answerable(exchange, setting).filter(|m| m.serialization == Some(Serialization::Json) && well_formed(m))
}

fn same_content(a: &Exchange, b: &Exchange) -> bool {
    let (a, b) = (a.message().and_then(|m| m.content.as_ref()), b.message().and_then(|m| m.content.as_ref()));
    matches!((a, b), (Some(a), Some(b)) if schema::same(a, b))
}

/// Whether the members that both have come in the same order, everywhere in message and content.
fn same_order(a: &Exchange, b: &Exchange) -> bool {
    let (a, b) = (a.message().and_then(|m| m.root.as_ref()), b.message().and_then(|m| m.root.as_ref()));
    match (a, b) {
        (Some(a), Some(b)) => ordered(a, b),
        _ => true,
    }
}

fn ordered(a: &Node, b: &Node) -> bool {
    let (Some(ours), Some(theirs)) = (a.as_map(), b.as_map()) else { return true };
    let shared = |members: &[(Node, Node)], other: &Node| -> Vec<String> {
        members
            .iter()
            .filter_map(|(key, _)| key.as_text())
            .filter(|name| other.get(name).is_some())
            .map(str::to_owned)
            .collect()
    };
    shared(ours, b) == shared(theirs, a)
        && ours
            .iter()
            .all(|(key, value)| key.as_text().and_then(|name| b.get(name)).is_none_or(|other| ordered(value, other)))
}
