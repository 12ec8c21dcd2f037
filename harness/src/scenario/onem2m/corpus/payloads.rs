//! Payloads: a sound primitive, and what is done to it.

use super::{Base, Kind, identifiers, xml};
use crate::iut::{Role, Serialization};
use crate::scenario::corpus::{bytes, json};
use crate::scenario::onem2m::primitive;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json as value};

/// Names that mean something to some runtime, or to oneM2M elsewhere.
const NAMES: &[&str] = &[
    "__proto__",
    "constructor",
    "toString",
    "",
    " ",
    "\u{0}",
    "$ref",
    "@type",
    "__class__",
    "a.b",
    "m2m:rqp",
    "rsc",
    "OP",
    "operation",
    "m2m:cb",
    "ri",
];

/// The topic and the payload of an input.
pub(super) fn make(kind: Kind, random: &mut ChaCha8Rng, base: &Base, response: bool) -> (String, Vec<u8>) {
    let sound = sound(random, base, response);
    let either = match base.serializations.choose(random) {
        Some(serialization) => *serialization,
        None => Serialization::Json,
    };
    let (serialization, payload) = match kind {
        Kind::Truncations => (either, bytes::truncated(random, written(&sound, either))),
        Kind::Mutations => (either, bytes::mutated(random, written(&sound, either))),
        Kind::Nesting => {
            let hole = json::hole(random, Value::Object(sound), places(base, response));
            (Serialization::Json, json::filled(&hole, &json::nest(random)))
        }
        Kind::Numbers => {
            let number = json::number(random);
            let hole = json::hole(random, Value::Object(sound), places(base, response));
            (Serialization::Json, json::filled(&hole, number.as_bytes()))
        }
        Kind::Text => {
            let text = json::text(random, "C");
            let hole = json::hole(random, Value::Object(sound), places(base, response));
            (Serialization::Json, json::filled(&hole, &text))
        }
        Kind::Members => (either, written(&members(random, sound), either)),
        Kind::Identifiers => return identifiers::make(random, base, sound, response, either),
        Kind::Xml => (Serialization::Xml, xml::strange(random, &sound)),
        Kind::Entities => (Serialization::Xml, xml::entities(random, &sound)),
        // Made elsewhere.
        Kind::Topics | Kind::Packets => (either, written(&sound, either)),
    };
    (base.topic(response, serialization), payload)
}

/// JSON where it is declared.
pub(super) fn json_or_xml(base: &Base) -> Serialization {
    base.serializations.first().copied().unwrap_or(Serialization::Json)
}

pub(super) fn written(primitive: &Map<String, Value>, serialization: Serialization) -> Vec<u8> {
    primitive::written(primitive, serialization)
}

/// A primitive with which nothing is wrong: RETRIEVE for a CSE, a notification for an AE, or a response to it.
pub(super) fn sound(random: &mut ChaCha8Rng, base: &Base, response: bool) -> Map<String, Value> {
    let rqi = uuid::Builder::from_random_bytes(random.r#gen()).into_uuid().to_string();
    let content = value!({"m2m:cin": {"rn": "c", "ty": 4, "con": "21.5", "cs": 4}});
    let mut primitive = match (response, base.role) {
        (true, _) => value!({"rsc": 2000, "pc": content}),
        (false, Role::Cse) => {
            value!({"op": 2, "to": base.to, "fr": base.from, "ot": "20260101T000000", "rcn": 1, "rt": {"rtv": 3}})
        }
        (false, _) => value!({"op": 5, "to": base.to, "fr": base.from,
            "pc": {"m2m:sgn": {"nev": {"rep": content, "net": 3}, "sur": "cse/c/s"}}}),
    };
    primitive["rqi"] = rqi.into();
    primitive["rvi"] = base.release.as_str().into();
    match primitive {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Places in the primitive that something hostile may stand at.
fn places(base: &Base, response: bool) -> &'static [&'static str] {
    match (response, base.role) {
        (true, _) => &["/rsc", "/rqi", "/rvi", "/pc", "/pc/m2m:cin", "/pc/m2m:cin/con", "/pc/m2m:cin/cs"],
        (false, Role::Cse) => &["/op", "/to", "/fr", "/rqi", "/rvi", "/ot", "/rcn", "/rt", "/rt/rtv"],
        (false, _) => &[
            "/op",
            "/to",
            "/fr",
            "/rqi",
            "/rvi",
            "/pc",
            "/pc/m2m:sgn",
            "/pc/m2m:sgn/nev",
            "/pc/m2m:sgn/sur",
            "/pc/m2m:sgn/nev/net",
        ],
    }
}

/// A parameter of strange name, of another type, missing, or a great many of them.
fn members(random: &mut ChaCha8Rng, mut primitive: Map<String, Value>) -> Map<String, Value> {
    let strange = [
        Value::Null,
        value!(true),
        value!(-1),
        value!(0.5),
        value!(""),
        value!([]),
        value!({}),
        value!([[]]),
        value!({"": null}),
        value!("2"),
        value!(["C1", "C2"]),
        value!({"m2m:cb": {}, "m2m:ae": {}}),
        value!({"m2m:ae": [{}, {}]}),
    ];
    let strange = strange.choose(random).cloned().unwrap_or_default();
    let known: Vec<String> = primitive.keys().cloned().collect();
    // Its content, or the parameters themselves.
    match known.choose(random).and_then(|name| primitive.get_mut(name)?.as_object_mut()) {
        Some(inner) => json::disturb(random, inner, &strange, NAMES),
        None => json::disturb(random, &mut primitive, &strange, NAMES),
    }
    primitive
}
