//! A payload: the two-byte header of WD04 2.3.1, and finding the message behind it, also where it does not
//! stand as the header says.

use super::json::Parsed;
use super::{Form, Message, PayloadHeader, Value, cbor, json, layout, schema};
use crate::iut::Serialization;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use touchstone_fixtures::wire::{Defect, Span};

/// Fixed bits and message type of byte 1.
pub(super) const TYPE: &str = "W4-054";
/// Serialization in byte 2.
const SERIALIZATION: &str = "W4-055";
/// The message starts at byte 3.
const START: &str = "W4-056";

/// The fixed bits 7-4 of byte 1.
const FIXED: u8 = 0b1001;
/// Longest base64 text that is tried as CBOR.
const BASE64: usize = 1 << 20;

pub(super) fn read(topic: &str, payload: &[u8]) -> Option<Message> {
    let addressed = addressed(topic);
    if !addressed && !promising(payload) {
        return None;
    }
    let message = message(payload);
    let known = message.form != Form::Unrecognised && message.whole();
    (addressed || known).then_some(message)
}

/// As [`read`], where nothing says that there is a header.
pub(super) fn read_open(topic: &str, payload: &[u8]) -> Option<Message> {
    match payload.first() {
        Some(first) if first >> 4 == FIXED => read(topic, payload),
        Some(_) | None if addressed(topic) => Some(assembled(payload, None, alone(payload), Vec::new())),
        // Elsewhere, what cannot be anything else: a message around a Command or a Response.
        Some(b'{') => Some(assembled(payload, None, alone(payload), Vec::new())).filter(|message| {
            let formed = matches!(message.form, Form::Record | Form::Nested) && message.whole();
            formed && message.content.as_ref().is_some_and(|c| c.get("action").is_some() || c.get("status").is_some())
        }),
        _ => None,
    }
}

fn addressed(topic: &str) -> bool {
    topic == "oc2" || topic.starts_with("oc2/")
}

/// A payload that is a message from its first byte on: a map of CBOR by that byte, else JSON.
fn alone(payload: &[u8]) -> Found {
    match payload.first() {
        None => Found::nothing(),
        Some(0xA0..=0xBF) => Found::new(cbor::parse(payload, 0), Serialization::Cbor),
        Some(_) => Found::new(json::parse(payload, 0), Serialization::Json),
    }
}

/// Whether a payload on a foreign topic is worth reading.
fn promising(payload: &[u8]) -> bool {
    matches!(payload, [first, serialization @ 1..=2, _, ..] if first >> 4 == FIXED && first & 0x0F <= 2 && *serialization > 0)
}

/// A message as it was found.
struct Found {
    parsed: Parsed,
    serialization: Option<Serialization>,
    base64: bool,
}

impl Found {
    fn new(parsed: Parsed, serialization: Serialization) -> Found {
        Found { parsed, serialization: Some(serialization), base64: false }
    }

    fn nothing() -> Found {
        Found { parsed: Parsed::default(), serialization: None, base64: false }
    }
}

fn message(payload: &[u8]) -> Message {
    let mut defects = Vec::new();
    let header = match payload {
        [first, serialization, ..] => {
            Some(PayloadHeader { fixed: first >> 4, message_type: first & 0x0F, serialization: *serialization })
        }
        _ => None,
    };
    check_first(payload, &mut defects);
    let found = find(payload, header, &mut defects);
    assembled(payload, header, found, defects)
}

fn assembled(payload: &[u8], header: Option<PayloadHeader>, found: Found, mut defects: Vec<Defect>) -> Message {
    let Found { parsed, serialization, base64 } = found;
    let Parsed { root, defects: unsound, broken_off, unread, style } = parsed;
    defects.extend(unsound);
    let mut message = Message {
        header,
        payload_len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
        form: Form::Unrecognised,
        kind: None,
        serialization,
        style,
        root: None,
        content: None,
        request_id: None,
        from: None,
        to: None,
        defects,
        content_defects: Vec::new(),
        content_shown: std::collections::BTreeSet::new(),
        broken_off,
        unread,
    };
    if let Some(root) = root {
        layout::recognise(&mut message, root);
    }
    if base64 {
        message.form = Form::Base64Cbor;
    }
    if message.whole() {
        if let Some(content) = &message.content {
            let checked = schema::check(message.form, message.kind, content);
            message.content_defects = checked.defects;
            message.content_shown = checked.shown;
        }
    } else {
        // What is missing or odd in a tree that breaks off follows from the break.
        message.defects.retain(|d| d.clause != layout::RECORD);
    }
    message
}

