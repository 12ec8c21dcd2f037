//! Stimuli: what a Producer is asked to send, and the ways of asking. One file for each way.
//!
//! A stimulus that is refused says something about the IUT file or the stimulus endpoint, and nothing about what
//! the product does over the network.

pub mod command;
pub mod http;
pub mod operator;
pub mod stdin;

use super::Serialization;
use serde_json::{Map, Value, json};

/// Something that a Producer is asked to send: one JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Names it; unique within a scenario.
    pub id: String,
    /// `all`, `profile:NAME` or `device:ID`.
    pub address: String,
    /// The OpenC2 Command.
    pub command: Value,
    /// How the message is to be serialized.
    pub serialization: Serialization,
}

impl Object {
    /// The object on one line, without its end. `serialization` is named only where it is not JSON.
    pub fn line(&self) -> String {
        let mut object = Map::new();
        object.insert("id".to_owned(), json!(self.id));
        object.insert("address".to_owned(), json!(self.address));
        object.insert("command".to_owned(), self.command.clone());
        if self.serialization == Serialization::Cbor {
            object.insert("serialization".to_owned(), json!("cbor"));
        }
        // Serialized JSON holds no raw line feed: within strings they are escaped.
        Value::Object(object).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_one_line_and_names_only_an_unusual_serialization() {
        let command = json!({"action": "query", "target": {"features": ["a\nb"]}});
        let object = Object { id: "s1".into(), address: "all".into(), command, serialization: Serialization::Json };
        let line = r#"{"id":"s1","address":"all","command":{"action":"query","target":{"features":["a\nb"]}}}"#;
        assert_eq!(object.line(), line);
        let cbor = Object { serialization: Serialization::Cbor, ..object };
        assert!(cbor.line().ends_with(r#","serialization":"cbor"}"#));
    }
}
