//! The keys of `notify`: a notification to an AE, by the registrar that the harness plays.

use super::address::suffix;
use super::fill::{Names, registrar};
use super::order::usual;
use super::primitive;
use super::registrar::Registrar;
use super::written::{Rqi, Written};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::speech::{Asking, Built};
use crate::scenario::stage::Stage;
use crate::scenario::verbs::keys::{captured_name, qos};
use serde_json::{Map, json};

/// A request to an AE: a notification of something new below the CSEBase, unless a step says something else.
#[derive(Clone, Debug)]
pub struct Notify {
    name: Option<String>,
    written: Written,
    qos: u8,
}

impl Notify {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Notify> {
        let name = captured_name(fields);
        Some(Notify { name, written: Written::read(fields, &[])?, qos: qos(fields) })
    }

    /// One with nothing unusual.
    pub(super) fn usual() -> Notify {
        Notify { name: None, written: Written::default(), qos: 1 }
    }

    /// Topic and payload for one Request Identifier. `Err`: why there is none.
    pub(super) fn made(&self, stage: &Stage<'_>, rqi: Option<&str>, n: u32) -> Result<(String, Vec<u8>), String> {
        let pics = &stage.iut.pics;
        let names = Names::of(stage, n);
        let serialization = self.written.serialization.unwrap_or(usual(pics));
        let mut parameters = Map::new();
        parameters.insert("op".to_owned(), json!(5));
        parameters.insert("to".to_owned(), json!(names.fill("{ae}")));
        parameters.insert("fr".to_owned(), json!(registrar(pics)));
        if let Some(rqi) = rqi {
            parameters.insert("rqi".to_owned(), json!(rqi));
        }
        parameters.insert("rvi".to_owned(), json!(pics.onem2m.release()));
        let pc = match self.written.content(&names) {
            Some(pc) => pc,
            None => Registrar::of(stage, |registrar| registrar.news()).ok_or("no registrar is played")?,
        };
        parameters.insert("pc".to_owned(), pc);
        self.written.put_over(&mut parameters, &names);
        let topic = match &self.written.topic {
            Some(topic) => names.fill(topic),
            None => {
                let suffix = self.written.topic_type.as_deref().unwrap_or(suffix(serialization));
                Registrar::of(stage, |registrar| registrar.way_to(suffix))
                    .flatten()
                    .ok_or("nobody knows what the AE is called: it has not registered, and declares no `ae_id`")?
            }
        };
        let payload = match &self.written.raw {
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
        self.written.serialization.map(|s| Key::Own(suffix(s))).into_iter().collect()
    }

    fn qos(&self) -> u8 {
        self.qos
    }

    fn correlation(&self, stage: &Stage<'_>, number: u32, n: u32) -> Option<String> {
        if self.written.raw.as_ref().is_some_and(|raw| !raw.wants_id()) {
            return None;
        }
        match &self.written.rqi {
            Rqi::Usual => Some(stage.request_id(number, n)),
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
