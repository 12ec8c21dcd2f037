//! What a PUBLISH carries, in terms that every message language has: pairing, waits, traces and the rules that speak of
//! no language in particular look at nothing else.

use super::{Setting, onem2m, openc2};
use crate::iut::Serialization;
use std::fmt::Debug;

/// A message that was read out of a PUBLISH: one variant for each language.
#[derive(Clone, Debug)]
pub enum Payload {
    /// OpenC2.
    OpenC2(openc2::Message),
    /// oneM2M.
    OneM2m(onem2m::Primitive),
}

impl Payload {
    /// What can be said of it whatever its language.
    pub fn facts(&self) -> &dyn Facts {
        match self {
            Payload::OpenC2(message) => message,
            Payload::OneM2m(primitive) => primitive,
        }
    }

    /// The OpenC2 message, if it is one.
    pub fn openc2(&self) -> Option<&openc2::Message> {
        match self {
            Payload::OpenC2(message) => Some(message),
            Payload::OneM2m(_) => None,
        }
    }

    /// The oneM2M primitive, if it is one.
    pub fn onem2m(&self) -> Option<&onem2m::Primitive> {
        match self {
            Payload::OneM2m(primitive) => Some(primitive),
            Payload::OpenC2(_) => None,
        }
    }
}

/// What kind of message it is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It asks for something.
    Request,
    /// It answers a request.
    Response,
    /// It tells, and wants no answer.
    Notification,
}

/// What a message is worth as input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// What implementations of the role meet all day.
    Everyday,
    /// No specification forbids it, or it goes beyond what we read; few implementations will have met it.
    Unusual,
    /// It departs from its specification.
    Invalid,
}

/// Whether a response belongs to a request whose correlation it repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// As well as to any other of that correlation: the oldest that waits is answered first.
    InTurn,
    /// Perhaps: nothing says to which of several.
    Perhaps,
    /// To another one, if there is one.
    No,
}

/// What every message language tells of one of its messages.
pub trait Facts: Debug + Send + Sync {
    /// What it is, when its content can be read.
    fn kind(&self) -> Option<Kind>;

    /// Whether it takes part in exchanges as a response: by its content, or, where that cannot be read, by what says so
    /// beside it.
    fn answers(&self) -> bool;

    /// Whether it is one that responses may belong to before any other of its correlation.
    fn asks(&self) -> bool;

    /// Whether a response ends its exchange.
    fn is_final(&self) -> bool;

    /// What a response repeats of its request (`request_id`, `rqi`), when it can be read.
    fn correlation(&self) -> Option<&str>;

    /// Whether a response belongs to that request, which has the same correlation.
    fn fits(&self, _request: &Payload) -> Fit {
        Fit::InTurn
    }

    /// The status of a response, when it is a whole number.
    fn status(&self) -> Option<i128>;

    /// The serialization, when it is a known one.
    fn serialization(&self) -> Option<Serialization>;

    /// What it is worth as input to an implementation.
    fn quality(&self) -> Quality;

    /// Whether every implementation in that setting has to answer it, once it got there.
    fn obliges(&self, setting: &Setting) -> bool;

    /// Whether every implementation in that setting is due to be subscribed to a topic.
    fn reaches(&self, topic: &str, setting: &Setting) -> bool;

    /// What it is, in a few words.
    fn words(&self) -> Vec<String>;
}
