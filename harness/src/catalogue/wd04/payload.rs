//! The payload header of 2.3.1 and the message record of 2.3.2: guidance by the text, but without them peers
//! cannot understand each other.

use super::support::{broken_payload, noun, sent};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::{Form, Message};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::{Publish, build};
use touchstone_fixtures::wire::{Defect, Span};

const FIXED: u8 = 0xF0;
const TYPE: u8 = 0x0F;

fn good(s: &mut Sketch) {
    s.ready();
    s.query("r1", json!([]));
    s.respond("r1", json!({"status": 200}));
}

fn no_message(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

fn to_the_iut(s: &mut Sketch) {
    s.ready();
    s.deliver("oc2/cmd/all", [0x00, 0x00, 0x7B]);
}

/// A response behind this payload header.
fn behind(s: &mut Sketch, header: &[u8]) {
    let response = Sketch::response_payload("r1", json!({"status": 200}));
    s.ready();
    s.query("r1", json!([]));
    s.respond_raw([header, &response[2..]].concat());
}

/// The payload of a request.
fn request() -> Vec<u8> {
    Sketch::request_payload("r1", json!({"action": "query", "target": {"features": []}}))
}

/// A sound request of a Producer.
fn commanded(s: &mut Sketch) {
    s.ready_producer();
    s.send_raw("oc2/cmd/all", request());
}

/// This JSON text of a Producer behind the usual header.
fn request_text(s: &mut Sketch, json: &serde_json::Value) {
    s.ready_producer();
    s.send_text(&json.to_string());
}

/// This JSON text behind the usual header.
fn text(s: &mut Sketch, json: &serde_json::Value) {
    s.ready();
    s.query("r1", json!([]));
    s.respond_raw([&[0x91, 0x01], json.to_string().as_bytes()].concat());
}

/// Broken by the first of `defects`, met when there is none and `relevant`.
fn by_defect<'a>(
    packet: &PacketSeen,
    publish: &Publish,
    mut defects: impl Iterator<Item = &'a Defect>,
    said: impl Fn(&Defect) -> String,
    relevant: bool,
) -> Option<Ruling> {
    match defects.next() {
        Some(defect) => Some(broken_payload(packet, publish, defect, said(defect))),
        None => relevant.then_some(Ruling::Met),
    }
}

requirement! {
    /// The first four bits of a payload are 1001.
    ///
    /// # Judged
    /// On bits 7 to 4 of the first payload byte of every PUBLISH with an OpenC2 message.
    FIXED_BITS {
        id: "wd04/payload-header-fixed-bits",
        rows: &["W4-054", "W4-072"],
        clause: "2.3.1",
        level: Level::Guidance,
        interop: true,
        trigger: Trigger::Tester,
        judged: Judged::Packet(fixed_bits),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[|s| behind(s, &[0x11, 0x01]), |s| behind(s, &[])],
            silent: &[no_message, to_the_iut],
        },
    }
}

fn fixed_bits(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let defects = message.defects_of("W4-054").filter(|d| d.bits != TYPE);
    let said = |d: &Defect| match d.bits {
        FIXED => format!("{} published behind a payload header that begins with {}", noun(message), d.actual),
        _ => "PUBLISH with an empty payload".to_owned(),
    };
    by_defect(packet, publish, defects, said, true)
}

requirement! {
    /// The message type in the payload header fits the message: 0000 request, 0001 response, 0010 notification.
    ///
    /// # Judged
    /// On bits 3 to 0 of the first payload byte of every PUBLISH with an OpenC2 message behind the bits 1001: broken
    /// by a reserved type and by one that contradicts the content.
    MESSAGE_TYPE {
        id: "wd04/payload-header-message-type",
        rows: &["W4-054", "W4-072"],
        clause: "2.3.1",
        level: Level::Guidance,
        interop: true,
        trigger: Trigger::Tester,
        judged: Judged::Packet(message_type),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[|s| behind(s, &[0x90, 0x01]), |s| behind(s, &[0x97, 0x01]), |s| {
                s.ready_producer();
                s.send_raw("oc2/cmd/all", [&[0x91, 0x01], &request()[2..]].concat());
            }],
            silent: &[no_message, to_the_iut],
        },
    }
}