fn defect(clause: &'static str, span: Span, bits: u8, expected: &str, actual: impl Into<String>) -> Defect {
    Defect { clause, span, bits, expected: expected.to_owned(), actual: actual.into() }
}

fn check_first(payload: &[u8], defects: &mut Vec<Defect>) {
    let Some(first) = payload.first() else {
        defects.push(defect(TYPE, Span::new(0, 0), 0, "a payload header", "an empty payload"));
        return;
    };
    let (fixed, kind) = (first >> 4, first & 0x0F);
    if fixed != FIXED {
        defects.push(defect(TYPE, Span::byte(0), 0xF0, "bits 7-4 of byte 1 = 1001", format!("{fixed:04b}")));
    } else if kind > 2 {
        let actual = format!("{kind:04b}, reserved");
        defects.push(defect(TYPE, Span::byte(0), 0x0F, "message type 0000, 0001 or 0010", actual));
    }
}

fn find(payload: &[u8], header: Option<PayloadHeader>, defects: &mut Vec<Defect>) -> Found {
    let Some(header) = header else {
        if payload.len() == 1 {
            defects.push(defect(SERIALIZATION, Span::new(1, 1), 0, "a serialization in byte 2", "one byte in all"));
        }
        return Found::nothing();
    };
    if header.fixed != FIXED
        && let Some(found) = headerless(payload)
    {
        defects.push(defect(SERIALIZATION, Span::byte(1), 0, "a serialization in byte 2", "no payload header"));
        defects.push(defect(START, Span::byte(0), 0, "the message from byte 3 on", "the message from byte 1 on"));
        return found;
    }
    let said = Span::byte(1);
    let known = matches!(header.serialization, 1..=3);
    if !known {
        let actual = format!("{}, reserved", header.serialization);
        defects.push(defect(SERIALIZATION, said, 0, "serialization 1 (JSON), 2 (CBOR) or 3 (XML)", actual));
    }
    let rest = &payload[2..];
    if rest.is_empty() {
        defects.push(defect(START, Span::new(2, 2), 0, "the message from byte 3 on", "two bytes in all"));
        return Found::nothing();
    }
    if header.serialization == 3 && rest.trim_ascii_start().starts_with(b"<") {
        let unread = Some((span_from(2, payload), "XML is not read".to_owned()));
        return Found { parsed: Parsed { unread, ..Parsed::default() }, serialization: None, base64: false };
    }
    // What byte 2 says is nearly always so, and the other one need not be tried.
    let json = json::parse(rest, 2);
    if header.serialization == 1 && structured(&json) {
        return Found::new(json, Serialization::Json);
    }
    let cbor = cbor::parse(rest, 2);
    let (sound_json, sound_cbor) = (structured(&json), structured(&cbor));
    match header.serialization {
        1 if !sound_json && sound_cbor => {
            defects.push(defect(SERIALIZATION, said, 0, "the serialization that follows: 2 (CBOR)", "1 (JSON)"));
            Found::new(cbor, Serialization::Cbor)
        }
        2 if !sound_cbor && sound_json => {
            defects.push(defect(SERIALIZATION, said, 0, "the serialization that follows: 1 (JSON)", "2 (CBOR)"));
            Found::new(json, Serialization::Json)
        }
        2 if sound_cbor => Found::new(cbor, Serialization::Cbor),
        3 => {
            let Some(found) = sniffed(json, cbor) else { return Found::nothing() };
            let what = if found.serialization == Some(Serialization::Json) { "1 (JSON)" } else { "2 (CBOR)" };
            let expected = format!("the serialization that follows: {what}");
            defects.push(defect(SERIALIZATION, said, 0, &expected, "3 (XML)"));
            found
        }
        named => {
            match from_base64(rest).filter(|_| named == 2).map(|found| (2, found)).or_else(|| elsewhere(payload)) {
                Some((2, found)) => {
                    let span = span_from(2, payload);
                    defects.push(defect(SERIALIZATION, span, 0, "CBOR, as byte 2 says", "base64 text of CBOR"));
                    found
                }
                Some((offset, found)) => {
                    let span = Span::new(offset.min(2), offset.max(2));
                    let actual = format!("the message from byte {} on", offset + 1);
                    defects.push(defect(START, span, 0, "the message from byte 3 on", actual));
                    found
                }
                None if named == 1 => Found::new(json, Serialization::Json),
                None if named == 2 => Found::new(cbor, Serialization::Cbor),
                None => sniffed(json, cbor).unwrap_or_else(Found::nothing),
            }
        }
    }
}

