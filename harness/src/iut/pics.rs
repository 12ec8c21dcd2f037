use super::onem2m;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The part an implementation plays. Which of them a binding knows, and what they mean to the harness, is the binding's
/// own affair ([`crate::binding::Part`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Receives commands, publishes responses.
    Consumer,
    /// Publishes commands, receives responses.
    Producer,
    /// oneM2M application entity.
    Ae,
    /// oneM2M common services entity.
    Cse,
}

impl Role {
    /// The name used in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Consumer => "consumer",
            Role::Producer => "producer",
            Role::Ae => "ae",
            Role::Cse => "cse",
        }
    }

    /// Every role of any binding.
    pub const ALL: [Role; 4] = [Role::Consumer, Role::Producer, Role::Ae, Role::Cse];

    /// The role of that name.
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Role::Consumer => "Consumer",
            Role::Producer => "Producer",
            Role::Ae => "AE",
            Role::Cse => "CSE",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A serialization of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Serialization {
    /// JSON.
    Json,
    /// CBOR.
    Cbor,
    /// XML.
    Xml,
}

/// How OpenC2 messages stand in payloads, where the text of the binding leaves that open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageFormat {
    /// The record {content, request_id, created, from, to} behind the two-byte header of WD04 2.3.1.
    Header,
    /// The record alone.
    Record,
}

/// A command the vendor declares safe to send, or, for a Producer, able to be sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// OpenC2 action.
    pub action: String,
    /// OpenC2 target: an object with one member.
    pub target: serde_json::Value,
    /// OpenC2 args, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<serde_json::Value>,
    /// OpenC2 actuator, if any: an object with one member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actuator: Option<serde_json::Value>,
    /// OpenC2 command_id, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
}

/// What the vendor declares (ISO 9646: protocol implementation conformance statement).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pics {
    /// Device identifier: the last level of its device topic.
    pub device_id: Option<String>,
    /// Actuator profiles it implements.
    pub actuator_profiles: Vec<String>,
    /// Type of device it is, where topics are named by that (WD01).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_type: Option<String>,
    /// Action-target pairs it implements, as it spells them in topics (WD01).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_targets: Vec<String>,
    /// Actions it implements, where topics are named by those (WD01).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// How its messages stand in payloads, where the binding leaves that open (WD01).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_format: Option<MessageFormat>,
    /// Serializations it understands; JSON when empty.
    pub serializations: Vec<Serialization>,
    /// Keep alive it uses, in seconds.
    pub keep_alive: Option<u16>,
    /// QoS it publishes with: 1, 2 by election, or 0 where the text of the binding leaves that open.
    pub qos: Option<u8>,
    /// Highest QoS it subscribes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribe_qos: Option<u8>,
    /// Whether it connects over TLS.
    pub tls: bool,
    /// The value of `from` in its messages.
    pub identity: Option<String>,
    /// Largest message it takes, in bytes.
    pub max_message_size: Option<u64>,
    /// What it elects to do: `qos2`, `wildcard`, `credentials`, `will`, `unsubscribe`, ...
    pub options: Vec<String>,
    /// Commands that are safe to send to it; of a Producer, those it can be made to send.
    #[serde(rename = "command")]
    pub commands: Vec<Command>,
    /// What only the vendors of oneM2M implementations declare.
    #[serde(skip_serializing_if = "onem2m::Declared::is_empty")]
    pub onem2m: onem2m::Declared,
}

impl Pics {
    /// Whether an option is elected.
    pub fn elects(&self, option: &str) -> bool {
        self.options.iter().any(|o| o == option)
    }

    /// Whether the two-byte header of WD04 stands in front of its messages: unless it declares otherwise.
    pub fn headed(&self) -> bool {
        self.message_format != Some(MessageFormat::Record)
    }

    /// Whether a serialization is declared. Where nothing is, JSON is; and OpenC2 demands it whatever is declared (LS 3.1.5),
    /// so that only a declaration of XML can leave it out.
    pub fn speaks(&self, serialization: Serialization) -> bool {
        let json = serialization == Serialization::Json && !self.serializations.contains(&Serialization::Xml);
        json || self.serializations.contains(&serialization)
    }
}

/// Times of the implementation under test, in nanoseconds, before scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// From its start to its CONNECT.
    pub startup: u64,
    /// From a command to its response.
    pub response: u64,
    /// From the request to stop to its exit.
    pub stop: u64,
    /// From when it is connected and subscribed for the first time after a start to when it can be asked for something.
    pub warm_up: u64,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing { startup: 10_000_000_000, response: 2_000_000_000, stop: 3_000_000_000, warm_up: 0 }
    }
}
