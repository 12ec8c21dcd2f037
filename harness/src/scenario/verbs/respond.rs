//! `respond`: a response, published by the party that the harness plays.

use super::keys::qos;
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::speech::{Answering, Speech};
use crate::scenario::stage::{Ended, Stage};
use std::sync::Arc;

/// Responses to the requests that a named step made the implementation send, or to none of its at all.
#[derive(Clone, Debug)]
pub struct Respond {
    to: Option<String>,
    answer: Arc<dyn Answering>,
    count: u32,
    qos: u8,
    retain: bool,
}

impl Respond {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Respond> {
        let to = fields.string("to").map(|to| to.value);
        let answer = (speech.answer)(fields);
        let count = match fields.has("count") {
            true => fields.integer("count", 1, 10_000).and_then(|n| u32::try_from(n.value).ok())?,
            false => 1,
        };
        let retain = fields.boolean("retain").is_some_and(|r| r.value);
        Some(Respond { to, answer: answer?, count, qos: qos(fields), retain })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let answered = match &self.to {
            Some(name) => stage.commands(name).into_iter().map(Some).collect(),
            None => vec![None],
        };
        let label = match &self.to {
            Some(name) => format!("response to {name}"),
            None => format!("step {}", stage.number),
        };
        for command in answered {
            let response = match self.answer.built(stage, command.as_ref()) {
                Ok(response) => response,
                Err(why) => return Ended::Failed(why),
            };
            for _ in 0..self.count {
                match stage.publish(&label, &response.topic, &response.payload, self.qos, self.retain).await {
                    Ended::Done(_) => {}
                    ended => return ended,
                }
            }
            for (topic, payload) in &response.then {
                match stage.publish(&label, topic, payload, 1, false).await {
                    Ended::Done(_) => {}
                    ended => return ended,
                }
            }
        }
        Ended::Done(String::new())
    }
}

impl Act for Respond {
    fn needs(&self) -> Vec<Key> {
        self.answer.needs()
    }

    fn refers(&self) -> Option<&str> {
        self.to.as_deref()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
