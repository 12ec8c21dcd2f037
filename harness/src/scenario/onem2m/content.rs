//! Resources as AEs write them: what was read becomes JSON, with types where XML has none.

use crate::evidence::{Node, Value as Read};
use crate::iut::Serialization;
use serde_json::{Map, Number, Value};

/// Attributes that are numbers.
const NUMBERS: [&str; 13] = ["mni", "mbs", "mia", "cni", "cbs", "cs", "st", "ty", "exc", "nct", "pn", "mt", "mnm"];
/// Attributes that are true or false.
const TRUTHS: [&str; 2] = ["rr", "su"];
/// Attributes that are lists.
const LISTS: [&str; 8] = ["srv", "poa", "lbl", "csz", "nu", "acpi", "acor", "mid"];
/// Attributes that are lists of numbers.
const NUMBERED: [&str; 1] = ["net"];

/// A value that was read, under that name.
pub fn value(name: &str, node: &Node, serialization: Serialization) -> Value {
    match &node.value {
        Read::Null => Value::Null,
        Read::Bool(truth) => Value::Bool(*truth),
        Read::Int(number) => i64::try_from(*number).map_or(Value::Null, Value::from),
        Read::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Read::Text(text) if serialization == Serialization::Xml => typed(name, text),
        Read::Text(text) => Value::String(text.clone()),
        Read::Array(items) => Value::Array(items.iter().map(|item| value(name, item, serialization)).collect()),
        Read::Map(members) => {
            let mut map: Map<String, Value> = Map::new();
            for (key, member) in members {
                let key = key.as_text().unwrap_or_default();
                let read = value(key, member, serialization);
                match map.get_mut(key) {
                    // Elements that stand several times are a list.
                    Some(Value::Array(items)) if serialization == Serialization::Xml => items.push(read),
                    Some(first) if serialization == Serialization::Xml => {
                        *first = Value::Array(vec![first.take(), read]);
                    }
                    _ => {
                        map.insert(key.to_owned(), read);
                    }
                }
            }
            Value::Object(map)
        }
        Read::Bytes(_) | Read::Other(_) => Value::Null,
    }
}

fn typed(name: &str, text: &str) -> Value {
    let number = |text: &str| text.trim().parse::<i64>().map_or_else(|_| Value::String(text.to_owned()), Value::from);
    let words = text.split_ascii_whitespace();
    match name {
        _ if NUMBERS.contains(&name) => number(text),
        _ if NUMBERED.contains(&name) => words.map(number).collect(),
        _ if LISTS.contains(&name) => words.map(|word| Value::String(word.to_owned())).collect(),
        _ if TRUTHS.contains(&name) => match text.trim() {
            "true" | "1" => Value::Bool(true),
            "false" | "0" => Value::Bool(false),
            _ => Value::String(text.to_owned()),
        },
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::onem2m::read;
    use serde_json::json;

    fn content(payload: &str) -> Value {
        let primitive = read("/oneM2M/req/a/b/json", payload.as_bytes()).expect("a primitive");
        value("pc", primitive.get("pc").expect("content"), primitive.serialization.expect("known"))
    }

    #[test]
    fn both_serializations_say_the_same() {
        let xml = "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>1</op><rqi>r</rqi><pc><m2m:sub rn=\"s\">\
                   <mni>3</mni><rr>true</rr><srv>2a 3</srv><enc><net>1 3</net></enc><con>1</con></m2m:sub></pc></m2m:rqp>";
        let same = json!({"m2m:sub": {"rn": "s", "mni": 3, "rr": true, "srv": ["2a", "3"], "enc": {"net": [1, 3]}, "con": "1"}});
        assert_eq!(content(xml), same);
        assert_eq!(content(&json!({"op": 1, "rqi": "r", "pc": same}).to_string()), same);
    }

    #[test]
    fn what_stands_several_times_is_a_list() {
        let xml = "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><op>1</op><rqi>r</rqi><pc><x><a>1</a><a>2</a>\
                   <a>3</a><rr>maybe</rr><mni>many</mni></x></pc></m2m:rqp>";
        assert_eq!(content(xml), json!({"x": {"a": ["1", "2", "3"], "rr": "maybe", "mni": "many"}}));
    }
}
