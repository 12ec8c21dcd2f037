//! oneM2M in scenarios: primitives that the harness sends, where to, and whom it plays.

mod address;
mod corpus;
mod play;
mod primitive;
mod request;
#[cfg(test)]
mod tests;
mod verbs;

use super::corpus::Hostile;
use super::play::Played;
use super::speech::{Asking, Destination, Speech};
use crate::evidence::payload::{Kind, Payload};
use address::Address;
use request::Request;
use std::sync::Arc;

/// How the harness speaks it.
pub static SPEECH: Speech = Speech {
    request: |fields| Request::read(fields).map(|request| Arc::new(request) as Arc<dyn Asking>),
    destination: |fields, key| Address::read(fields, key).map(|to| Arc::new(to) as Arc<dyn Destination>),
    topic: |topic| Arc::new(Address::Topic(topic)),
    hostile: |fields| corpus::Corpus::read(fields).map(|corpus| Arc::new(corpus) as Arc<dyn Hostile>),
    verbs: verbs::VERBS,
    demands,
};

/// What is played against a CSE.
pub static CSE: Played = Played(&play::AgainstCse);

/// By its content, or, where that cannot be read, by its topic.
fn demands(_: &str, payload: &Payload) -> bool {
    match payload.facts().kind() {
        Some(kind) => kind == Kind::Request,
        None => payload.onem2m().and_then(|p| p.topic.as_ref()).is_some_and(|topic| topic.leaf.asks()),
    }
}
