//! The keys of `notify`: a notification to an AE, by the registrar that the harness plays.

use super::address::suffix;
use super::fill::{Names, registrar};
use super::order::{serialization, usual};
use super::primitive;
use super::registrar::Registrar;
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::model::Key;
use crate::scenario::speech::{Asking, Built};
use crate::scenario::stage::Stage;
use crate::scenario::verbs::keys::{captured_name, qos};
use crate::scenario::verbs::raw::Raw;
use serde_json::{Map, Value, json};

/// A request to an AE: a notification of something new below the CSEBase, unless a step says something else.
#[derive(Clone, Debug)]
pub struct Notify {
    name: Option<String>,
    pc: Option<Value>,
    /// Put over all the others.
    fields: Map<String, Value>,
    /// Left out after that.
    without: Vec<String>,
    serialization: Option<Serialization>,
    qos: u8,
    rqi: Rqi,
    topic: Option<String>,
    topic_type: Option<String>,
    /// In place of it all.
    raw: Option<Raw>,
}

#[derive(Clone, Debug)]
enum Rqi {
    Generated,
    Written(String),
    None,
}

impl Notify {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Notify> {
        let text = |key: &'static str| fields.string(key).map(|text| text.value);
        let name = captured_name(fields);
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
            None => Rqi::Generated,
            Some(rqi) if rqi.is_empty() => Rqi::None,
            Some(rqi) => Rqi::Written(rqi),
        };
        let raw = match Raw::written(fields) {
            true => Some(Raw::read(fields)?),
            false => None,
        };
        if raw.is_some() {
            for key in ["pc", "fields", "without"].into_iter().filter(|key| fields.has(key)) {
                let title = format!("`{key}` does not go with raw bytes");
                fields.document.wrong(fields.key_span(key), title, "", None);
            }
        }
        Some(Notify {
            name,
            pc,
            fields: over,
            without: without.unwrap_or_default(),
            serialization: serialization(fields)?,
            qos: qos(fields),
            rqi,
            topic: text("topic"),
            topic_type: text("topic_type"),
            raw,
        })
    }

    /// One with nothing unusual.
    pub(super) fn usual() -> Notify {
        Notify {
            name: None,
            pc: None,
            fields: Map::new(),
            without: Vec::new(),
            serialization: None,
            qos: 1,
            rqi: Rqi::Generated,
            topic: None,
            topic_type: None,
            raw: None,
        }
    }

    /// Topic and payload for one Request Identifier. `Err`: why there is none.
    pub(super) fn made(&self, stage: &Stage<'_>, rqi: Option<&str>, n: u32) -> Result<(String, Vec<u8>), String> {
        let pics = &stage.iut.pics;
        let names = Names::of(stage, n);
        let serialization = self.serialization.unwrap_or(usual(pics));
        let mut parameters = Map::new();
        parameters.insert("op".to_owned(), json!(5));
        parameters.insert("to".to_owned(), json!(names.fill("{ae}")));
        parameters.insert("fr".to_owned(), json!(registrar(pics)));
        if let Some(rqi) = rqi {
            parameters.insert("rqi".to_owned(), json!(rqi));
        }
        parameters.insert("rvi".to_owned(), json!(pics.onem2m.release()));
        let pc = match &self.pc {
            Some(pc) => names.filled(pc),
            None => Registrar::of(stage, |registrar| registrar.news()).ok_or("no registrar is played")?,
        };
        parameters.insert("pc".to_owned(), pc);
        parameters.extend(names.all(&self.fields));
        parameters.retain(|name, _| !self.without.contains(name));
        let topic = match &self.topic {
            Some(topic) => names.fill(topic),
            None => {
                let suffix = self.topic_type.as_deref().unwrap_or(suffix(serialization));
                Registrar::of(stage, |registrar| registrar.way_to(suffix))
                    .flatten()
                    .ok_or("nobody knows what the AE is called: it has not registered, and declares no `ae_id`")?
            }
        };
        let payload = match &self.raw {
            Some(raw) => raw.bytes(rqi.unwrap_or_default()),
            None => primitive::written(&parameters, serialization),
        };
        Ok((topic, payload))
    }
}

impl Asking for Notify {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn needs(&self) -> Vec<Key> {
        self.serialization.map(|s| Key::Own(suffix(s))).into_iter().collect()
    }

    fn qos(&self) -> u8 {
        self.qos
    }

    fn correlation(&self, stage: &Stage<'_>, number: u32, n: u32) -> Option<String> {
        if self.raw.as_ref().is_some_and(|raw| !raw.wants_id()) {
            return None;
        }
        match &self.rqi {
            Rqi::Generated => Some(stage.request_id(number, n)),
            Rqi::Written(rqi) if n == 0 => Some(rqi.clone()),
            Rqi::Written(rqi) => Some(format!("{rqi}-{n}")),
            Rqi::None => None,
        }
    }

    fn built(&self, stage: &Stage<'_>, n: u32) -> Result<Built, String> {
        let correlation = self.correlation(stage, stage.number, n);
        let (topic, payload) = self.made(stage, correlation.as_deref(), n)?;
        Ok(Built { topic, payload, correlation })
    }
}
