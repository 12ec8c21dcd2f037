//! XML that is not well-formed, that nobody writes, or that asks its reader for more than there is in it.

use super::payloads::written;
use crate::iut::Serialization;
use crate::scenario::corpus::LONGEST;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

/// What stands in front of the root element.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Pieces that break a text where they stand in it, or that few readers are ready for.
const PIECES: &[&[u8]] = &[
    b"<",
    b"&",
    b"&amp",
    b"&nbsp;",
    b"&#0;",
    b"&#xFFFF;",
    b"&#x110000;",
    b"&#99999999999999999999;",
    b"]]>",
    b"<![CDATA[",
    b"<![CDATA[<op>4</op>]]>",
    b"<!-- -- -->",
    b"<!--",
    b"<?xml version=\"1.0\"?>",
    b"<?php",
    b"</to>",
    b"<to>",
    b"<to/>",
    b"<op>2</op>",
    b"<x:y/>",
    b"<a b=c/>",
    b"<a b=\"1\" b=\"2\"/>",
    b"<a b='<'/>",
    b"< a/>",
    b"<1a/>",
    b"<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>",
    b"\x00",
    b"\x08",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xef\xbf\xbe",
];

/// A request in XML with something in it.
pub(super) fn strange(random: &mut ChaCha8Rng, sound: &Map<String, Value>) -> Vec<u8> {
    let mut text = written(sound, Serialization::Xml);
    match random.gen_range(0..10) {
        // Nested deeply, closed or not.
        0 => {
            let depth = random.gen_range(50..LONGEST / 8);
            let closed = if random.gen_bool(0.5) { depth } else { 0 };
            let nest = [b"<a>".repeat(depth), b"</a>".repeat(closed)].concat();
            insert(random, &mut text, &nest);
        }
        // A great many attributes, or long ones.
        1 => {
            let many: String = (0..random.gen_range(1..2_000)).map(|n| format!(" a{n}=\"{n}\"")).collect();
            insert(random, &mut text, format!("<a{many}/>").as_bytes());
        }
        2 => {
            let long = format!("<a b=\"{}\"/>", "x".repeat(random.gen_range(1..LONGEST)));
            insert(random, &mut text, long.as_bytes());
        }
        // Another encoding than it says, or the other way round.
        3 => {
            let encoding = *["UTF-16", "ISO-8859-1", "UTF-7", "x", "IBM037"].choose(random).unwrap_or(&"x");
            text = String::from_utf8_lossy(&text).replacen("UTF-8", encoding, 1).into_bytes();
        }
        4 => text = text.iter().flat_map(|byte| [*byte, 0]).collect(),
        // Two roots, none, or something behind it.
        5 => text = [text.clone(), text].concat(),
        6 => text.extend_from_slice(b"x"),
        7 => text = DECLARATION.as_bytes().to_vec(),
        _ => {
            let piece = PIECES.choose(random).copied().unwrap_or_default();
            insert(random, &mut text, piece);
        }
    }
    text
}

/// Puts something between two tags.
fn insert(random: &mut ChaCha8Rng, text: &mut Vec<u8>, what: &[u8]) {
    let places: Vec<usize> = text.iter().enumerate().filter(|(_, byte)| **byte == b'>').map(|(at, _)| at + 1).collect();
    let place = places.choose(random).copied().unwrap_or(0);
    text.splice(place..place, what.iter().copied());
}

/// A request in XML whose target is an entity: one that expands to very much, stands in another place, or is missing. Whatever
/// a reader would fetch is on its own machine, and there is nothing at it.
pub(super) fn entities(random: &mut ChaCha8Rng, sound: &Map<String, Value>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&written(sound, Serialization::Xml)).into_owned();
    let body = text.strip_prefix(DECLARATION).unwrap_or(&text);
    let external = *[
        "file:///etc/passwd",
        "file:///dev/zero",
        "file:///proc/self/environ",
        "http://127.0.0.1:9/touchstone",
        "ftp://127.0.0.1:9/x",
        "touchstone.ent",
        "//127.0.0.1/x",
        "jar:file:///x!/y",
    ]
    .choose(random)
    .unwrap_or(&"x");
    let (subset, reference) = match random.gen_range(0..8) {
        // Each ten times the one before.
        0 => {
            let levels = random.gen_range(3..=10);
            let mut subset = "<!ENTITY e0 \"touchstone\">".to_owned();
            for n in 1..=levels {
                subset.push_str(&format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10)));
            }
            (subset, format!("&e{levels};"))
        }
        // A long one, many times.
        1 => {
            let long = "x".repeat(random.gen_range(1_000..LONGEST / 2));
            (format!("<!ENTITY e \"{long}\">"), "&e;".repeat(random.gen_range(100..3_000)))
        }
        // Of itself, and of each other.
        2 => ("<!ENTITY e \"&e;\">".to_owned(), "&e;".to_owned()),
        3 => ("<!ENTITY e \"&f;\"><!ENTITY f \"&e;\">".to_owned(), "&e;".to_owned()),
        4 => (format!("<!ENTITY e SYSTEM \"{external}\">"), "&e;".to_owned()),
        5 => (format!("<!ENTITY e PUBLIC \"-//x//y\" \"{external}\">"), "&e;".to_owned()),
        6 => (format!("<!ENTITY % p SYSTEM \"{external}\"> %p;"), "&e;".to_owned()),
        _ => (format!("<!ENTITY % p \"<!ENTITY e SYSTEM '{external}'>\"> %p;"), "&e;".to_owned()),
    };
    let body = body.replacen("<to>", &format!("<to>{reference}"), 1);
    let doctype = match random.gen_range(0..5) {
        0 => format!("<!DOCTYPE m2m:rqp SYSTEM \"{external}\" [{subset}]>"),
        _ => format!("<!DOCTYPE m2m:rqp [{subset}]>"),
    };
    format!("{DECLARATION}{doctype}{body}").into_bytes()
}
