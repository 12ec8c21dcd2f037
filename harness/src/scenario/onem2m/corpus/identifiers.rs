//! Identifiers that are none: with wildcards, NUL, slashes, of great length. In the primitive they may be anything, in the
//! topic anything that a topic name may hold.

use super::{Base, payloads};
use crate::iut::Serialization;
use crate::scenario::corpus::LONGEST;
use crate::scenario::onem2m::address::suffix;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

/// What stands in for an identifier, or in it.
const STRANGE: &[&str] = &[
    "+",
    "#",
    "C+",
    "C#",
    "/+/#",
    "\u{0}",
    "C\u{0}ae",
    "/",
    "//",
    "///",
    "//sp.example/in-cse/C1",
    ":",
    "C:1",
    "in-cse:C1",
    "..",
    "../..",
    "/in-cse/../in-cse",
    "C1/C2/C3",
    "la",
    "fopt",
    "~",
    "_",
    "-",
    "C%00",
    "C%2f",
    "C\u{202e}ae",
    "C\u{feff}",
    "c1",
    "s1",
    "S",
    "C",
    "CC",
    " C1",
    "C1 ",
    "\t",
    "\r\n",
    "C1\nX: y",
    "\u{ffff}",
    "\u{1f600}",
    "null",
    "0",
    "$SYS",
    "' OR '1'='1",
    "${jndi:ldap://127.0.0.1/x}",
];

/// A primitive with strange identifiers, on a topic that may have one of them, too.
pub(super) fn make(
    random: &mut ChaCha8Rng,
    base: &Base,
    mut primitive: Map<String, Value>,
    response: bool,
    serialization: Serialization,
) -> (String, Vec<u8>) {
    let strange = strange(random);
    for name in ["to", "fr", "rqi"] {
        if primitive.contains_key(name) && random.gen_bool(0.5) {
            primitive.insert(name.to_owned(), strange.as_str().into());
        }
    }
    let topic = match random.gen_bool(0.3) {
        false => base.topic(response, serialization),
        true => {
            // A response repeats it: nothing that it is blamed for may come from here.
            let sound =
                |c: &char| !c.is_control() && !matches!(c, '+' | '#' | '/' | '\u{fdd0}'..='\u{fdef}' | '\u{ffff}');
            let other: String = strange.chars().filter(sound).collect();
            let (leaf, first, second) = match response {
                false => ("req", other.as_str(), base.own.as_str()),
                true => ("resp", base.own.as_str(), other.as_str()),
            };
            format!("/oneM2M/{leaf}/{first}/{second}/{}", suffix(serialization))
        }
    };
    (topic, payloads::written(&primitive, serialization))
}

fn strange(random: &mut ChaCha8Rng) -> String {
    let piece = STRANGE.choose(random).copied().unwrap_or_default();
    match random.gen_range(0..8) {
        0 => piece.repeat(random.gen_range(1..=LONGEST / 4 / piece.len().max(1))),
        1 => format!("C{}", "a".repeat(random.gen_range(1..=LONGEST / 4))),
        2 => format!("/{piece}/{piece}"),
        _ => piece.to_owned(),
    }
}
