//! OpenC2 messages: two-byte payload header, JSON (I-JSON) or CBOR, and the forms met in the field.
//! Shared with nothing that is tested: decoders, grammar and constants are this module's own.

use touchstone_fixtures::wire::Defect;
use touchstone_fixtures::wire::Span;

/// How a message stands in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// WD04 2.3.2: {content: {request | response | notification}, request_id, created, from, to}.
    Record,
    /// The later nested form {headers, body: {openc2: {...}}} behind the two-byte header.
    Nested,
    /// A bare Command or Response.
    Bare,
    /// CBOR with integer keys, as JADN 4.4 has it.
    JadnCbor,
    /// Base64 text of CBOR.
    Base64Cbor,
    /// None of these.
    Unrecognised,
}

/// What kind of message it is, by its content (not by the header's message type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentKind {
    /// A command.
    Request,
    /// A response.
    Response,
    /// A notification.
    Notification,
}

/// The first two bytes of a payload (WD04 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadHeader {
    /// Bits 7-4 of byte 1: 1001.
    pub fixed: u8,
    /// Bits 3-0 of byte 1: 0 request, 1 response, 2 notification.
    pub message_type: u8,
    /// Byte 2: 1 JSON, 2 CBOR, 3 XML.
    pub serialization: u8,
}

/// A value with the bytes it was read from; both JSON and CBOR decode to it.
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

    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i128> {
        match self.value {
            Value::Int(n) => Some(n),
            _ => None,
        }
    }
}

/// An OpenC2 message in a PUBLISH payload, as far as it can be read. All spans count from the payload's first byte.
#[derive(Clone, Debug)]
pub struct Message {
    /// The first two bytes, when there are two.
    pub header: Option<PayloadHeader>,
    /// Number of payload bytes.
    pub payload_len: u32,
    /// How it is laid out.
    pub form: Form,
    /// What its content is, when recognised.
    pub kind: Option<ContentKind>,
    /// The whole value behind the header, when it could be read at all.
    pub root: Option<Node>,
    /// The Command or Response.
    pub content: Option<Node>,
    /// request_id, when present and a string.
    pub request_id: Option<String>,
    /// from, when present and a string.
    pub from: Option<String>,
    /// to, when present and an array of strings.
    pub to: Option<Vec<String>>,
    /// Departures from the payload header, the serialization and the message layout, under row ids
    /// (`W4-054`, `L-084`, ...), spans within the payload.
    pub defects: Vec<Defect>,
}

impl Message {
    /// `status` of a response, when it is an integer.
    pub fn status(&self) -> Option<i128> {
        self.content.as_ref().and_then(|c| c.get("status")).and_then(Node::as_int)
    }

    /// `action` of a request, when it is a string.
    pub fn action(&self) -> Option<&str> {
        self.content.as_ref().and_then(|c| c.get("action")).and_then(Node::as_text)
    }

    /// The target type of a request: the one member of `target`.
    pub fn target(&self) -> Option<(&str, &Node)> {
        match &self.content.as_ref()?.get("target")?.value {
            Value::Map(members) if members.len() == 1 => {
                let (key, value) = members.first()?;
                Some((key.as_text()?, value))
            }
            _ => None,
        }
    }
}

/// Reads a PUBLISH payload. `None` when neither topic nor payload looks like OpenC2. Total over any bytes.
pub fn read(topic: &str, payload: &[u8]) -> Option<Message> {
    let _ = (topic, payload);
    None
}
