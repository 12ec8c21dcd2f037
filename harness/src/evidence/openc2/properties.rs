//! The decoders against other people's, and against noise.

use super::{Node, Value, cbor, json, read, read_open};
use proptest::prelude::*;
use touchstone_fixtures::wire::Span;

/// Values that JSON and CBOR both carry.
fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (-1e15..1e15_f64).prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
            prop::collection::vec(("\\PC{0,6}", inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whether our tree says what serde_json says.
fn agrees(node: &Node, value: &serde_json::Value) -> bool {
    match (&node.value, value) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Value::Int(a), serde_json::Value::Number(b)) => {
            b.as_i128() == Some(*a) || (*a == 0 && b.as_f64() == Some(0.0)) || b.as_f64() == Some(*a as f64)
        }
        (Value::Float(a), serde_json::Value::Number(b)) => {
            // serde_json rounds some long decimals to a neighbour of the nearest double.
            b.as_f64().is_some_and(|b| *a == b || (a - b).abs() <= f64::EPSILON * a.abs())
        }
        (Value::Text(a), serde_json::Value::String(b)) => a == b,
        (Value::Array(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agrees(a, b))
        }
        (Value::Map(a), serde_json::Value::Object(b)) => {
            a.iter().all(|(key, value)| key.as_text().and_then(|k| b.get(k)).is_some_and(|b| agrees(value, b)))
                && b.keys().all(|key| node.get(key).is_some())
        }
        _ => false,
    }
}

/// Every span lies within its parent's, and items follow one another.
fn nested(node: &Node, within: Span) -> bool {
    let inside = |inner: Span| within.start <= inner.start && inner.start <= inner.end && inner.end <= within.end;
    let children: Vec<&Node> = match &node.value {
        Value::Array(items) => items.iter().collect(),
        Value::Map(members) => members.iter().flat_map(|(key, value)| [key, value]).collect(),
        _ => Vec::new(),
    };
    inside(node.span)
        && children.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start)
        && children.iter().all(|child| nested(child, node.span))
}

/// Text made of JSON's own tokens, mostly wrong.
fn almost_json() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just("\"a\""),
            Just("\"\\u12"),
            Just("\\"),
            Just("\"\\ud800\""),
            Just("\"b\":"),
            Just("1"),
            Just("-"),
            Just("0"),
            Just(".5"),
            Just("e9"),
            Just("true"),
            Just("nul"),
            Just("null"),
            Just(" "),
            Just("\u{FDD0}"),
            Just("\"\u{7}\"")
        ],
        0..24,
    )
    .prop_map(|tokens| tokens.concat())
}

/// What our reader takes and serde_json does not, or the other way round, by design.
fn documented(parsed: &json::Parsed) -> bool {
    // serde_json keeps the last of several members, takes noncharacters, and refuses numbers beyond doubles;
    // to us the first two are defects, and the last is advice.
    parsed
        .defects
        .iter()
        .any(|d| d.clause == json::NUMBERS || d.actual.ends_with(" again") || d.expected == "no Unicode noncharacter")
}

fn sound(parsed: &json::Parsed, length: usize) -> Result<(), TestCaseError> {
    let whole = Span::new(0, u32::try_from(length).unwrap_or(u32::MAX));
    if let Some(root) = &parsed.root {
        prop_assert!(nested(root, whole));
    }
    for defect in &parsed.defects {
        prop_assert!(defect.span.start <= defect.span.end && defect.span.end <= whole.end, "{defect:?}");
    }
    prop_assert!(parsed.root.is_some() || parsed.unread.is_some() || !parsed.defects.is_empty());
    prop_assert!(!parsed.broken_off || parsed.unread.is_some() || !parsed.defects.is_empty());
    Ok(())
}

proptest! {
    #[test]
    fn json_reads_what_serde_json_writes(value in values(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.expect("a Value serializes");
        let parsed = json::parse(text.as_bytes(), 0);
        prop_assert!(parsed.defects.is_empty() || documented(&parsed), "{:?}", parsed.defects);
        prop_assert!(agrees(parsed.root.as_ref().expect("valid JSON has a root"), &value));
        sound(&parsed, text.len())?;
    }

    #[test]
    fn json_refuses_what_serde_json_refuses(text in almost_json()) {
        let parsed = json::parse(text.as_bytes(), 0);
        sound(&parsed, text.len())?;
        if !documented(&parsed) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            prop_assert_eq!(parsed.defects.is_empty(), theirs.is_ok(), "{}: {:?}", text, parsed.defects);
        }
    }

    #[test]
    fn json_survives_noise(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        sound(&json::parse(&bytes, 0), bytes.len())?;
    }

    #[test]
    fn cbor_reads_what_ciborium_writes(value in values()) {
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).expect("a Value serializes");
        let parsed = cbor::parse(&bytes, 0);
        prop_assert!(parsed.defects.is_empty(), "{:?}", parsed.defects);
        prop_assert!(agrees(parsed.root.as_ref().expect("valid CBOR has a root"), &value));
        sound(&parsed, bytes.len())?;
    }

    #[test]
    fn cbor_refuses_what_ciborium_refuses(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let parsed = cbor::parse(&bytes, 0);
        sound(&parsed, bytes.len())?;
        // ciborium looks no further than one item, and takes repeated keys.
        let item = !parsed.broken_off && parsed.defects.iter().all(|d| d.expected != "UTF-8 in a text string");
        if item {
            let theirs = ciborium::from_reader::<ciborium::Value, _>(bytes.as_slice());
            // It has no place for simple values but false, true, null, and undefined.
            let other = bytes.iter().any(|b| b >> 5 == 7);
            prop_assert!(theirs.is_ok() || other, "{:02X?}: {:?}", bytes, theirs);
        }
    }

    #[test]
    fn read_survives_changed_messages(
        which in 0..super::tests::GOOD.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut payload = super::tests::good(which);
        for (at, byte, how) in changes {
            let at = at.index(payload.len().max(1)).min(payload.len().saturating_sub(1));
            match how {
                0 if !payload.is_empty() => payload[at] = byte,
                1 if !payload.is_empty() => { payload.remove(at); }
                _ => payload.insert(at, byte),
            }
        }
        let length = u32::try_from(payload.len()).expect("short");
        let message = read("oc2/rsp", &payload).expect("the topic is OpenC2's");
        for defect in message.defects.iter().chain(&message.content_defects) {
            prop_assert!(defect.span.start <= defect.span.end && defect.span.end <= length, "{defect:?}");
        }
        let _ = read("elsewhere", &payload);
        let open = read_open("oc2/rsp", &payload).expect("the topic is OpenC2's");
        prop_assert_eq!(open.header.is_some(), payload.first().is_some_and(|first| first >> 4 == 9) && payload.len() > 1);
        let _ = read_open("elsewhere", &payload);
    }
}
