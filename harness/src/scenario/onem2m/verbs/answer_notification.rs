//! `answer-notification`: the AEs that the harness plays answer notifications that were waited for, now and not at once.

use crate::diagnostic::toml::Fields;
use crate::evidence::onem2m::topic::Topic;
use crate::iut::Pics;
use crate::scenario::onem2m::address::{suffix, topic};
use crate::scenario::onem2m::primitive;
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::verbs::{Act, Running};
use crate::scenario::view::Command;
use serde_json::{Map, json};

/// The status of an answer that has nothing against a notification.
const OK: u64 = 2000;

/// Answers the notifications of a name.
#[derive(Clone, Debug)]
pub struct AnswerNotification {
    name: String,
    rsc: u64,
}

impl AnswerNotification {
    pub(super) fn read(fields: &Fields<'_>) -> Option<AnswerNotification> {
        let rsc = match fields.has("rsc") {
            true => fields.integer("rsc", 1, 9_999)?.value,
            false => OK,
        };
        Some(AnswerNotification { name: fields.required("name", "\"notification\"")?.value, rsc })
    }
}

/// Answers the notifications of a name with that status.
pub(super) async fn answer(stage: &mut Stage<'_>, name: &str, rsc: u64) -> Ended {
    for command in stage.commands(name) {
        let Some((topic, payload)) = answered(&command, rsc, &stage.iut.pics) else { continue };
        match stage.publish(name, &topic, &payload, 1, false).await {
            Ended::Done(_) => {}
            ended => return ended,
        }
    }
    Ended::Done(String::new())
}

/// The answer, where one is possible: on the topic that follows from that of the request, and written as that was.
fn answered(command: &Command, rsc: u64, pics: &Pics) -> Option<(String, Vec<u8>)> {
    let asked = Topic::parse(command.topic())?;
    let mut parameters = Map::new();
    parameters.insert("rsc".to_owned(), json!(rsc));
    parameters.insert("rqi".to_owned(), json!(command.request_id.as_deref()?));
    parameters.insert("rvi".to_owned(), json!(pics.onem2m.release()));
    let topic = topic("resp", &asked.originator, &asked.receiver, suffix(command.serialization));
    Some((topic, primitive::written(&parameters, command.serialization)))
}

impl Act for AnswerNotification {
    fn refers(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(answer(stage, &self.name, self.rsc))
    }
}
