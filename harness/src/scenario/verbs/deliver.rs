//! `deliver`: raw payload bytes, published by a peer.

use super::keys::{captured_name, qos};
use super::place::Place;
use super::raw::Raw;
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::ids::REQUEST_ID;
use crate::scenario::model::Key;
use crate::scenario::speech::Speech;
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeMap;

/// Payload bytes to publish as they are.
#[derive(Clone, Debug)]
pub struct Deliver {
    to: Place,
    /// Captured name.
    pub name: Option<String>,
    raw: Raw,
    qos: u8,
    retain: bool,
}

impl Deliver {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Deliver> {
        let to = Place::read(fields, speech);
        let name = captured_name(fields);
        let raw = Raw::read(fields);
        if let (Some(name_span), Some(raw)) = (name.as_ref().map(|_| fields.key_span("name")), &raw)
            && !raw.wants_id()
        {
            fields.document.wrong(
                name_span,
                format!("`name` in {} captures nothing", fields.name),
                "",
                Some(format!("write {REQUEST_ID} in `text` where the generated request_id is to stand")),
            );
        }
        let retain = fields.boolean("retain").is_some_and(|r| r.value);
        Some(Deliver { to: to?, name, raw: raw?, qos: qos(fields), retain })
    }

    fn request_id(&self, stage: &Stage<'_>, number: u32) -> Option<String> {
        self.raw.wants_id().then(|| stage.request_id(number, 0))
    }

    /// Publishes it once.
    pub(super) async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let topic = match self.to.topic(stage) {
            Ok(topic) => topic,
            Err(why) => return Ended::Failed(why),
        };
        let id = self.request_id(stage, stage.number);
        stage.asked(self.name.as_deref(), id.as_slice());
        let payload = self.raw.bytes(id.as_deref().unwrap_or_default());
        let label = self.name.clone().unwrap_or_else(|| format!("step {}", stage.number));
        stage.publish(&label, &topic, &payload, self.qos, self.retain).await
    }
}

impl Act for Deliver {
    fn needs(&self) -> Vec<Key> {
        self.to.needs().into_iter().collect()
    }

    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        match (&self.name, self.request_id(stage, number)) {
            (Some(name), Some(id)) => [(name.clone(), id)].into(),
            _ => BTreeMap::new(),
        }
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
