//! OpenC2 messages: two-byte payload header, JSON (I-JSON) or CBOR, and the forms met in the field.
//! Shared with nothing that is tested: decoders, grammar and constants are this module's own.

pub mod cbor;
mod facts;
mod jadn;
pub mod json;
mod layout;
mod payload;
pub mod schema;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use super::node::{Node, Value};
pub use super::payload::Kind as ContentKind;
use crate::iut::{Pics, Serialization};
use std::collections::BTreeSet;
use touchstone_fixtures::wire::{Defect, Span};

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
    /// The serialization it was found in, whatever the header says.
    pub serialization: Option<Serialization>,
    /// How the JSON text is written.
    pub style: json::Style,
    /// The whole value behind the header, when it could be read at all. For [`Form::JadnCbor`], with the names that
    /// the integers stand for.
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
    /// Departures of the Command or Response from the grammar, under the row ids of the `openc2` catalogue.
    pub content_defects: Vec<Defect>,
    /// Rows of the `openc2` catalogue of which a Command holds an instance, kept or not.
    pub content_shown: BTreeSet<&'static str>,
    /// Whether the text or bytes stopped being readable before their end: layout and content are then not judged.
    pub broken_off: bool,
    /// Where and why one of our own limits ended the reading: what follows can be neither praised nor blamed.
    pub unread: Option<(Span, String)>,
}

impl Message {
    /// `status` of a response, when it is a whole number.
    pub fn status(&self) -> Option<i128> {
        self.content.as_ref().and_then(|c| c.get("status")).and_then(Node::as_whole)
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

    /// `args` of a request.
    pub fn args(&self) -> Option<&Node> {
        self.content.as_ref().and_then(|c| c.get("args"))
    }

    /// `results` of a response.
    pub fn results(&self) -> Option<&Node> {
        self.content.as_ref().and_then(|c| c.get("results"))
    }

    /// Defects of header, serialization and layout recorded under one row.
    pub fn defects_of<'a>(&'a self, row: &'a str) -> impl Iterator<Item = &'a Defect> {
        self.defects.iter().filter(move |d| d.clause == row)
    }

    /// Defects of the content recorded under one row.
    pub fn content_defects_of<'a>(&'a self, row: &'a str) -> impl Iterator<Item = &'a Defect> {
        self.content_defects.iter().filter(move |d| d.clause == row)
    }

    /// Whether nobody can find anything wrong with header, serialization and layout: no defects, and `created` a number
    /// that every reader has (RFC 7493 2.2), written without a fraction. By the letter `1.0` and 2^64 are integers,
    /// too; nothing is demanded of who receives them.
    pub fn beyond_doubt(&self) -> bool {
        let plain = |created: &Node| matches!(created.value, Value::Int(0..=0x1F_FFFF_FFFF_FFFF));
        self.defects.is_empty() && self.root.as_ref().and_then(|root| root.get("created")).is_none_or(plain)
    }

    /// Whether it stands in its payload as this implementation expects it, header or none.
    pub fn fits(&self, pics: &Pics) -> bool {
        self.header.is_some() == pics.headed()
    }

    /// Whether it was read to its end.
    pub fn whole(&self) -> bool {
        self.root.is_some() && !self.broken_off && self.unread.is_none()
    }
}

/// Reads a PUBLISH payload. Total over any bytes.
///
/// `None` when it is none of OpenC2's business: the topic does not begin with `oc2/`, and the payload does not show
/// all of: the fixed bits 1001 with a message type that is not reserved, serialization JSON or CBOR, and behind them
/// an object of a known form (the record, the nested form, a bare Command or Response, JADN's integers).
pub fn read(topic: &str, payload: &[u8]) -> Option<Message> {
    payload::read(topic, payload)
}

/// The same where the text of the binding says nothing of payloads (WD01 2.3 points to a proposal of the language's
/// maintainers "or similar", which WD04 2.3.2 took up as its record). So nothing can be assumed but that a payload is a
/// message in JSON or CBOR: one that begins as an object in either of them begins at its first byte, and has no header;
/// one whose first byte has the fixed bits 1001 is read with the header of WD04, since later products send that to the
/// topics of WD01. No object begins with these bits in either serialization. All the forms of [`Form`] are recognised,
/// and the rows of WD04 that departures are listed under bind nobody there.
pub fn read_open(topic: &str, payload: &[u8]) -> Option<Message> {
    payload::read_open(topic, payload)
}
