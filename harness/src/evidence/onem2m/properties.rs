//! The decoder against noise, and one serialization against the other.

use super::{Primitive, read};
use proptest::prelude::*;

/// Places lie within the payload.
fn placed(primitive: &Primitive, length: usize) -> bool {
    let end = u32::try_from(length).unwrap_or(u32::MAX);
    primitive.defects.iter().all(|d| d.span.start <= d.span.end && d.span.end <= end)
}

fn topic() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("/oneM2M/req/C1/cse/json".to_owned()),
        Just("/oneM2M/resp/C1/cse/xml".to_owned()),
        Just("/oneM2M/reg_req/x/cse/cbor".to_owned()),
        Just("elsewhere".to_owned()),
        "[/a-zA-Z0-9]{0,20}",
    ]
}

/// Parameters that have the same meaning in both serializations.
fn parameters() -> impl Strategy<Value = Vec<(&'static str, serde_json::Value)>> {
    let text = "[a-zA-Z0-9/:. -]{1,8}".prop_map(serde_json::Value::from);
    let of = |name: &'static str| text.clone().prop_map(move |value| (name, value));
    let number = |name: &'static str| (0..7000_i64).prop_map(move |value| (name, serde_json::Value::from(value)));
    let every = vec![
        number("op").boxed(),
        number("ty").boxed(),
        number("rsc").boxed(),
        number("rcn").boxed(),
        of("to").boxed(),
        of("fr").boxed(),
        of("rqi").boxed(),
        of("rvi").boxed(),
        of("ot").boxed(),
        of("gid").boxed(),
    ];
    every
        .into_iter()
        .map(|one| prop::option::weighted(0.7, one))
        .collect::<Vec<_>>()
        .prop_map(|all| all.into_iter().flatten().collect())
}

proptest! {
    #[test]
    fn any_bytes_are_read(topic in topic(), bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(primitive) = read(&topic, &bytes) {
            prop_assert!(placed(&primitive, bytes.len()));
        }
    }

    #[test]
    fn broken_primitives_are_read(cut in 0..90_usize, at in 0..90_usize, byte in any::<u8>(), xml in any::<bool>()) {
        let text: &[u8] = match xml {
            false => br#"{"op": 1, "to": "cse", "fr": "C1", "rqi": "r1", "ty": 4, "rvi": "3", "pc": {"m2m:cin": {"con": "1"}}}"#,
            true => b"<m:rqp xmlns:m='http://www.onem2m.org/xml/protocols'><op>1</op><pc><m:cin><con>1</con></m:cin></pc></m:rqp>",
        };
        let mut bytes = text[..text.len().min(cut + 10)].to_vec();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let primitive = read("/oneM2M/req/C1/cse/json", &bytes).expect("addressed");
        prop_assert!(placed(&primitive, bytes.len()));
    }

    #[test]
    fn the_serializations_agree(parameters in parameters(), response in any::<bool>()) {
        let object: serde_json::Map<String, serde_json::Value> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let json = serde_json::Value::Object(object).to_string();
        let inner: String = parameters
            .iter()
            .map(|(name, value)| format!("<{name}>{}</{name}>", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        let root = if response { "rsp" } else { "rqp" };
        let xml = format!("<m2m:{root} xmlns:m2m=\"http://www.onem2m.org/xml/protocols\">{inner}</m2m:{root}>");
        let from_json = read("/oneM2M/req/C1/cse/json", json.as_bytes()).expect("addressed");
        let from_xml = read("/oneM2M/req/C1/cse/xml", xml.as_bytes()).expect("addressed");
        for (name, _) in &parameters {
            prop_assert_eq!(from_json.whole(name).is_some(), from_xml.whole(name).is_some() && !is_text(&from_json, name));
            prop_assert_eq!(from_json.text(name).is_some(), is_text(&from_json, name));
        }
        // What JSON tells by `op` and `rsc`, XML tells by its root element.
        if from_json.kind == from_xml.kind {
            let rows = |p: &Primitive| p.defects.iter().map(|d| d.clause).collect::<Vec<_>>();
            prop_assert_eq!(rows(&from_json), rows(&from_xml));
        }
    }
}

fn is_text(primitive: &Primitive, name: &str) -> bool {
    primitive.get(name).is_some_and(|node| node.as_text().is_some())
}
