//! The `request_id` of a Command's message (LS 3.2).

use crate::catalogue::openc2::request_id::field;
use crate::catalogue::openc2::sent::{ID, queries, request, sends};
use crate::catalogue::openc2::support::{deviates, in_packet};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::PacketSeen;
use crate::evidence::openc2::{Message, Node};
use crate::iut::Role;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::json;

/// Whether a Command asks for a Response: every one does that does not say `none` (LS 3.3.1.4). `None`: what it says
/// is no Response-Type.
fn asks(message: &Message) -> Option<bool> {
    match message.args().and_then(|args| args.get("response_requested")) {
        None => Some(true),
        Some(node) => match node.as_text()? {
            "none" => Some(false),
            "ack" | "status" | "complete" => Some(true),
            _ => None,
        },
    }
}

fn present(packet: &PacketSeen) -> Option<Ruling> {
    let message = request(packet).filter(|m| m.whole())?;
    if !asks(message)? {
        return None;
    }
    match (&message.request_id, field(message)) {
        (Some(_), _) => Some(Ruling::Met),
        // It is there, but no string: that is the layout's to judge.
        (None, Some(_)) => None,
        (None, None) => Some(deviates(
            Witness::packet(packet),
            "Command asks for a Response and its message has no request_id",
            "a request_id",
            "none",
        )),
    }
}

requirement! {
    /// A Command that asks for a Response has a `request_id` in its message.
    ///
    /// # Interpretation
    /// A Command asks for a Response unless its `response_requested` is `none`: without the argument a Consumer
    /// responds as if `complete` was asked for (LS 3.3.1.4).
    ///
    /// # Judged
    /// In each Command that asks for a Response. A request_id that is no string is left to `wd04/message-fields`.
    REQUEST_ID_PRESENT {
        id: "openc2/request-id-present",
        rows: &["L-001"],
        clause: "3.2",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| present(packet)),
        examples: Examples {
            conforming: &[queries, |s| {
                sends(s, json!({"action": "query", "target": {"features": []}, "args": {"response_requested": "complete"}}));
            }],
            violating: &[
                |s| {
                    s.ready_producer();
                    s.send_text(r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"from":"producer-1"}"#);
                },
                |s| {
                    s.ready_producer();
                    s.send_text(
                        r#"{"content":{"request":{"action":"stop","target":{"device":{"device_id":"7"}},"args":{"response_requested":"ack"}}}}"#,
                    );
                },
            ],
            silent: &[
                |s| {
                    s.ready_producer();
                    s.send_text(
                        r#"{"content":{"request":{"action":"stop","target":{"device":{"device_id":"7"}},"args":{"response_requested":"none"}}}}"#,
                    );
                },
                |s| {
                    s.ready_producer();
                    s.send_text(r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"request_id":7}"#);
                },
            ],
        },
    }
}

/// Whether a text is a UUID of version 4 in its usual form (RFC 4122, sections 3 and 4.4).
fn is_uuid4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
        && parts[2].starts_with('4')
        && parts[3].starts_with(['8', '9', 'a', 'b', 'A', 'B'])
}

requirement! {
    /// A `request_id` is a UUID of version 4.
    ///
    /// # Interpretation
    /// 36 characters of hexadecimal, in either case, and hyphens; the version is 4 and the variant that of RFC 4122.
    ///
    /// # Judged
    /// In each Command whose message has a request_id that is a string.
    REQUEST_ID_UUID4 {
        id: "openc2/request-id-uuid4",
        rows: &["L-002"],
        clause: "3.2",
        level: Level::Should,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| {
            let message = request(packet)?;
            let id = message.request_id.as_deref()?;
            if is_uuid4(id) {
                return Some(Ruling::Met);
            }
            let node = field(message)?;
            let said = format!("Command goes by the request_id {}", node.describe());
            Some(deviates(
                Witness::bytes(packet, in_packet(packet, node.span)),
                said,
                "a version 4 UUID",
                Node::describe(node),
            ))
        }),
        examples: Examples {
            conforming: &[queries, |s| {
                s.ready_producer();
                s.send(&ID.to_uppercase(), json!({"action": "query", "target": {"features": []}}));
            }],
            violating: &[
                |s| {
                    s.ready_producer();
                    s.send("1", json!({"action": "query", "target": {"features": []}}));
                },
                |s| {
                    // Version 1.
                    s.ready_producer();
                    s.send("3b7c9a52-0d4e-1f6a-9c1b-8e2d5f7a6b10", json!({"action": "query", "target": {"features": []}}));
                },
            ],
            silent: &[|s| {
                s.ready_producer();
                s.send_text(r#"{"content":{"request":{"action":"query","target":{"features":[]}}}}"#);
            }],
        },
    }
}
