//! What scenarios need of a message language: requests to send, and places to send them to.

use super::corpus::Hostile;
use super::model::Key;
use super::stage::Stage;
use super::verbs::{CommandKind, Table};
use super::view::Command;
use crate::binding::Binding;
use crate::diagnostic::toml::Fields;
use crate::evidence::payload::Payload;
use crate::iut::Pics;
use crate::iut::stimulus::Object;
use std::fmt::Debug;
use std::sync::Arc;

/// How the harness speaks a language.
pub struct Speech {
    /// Reads the keys of a request.
    pub(super) request: fn(&Fields<'_>) -> Option<Arc<dyn Asking>>,
    /// Reads where something goes, from that key; where everybody is reached when it is absent.
    pub(super) destination: fn(&Fields<'_>, &'static str) -> Option<Arc<dyn Destination>>,
    /// Reads the keys of what an implementation is made to send.
    pub(super) order: fn(&Fields<'_>) -> Option<Arc<dyn Order>>,
    /// Reads the keys of a response to what it sent.
    pub(super) answer: fn(&Fields<'_>) -> Option<Arc<dyn Answering>>,
    /// A destination that is a topic.
    pub(super) topic: fn(String) -> Arc<dyn Destination>,
    /// Reads which hostile inputs are sent.
    pub(super) hostile: fn(&Fields<'_>) -> Option<Arc<dyn Hostile>>,
    /// What later steps may need to know of an answer, by name: short, and such that it may stand in topics.
    pub(super) learned: fn(&Payload) -> Vec<(&'static str, String)>,
    /// Verbs that only scenarios in this language have.
    pub(super) verbs: Table,
    /// Whether a message of the IUT on a topic is a request, as far as anybody can tell: by its content, or, where that
    /// cannot be read, by what stands beside it.
    pub(super) demands: fn(topic: &str, payload: &Payload) -> bool,
}

/// Where a message goes.
pub(super) trait Destination: Debug + Send + Sync {
    /// The topic; `None` when what it needs is not declared, or the binding has no such topic.
    fn topic(&self, binding: &Binding, pics: &Pics) -> Option<String>;

    /// What must be declared for it.
    fn needs(&self) -> Option<Key>;
}

/// A request, ready to be published.
#[derive(Clone, Debug)]
pub(super) struct Built {
    pub topic: String,
    pub payload: Vec<u8>,
    /// What its responses repeat; `None` where it has none.
    pub correlation: Option<String>,
}

/// A request that a step sends, once or many times over.
pub(super) trait Asking: Debug + Send + Sync {
    /// The name it is captured under.
    fn name(&self) -> Option<&str>;

    /// What must be declared for it.
    fn needs(&self) -> Vec<Key>;

    /// The captured name it refers to, if any.
    fn refers(&self) -> Option<&str> {
        None
    }

    /// Whether it is one of several declared ones, another at each run of the scenario.
    fn each_command(&self) -> bool {
        false
    }

    /// The QoS it is published with.
    fn qos(&self) -> u8;

    /// What responses to the n-th copy sent in step `number` repeat: known before it is sent.
    fn correlation(&self, stage: &Stage<'_>, number: u32, n: u32) -> Option<String>;

    /// The n-th copy. `Err`: why it cannot be made.
    fn built(&self, stage: &Stage<'_>, n: u32) -> Result<Built, String>;
}

/// Tells by topic and payload whether a request is one that was asked for.
pub(super) type Expected = Arc<dyn Fn(&str, &[u8]) -> bool + Send + Sync>;

/// What an implementation is made to send, or to do.
pub(super) trait Order: Debug + Send + Sync {
    /// What must be declared for it.
    fn needs(&self) -> Vec<Key>;

    /// Whether it is one of several declared ones, another at each run of the scenario.
    fn each_command(&self) -> bool {
        false
    }

    /// What kind of order it is.
    fn kind(&self) -> CommandKind;

    /// What it is told, under that name. `Err`: why it cannot be said.
    fn object(&self, stage: &Stage<'_>, id: String) -> Result<Object, String>;

    /// Which requests of the implementation follow from it, as far as anybody can tell.
    fn expected(&self, _: &Stage<'_>) -> Expected {
        Arc::new(|_, _| true)
    }

    /// Whether it asks for no message: the implementation is to leave its session behind.
    fn leaves(&self) -> bool {
        false
    }
}

/// A response, and what the party that sends it sends after it.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub topic: String,
    pub payload: Vec<u8>,
    /// Topics and payloads.
    pub then: Vec<(String, Vec<u8>)>,
}

/// A response that a step sends.
pub(super) trait Answering: Debug + Send + Sync {
    /// What must be declared for it.
    fn needs(&self) -> Vec<Key> {
        Vec::new()
    }

    /// The response to a request of the implementation, or to none of its. `Err`: why it cannot be made.
    fn built(&self, stage: &Stage<'_>, to: Option<&Command>) -> Result<Response, String>;
}
