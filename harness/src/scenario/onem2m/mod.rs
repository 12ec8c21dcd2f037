//! oneM2M in scenarios: primitives that the harness sends, where to, and whom it plays.

mod address;
mod answer;
mod blanks;
mod content;
mod corpus;
mod fill;
mod moment;
mod notify;
mod order;
mod play;
mod primitive;
mod registrar;
mod request;
#[cfg(test)]
mod tests;
mod tree;
mod verbs;
mod written;

use super::corpus::Hostile;
use super::play::Played;
use super::speech::{self, Answering, Asking, Destination, Speech};
use crate::evidence::payload::{Kind, Payload};
use address::Address;
use answer::Answer;
use order::Order;
use request::Request;
use std::sync::Arc;

/// How the harness speaks it.
pub static SPEECH: Speech = Speech {
    request: |fields| Request::read(fields).map(|request| Arc::new(request) as Arc<dyn Asking>),
    destination: |fields, key| Address::read(fields, key).map(|to| Arc::new(to) as Arc<dyn Destination>),
    order: |fields| Order::read(fields).map(|order| Arc::new(order) as Arc<dyn speech::Order>),
    answer: |fields| Answer::read(fields).map(|answer| Arc::new(answer) as Arc<dyn Answering>),
    topic: |topic| Arc::new(Address::Topic(topic)),
    hostile: |fields| corpus::Corpus::read(fields).map(|corpus| Arc::new(corpus) as Arc<dyn Hostile>),
    learned,
    verbs: verbs::VERBS,
    demands,
};

/// What is played against a CSE.
pub static CSE: Played = Played(&play::AgainstCse);

/// What is played against an AE.
pub static AE: Played = Played(&play::AgainstAe);

/// By its content, or, where that cannot be read, by its topic.
fn demands(_: &str, payload: &Payload) -> bool {
    match payload.facts().kind() {
        Some(kind) => kind == Kind::Request,
        None => payload.onem2m().and_then(|p| p.topic.as_ref()).is_some_and(|topic| topic.leaf.asks()),
    }
}

/// The identifiers that a CSE gave to what it created: what else its answer holds, no later step can name.
fn learned(payload: &Payload) -> Vec<(&'static str, String)> {
    let created = payload.onem2m().and_then(|primitive| primitive.content());
    let plain =
        |text: &&str| text.len() <= 256 && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '+' | '#'));
    let given = |name| Some((name, created?.1.get(name)?.as_text().filter(plain)?.to_owned()));
    ["aei", "ri"].into_iter().filter_map(given).collect()
}
