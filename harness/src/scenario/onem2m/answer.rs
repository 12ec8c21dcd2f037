//! The keys of `respond`: what the registrar that the harness plays answers.

use super::address::suffix;
use super::fill::Names;
use super::order::usual;
use super::primitive;
use super::registrar::{Registrar, Said};
use super::written::{Rqi, Written};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::speech::{Answering, Response};
use crate::scenario::stage::Stage;
use crate::scenario::view::Command;
use serde_json::{Map, Value, json};

/// From here on response status codes speak of errors.
const ERRORS: u64 = 4000;

/// An answer to a request of an AE: what its resources say, or something else.
#[derive(Clone, Debug)]
pub struct Answer {
    rsc: Option<u64>,
    written: Written,
}

impl Answer {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Answer> {
        let rsc = match fields.has("rsc") {
            true => Some(fields.integer("rsc", 0, 99_999)?.value),
            false => None,
        };
        Some(Answer { rsc, written: Written::read(fields, &["rsc", "rqi"])? })
    }

    /// What its resources say, and nothing else.
    pub(super) fn usual() -> Answer {
        Answer { rsc: None, written: Written::default() }
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
        let refused = self.rsc.is_some_and(|rsc| rsc >= ERRORS) || self.written.raw.is_some();
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
        match &self.written.rqi {
            Rqi::Usual => drop(parameters.insert("rqi".to_owned(), json!(said.rqi))),
            Rqi::Written(rqi) => drop(parameters.insert("rqi".to_owned(), json!(rqi))),
            Rqi::None => drop(members.remove("rqi")),
        }
        members.remove("rqi");
        parameters.extend(members);
        parameters.entry("rvi").or_insert_with(|| json!("3"));
        if let Some(pc) = self.written.content(names) {
            parameters.insert("pc".to_owned(), pc);
        }
        self.written.put_over(&mut parameters, names);
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
        let serialization = self.written.serialization.unwrap_or(said.serialization);
        let payload = match &self.written.raw {
            Some(raw) => raw.bytes(&said.rqi),
            None => primitive::response(&self.parameters(&names, &said), serialization),
        };
        let way_back = |registrar: &mut Registrar| {
            let suffix = self.written.topic_type.as_deref().unwrap_or(suffix(serialization));
            registrar.way_back(&said.originator, said.registration, suffix)
        };
        let topic = match &self.written.topic {
            Some(topic) => names.fill(topic),
            None => Registrar::of(stage, way_back).ok_or("no registrar is played")?,
        };
        let then = said.then.into_iter().map(|sent| (sent.topic, sent.payload)).collect();
        Ok(Response { topic, payload, then })
    }
}
