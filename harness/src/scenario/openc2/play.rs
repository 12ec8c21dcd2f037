//! Whom the harness plays against Consumers and Producers, and the command that ends a scenario: after a request that a
//! Consumer left unanswered, and after a message to a Producer that it has sent nothing since.

use super::address::{COMMANDS, RESPONSES};
use super::answer::Answer;
use super::message::{self, CONSUMER, Header, PRODUCER};
use super::order::Order;
use crate::binding::Binding;
use crate::iut::{Pics, Serialization};
use crate::scenario::closing::{further, sentinel};
use crate::scenario::play::{Doing, Play, Plays};
use crate::scenario::stage::Stage;

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
        Box::pin(async move { further(stage, &Order::usual(), &Answer::usual()).await })
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
        header: Header::of(&stage.iut.pics, None),
    };
    let topics = stage.iut.binding.topics;
    (topics.and_then(|topics| topics.usual(&stage.iut.pics)).unwrap_or_default(), request.payload())
}
