//! Who a message says it is from (2.3.2).

use super::support::{in_packet, noun, sent};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::{ContentKind, Form};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};
use touchstone_fixtures::wire::mqtt311::build;

fn no_message(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

/// A Producer that publishes nothing of OpenC2's.
fn nothing_commanded(s: &mut Sketch) {
    s.ready_producer();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

/// This response of a Consumer.
fn response(s: &mut Sketch, json: &Value) {
    s.ready();
    s.query("r1", json!([]));
    s.respond_text(&json.to_string());
}

/// A request of a Producer with these members beside its content.
fn request(s: &mut Sketch, members: &Value) {
    s.ready_producer();
    let mut record = members.clone();
    record["content"] = json!({"request": {"action": "query", "target": {"features": []}}});
    s.send_text(&record.to_string());
}

requirement! {
    /// A Consumer puts its identifier in `from` of a response.
    ///
    /// # Interpretation
    /// Which identifier that is, the implementer declares (`identity`). Where none is declared, any will do.
    ///
    /// # Judged
    /// On every PUBLISH of a Consumer with a response that can be read to its end: `from` is there and, where an
    /// identity is declared, equals it.
    RESPONSE {
        id: "wd04/message-from",
        rows: &["W4-059"],
        clause: "2.3.2",
        level: Level::Guidance,
        interop: true,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| from(packet, setting, ContentKind::Response, "Consumer")),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.query("r1", json!([]));
                    s.respond("r1", json!({"status": 200}));
                },
                |s| {
                    s.pics.identity = None;
                    response(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1", "from": "anybody"}));
                },
            ],
            violating: &[
                |s| response(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1"})),
                |s| response(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1", "from": "producer-1"})),
                |s| response(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1", "from": ""})),
            ],
            silent: &[
                no_message,
                |s| {
                    s.ready();
                    s.deliver("oc2/cmd/all", [0x00, 0x00, 0x7B]);
                },
                |s| {
                    s.ready();
                    s.respond_raw(b"\x91\x01{\"content\":");
                },
            ],
        },
    }
}

requirement! {
    /// A Producer puts its identifier in `from` of a request.
    ///
    /// # Interpretation
    /// Which identifier that is, the implementer declares (`identity`). Where none is declared, any will do.
    ///
    /// # Judged
    /// On every PUBLISH of a Producer with a request that can be read to its end: `from` is there and, where an
    /// identity is declared, equals it.
    REQUEST {
        id: "wd04/message-from-request",
        rows: &["W4-058"],
        clause: "2.3.2",
        level: Level::Guidance,
        interop: true,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| from(packet, setting, ContentKind::Request, "Producer")),
        examples: Examples {
            conforming: &[|s| request(s, &json!({"request_id": "r1", "from": "producer-1"})), |s| {
                s.ready_producer();
                s.send("r1", json!({"action": "query", "target": {"features": []}}));
            }],
            violating: &[
                |s| request(s, &json!({"request_id": "r1"})),
                |s| request(s, &json!({"request_id": "r1", "from": "somebody"})),
                |s| request(s, &json!({"request_id": "r1", "from": ""})),
            ],
            silent: &[nothing_commanded, |s| request(s, &json!({"request_id": "r1", "from": 7})), |s| {
                s.ready_producer();
                s.answer("r1", json!({"status": 200}));
            }],
        },
    }
}

fn from(packet: &PacketSeen, setting: &Setting, kind: ContentKind, role: &str) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let root = message.root.as_ref()?;
    if !message.whole() || message.kind != Some(kind) {
        return None;
    }
    let what = noun(message);
    let place = if message.form == Form::Nested { root.get("headers") } else { Some(root) };
    let node = place.and_then(|members| members.get("from"));
    let identity = setting.pics.identity.as_deref();
    let expected = match identity {
        Some(identity) => format!("`from` with the identifier `{identity}`"),
        None => format!("`from` with the identifier of the {role}"),
    };
    let (said, actual) = match (&message.from, node) {
        // Of the wrong type: see wd04/message-fields.
        (None, Some(_)) => return None,
        (None, None) => (format!("{what} published without `from`"), "none".to_owned()),
        (Some(from), _) if from.is_empty() => {
            (format!("{what} published with an empty `from`"), "an empty string".to_owned())
        }
        (Some(from), _) if identity.is_none_or(|identity| identity == from) => return Some(Ruling::Met),
        (Some(from), _) => (format!("{what} published with `from` `{from}`"), format!("`{from}`")),
    };
    let span = in_packet(publish, node.map_or(root.span, |node| node.span));
    Some(Ruling::Broken(Deviation { witness: Some(Witness::bytes(packet, span)), said, expected, actual }))
}
