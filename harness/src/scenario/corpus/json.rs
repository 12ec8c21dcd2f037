//! What JSON texts should not or cannot hold, wherever in a message.

use super::{DEEPEST, LONGEST};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

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

/// The message as JSON text with a hole at one of these places.
pub fn hole(random: &mut ChaCha8Rng, mut message: Value, places: &[&str]) -> String {
    let here = Value::String(HERE.trim_matches('"').to_owned());
    if let Some(place) = places.choose(random).and_then(|place| message.pointer_mut(place)) {
        *place = here;
    }
    message.to_string()
}

/// The text with something in its hole.
pub fn filled(hole: &str, with: &[u8]) -> Vec<u8> {
    let (before, after) = hole.split_once(HERE).unwrap_or((hole, ""));
    [before.as_bytes(), with, after.as_bytes()].concat()
}

/// A number that no everyday message holds, or that is none.
pub fn number(random: &mut ChaCha8Rng) -> String {
    match random.gen_range(0..NUMBERS.len() + 2) {
        0 => "9".repeat(random.gen_range(20..5_000)),
        1 => format!("0.{}", "1".repeat(random.gen_range(20..5_000))),
        n => NUMBERS[n - 2].to_owned(),
    }
}

/// Nested arrays or objects, closed or not.
pub fn nest(random: &mut ChaCha8Rng) -> Vec<u8> {
    let depth = random.gen_range(50..=DEEPEST);
    let (open, close): (&[u8], &[u8]) =
        *[(&b"["[..], &b"]"[..]), (b"{\"a\":", b"}"), (b"[{\"\":", b"}]")].choose(random).unwrap_or(&(b"[", b"]"));
    // Everyday length, whatever the depth.
    let depth = depth.min(LONGEST / (open.len() + close.len()));
    let closed = if random.gen_bool(0.7) { depth } else { random.gen_range(0..depth) };
    [open.repeat(depth), b"0".to_vec(), close.repeat(closed)].concat()
}

/// A string that begins well and has something in it that should not be there, quotes included.
pub fn text(random: &mut ChaCha8Rng, begins: &str) -> Vec<u8> {
    let piece = TEXTS.choose(random).copied().unwrap_or_default();
    let mut text = format!("\"{begins}").into_bytes();
    match random.gen_range(0..4) {
        0 => text.extend(piece.repeat(random.gen_range(1..=LONGEST / piece.len().max(1)))),
        1 => text.extend(b"a".repeat(random.gen_range(1..=LONGEST))),
        _ => text.extend_from_slice(piece),
    }
    text.push(b'"');
    text
}

/// Makes a member missing, gives it another value, adds one of a strange name, or a great many.
pub fn disturb(random: &mut ChaCha8Rng, members: &mut Map<String, Value>, value: &Value, names: &[&str]) {
    let known: Vec<String> = members.keys().cloned().collect();
    match random.gen_range(0..4) {
        0 => {
            if let Some(name) = known.choose(random) {
                members.remove(name);
            }
        }
        1 => {
            if let Some(name) = known.choose(random) {
                members.insert(name.clone(), value.clone());
            }
        }
        2 => {
            let name = names.choose(random).copied().unwrap_or_default();
            members.insert(name.to_owned(), value.clone());
        }
        _ => {
            for n in 0..random.gen_range(10..2_000) {
                members.insert(format!("m{n}"), value.clone());
            }
        }
    }
}
