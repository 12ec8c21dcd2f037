//! OpenC2 requests, as the steps of scenarios describe them.

use super::address::Address;
use super::message::{self, Header, PRODUCER};
use super::verbs::command::Wanted;
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::model::Key;
use crate::scenario::pattern::hex;
use crate::scenario::speech::{Asking, Built, Destination};
use crate::scenario::stage::Stage;
use crate::scenario::verbs::keys::{captured_name, qos};

/// Stands for the declared identity in `recipients`.
const IDENTITY: &str = "{self}";

/// A request to send.
#[derive(Clone, Debug)]
pub struct Request {
    to: Address,
    name: Option<String>,
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
}

impl Asking for Request {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn needs(&self) -> Vec<Key> {
        let mut needs: Vec<Key> = self.to.needs().into_iter().collect();
        needs.extend(self.command.needs());
        if self.serialization == Serialization::Cbor {
            needs.push(Key::Own("cbor"));
        }
        if self.recipients.iter().flatten().any(|r| r == IDENTITY) {
            needs.push(Key::Own("identity"));
        }
        needs
    }

    fn refers(&self) -> Option<&str> {
        self.command.refers()
    }

    fn each_command(&self) -> bool {
        self.command.each()
    }

    fn correlation(&self, stage: &Stage<'_>, number: u32, n: u32) -> Option<String> {
        match &self.id {
            Id::Generated => Some(stage.request_id(number, n)),
            Id::Written(id) if n == 0 => Some(id.clone()),
            Id::Written(id) => Some(format!("{id}-{n}")),
            Id::None => None,
        }
    }

    fn built(&self, stage: &Stage<'_>, n: u32) -> Result<Built, String> {
        let pics = &stage.iut.pics;
        let topic = self.to.topic(stage.iut.binding, pics).ok_or("the topic needs something that is not declared")?;
        let command = self.command.value(stage)?;
        let request_id = self.correlation(stage, stage.number, n);
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
            header: Header::of(pics, self.header.clone()),
        };
        Ok(Built { topic, payload: request.payload(), correlation: request_id })
    }

    fn qos(&self) -> u8 {
        self.qos
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
