//! Stimuli: what an implementation is asked to send, and the ways of asking. One file for each way.
//!
//! A stimulus that is refused says something about the IUT file or the stimulus endpoint, and nothing about what
//! the product does over the network.

pub mod command;
pub mod http;
pub mod operator;
pub mod stdin;

use serde_json::{Map, Value, json};

/// Something that an implementation is asked to send, or to do: one JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Names it; unique within a scenario.
    pub id: String,
    /// What it says beside that; the language of the binding knows which members there are.
    pub members: Map<String, Value>,
    /// The same in words, where a person is asked.
    pub prompt: String,
}

impl Object {
    /// The object on one line, without its end.
    pub fn line(&self) -> String {
        let mut object = Map::new();
        object.insert("id".to_owned(), json!(self.id));
        object.extend(self.members.clone());
        // Serialized JSON holds no raw line feed: within strings they are escaped.
        Value::Object(object).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_one_line_that_begins_with_its_name() {
        let members = Map::from_iter([("request".to_owned(), json!({"op": 2, "to": "a\nb"}))]);
        let object = Object { id: "s1".into(), members, prompt: String::new() };
        assert_eq!(object.line(), r#"{"id":"s1","request":{"op":2,"to":"a\nb"}}"#);
    }
}