fn span_from(start: u32, payload: &[u8]) -> Span {
    Span::new(start, u32::try_from(payload.len()).unwrap_or(u32::MAX))
}

/// Whether this is a whole object or array, whatever small faults it has.
fn structured(parsed: &Parsed) -> bool {
    !parsed.broken_off && parsed.root.as_ref().is_some_and(|r| matches!(r.value, Value::Map(_) | Value::Array(_)))
}

fn is_map(parsed: &Parsed) -> bool {
    !parsed.broken_off && parsed.root.as_ref().is_some_and(|r| matches!(r.value, Value::Map(_)))
}

fn sniffed(json: Parsed, cbor: Parsed) -> Option<Found> {
    if structured(&json) {
        Some(Found::new(json, Serialization::Json))
    } else if structured(&cbor) {
        Some(Found::new(cbor, Serialization::Cbor))
    } else {
        None
    }
}

/// A message without any header.
fn headerless(payload: &[u8]) -> Option<Found> {
    let json = json::parse(payload, 0);
    if is_map(&json) {
        return Some(Found::new(json, Serialization::Json));
    }
    let cbor = cbor::parse(payload, 0);
    is_map(&cbor).then(|| Found::new(cbor, Serialization::Cbor))
}

/// A message behind a header of one, three or four bytes.
fn elsewhere(payload: &[u8]) -> Option<(u32, Found)> {
    [1_u32, 3, 4].into_iter().find_map(|offset| {
        let rest = payload.get(offset as usize..)?;
        let json = json::parse(rest, offset);
        if is_map(&json) {
            return Some((offset, Found::new(json, Serialization::Json)));
        }
        let cbor = cbor::parse(rest, offset);
        let whole = is_map(&cbor) && cbor.defects.is_empty() && cbor.root.as_ref()?.as_map()?.len() > 1;
        whole.then(|| (offset, Found::new(cbor, Serialization::Cbor)))
    })
}

/// CBOR wrapped in base64, either alphabet, padded or not. Every value gets the span of the whole text.
fn from_base64(rest: &[u8]) -> Option<Found> {
    let text = rest.trim_ascii();
    if text.is_empty() || text.len() > BASE64 {
        return None;
    }
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes = [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())?;
    let mut parsed = cbor::parse(&bytes, 0);
    if !structured(&parsed) {
        return None;
    }
    let whole = Span::new(2, u32::try_from(rest.len()).map_or(u32::MAX, |n| n.saturating_add(2)));
    if let Some(root) = &mut parsed.root {
        cover(root, whole);
    }
    for defect in &mut parsed.defects {
        defect.span = whole;
    }
    Some(Found { base64: true, ..Found::new(parsed, Serialization::Cbor) })
}

fn cover(node: &mut super::Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| cover(item, span)),
        Value::Map(members) => members.iter_mut().for_each(|(key, value)| {
            cover(key, span);
            cover(value, span);
        }),
        _ => {}
    }
}
