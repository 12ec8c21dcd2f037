//! `request`: a well-formed request, published by the Producer the harness plays.

use super::command::Wanted;
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::address::Address;
use crate::scenario::message::{self, PRODUCER};
use crate::scenario::model::Key;
use crate::scenario::pattern::hex;
use crate::scenario::stage::{Ended, Stage};
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
    command: Wanted,
    serialization: Serialization,
    qos: u8,
    id: Id,
    recipients: Option<Vec<String>>,
    from: Option<String>,
    header: Option<Vec<u8>>,
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
        Address::Device(None) => Some(Key::DeviceId),
        Address::Profile(None) => Some(Key::ActuatorProfiles),
        Address::All | Address::Device(Some(_)) | Address::Profile(Some(_)) | Address::Topic(_) => None,
    }
}

impl Request {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Request> {
        let to = Address::read(fields, "to");
        let name = captured_name(fields);
        let command = Wanted::read(fields);
        let serialization = serialization(fields)?.unwrap_or(Serialization::Json);
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
        Some(Request { to: to?, name, command: command?, serialization, qos, id, recipients, from, header })
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
        let command = self.command.value(stage)?;
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
        needs.extend(self.command.needs());
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

    fn refers(&self) -> Option<&str> {
        self.command.refers()
    }

    fn each_command(&self) -> bool {
        self.command.each()
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

/// `serialization`, if it is given; nothing at all when it is wrong.
pub(super) fn serialization(fields: &Fields<'_>) -> Option<Option<Serialization>> {
    if !fields.has("serialization") {
        return Some(None);
    }
    fields
        .choice("serialization", &[("json", Serialization::Json), ("cbor", Serialization::Cbor)])
        .map(|choice| Some(choice.value))
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
