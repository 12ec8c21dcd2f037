//! Primitives that the harness sends: built here, with serializers of their own kind, so that no judging decoder is ever fed
//! by its own twin.

use crate::iut::Serialization;
use serde_json::{Map, Value};

/// Parameters in the order in which XML has them (TS-0004 Table 8.2.2-1).
const ORDER: [&str; 37] = [
    "op",
    "to",
    "fr",
    "rqi",
    "ty",
    "rsc",
    "pc",
    "rids",
    "ot",
    "rqet",
    "rset",
    "oet",
    "rt",
    "rp",
    "rcn",
    "ec",
    "da",
    "gid",
    "fc",
    "drt",
    "tkns",
    "tids",
    "ltids",
    "tqi",
    "grtm",
    "ati",
    "tqf",
    "cnst",
    "cnot",
    "asi",
    "asri",
    "aus",
    "auri",
    "sqi",
    "rvi",
    "vsi",
    "xM2M-Accept",
];

/// Root element of requests.
const REQUEST: &str = "m2m:rqp";
/// Root element of responses.
const RESPONSE: &str = "m2m:rsp";

/// The payload of a primitive with these parameters: a response where it has a status code and no operation.
pub fn written(parameters: &Map<String, Value>, serialization: Serialization) -> Vec<u8> {
    let responds = parameters.contains_key("rsc") && !parameters.contains_key("op");
    rooted(if responds { RESPONSE } else { REQUEST }, parameters, serialization)
}

/// The payload of a response with these parameters, whatever they are.
pub fn response(parameters: &Map<String, Value>, serialization: Serialization) -> Vec<u8> {
    rooted(RESPONSE, parameters, serialization)
}

fn rooted(root: &str, parameters: &Map<String, Value>, serialization: Serialization) -> Vec<u8> {
    let mut members: Vec<(&String, &Value)> = parameters.iter().collect();
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    members.sort_by_key(|(name, _)| place(name));
    match serialization {
        Serialization::Xml => xml(root, &members).into_bytes(),
        // No step can ask for CBOR, which the tested texts do not have.
        Serialization::Json | Serialization::Cbor => {
            let ordered: Map<String, Value> =
                members.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            Value::Object(ordered).to_string().into_bytes()
        }
    }
}

fn xml(root: &str, members: &[(&String, &Value)]) -> String {
    let mut text =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root} xmlns:m2m=\"http://www.onem2m.org/xml/protocols\">");
    for (name, value) in members {
        element(&mut text, name, value);
    }
    text.push_str(&format!("</{root}>"));
    text
}

/// One member as an element, or as several where it is a list of objects. A resource has its name as an attribute.
fn element(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().for_each(|item| element(text, name, item));
        }
        Value::Object(members) => {
            text.push_str(&format!("<{name}"));
            let named = members.get("rn").filter(|_| name.contains(':'));
            if let Some(named) = named {
                text.push_str(&format!(" rn=\"{}\"", escaped(named)));
            }
            text.push('>');
            for (member, value) in members.iter().filter(|(member, _)| named.is_none() || *member != "rn") {
                element(text, member, value);
            }
            text.push_str(&format!("</{name}>"));
        }
        scalar => text.push_str(&format!("<{name}>{}</{name}>", escaped(scalar))),
    }
}

/// A value as character data; a list has blanks between its items.
fn escaped(value: &Value) -> String {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => return items.iter().map(escaped).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let mut text = String::with_capacity(plain.len());
    for character in plain.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(parameters: Value, serialization: Serialization) -> String {
        let Value::Object(members) = parameters else { panic!("an object") };
        String::from_utf8(super::written(&members, serialization)).expect("text")
    }

    #[test]
    fn both_serializations_hold_the_parameters_in_their_order() {
        let create = json!({"rvi": "3", "op": 1, "to": "cse-in", "fr": "CAdmin", "rqi": "r", "ty": 2,
            "pc": {"m2m:ae": {"rn": "a&b", "api": "N.x", "rr": true, "srv": ["2a", "3"], "lbl": []}}});
        assert_eq!(
            written(create.clone(), Serialization::Json),
            r#"{"op":1,"to":"cse-in","fr":"CAdmin","rqi":"r","ty":2,"pc":{"m2m:ae":{"rn":"a&b","api":"N.x","rr":true,"srv":["2a","3"],"lbl":[]}},"rvi":"3"}"#
        );
        assert_eq!(
            written(create, Serialization::Xml),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>1</op>\
             <to>cse-in</to><fr>CAdmin</fr><rqi>r</rqi><ty>2</ty><pc><m2m:ae rn=\"a&amp;b\"><api>N.x</api><rr>true</rr>\
             <srv>2a 3</srv><lbl></lbl></m2m:ae></pc><rvi>3</rvi></m2m:rqp>"
        );
    }

    #[test]
    fn what_is_written_is_read_without_a_defect() {
        let notify = json!({"op": 5, "to": "x", "fr": "/in-cse", "rqi": "r", "rvi": "3",
            "pc": {"m2m:sgn": {"nev": {"rep": {"m2m:cin": {"con": "<&>"}}}, "sur": "s"}}});
        for serialization in [Serialization::Json, Serialization::Xml] {
            let text = written(notify.clone(), serialization);
            let read = crate::evidence::onem2m::read("/oneM2M/req/a/b/json", text.as_bytes()).expect("a primitive");
            assert!(read.defects.is_empty(), "{:?}", read.defects);
            let content = read.content().and_then(|(_, sgn)| sgn.get("nev")?.get("rep")?.get("m2m:cin")?.get("con"));
            assert_eq!(content.and_then(|con| con.as_text()), Some("<&>"));
        }
    }
}
