//! The keys of `respond`: what the Consumer that the harness plays answers.

use super::address::RESPONSES;
use super::message::{self, CONSUMER, Header};
use super::request::serialization;
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::pattern::hex;
use crate::scenario::speech::{Answering, Response};
use crate::scenario::stage::Stage;
use crate::scenario::verbs::raw::Raw;
use crate::scenario::view::Command;
use serde_json::{Map, Value, json};

/// An answer to a command.
#[derive(Clone, Debug)]
pub struct Answer {
    what: What,
    request_id: Id,
    serialization: Option<Serialization>,
    header: Option<Vec<u8>>,
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

impl Answer {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Answer> {
        let request_id = match fields.string("request_id").map(|id| id.value) {
            None => Id::Copied,
            Some(id) if id.is_empty() => Id::None,
            Some(id) => Id::Written(id),
        };
        let serialization = serialization(fields)?;
        let header = hex(fields, "header");
        let what = What::read(fields)?;
        Some(Answer { what, request_id, serialization, header })
    }

    /// That it was done.
    pub(super) fn usual() -> Answer {
        let what = What::Response { response: json!({ "status": 200 }), from: Some(CONSUMER.to_owned()) };
        Answer { what, request_id: Id::Copied, serialization: None, header: None }
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
        let header = Header::of(&stage.iut.pics, self.header.clone());
        match &self.what {
            What::Raw(raw) => raw.bytes(id),
            What::Body(body) => {
                let body = message::with_request_id(body, id);
                message::response_payload(&body, serialization, &header)
            }
            What::Response { response, from } => message::Response {
                response: message::with_request_id(response, id),
                serialization,
                request_id,
                from: from.clone(),
                created: stage.unix_millis(),
                header,
            }
            .payload(),
        }
    }
}

impl Answering for Answer {
    fn built(&self, stage: &Stage<'_>, to: Option<&Command>) -> Result<Response, String> {
        let payload = match to {
            Some(command) => self.payload(stage, command.request_id.as_deref(), command.serialization),
            None => self.payload(stage, Some(&stage.request_id(stage.number, 0)), Serialization::Json),
        };
        Ok(Response { topic: RESPONSES.to_owned(), payload, then: Vec::new() })
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
