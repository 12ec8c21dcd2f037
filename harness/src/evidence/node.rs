//! Values as JSON, CBOR and XML have them, with the bytes they were read from.

use super::show;
use touchstone_fixtures::wire::Span;

/// A value with the bytes it was read from; every serialization decodes to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands in the payload.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// A decoded value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// An integer token.
    Int(i128),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A string.
    Text(String),
    /// A CBOR byte string.
    Bytes(Vec<u8>),
    /// An array.
    Array(Vec<Node>),
    /// An object or map, in order, duplicates included.
    Map(Vec<(Node, Node)>),
    /// CBOR only: tags, undefined, simple values.
    Other(String),
}

impl Node {
    /// The value of the first member with that text key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(members) => {
                members.iter().find(|(k, _)| matches!(&k.value, Value::Text(t) if t == key)).map(|(_, v)| v)
            }
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one and is written as one.
    pub fn as_int(&self) -> Option<i128> {
        match self.value {
            Value::Int(n) => Some(n),
            _ => None,
        }
    }

    /// The integer, however it is written: `200.0` and `2e2` are the number 200, too.
    pub fn as_whole(&self) -> Option<i128> {
        match self.value {
            Value::Int(n) => Some(n),
            // Beyond this magnitude no integer of OpenC2 lies, and `as` would saturate.
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 1e30 => Some(f as i128),
            _ => None,
        }
    }

    /// The items, if it is an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if it is an object or map.
    pub fn as_map(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }

    /// What it is, for people: `a string`, `the number 7`.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(b) => b.to_string(),
            Value::Int(n) => n.to_string(),
            Value::Float(f) => format!("{f:?}"),
            Value::Text(text) => show::quoted(text),
            Value::Bytes(bytes) => format!("a byte string of {} bytes", bytes.len()),
            Value::Array(items) if items.is_empty() => "an empty array".to_owned(),
            Value::Array(_) => "an array".to_owned(),
            Value::Map(members) if members.is_empty() => "an empty object".to_owned(),
            Value::Map(_) => "an object".to_owned(),
            Value::Other(what) => what.clone(),
        }
    }
}
