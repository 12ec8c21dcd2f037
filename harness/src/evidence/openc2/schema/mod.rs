//! Grammar of LS v1.0 for Commands and Responses: what departs from it, under row ids, with byte ranges.
//!
//! Works on the decoded tree, whichever serialization it came from.

pub mod command;
pub mod names;
pub mod response;
pub mod types;

use super::{ContentKind, Form, Node, json};
use crate::iut::Command;
use std::collections::BTreeSet;
use touchstone_fixtures::wire::{Defect, Span};

/// Rows whose departures make no Command malformed: advice, and values on which LS contradicts itself.
const ADVICE: [&str; 7] = [
    types::FEATURES_UNIQUE,
    types::MILLISECONDS,
    types::HASH_CASE,
    types::HASH_LENGTH,
    types::IPV6_TEXT,
    types::L4_PROTOCOL_NAME,
    command::ARGS_STANDARD,
];

/// Whether a Command with that departure is malformed.
pub fn malforms(defect: &Defect) -> bool {
    !ADVICE.contains(&defect.clause)
}

/// What a content shows of the grammar.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Everything that departs from it.
    pub defects: Vec<Defect>,
    /// Rows of which a Command holds an instance, kept or not: its values have such types. Empty for Responses.
    pub shown: BTreeSet<&'static str>,
}

/// Holds a content of that kind against the grammar.
pub(super) fn check(form: Form, kind: Option<ContentKind>, content: &Node) -> Checked {
    match kind {
        Some(ContentKind::Request) => command::check(content, form == Form::JadnCbor),
        Some(ContentKind::Response) => Checked { defects: response::check(content), shown: BTreeSet::new() },
        // WD04 leaves notifications open.
        Some(ContentKind::Notification) | None => Checked::default(),
    }
}

/// Rows of which a declared command holds an instance.
pub fn shown_by(command: &Command) -> BTreeSet<&'static str> {
    let text = serde_json::to_vec(command).unwrap_or_default();
    json::parse(&text, 0).root.map(|root| command::check(&root, false).shown).unwrap_or_default()
}

/// Most departures that are listed for one message.
const LISTED: usize = 64;

/// Departures, as they are found, and what there was to depart from.
#[derive(Debug, Default)]
struct Defects {
    /// Whether integers stand for names (JADN): values of most types then cannot be read.
    integers: bool,
    found: Vec<Defect>,
    shown: BTreeSet<&'static str>,
}

impl Defects {
    fn add(&mut self, clause: &'static str, span: Span, expected: impl Into<String>, actual: impl Into<String>) {
        self.shown.insert(clause);
        if self.found.len() < LISTED {
            self.found.push(Defect { clause, span, bits: 0, expected: expected.into(), actual: actual.into() });
        }
    }

    /// There is an instance of that row.
    fn see(&mut self, clause: &'static str) {
        self.shown.insert(clause);
    }

    fn checked(self) -> Checked {
        Checked { defects: self.found, shown: self.shown }
    }
}

/// Whether two values are the same to OpenC2: order of members and the way of writing numbers do not matter.
pub fn same(a: &Node, b: &Node) -> bool {
    use super::Value;
    match (&a.value, &b.value) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| {
                    b.iter().find(|(other, _)| same(key, other)).is_some_and(|(_, other)| same(value, other))
                })
        }
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => match (a.as_whole(), b.as_whole()) {
            (Some(a), Some(b)) => a == b,
            _ => a.value == b.value,
        },
        (a, b) => a == b,
    }
}
