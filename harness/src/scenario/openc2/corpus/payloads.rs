//! Payloads: a sound message, and what is done to it.

use super::{Base, Kind};
use crate::iut::Serialization;
use crate::scenario::corpus::{DEEPEST, LONGEST, bytes, json};
use crate::scenario::openc2::Side;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Names that mean something to some runtime.
const NAMES: &[&str] = &[
    "__proto__",
    "constructor",
    "toString",
    "",
    " ",
    "\u{0}",
    "content",
    "request",
    "$ref",
    "@type",
    "__class__",
    "a.b",
];

pub(super) fn make(kind: Kind, random: &mut ChaCha8Rng, base: &Base, number: u32) -> Vec<u8> {
    let cbor = base.serializations.contains(&Serialization::Cbor) && random.gen_bool(0.3);
    let message = sound(base.side, random, number);
    let plain = |message: &Value| if cbor { in_cbor(base.side, message) } else { in_json(base.side, message) };
    match kind {
        Kind::Truncations => bytes::truncated(random, plain(&message)),
        Kind::Mutations => bytes::mutated(random, plain(&message)),
        Kind::Nesting if cbor => nested_cbor(random, base.side),
        Kind::Nesting => {
            let hole = json::hole(random, message, places(base.side));
            [header(base.side, 1), json::filled(&hole, &json::nest(random))].concat()
        }
        Kind::Numbers if cbor => numbers_cbor(random, base.side),
        Kind::Numbers => {
            let number = json::number(random);
            filled(random, base.side, message, number.as_bytes())
        }
        Kind::Text => {
            let text = json::text(random, "query");
            filled(random, base.side, message, &text)
        }
        Kind::Members => plain(&members(random, message, base.side)),
        Kind::Headers => {
            let mut payload = plain(&message);
            let header = [random.r#gen::<u8>(), random.r#gen::<u8>()];
            match random.gen_range(0..4) {
                0 => payload.splice(0..2, header).for_each(drop),
                1 => payload.splice(0..1, [header[0]]).for_each(drop),
                2 => payload.splice(0..2, []).for_each(drop),
                _ => payload.splice(0..0, header).for_each(drop),
            }
            payload
        }
        // Made elsewhere.
        Kind::Topics | Kind::Packets => plain(&message),
    }
}

/// A message with which nothing is wrong: `query features` for a Consumer, a response for a Producer.
pub(super) fn sound(side: Side, random: &mut ChaCha8Rng, number: u32) -> Value {
    let id = uuid::Builder::from_random_bytes(random.r#gen()).into_uuid().to_string();
    let content = match side {
        Side::Consumer => {
            serde_json::json!({"request": {"action": "query", "target": {"features": ["versions", "pairs"]}}})
        }
        Side::Producer => serde_json::json!({"response": {"status": 200, "status_text": "ok",
            "results": {"versions": ["1.0"], "rate_limit": 30}}}),
    };
    serde_json::json!({"content": content, "request_id": id, "created": 1_600_000_000_000u64 + u64::from(number),
        "from": "touchstone-corpus"})
}

fn header(side: Side, serialization: u8) -> Vec<u8> {
    match side {
        Side::Consumer => vec![0x90, serialization],
        Side::Producer => vec![0x91, serialization],
    }
}

pub(super) fn in_json(side: Side, message: &Value) -> Vec<u8> {
    let mut payload = header(side, 1);
    payload.extend_from_slice(message.to_string().as_bytes());
    payload
}

fn in_cbor(side: Side, message: &Value) -> Vec<u8> {
    let mut payload = header(side, 2);
    ciborium::into_writer(message, &mut payload).expect("JSON values always serialize into a vector");
    payload
}

/// Places in the message that something hostile may stand at.
fn places(side: Side) -> &'static [&'static str] {
    match side {
        Side::Consumer => &[
            "/content",
            "/content/request",
            "/content/request/action",
            "/content/request/target",
            "/content/request/target/features",
            "/content/request/target/features/0",
            "/request_id",
            "/created",
            "/from",
        ],
        Side::Producer => &[
            "/content",
            "/content/response",
            "/content/response/status",
            "/content/response/status_text",
            "/content/response/results",
            "/content/response/results/rate_limit",
            "/content/response/results/versions/0",
            "/request_id",
            "/created",
            "/from",
        ],
    }
}

/// The message in JSON with something hostile at one of them.
fn filled(random: &mut ChaCha8Rng, side: Side, message: Value, with: &[u8]) -> Vec<u8> {
    [header(side, 1), json::filled(&json::hole(random, message, places(side)), with)].concat()
}

fn nested_cbor(random: &mut ChaCha8Rng, side: Side) -> Vec<u8> {
    let depth = random.gen_range(50..=DEEPEST);
    let heads: [&[u8]; 4] = [&[0x81], &[0xa1, 0x61, 0x61], &[0xc1], &[0x9f]];
    let head: &[u8] = heads.choose(random).copied().unwrap_or(&[0x81]);
    let mut payload = header(side, 2);
    payload.extend_from_slice(&[0xa1, 0x67]);
    payload.extend_from_slice(b"content");
    payload.extend(head.repeat(depth.min(LONGEST / head.len())));
    payload.push(0x00);
    payload
}

/// Lengths and numbers that nobody can mean.
fn numbers_cbor(random: &mut ChaCha8Rng, side: Side) -> Vec<u8> {
    let heads: [&[u8]; 14] = [
        &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x7b, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00],
        &[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xbb, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00],
        &[0xf9, 0x7e, 0x00],
        &[0xfa, 0xff, 0x80, 0x00, 0x00],
        &[0xfb, 0x7f, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
        &[0xc2, 0x58, 0x20],
        &[0xf8, 0x10],
        &[0x1c],
        &[0xff],
        &[0xdb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
    ];
    let mut payload = header(side, 2);
    payload.extend_from_slice(&[0xa2, 0x67]);
    payload.extend_from_slice(b"created");
    payload.extend_from_slice(heads.choose(random).copied().unwrap_or(&[0xff]));
    payload.push(0x67);
    payload.extend_from_slice(b"content\xa0");
    payload
}

/// A member of strange name, of another type, missing, or a great many of them.
fn members(random: &mut ChaCha8Rng, mut message: Value, side: Side) -> Value {
    let inner = if side == Side::Consumer { "/content/request" } else { "/content/response" };
    let place = ["", "/content", inner].choose(random).copied().unwrap_or_default();
    let strange = [
        Value::Null,
        serde_json::json!(true),
        serde_json::json!(-1),
        serde_json::json!(0.5),
        serde_json::json!(""),
        serde_json::json!([]),
        serde_json::json!({}),
        serde_json::json!([[]]),
        serde_json::json!({"": null}),
        serde_json::json!("query"),
        serde_json::json!(["query"]),
        serde_json::json!({"request": {}}),
    ];
    let value = strange.choose(random).cloned().unwrap_or_default();
    let Some(Value::Object(members)) = message.pointer_mut(place) else { return message };
    json::disturb(random, members, &value, NAMES);
    message
}
