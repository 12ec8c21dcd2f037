//! Whom the harness plays against Consumers and Producers, and the command that ends a scenario: after a request that a
//! Consumer left unanswered, and after a message to a Producer that it has sent nothing since.

use super::address::{Address, COMMANDS, RESPONSES};
use super::message::{self, CONSUMER, PRODUCER};
use crate::binding::Binding;
use crate::iut::stimulus::Object;
use crate::iut::{Pics, Serialization, Stimulus};
use crate::scenario::closing::{SENTINEL, sentinel};
use crate::scenario::play::{Doing, Play, Plays};
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{Event, StepPhase};

/// Against a Consumer the harness plays a Producer.
pub(super) struct AgainstConsumer;

impl Play for AgainstConsumer {
    fn plays(&self, _: &Pics) -> Plays {
        Plays { client_id: PRODUCER.to_owned(), filter: RESPONSES.to_owned(), qos: 1 }
    }

    /// The command topics that follow from what it declares.
    fn due(&self, binding: &Binding, pics: &Pics) -> Vec<String> {
        binding.topics.map_or_else(Vec::new, |topics| topics.due(pics))
    }

    fn closing<'s>(&self, stage: &'s mut Stage<'_>) -> Doing<'s> {
        Box::pin(sentinel(stage, query))
    }
}

/// Against a Producer it plays a Consumer.
pub(super) struct AgainstProducer;

impl Play for AgainstProducer {
    fn plays(&self, _: &Pics) -> Plays {
        Plays { client_id: CONSUMER.to_owned(), filter: COMMANDS.to_owned(), qos: 2 }
    }

    fn due(&self, _: &Binding, _: &Pics) -> Vec<String> {
        vec![RESPONSES.to_owned()]
    }

    fn closing<'s>(&self, stage: &'s mut Stage<'_>) -> Doing<'s> {
        Box::pin(further_command(stage))
    }
}

/// The command every Consumer answers.
fn query(stage: &Stage<'_>, id: &str) -> (String, Vec<u8>) {
    let request = message::Request {
        command: message::query_features(),
        serialization: Serialization::Json,
        request_id: Some(id.to_owned()),
        from: Some(PRODUCER.to_owned()),
        to: None,
        created: stage.unix_millis(),
        header: None,
    };
    let topics = stage.iut.binding.topics;
    (topics.and_then(|topics| topics.usual(&stage.iut.pics)).unwrap_or_default(), request.payload())
}

/// A Producer is made to send one more command, which is answered: what it was sent last has not put it out of action.
/// People are not asked for that, and where nobody can be asked there is nothing to do.
async fn further_command(stage: &mut Stage<'_>) {
    stage.view.catch_up();
    let asked = !matches!(stage.iut.stimulus, Stimulus::None | Stimulus::Operator);
    if !asked || !stage.view.delivered_last() || stage.view.died().is_some() || !stage.view.connected() {
        return;
    }
    let Ok(address) = Address::All.stimulus(stage.iut.binding, &stage.iut.pics) else { return };
    let number = stage.next_step();
    let event = |phase, captured, note| Event::Step { number, verb: "sentinel".to_owned(), phase, captured, note };
    stage.recorder.record(event(StepPhase::Begin, BTreeMap::new(), String::new()));
    let begun = stage.begun();
    let object = Object {
        id: SENTINEL.to_owned(),
        address,
        command: message::query_features(),
        serialization: Serialization::Json,
    };
    let mut captured = BTreeMap::new();
    let note = match stage.stimulate(&object).await {
        Err(why) => format!("not asked: {why}"),
        Ok(()) => {
            let deadline = stage.deadline(stage.iut.timing.response);
            let found = stage.wait(deadline, true, |view| view.commands_since(begun).next().cloned()).await;
            match found {
                Ok(command) => {
                    let response = message::Response {
                        response: serde_json::json!({ "status": 200 }),
                        serialization: command.serialization,
                        request_id: command.request_id.clone(),
                        from: Some(CONSUMER.to_owned()),
                        created: stage.unix_millis(),
                        header: None,
                    };
                    captured.extend(command.request_id.map(|id| (SENTINEL.to_owned(), id)));
                    match stage.publish(SENTINEL, RESPONSES, &response.payload(), 1, false).await {
                        Ended::Done(_) => "sent a command".to_owned(),
                        Ended::TimedOut(why) | Ended::Failed(why) => why,
                    }
                }
                Err(Ended::TimedOut(_)) => "sent no command".to_owned(),
                Err(Ended::Failed(why) | Ended::Done(why)) => why,
            }
        }
    };
    stage.recorder.record(event(StepPhase::Done, captured, note));
}
