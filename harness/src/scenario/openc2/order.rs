//! The keys of `stimulate`: the command that a Producer is asked for.

use super::address::Address;
use super::request::serialization;
use super::verbs::command::Wanted;
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::iut::stimulus::Object;
use crate::scenario::model::Key;
use crate::scenario::speech;
use crate::scenario::stage::Stage;
use crate::scenario::verbs::CommandKind;
use serde_json::{Map, Value, json};

/// A command that a Producer is to send.
#[derive(Clone, Debug)]
pub struct Order {
    address: Address,
    command: Wanted,
    serialization: Serialization,
}

impl Order {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Order> {
        let address = Address::read(fields, "address");
        if let Some(Address::Topic(_)) = address {
            fields.document.wrong(
                fields.key_span("address"),
                "a Producer cannot be asked to send to any topic",
                "",
                Some("write \"all\", \"device\", \"device:ID\", \"profile\" or \"profile:NAME\"".to_owned()),
            );
        }
        let command = Wanted::read(fields);
        let serialization = serialization(fields)?.unwrap_or(Serialization::Json);
        Some(Order { address: address?, command: command?, serialization })
    }
}

impl Order {
    /// The command that everybody answers.
    pub(super) fn usual() -> Order {
        Order { address: Address::All, command: Wanted::usual(), serialization: Serialization::Json }
    }
}

impl speech::Order for Order {
    fn needs(&self) -> Vec<Key> {
        let mut needs: Vec<Key> = self.command.needs().into_iter().collect();
        if self.serialization == Serialization::Cbor {
            needs.push(Key::Own("cbor"));
        }
        needs
    }

    fn each_command(&self) -> bool {
        self.command.each()
    }

    fn kind(&self) -> CommandKind {
        CommandKind {
            declared: self.command.needs().is_some(),
            addressed: !matches!(self.address, Address::All),
            serialization: self.serialization,
        }
    }

    fn object(&self, stage: &Stage<'_>, id: String) -> Result<Object, String> {
        let address = self.address.stimulus(stage.iut.binding, &stage.iut.pics)?;
        Ok(object(id, &address, &self.command.value(stage)?, self.serialization))
    }
}

/// What a Producer is told. `address`: `all`, `profile:NAME` or `device:ID`; in WD01 `device_type:TYPE`, `action_target:PAIR`
/// and `action:ACTION` instead of the first. The serialization is named only where it is not
/// JSON.
pub(super) fn object(id: String, address: &str, command: &Value, serialization: Serialization) -> Object {
    let whom = match address.split_once(':') {
        Some(("profile", name)) => format!("every Consumer of the actuator profile {name}"),
        Some(("device", id)) => format!("the device {id}"),
        Some(("device_type", name)) => format!("every device of the type {name}"),
        Some(("action_target", pair)) => format!("everybody who implements the action-target pair {pair}"),
        Some(("action", action)) => format!("everybody who implements the action {action}"),
        _ => "every Consumer".to_owned(),
    };
    let mut members = Map::new();
    members.insert("address".to_owned(), json!(address));
    members.insert("command".to_owned(), command.clone());
    let mut how = "";
    if serialization == Serialization::Cbor {
        members.insert("serialization".to_owned(), json!("cbor"));
        how = ", serialized as CBOR";
    }
    Object { id, members, prompt: format!("Make it send this command to {whom}{how}:\n    {command}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unusual_serialization_is_named() {
        let command = json!({"action": "query", "target": {"features": ["a\nb"]}});
        let line = |serialization| object("s1".into(), "all", &command, serialization).line();
        let usual = r#"{"id":"s1","address":"all","command":{"action":"query","target":{"features":["a\nb"]}}}"#;
        assert_eq!(line(Serialization::Json), usual);
        assert!(line(Serialization::Cbor).ends_with(r#","serialization":"cbor"}"#));
    }

    #[test]
    fn the_prompt_says_what_to_send_and_to_whom() {
        let command = json!({"action": "scan", "target": {"device": {}}});
        let prompt = |address: &str, serialization| object("a".into(), address, &command, serialization).prompt;
        assert_eq!(
            prompt("profile:slpf", Serialization::Cbor),
            "Make it send this command to every Consumer of the actuator profile slpf, serialized as CBOR:\n    \
             {\"action\":\"scan\",\"target\":{\"device\":{}}}"
        );
        assert!(prompt("all", Serialization::Json).starts_with("Make it send this command to every Consumer:"));
        assert!(prompt("device:zulu", Serialization::Json).contains("to the device zulu:"));
        assert!(prompt("action:deny", Serialization::Json).contains("to everybody who implements the action deny:"));
    }
}
