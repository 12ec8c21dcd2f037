//! The keys of `respond`: what the registrar that the harness plays answers.

use super::address::suffix;
use super::fill::Names;
use super::order::{serialization, usual};
use super::primitive;
use super::registrar::{Registrar, Said};
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::model::Key;
use crate::scenario::speech::{Answering, Response};
use crate::scenario::stage::Stage;
use crate::scenario::verbs::raw::Raw;
use crate::scenario::view::Command;
use serde_json::{Map, Value, json};

/// From here on response status codes speak of errors.
const ERRORS: u64 = 4000;

/// An answer to a request of an AE: what its resources say, or something else.
#[derive(Clone, Debug)]
pub struct Answer {
    rsc: Option<u64>,
    pc: Option<Value>,
    /// Put over all the others.
    fields: Map<String, Value>,
    /// Left out after that.
    without: Vec<String>,
    rqi: Rqi,
    serialization: Option<Serialization>,
    topic: Option<String>,
    topic_type: Option<String>,
    /// In place of it all.
    raw: Option<Raw>,
}

#[derive(Clone, Debug)]
enum Rqi {
    Copied,
    Written(String),
    None,
}

impl Answer {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Answer> {
        let text = |key: &'static str| fields.string(key).map(|text| text.value);
        let rsc = match fields.has("rsc") {
            true => Some(fields.integer("rsc", 0, 99_999)?.value),
            false => None,
        };
        let pc = fields.json("pc").map(|pc| pc.value);
        let over = match fields.has("fields") {
            true => match fields.json("fields")? {
                over if over.value.is_object() => over.value.as_object().cloned().unwrap_or_default(),
                over => {
                    fields.document.wrong(over.span, "`fields` must be a table", "", None);
                    return None;
                }
            },
            false => Map::new(),
        };
        let without = fields.strings("without").map(|l| l.value.into_iter().map(|name| name.value).collect());
        let rqi = match text("rqi") {
            None => Rqi::Copied,
            Some(rqi) if rqi.is_empty() => Rqi::None,
            Some(rqi) => Rqi::Written(rqi),
        };
        let raw = match Raw::written(fields) {
            true => Some(Raw::read(fields)?),
            false => None,
        };
        if raw.is_some() {
            let parts = ["rsc", "pc", "fields", "without", "rqi"];
            for key in parts.into_iter().filter(|key| fields.has(key)) {
                let title = format!("`{key}` does not go with raw bytes");
                fields.document.wrong(fields.key_span(key), title, "", None);
            }
        }
        Some(Answer {
            rsc,
            pc,
            fields: over,
            without: without.unwrap_or_default(),
            rqi,
            serialization: serialization(fields)?,
            topic: text("topic"),
            topic_type: text("topic_type"),
            raw,
        })
    }

    /// What its resources say, and nothing else.
    pub(super) fn usual() -> Answer {
        Answer {
            rsc: None,
            pc: None,
            fields: Map::new(),
            without: Vec::new(),
            rqi: Rqi::Copied,
            serialization: None,
            topic: None,
            topic_type: None,
            raw: None,
        }
    }

    /// What the resources say to a request, or what is said in place of that.
    fn said(&self, stage: &Stage<'_>, to: Option<&Command>) -> Result<Said, String> {
        let pics = &stage.iut.pics;
        let Some(command) = to else {
            let level = Registrar::of(stage, |registrar| registrar.level()).flatten();
            return Ok(Said {
                originator: level.ok_or("nobody knows what the AE is called")?,
                registration: false,
                serialization: usual(pics),
                rqi: stage.request_id(stage.number, 0),
                members: Map::new(),
                then: Vec::new(),
            });
        };
        let now = stage.unix_millis();
        let refused = self.rsc.is_some_and(|rsc| rsc >= ERRORS) || self.raw.is_some();
        let answer = |registrar: &mut Registrar| match refused {
            true => registrar.refusal(command.topic(), command.payload()),
            false => registrar.answer(command.topic(), command.payload(), now),
        };
        Registrar::of(stage, answer)
            .flatten()
            .ok_or_else(|| "the request cannot be answered: it has no rqi, or cannot be read".to_owned())
    }

    /// The parameters, with what the step says put over those of the resources.
    fn parameters(&self, names: &Names<'_>, said: &Said) -> Map<String, Value> {
        let mut members = said.members.clone();
        let usual = members.remove("rsc").unwrap_or_else(|| json!(2000));
        let mut parameters = Map::new();
        parameters.insert("rsc".to_owned(), self.rsc.map_or(usual, |rsc| json!(rsc)));
        match &self.rqi {
            Rqi::Copied => drop(parameters.insert("rqi".to_owned(), json!(said.rqi))),
            Rqi::Written(rqi) => drop(parameters.insert("rqi".to_owned(), json!(rqi))),
            Rqi::None => drop(members.remove("rqi")),
        }
        members.remove("rqi");
        parameters.extend(members);
        parameters.entry("rvi").or_insert_with(|| json!("3"));
        if let Some(pc) = &self.pc {
            parameters.insert("pc".to_owned(), names.filled(pc));
        }
        parameters.extend(names.all(&self.fields));
        parameters.retain(|name, _| !self.without.contains(name));
        parameters
    }
}

impl Answering for Answer {
    fn needs(&self) -> Vec<Key> {
        Vec::new()
    }

    fn built(&self, stage: &Stage<'_>, to: Option<&Command>) -> Result<Response, String> {
        let said = self.said(stage, to)?;
        let names = Names::of(stage, 0);
        let serialization = self.serialization.unwrap_or(said.serialization);
        let payload = match &self.raw {
            Some(raw) => raw.bytes(&said.rqi),
            None => primitive::response(&self.parameters(&names, &said), serialization),
        };
        let way_back = |registrar: &mut Registrar| {
            let suffix = self.topic_type.as_deref().unwrap_or(suffix(serialization));
            registrar.way_back(&said.originator, said.registration, suffix)
        };
        let topic = match &self.topic {
            Some(topic) => names.fill(topic),
            None => Registrar::of(stage, way_back).ok_or("no registrar is played")?,
        };
        let then = said.then.into_iter().map(|sent| (sent.topic, sent.payload)).collect();
        Ok(Response { topic, payload, then })
    }
}