fn message_type(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let sound = message.header.is_some_and(|h| h.fixed == 0b1001) && message.kind.is_some();
    let defects = message.defects_of("W4-054").filter(|d| d.bits == TYPE);
    let said = |d: &Defect| format!("{} published with message type {}", noun(message), d.actual);
    by_defect(packet, publish, defects, said, sound)
}

requirement! {
    /// The second payload byte names the serialization that follows: 1 JSON, 2 CBOR, 3 XML.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message: broken by a reserved value, by one that names another serialization
    /// than the one found, and by CBOR that is not well-formed or that is wrapped in base64.
    SERIALIZATION {
        id: "wd04/payload-header-serialization",
        rows: &["W4-055", "W4-072"],
        clause: "2.3.1",
        level: Level::Guidance,
        interop: true,
        trigger: Trigger::Tester,
        judged: Judged::Packet(serialization),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[
                |s| behind(s, &[0x91, 0x00]),
                |s| behind(s, &[0x91, 0x02]),
                |s| behind(s, &[0x91, 0x03]),
                |s| behind(s, &[0x91, 0xFF]),
                |s| behind(s, &[]),
                |s| {
                    // {"status": 200}, in base64
                    s.ready();
                    s.query("r1", json!([]));
                    s.respond_raw(b"\x91\x02oWZzdGF0dXMYyA==");
                },
                |s| {
                    s.ready_producer();
                    s.send_raw("oc2/cmd/all", [&[0x90, 0x02], &request()[2..]].concat());
                },
            ],
            silent: &[no_message, to_the_iut],
        },
    }
}

fn serialization(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let said = |d: &Defect| match (d.span == Span::byte(1), d.actual.starts_with(|c: char| c.is_ascii_digit())) {
        (false, _) if message.form == Form::Base64Cbor => {
            format!("{} published in CBOR wrapped in base64", noun(message))
        }
        (true, true) => format!("{} published with serialization {}", noun(message), d.actual),
        (true, false) => format!("{} published with {}", noun(message), d.actual),
        (false, _) => format!("{} published in damaged CBOR ({})", noun(message), d.actual),
    };
    by_defect(packet, publish, message.defects_of("W4-055"), said, message.header.is_some())
}

requirement! {
    /// The message starts at the third payload byte.
    ///
    /// # Interpretation
    /// A payload without the two header bytes breaks this and everything said of them.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message: met where a message can be read from the third byte on, broken where
    /// one is found elsewhere, or none at all behind two bytes.
    MESSAGE_OFFSET {
        id: "wd04/payload-message-offset",
        rows: &["W4-056", "W4-072"],
        clause: "2.3.1",
        level: Level::Guidance,
        interop: true,
        trigger: Trigger::Tester,
        implies: &["wd04/payload-header-fixed-bits", "wd04/payload-header-serialization"],
        judged: Judged::Packet(message_offset),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[|s| behind(s, &[]), |s| behind(s, &[0x91, 0x01, 0x00]), |s| {
                s.ready();
                s.respond_raw([0x91, 0x01]);
            }],
            silent: &[no_message, to_the_iut, |s| {
                s.ready();
                s.respond_raw(b"\x91\x01not JSON");
            }],
        },
    }
}

fn message_offset(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let said = |d: &Defect| format!("{} published with {}", noun(message), d.actual);
    by_defect(packet, publish, message.defects_of("W4-056"), said, message.whole())
}

