//! oneM2M primitives: JSON and XML (TS-0004 clause 8), with what the parameter tables ask of them and the topic they came on.
//! Shared with nothing that is tested: decoders, grammar and constants are this module's own.

mod facts;
mod form;
pub mod time;
pub mod topic;
mod tree;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use super::payload::Kind;
use super::{Node, Value};
use crate::iut::Serialization;
use topic::Topic;
use touchstone_fixtures::wire::{Defect, Span};

/// What a request asks for (TS-0004 6.3.4.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// 1
    Create,
    /// 2
    Retrieve,
    /// 3
    Update,
    /// 4
    Delete,
    /// 5
    Notify,
}

impl Operation {
    /// All of them, in the order of their numbers, which begin with 1.
    pub const ALL: [Operation; 5] =
        [Operation::Create, Operation::Retrieve, Operation::Update, Operation::Delete, Operation::Notify];

    /// The operation of that number.
    pub fn of(number: i128) -> Option<Operation> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        Operation::ALL.get(index).copied()
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Retrieve => "RETRIEVE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Notify => "NOTIFY",
        }
    }

    /// The response status code of success (TS-0004 7.3.3.12).
    pub const fn success(self) -> i128 {
        match self {
            Operation::Create => 2001,
            Operation::Update => 2004,
            Operation::Delete => 2002,
            Operation::Retrieve | Operation::Notify => 2000,
        }
    }
}

/// The number of the resource type AE.
pub const AE: i128 = 2;

/// A primitive, as it was found in a PUBLISH.
#[derive(Clone, Debug)]
pub struct Primitive {
    /// The topic it came on, where that is one of TS-0010's.
    pub topic: Option<Topic>,
    /// Length of the payload.
    pub payload_len: u32,
    /// How it is serialized, by its content.
    pub serialization: Option<Serialization>,
    /// What it is, by its content; by its topic where that says nothing.
    pub kind: Option<Kind>,
    /// Its parameters, as one map; what JSON wraps around them is left out.
    pub root: Option<Node>,
    /// Departures under rows of the `onem2m` catalogue, spans within the payload.
    pub defects: Vec<Defect>,
    /// Whether the text stopped being readable before its end: parameters are then not judged.
    pub broken_off: bool,
    /// Whether it holds what JSON allows and many readers do not take: half a surrogate pair, a number beyond their range.
    pub uncommon: bool,
    /// Where and why reading ended without anything known to be wrong: what follows can be neither praised nor blamed.
    pub unread: Option<(Span, String)>,
}

impl Primitive {
    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.root.as_ref().and_then(|root| root.get(name))
    }

    /// A parameter that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Node::as_text)
    }

    /// A parameter that is a whole number, as its serialization writes numbers.
    pub fn whole(&self, name: &str) -> Option<i128> {
        self.get(name).and_then(|node| self.whole_of(node))
    }

    /// A value that is a whole number, as the serialization writes numbers.
    pub fn whole_of(&self, node: &Node) -> Option<i128> {
        match (&node.value, self.serialization) {
            (Value::Text(text), Some(Serialization::Xml)) => text.trim().parse().ok(),
            (Value::Int(number), Some(Serialization::Json)) => Some(*number),
            _ => None,
        }
    }

    /// The operation of a request.
    pub fn operation(&self) -> Option<Operation> {
        Operation::of(self.whole("op")?)
    }

    /// The status of a response.
    pub fn rsc(&self) -> Option<i128> {
        self.whole("rsc")
    }

    /// The one member of `pc`: its name and its value.
    pub fn content(&self) -> Option<(&str, &Node)> {
        match self.get("pc")?.as_map()? {
            [(name, value)] => Some((name.as_text()?, value)),
            _ => None,
        }
    }

    /// Whether it asks to create an AE: `fr` may then be missing.
    pub fn registers_ae(&self) -> bool {
        self.operation() == Some(Operation::Create) && self.whole("ty") == Some(AE)
    }

    /// Departures recorded under one row.
    pub fn defects_of<'a>(&'a self, row: &'a str) -> impl Iterator<Item = &'a Defect> {
        self.defects.iter().filter(move |d| d.clause == row)
    }

    /// Whether it was read to its end.
    pub fn whole_text(&self) -> bool {
        self.root.is_some() && !self.broken_off && self.unread.is_none()
    }
}

/// Reads a PUBLISH payload. Total over any bytes.
///
/// `None` when it is none of oneM2M's business: the topic is none of TS-0010's, and the payload is no readable primitive
/// (an object with `rqi`, and `op` or `rsc`; the root element of a primitive).
pub fn read(topic: &str, payload: &[u8]) -> Option<Primitive> {
    let topic = Topic::parse(topic);
    let addressed = topic.is_some();
    if !addressed && !matches!(payload.trim_ascii_start().first(), Some(b'{' | b'<')) {
        return None;
    }
    let primitive = form::read(topic, payload);
    let known = primitive.whole_text() && primitive.kind.is_some() && primitive.get("rqi").is_some();
    (addressed || known).then_some(primitive)
}
