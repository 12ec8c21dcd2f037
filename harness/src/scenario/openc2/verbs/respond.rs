//! `respond`: a response, published by the Consumer the harness plays.

use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::openc2::address::RESPONSES;
use crate::scenario::openc2::message::{self, CONSUMER};
use crate::scenario::openc2::request::serialization;
use crate::scenario::pattern::hex;
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::verbs::keys::qos;
use crate::scenario::verbs::raw::Raw;
use crate::scenario::verbs::{Act, Running};
use serde_json::{Map, Value, json};

/// Responses to the commands of a named step, or to none of the IUT's at all.
#[derive(Clone, Debug)]
pub struct Respond {
    to: Option<String>,
    what: What,
    request_id: Id,
    serialization: Option<Serialization>,
    header: Option<Vec<u8>>,
    count: u32,
    qos: u8,
    retain: bool,
}

/// What is sent.
#[derive(Clone, Debug)]
enum What {
    /// A message around this OpenC2 Response, from somebody.
    Response { response: Value, from: Option<String> },
    /// A whole message.
    Body(Value),
    /// Bytes.
    Raw(Raw),
}

#[derive(Clone, Debug)]
enum Id {
    /// That of the command, or a generated one where there is none.
    Copied,
    Written(String),
    None,
}

impl Respond {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Respond> {
        let to = fields.string("to").map(|to| to.value);
        let request_id = match fields.string("request_id").map(|id| id.value) {
            None => Id::Copied,
            Some(id) if id.is_empty() => Id::None,
            Some(id) => Id::Written(id),
        };
        let serialization = serialization(fields)?;
        let header = hex(fields, "header");
        let count = match fields.has("count") {
            true => fields.integer("count", 1, 10_000).and_then(|n| u32::try_from(n.value).ok())?,
            false => 1,
        };
        let retain = fields.boolean("retain").is_some_and(|r| r.value);
        let what = What::read(fields)?;
        Some(Respond { to, what, request_id, serialization, header, count, qos: qos(fields), retain })
    }

    /// The payload that answers a command with this request_id in this serialization.
    fn payload(&self, stage: &Stage<'_>, copied: Option<&str>, theirs: Serialization) -> Vec<u8> {
        let request_id = match &self.request_id {
            Id::Copied => copied.map(str::to_owned),
            Id::Written(id) => Some(id.clone()),
            Id::None => None,
        };
        let serialization = self.serialization.unwrap_or(theirs);
        let id = request_id.as_deref().unwrap_or_default();
        match &self.what {
            What::Raw(raw) => raw.bytes(id),
            What::Body(body) => {
                let body = message::with_request_id(body, id);
                message::response_payload(&body, serialization, self.header.as_deref())
            }
            What::Response { response, from } => message::Response {
                response: message::with_request_id(response, id),
                serialization,
                request_id,
                from: from.clone(),
                created: stage.unix_millis(),
                header: self.header.clone(),
            }
            .payload(),
        }
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let answered: Vec<(Option<String>, Serialization)> = match &self.to {
            Some(name) => {
                stage.commands(name).into_iter().map(|command| (command.request_id, command.serialization)).collect()
            }
            None => vec![(Some(stage.request_id(stage.number, 0)), Serialization::Json)],
        };
        let label = match &self.to {
            Some(name) => format!("response to {name}"),
            None => format!("step {}", stage.number),
        };
        for (request_id, theirs) in answered {
            let payload = self.payload(stage, request_id.as_deref(), theirs);
            for _ in 0..self.count {
                match stage.publish(&label, RESPONSES, &payload, self.qos, self.retain).await {
                    Ended::Done(_) => {}
                    ended => return ended,
                }
            }
        }
        Ended::Done(String::new())
    }
}

impl What {
    fn read(fields: &Fields<'_>) -> Option<What> {
        let parts = ["status", "status_text", "results", "from"];
        let raw = Raw::written(fields);
        if (fields.has("body") || raw) && parts.iter().any(|key| fields.has(key)) || (fields.has("body") && raw) {
            fields.document.wrong(
                fields.span.clone(),
                format!("{} says more than once what is sent", fields.name),
                "",
                Some("give parts of a response (`status`, ...), or a whole `body`, or raw bytes".to_owned()),
            );
            return None;
        }
        if raw {
            return Raw::read(fields).map(What::Raw);
        }
        if fields.has("body") {
            return fields.json("body").map(|body| What::Body(body.value));
        }
        let mut response = Map::new();
        let status = match fields.has("status") {
            true => fields.integer("status", 0, 9999)?.value,
            false => 200,
        };
        response.insert("status".to_owned(), json!(status));
        if let Some(text) = fields.string("status_text") {
            response.insert("status_text".to_owned(), json!(text.value));
        }
        if let Some(results) = fields.json("results") {
            response.insert("results".to_owned(), results.value);
        }
        let from = match fields.string("from").map(|f| f.value) {
            None => Some(CONSUMER.to_owned()),
            Some(from) if from.is_empty() => None,
            Some(from) => Some(from),
        };
        Some(What::Response { response: Value::Object(response), from })
    }
}

impl Act for Respond {
    fn refers(&self) -> Option<&str> {
        self.to.as_deref()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
