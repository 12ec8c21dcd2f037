//! Payloads: a sound message, and what is done to it.

use super::{Base, Kind};
use crate::iut::Serialization;
use crate::scenario::openc2::Side;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Deepest nesting.
const DEEPEST: usize = 20_000;
/// Longest string, in bytes: a payload of everyday length still holds it.
const LONGEST: usize = 32 * 1024;

/// Stands in a JSON text where something that is no JSON value comes instead.
const HERE: &str = "\"@here@\"";

/// Numbers no everyday message holds; some are none.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1e400",
    "-1e400",
    "1E+99999",
    "1e-99999",
    "0.1e1",
    "1.0",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211456",
    "00",
    "01",
    "+1",
    ".5",
    "5.",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e",
    "--1",
    "1e1e1",
    "\u{0661}",
];

/// What JSON strings should not or cannot hold, as it stands between the quotes.
const TEXTS: &[&[u8]] = &[
    b"\\u0000",
    b"\\ud800",
    b"\\udfff\\ud800",
    b"\\ud83d",
    b"\\uffff",
    b"\\ufeff",
    b"\\u202e",
    b"\\u0007",
    b"\\x41",
    b"\\u12",
    b"\\u+123",
    b"\\",
    b"\x00",
    b"\x1f",
    b"\n",
    b"\xff",
    b"\xc0\x80",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf0\x9f\x98",
    b"\xef\xbb\xbf",
    b"\xef\xbf\xbf",
    b"\xe2\x80\xae",
    b"\xcc\x81",
    b"",
    b"%00",
    b"%s%s%n",
    b"../../etc/passwd",
    b"${jndi:ldap://127.0.0.1/x}",
    b"'; --",
    b"<script>",
    b"{{7*7}}",
];

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
        Kind::Truncations => {
            let mut payload = plain(&message);
            payload.truncate(random.gen_range(0..payload.len()));
            payload
        }
        Kind::Mutations => mutated(random, plain(&message)),
        Kind::Nesting if cbor => nested_cbor(random, base.side),
        Kind::Nesting => {
            let hole = hole(random, message, base.side);
            let nest = nest(random);
            filled(base.side, &hole, &nest)
        }
        Kind::Numbers if cbor => numbers_cbor(random, base.side),
        Kind::Numbers => {
            let number = match random.gen_range(0..NUMBERS.len() + 2) {
                0 => "9".repeat(random.gen_range(20..5_000)),
                1 => format!("0.{}", "1".repeat(random.gen_range(20..5_000))),
                n => NUMBERS[n - 2].to_owned(),
            };
            let hole = hole(random, message, base.side);
            filled(base.side, &hole, number.as_bytes())
        }
        Kind::Text => {
            let text = text(random);
            let hole = hole(random, message, base.side);
            filled(base.side, &hole, &text)
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
        Side::Consumer => json!({"request": {"action": "query", "target": {"features": ["versions", "pairs"]}}}),
        Side::Producer => json!({"response": {"status": 200, "status_text": "ok",
            "results": {"versions": ["1.0"], "rate_limit": 30}}}),
    };
    json!({"content": content, "request_id": id, "created": 1_600_000_000_000u64 + u64::from(number),
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

/// Bits flipped, or a run of bytes left out, repeated, exchanged, or replaced by random ones.
fn mutated(random: &mut ChaCha8Rng, mut payload: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.gen_range(1..=4) {
        if payload.is_empty() {
            break;
        }
        let from = random.gen_range(0..payload.len());
        let to = (from + random.gen_range(1..=16)).min(payload.len());
        let run = payload[from..to].to_vec();
        match random.gen_range(0..6) {
            0 | 1 => payload[from] ^= 1 << random.gen_range(0..8),
            2 => payload.drain(from..to).for_each(drop),
            3 => payload.splice(from..from, run.iter().copied().cycle().take(run.len() * 20)).for_each(drop),
            4 => payload.splice(from..to, run.iter().rev().copied()).for_each(drop),
            _ => payload.splice(from..to, (0..run.len()).map(|_| random.r#gen::<u8>())).for_each(drop),
        }
    }
    payload
}

/// The message as JSON text with [`HERE`] at some place.
fn hole(random: &mut ChaCha8Rng, mut message: Value, side: Side) -> String {
    let places: &[&str] = match side {
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
    };
    let here = Value::String(HERE.trim_matches('"').to_owned());
    if let Some(place) = places.choose(random).and_then(|place| message.pointer_mut(place)) {
        *place = here;
    }
    message.to_string()
}

fn filled(side: Side, hole: &str, with: &[u8]) -> Vec<u8> {
    let (before, after) = hole.split_once(HERE).unwrap_or((hole, ""));
    [&header(side, 1), before.as_bytes(), with, after.as_bytes()].concat()
}

/// Nested arrays or objects, closed or not.
fn nest(random: &mut ChaCha8Rng) -> Vec<u8> {
    let depth = random.gen_range(50..=DEEPEST);
    let (open, close): (&[u8], &[u8]) =
        *[(&b"["[..], &b"]"[..]), (b"{\"a\":", b"}"), (b"[{\"\":", b"}]")].choose(random).unwrap_or(&(b"[", b"]"));
    // Everyday length, whatever the depth.
    let depth = depth.min(LONGEST / (open.len() + close.len()));
    let closed = if random.gen_bool(0.7) { depth } else { random.gen_range(0..depth) };
    [open.repeat(depth), b"0".to_vec(), close.repeat(closed)].concat()
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

/// A string with something in it that should not be there, quotes included.
fn text(random: &mut ChaCha8Rng) -> Vec<u8> {
    let piece = TEXTS.choose(random).copied().unwrap_or_default();
    let mut text = b"\"query".to_vec();
    match random.gen_range(0..4) {
        0 => text.extend(piece.repeat(random.gen_range(1..=LONGEST / piece.len().max(1)))),
        1 => text.extend(b"a".repeat(random.gen_range(1..=LONGEST))),
        _ => text.extend_from_slice(piece),
    }
    text.push(b'"');
    text
}

/// A member of strange name, of another type, missing, or a great many of them.
fn members(random: &mut ChaCha8Rng, mut message: Value, side: Side) -> Value {
    let inner = if side == Side::Consumer { "/content/request" } else { "/content/response" };
    let place = ["", "/content", inner].choose(random).copied().unwrap_or_default();
    let strange = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(0.5),
        json!(""),
        json!([]),
        json!({}),
        json!([[]]),
        json!({"": null}),
        json!("query"),
        json!(["query"]),
        json!({"request": {}}),
    ];
    let value = strange.choose(random).cloned().unwrap_or_default();
    let Some(Value::Object(members)) = message.pointer_mut(place) else { return message };
    let names: Vec<String> = members.keys().cloned().collect();
    match random.gen_range(0..4) {
        0 => {
            if let Some(name) = names.choose(random) {
                members.remove(name);
            }
        }
        1 => {
            if let Some(name) = names.choose(random) {
                members.insert(name.clone(), value);
            }
        }
        2 => {
            let name = NAMES.choose(random).copied().unwrap_or_default();
            members.insert(name.to_owned(), value);
        }
        _ => {
            for n in 0..random.gen_range(10..2_000) {
                members.insert(format!("m{n}"), value.clone());
            }
        }
    }
    message
}
