//! `via = "operator"`: somebody is asked to make the IUT send.

use super::Object;
use crate::iut::Serialization;
use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was done; nothing or something was said.
    Done(String),
    /// It cannot be done; what was said.
    Declined(String),
    /// Nobody answered in time, or nobody is there.
    Nobody,
}

/// A question on its way.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Somebody who can be asked.
pub trait Operator: Debug + Send + Sync {
    /// Asks, and waits for the answer, at most that long.
    fn ask<'a>(&'a self, prompt: &'a str, within: Duration) -> Asking<'a>;
}

/// What is asked for.
pub(crate) fn prompt(object: &Object) -> String {
    let whom = match object.address.split_once(':') {
        Some(("profile", name)) => format!("every Consumer of the actuator profile {name}"),
        Some(("device", id)) => format!("the device {id}"),
        _ => "every Consumer".to_owned(),
    };
    let how = match object.serialization {
        Serialization::Json => "",
        Serialization::Cbor => ", serialized as CBOR",
        Serialization::Xml => ", serialized as XML",
    };
    format!("Make it send this command to {whom}{how}:\n    {}", object.command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_prompt_says_what_to_send_and_to_whom() {
        let command = json!({"action": "scan", "target": {"device": {}}});
        let object = |address: &str, serialization| Object {
            id: "a".into(),
            address: address.into(),
            command: command.clone(),
            serialization,
        };
        assert_eq!(
            prompt(&object("profile:slpf", Serialization::Cbor)),
            "Make it send this command to every Consumer of the actuator profile slpf, serialized as CBOR:\n    \
             {\"action\":\"scan\",\"target\":{\"device\":{}}}"
        );
        assert!(
            prompt(&object("all", Serialization::Json)).starts_with("Make it send this command to every Consumer:")
        );
        assert!(prompt(&object("device:zulu", Serialization::Json)).contains("to the device zulu:"));
    }
}