requirement! {
    /// A message is a record whose content holds exactly one of request, response and notification.
    ///
    /// # Interpretation
    /// The later nested form {headers, body: {openc2}} and a bare Command or Response are not this record, also behind
    /// the right header. In which keys the record stands in CBOR, names or JADN's integers, WD04 does not say, and no
    /// other text makes one of them mandatory.
    ///
    /// # Judged
    /// On every PUBLISH with a message that can be read to its end. A record in CBOR with integer keys decides nothing,
    /// and is noted.
    LAYOUT {
        id: "wd04/message-layout",
        rows: &["W4-057"],
        clause: "2.3.2",
        level: Level::Guidance,
        interop: true,
        trigger: Trigger::Tester,
        implies: &["wd04/request-id-copied", "wd04/message-from", "wd04/message-from-request"],
        judged: Judged::Packet(layout),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[
                |s| {
                    text(s, &json!({
                        "headers": {"request_id": "r1", "created": 1, "from": "zulu"},
                        "body": {"openc2": {"response": {"status": 200}}},
                    }));
                },
                |s| text(s, &json!({"status": 200})),
                |s| request_text(s, &json!({"action": "query", "target": {"features": []}})),
                |s| text(s, &json!({"request_id": "r1", "from": "zulu"})),
                |s| text(s, &json!({"content": {"answer": {"status": 200}}, "request_id": "r1", "from": "zulu"})),
                |s| {
                    text(s, &json!({
                        "content": {"response": {"status": 200}, "request": {}}, "request_id": "r1", "from": "zulu",
                    }));
                },
            ],
            silent: &[no_message, to_the_iut, |s| {
                s.ready();
                s.respond_raw(b"\x91\x01{\"content\":");
            }, |s| {
                // [{2: {1: 200}}, "r1", null, "zulu"]
                s.ready();
                s.respond_raw(b"\x91\x02\x84\xA1\x02\xA1\x01\x18\xC8\x62r1\xF6\x64zulu");
            }],
        },
    }
}

fn layout(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    if !message.whole() {
        return None;
    }
    if let Some(defect) = message.defects_of("W4-057").find(|d| of_layout(message, d)) {
        let said = format!("{} published as {}", noun(message), unlike(message, defect));
        return Some(broken_payload(packet, publish, defect, said));
    }
    match message.form {
        Form::Record => Some(Ruling::Met),
        Form::JadnCbor => Some(Ruling::Note(format!(
            "{} published in CBOR with integer keys; 2.3.2 does not say which keys CBOR has",
            noun(message)
        ))),
        _ => None,
    }
}

fn unlike(message: &Message, defect: &Defect) -> String {
    match message.form {
        Form::Record => format!("a record with {} in place of {}", defect.actual, defect.expected),
        _ => defect.actual.clone(),
    }
}

/// Whether a departure concerns the record as a whole or its content, and not one of the other members.
fn of_layout(message: &Message, defect: &Defect) -> bool {
    let Some(root) = message.root.as_ref().filter(|_| matches!(message.form, Form::Record | Form::JadnCbor)) else {
        return true;
    };
    let inside = |span: Span| span.start <= defect.span.start && defect.span.end <= span.end;
    defect.span == root.span || root.get("content").is_some_and(|content| inside(content.span))
}

requirement! {
    /// The other members of the record are request_id (String), created (Date-Time), from (String) and to (list of
    /// String).
    ///
    /// # Interpretation
    /// All of them are optional here. The record names no further members.
    ///
    /// # Judged
    /// On every PUBLISH with a message that can be read to its end and is such a record: broken by a member of another
    /// type and by one of another name.
    FIELDS {
        id: "wd04/message-fields",
        rows: &["W4-057"],
        clause: "2.3.2",
        level: Level::Guidance,
        interop: true,
        trigger: Trigger::Tester,
        judged: Judged::Packet(fields),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[
                |s| text(s, &json!({"content": {"response": {"status": 200}}, "request_id": 7, "from": "zulu"})),
                |s| text(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1", "from": ["zulu"]})),
                |s| text(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1", "to": "p", "from": "zulu"})),
                |s| text(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1", "created": "2020", "from": "zulu"})),
                |s| text(s, &json!({"content": {"response": {"status": 200}}, "request_id": "r1", "status": 200, "from": "zulu"})),
                |s| request_text(s, &json!({"content": {"request": {"action": "query", "target": {"features": []}}}, "request_id": "r1", "from": "producer-1", "msg_type": "request"})),
            ],
            silent: &[no_message, to_the_iut, |s| text(s, &json!({"status": 200}))],
        },
    }
}

fn fields(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    if !message.whole() || !matches!(message.form, Form::Record | Form::JadnCbor) {
        return None;
    }
    let defects = message.defects_of("W4-057").filter(|d| !of_layout(message, d));
    let said = |d: &Defect| match d.expected.starts_with("no members") {
        true => format!("{} published with {}", noun(message), d.actual),
        false => format!("{} published with {} in place of {}", noun(message), d.actual, d.expected),
    };
    by_defect(packet, publish, defects, said, true)
}
