//! `request`: a well-formed request, published by the Producer the harness plays.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::address::Address;
use crate::scenario::message::{self, PRODUCER};
use crate::scenario::model::Key;
use crate::scenario::pattern::hex;
use crate::scenario::plan::declared;
use crate::scenario::stage::{Ended, Stage};
use serde_json::Value;
use std::collections::BTreeMap;

/// Stands for the declared identity in `recipients`.
const IDENTITY: &str = "{self}";

/// A request to send.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to.
    pub to: Address,
    /// Captured name.
    pub name: Option<String>,
    command: Source,
    args: Option<Value>,
    serialization: Serialization,
    qos: u8,
    id: Id,
    recipients: Option<Vec<String>>,
    from: Option<String>,
    header: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Source {
    Written(Value),
    Declared(usize),
    Each,
}

#[derive(Clone, Debug)]
enum Id {
    Generated,
    Written(String),
    None,
}

/// What an address needs to be declared.
pub fn needs_of(address: &Address) -> Option<Key> {
    match address {
        Address::Device => Some(Key::DeviceId),
        Address::Profile(None) => Some(Key::ActuatorProfiles),
        Address::All | Address::Profile(Some(_)) | Address::Topic(_) => None,
    }
}

impl Request {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Request> {
        let to = Address::read(fields, "to");
        let name = captured_name(fields);
        let command = read_command(fields);
        let args = fields.json("args");
        if let Some(args) = &args
            && !args.value.is_object()
        {
            fields.document.wrong(args.span.clone(), "`args` must be a table", "", None);
        }
        let serialization = match fields.has("serialization") {
            true => {
                fields.choice("serialization", &[("json", Serialization::Json), ("cbor", Serialization::Cbor)])?.value
            }
            false => Serialization::Json,
        };
        let qos = qos(fields);
        let id = match fields.string("request_id").map(|id| id.value) {
            None => Id::Generated,
            Some(id) if id.is_empty() => Id::None,
            Some(id) => Id::Written(id),
        };
        let recipients = fields.strings("recipients").map(|l| l.value.into_iter().map(|r| r.value).collect());
        let from = match fields.string("from").map(|f| f.value) {
            None => Some(PRODUCER.to_owned()),
            Some(from) if from.is_empty() => None,
            Some(from) => Some(from),
        };
        let header = hex(fields, "header");
        Some(Request {
            to: to?,
            name,
            command: command?,
            args: args.map(|a| a.value),
            serialization,
            qos,
            id,
            recipients,
            from,
            header,
        })
    }

    /// The request_id of the n-th copy sent in step `number`.
    pub(super) fn request_id(&self, stage: &Stage<'_>, number: u32, n: u32) -> Option<String> {
        match &self.id {
            Id::Generated => Some(stage.request_id(number, n)),
            Id::Written(id) if n == 0 => Some(id.clone()),
            Id::Written(id) => Some(format!("{id}-{n}")),
            Id::None => None,
        }
    }

    /// Topic and payload of the n-th copy.
    pub(super) fn built(&self, stage: &Stage<'_>, n: u32) -> Result<(String, Vec<u8>, Option<String>), String> {
        let pics = &stage.iut.pics;
        let topic = self.to.topic(pics).ok_or("the topic needs something that is not declared")?;
        let mut command = match &self.command {
            Source::Written(command) => command.clone(),
            Source::Declared(index) => as_value(declared(pics).nth(*index))?,
            Source::Each => as_value(stage.planned.command.and_then(|index| declared(pics).nth(index)))?,
        };
        if let (Some(over), Value::Object(members)) = (&self.args, &mut command) {
            let merged = message::merged(members.remove("args"), over);
            members.insert("args".to_owned(), merged);
        }
        let request_id = self.request_id(stage, stage.number, n);
        let to = self.recipients.as_ref().map(|recipients| {
            let identity = pics.identity.clone().unwrap_or_default();
            recipients.iter().map(|r| if r == IDENTITY { identity.clone() } else { r.clone() }).collect()
        });
        let request = message::Request {
            command,
            serialization: self.serialization,
            request_id: request_id.clone(),
            from: self.from.clone(),
            to,
            created: stage.unix_millis(),
            header: self.header.clone(),
        };
        Ok((topic, request.payload(), request_id))
    }

    /// The QoS it is published with.
    pub(super) fn qos(&self) -> u8 {
        self.qos
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let (topic, payload, id) = match self.built(stage, 0) {
            Ok(built) => built,
            Err(why) => return Ended::Failed(why),
        };
        stage.asked(self.name.as_deref(), id.as_slice());
        let label = self.name.clone().unwrap_or_else(|| format!("step {}", stage.number));
        stage.publish(&label, &topic, &payload, self.qos, false).await
    }
}

impl Act for Request {
    fn needs(&self) -> Vec<Key> {
        let mut needs: Vec<Key> = needs_of(&self.to).into_iter().collect();
        if !matches!(self.command, Source::Written(_)) {
            needs.push(Key::Command);
        }
        if self.serialization == Serialization::Cbor {
            needs.push(Key::Cbor);
        }
        if self.recipients.iter().flatten().any(|r| r == IDENTITY) {
            needs.push(Key::Identity);
        }
        needs
    }

    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn each_command(&self) -> bool {
        matches!(self.command, Source::Each)
    }

    fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        match (&self.name, self.request_id(stage, number, 0)) {
            (Some(name), Some(id)) => [(name.clone(), id)].into(),
            _ => BTreeMap::new(),
        }
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

fn as_value(command: Option<&crate::iut::Command>) -> Result<Value, String> {
    let command = command.ok_or("no such command is declared")?;
    serde_json::to_value(command).map_err(|error| error.to_string())
}

fn read_command(fields: &Fields<'_>) -> Option<Source> {
    let written = fields.json("command");
    let Some(value) = fields.any("declared") else {
        return match written {
            Some(command) if command.value.is_object() => Some(Source::Written(command.value)),
            Some(command) => {
                fields.document.wrong(command.span, "`command` must be a table", "", None);
                None
            }
            None if fields.has("command") => None,
            None => Some(Source::Written(message::query_features())),
        };
    };
    if fields.has("command") {
        fields.document.wrong(fields.key_span("declared"), "either `command` or `declared`, not both", "", None);
    }
    if value.get_ref().as_str() == Some("each") {
        return Some(Source::Each);
    }
    if value.get_ref().is_str() {
        fields.mistyped("declared", value, "a number from 1, or \"each\"");
        return None;
    }
    let number = fields.integer("declared", 1, 1000)?;
    usize::try_from(number.value - 1).ok().map(Source::Declared)
}

/// `qos`, 1 when absent.
pub(super) fn qos(fields: &Fields<'_>) -> u8 {
    fields.integer("qos", 0, 2).and_then(|n| u8::try_from(n.value).ok()).unwrap_or(1)
}

/// `name`, checked: it becomes part of other names.
pub(super) fn captured_name(fields: &Fields<'_>) -> Option<String> {
    let name = fields.string("name")?;
    if name.value.is_empty() || !name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        fields.document.wrong(
            name.span,
            format!("`name` in {} cannot be {:?}", fields.name, name.value),
            "",
            Some("letters, digits, `-` and `_` only".to_owned()),
        );
        return None;
    }
    Some(name.value)
}
