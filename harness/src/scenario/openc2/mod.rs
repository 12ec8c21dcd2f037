//! OpenC2 in scenarios: addresses, messages, the parties that speak it, and what is hostile to it.

mod address;
mod answer;
mod corpus;
pub(super) mod message;
mod order;
mod play;
mod request;
mod verbs;

use super::corpus::Hostile;
use super::play::Played;
use super::speech::{self, Answering, Asking, Destination, Speech};
use crate::evidence::payload::{Kind, Payload};
use crate::iut::Role;
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
    hostile: |fields| corpus::Hostile::read(fields).map(|corpus| Arc::new(corpus) as Arc<dyn Hostile>),
    learned: |_| Vec::new(),
    verbs: &[],
    demands,
};

/// What is played against a Consumer.
pub static CONSUMER: Played = Played(&play::AgainstConsumer);

/// What is played against a Producer.
pub static PRODUCER: Played = Played(&play::AgainstProducer);

/// Whose side an implementation is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Consumer,
    Producer,
}

impl Side {
    fn of(role: Role) -> Side {
        if role == Role::Producer { Side::Producer } else { Side::Consumer }
    }
}

/// By its content, or, where that cannot be read, by its topic and the message type of its header.
fn demands(topic: &str, payload: &Payload) -> bool {
    match (payload.facts().kind(), payload.openc2()) {
        (Some(kind), _) => kind == Kind::Request,
        (None, Some(message)) => {
            topic.starts_with("oc2/cmd/") && message.header.is_none_or(|header| header.message_type != 1)
        }
        (None, None) => false,
    }
}
