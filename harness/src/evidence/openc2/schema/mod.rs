//! Grammar of LS v1.0 for Commands and Responses: what departs from it, under row ids, with byte ranges.
//!
//! Works on the decoded tree, whichever serialization it came from.

pub mod command;
pub mod names;
pub mod response;
mod types;

use super::{ContentKind, Node};
use touchstone_fixtures::wire::{Defect, Span};
pub use types::FEATURES_UNIQUE;

/// Everything that departs from the grammar in a content of that kind.
pub(super) fn check(kind: Option<ContentKind>, content: &Node) -> Vec<Defect> {
    match kind {
        Some(ContentKind::Request) => command::check(content),
        Some(ContentKind::Response) => response::check(content),
        // WD04 leaves notifications open.
        Some(ContentKind::Notification) | None => Vec::new(),
    }
}

/// Most departures that are listed for one message.
const LISTED: usize = 64;

/// Departures, as they are found.
#[derive(Debug, Default)]
struct Defects(Vec<Defect>);

impl Defects {
    fn add(&mut self, clause: &'static str, span: Span, expected: impl Into<String>, actual: impl Into<String>) {
        if self.0.len() < LISTED {
            self.0.push(Defect { clause, span, bits: 0, expected: expected.into(), actual: actual.into() });
        }
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
