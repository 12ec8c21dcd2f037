//! The message layout of WD04 2.3.2, and the other layouts met in the field.

use super::payload::TYPE;
use super::{ContentKind, Form, Message, Node, Value, jadn};
use crate::evidence::show::quoted;
use touchstone_fixtures::wire::{Defect, Span};

/// The record of WD04 2.3.2.
pub(super) const RECORD: &str = "W4-057";

/// Its members besides `content`.
const METADATA: [&str; 4] = ["request_id", "created", "from", "to"];

impl ContentKind {
    fn of(name: &str) -> Option<ContentKind> {
        match name {
            "request" => Some(ContentKind::Request),
            "response" => Some(ContentKind::Response),
            "notification" => Some(ContentKind::Notification),
            _ => None,
        }
    }

    /// The header's message type for it (WD04 2.3.1).
    pub const fn message_type(self) -> u8 {
        match self {
            ContentKind::Request => 0,
            ContentKind::Response => 1,
            ContentKind::Notification => 2,
        }
    }

    /// Its name as a member of `content`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ContentKind::Request => "request",
            ContentKind::Response => "response",
            ContentKind::Notification => "notification",
        }
    }
}

/// Finds form, content and metadata in `root`, and lists what differs from the record.
pub(super) fn recognise(message: &mut Message, root: Node) {
    let (root, integers) = match jadn::named(&root) {
        Some(named) => (named, true),
        None => (root, false),
    };
    let has = |name: &str| root.get(name).is_some();
    if has("content") || (METADATA.iter().any(|name| has(name)) && !has("body") && !has("headers")) {
        message.form = Form::Record;
        record(message, &root);
    } else if has("body") || has("headers") {
        message.form = Form::Nested;
        nested(message, &root);
    } else if has("action") || has("target") || has("status") {
        message.form = Form::Bare;
        let kind = if has("status") { ContentKind::Response } else { ContentKind::Request };
        message.kind = Some(kind);
        message.content = Some(root.clone());
        let actual = format!("a bare {}", if kind == ContentKind::Response { "Response" } else { "Command" });
        departure(message, root.span, "the record {content, request_id, created, from, to}", actual);
    } else {
        let actual = unknown(&root);
        departure(message, root.span, "the record {content, request_id, created, from, to}", actual);
    }
    if integers && message.form != Form::Unrecognised {
        message.form = Form::JadnCbor;
    }
    message.root = Some(root);
    check_type(message);
}

fn departure(message: &mut Message, span: Span, expected: impl Into<String>, actual: impl Into<String>) {
    message.defects.push(Defect { clause: RECORD, span, bits: 0, expected: expected.into(), actual: actual.into() });
}

fn unknown(root: &Node) -> String {
    match &root.value {
        Value::Map(members) if !members.is_empty() => {
            let names: Vec<String> = members.iter().take(5).map(|(key, _)| key.describe()).collect();
            format!("an object with {}", names.join(", "))
        }
        _ => root.describe(),
    }
}

fn record(message: &mut Message, root: &Node) {
    for (key, value) in root.as_map().unwrap_or_default() {
        match key.as_text() {
            Some("content") => content(message, value),
            Some(name) if METADATA.contains(&name) => metadata(message, name, value),
            _ => departure(
                message,
                key.span,
                "no members but content, request_id, created, from, to",
                format!("member {}", key.describe()),
            ),
        }
    }
    if root.get("content").is_none() {
        departure(message, root.span, "member \"content\"", "none");
    }
}

fn content(message: &mut Message, content: &Node) {
    if message.content.is_some() || message.kind.is_some() {
        // A repeated member: the serialization's defect, and the first one counts.
        return;
    }
    let expected = "content with exactly one of request, response, notification";
    let Some(members) = content.as_map() else {
        departure(message, content.span, expected, content.describe());
        return;
    };
    let known = members.iter().find_map(|(key, value)| Some((ContentKind::of(key.as_text()?)?, value)));
    if let Some((kind, value)) = known {
        message.kind = Some(kind);
        message.content = Some(value.clone());
    }
    match members {
        [(key, _)] if known.is_none() => {
            departure(message, key.span, expected, format!("member {}", key.describe()));
        }
        [_] => {}
        _ => departure(message, content.span, expected, format!("{} members", members.len())),
    }
}

fn metadata(message: &mut Message, name: &str, value: &Node) {
    match name {
        "request_id" => match value.as_text() {
            Some(text) => message.request_id = message.request_id.take().or_else(|| Some(text.to_owned())),
            None => departure(message, value.span, "request_id as a string", value.describe()),
        },
        "from" => match value.as_text() {
            Some(text) => message.from = message.from.take().or_else(|| Some(text.to_owned())),
            None => departure(message, value.span, "from as a string", value.describe()),
        },
        "to" => match texts(value) {
            Ok(to) => message.to = message.to.take().or(Some(to)),
            Err(odd) => departure(message, odd.span, "to as an array of strings", odd.describe()),
        },
        _ => {
            if value.as_whole().is_none_or(|created| created < 0) {
                departure(message, value.span, "created as a non-negative integer", value.describe());
            }
        }
    }
}

/// The strings of an array of strings, or what is not one.
fn texts(value: &Node) -> Result<Vec<String>, &Node> {
    let items = value.as_array().ok_or(value)?;
    items.iter().map(|item| item.as_text().map(str::to_owned).ok_or(item)).collect()
}

/// {headers: {request_id, created, from, to}, body: {openc2: {request | response | notification}}}
fn nested(message: &mut Message, root: &Node) {
    if let Some(headers) = root.get("headers") {
        let text = |name: &str| headers.get(name).and_then(Node::as_text).map(str::to_owned);
        message.request_id = text("request_id");
        message.from = text("from");
        message.to = headers.get("to").and_then(|to| match to.as_text() {
            Some(one) => Some(vec![one.to_owned()]),
            None => texts(to).ok(),
        });
    }
    let found =
        root.get("body").and_then(|body| body.get("openc2")).and_then(Node::as_map).and_then(|members| {
            members.iter().find_map(|(key, value)| Some((ContentKind::of(key.as_text()?)?, value)))
        });
    if let Some((kind, value)) = found {
        message.kind = Some(kind);
        message.content = Some(value.clone());
    }
    let actual = "the later nested form {headers, body: {openc2}}";
    departure(message, root.span, "the record {content, request_id, created, from, to}", actual);
}

/// The header's message type and the content say the same.
fn check_type(message: &mut Message) {
    let (Some(header), Some(kind)) = (message.header, message.kind) else { return };
    // Where the fixed bits are wrong there may be no header; a reserved type is named already.
    if header.fixed != 0b1001 || header.message_type > 2 || header.message_type == kind.message_type() {
        return;
    }
    let said = match header.message_type {
        0 => "request",
        1 => "response",
        _ => "notification",
    };
    message.defects.push(Defect {
        clause: TYPE,
        span: Span::byte(0),
        bits: 0x0F,
        expected: format!("message type {:04b}, for content {}", kind.message_type(), quoted(kind.as_str())),
        actual: format!("{:04b}, {said}", header.message_type),
    });
}
