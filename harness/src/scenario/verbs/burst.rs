//! `burst`: many requests at once, each with a request_id of its own.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::speech::{Asking, Speech};
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Requests to send without waiting in between.
#[derive(Clone, Debug)]
pub struct Burst {
    /// What each of them is.
    request: Arc<dyn Asking>,
    /// How many.
    count: u32,
}

impl Burst {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Burst> {
        if !fields.has("count") {
            fields.missing("count", "100");
        }
        let count = fields.integer("count", 1, 10_000).and_then(|n| u32::try_from(n.value).ok());
        let request = (speech.request)(fields)?;
        Some(Burst { request, count: count? })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let mut messages = Vec::new();
        let mut ids = Vec::new();
        for n in 0..self.count {
            match self.request.built(stage, n) {
                Ok(built) => {
                    messages.push((built.topic, built.payload));
                    ids.extend(built.correlation);
                }
                Err(why) => return Ended::Failed(why),
            }
        }
        let name = self.request.name().map_or_else(|| format!("step {}", stage.number), str::to_owned);
        stage.asked(Some(&name), &ids);
        stage.publish_all(&name, &messages, self.request.qos()).await
    }
}

impl Act for Burst {
    fn needs(&self) -> Vec<Key> {
        self.request.needs()
    }

    fn captures(&self) -> Option<&str> {
        self.request.name()
    }

    fn refers(&self) -> Option<&str> {
        self.request.refers()
    }

    fn each_command(&self) -> bool {
        self.request.each_command()
    }

    fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        let Some(name) = self.request.name() else { return BTreeMap::new() };
        (0..self.count)
            .filter_map(|n| Some((format!("{name}.{}", n + 1), self.request.correlation(stage, number, n)?)))
            .collect()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
