//! What scenarios need of a message language: requests to send, and places to send them to.

use super::corpus::Hostile;
use super::model::Key;
use super::stage::Stage;
use super::verbs::Table;
use crate::binding::Binding;
use crate::diagnostic::toml::Fields;
use crate::evidence::payload::Payload;
use crate::iut::Pics;
use std::fmt::Debug;
use std::sync::Arc;

/// How the harness speaks a language.
pub struct Speech {
    /// Reads the keys of a request.
    pub(super) request: fn(&Fields<'_>) -> Option<Arc<dyn Asking>>,
    /// Reads where something goes, from that key; where everybody is reached when it is absent.
    pub(super) destination: fn(&Fields<'_>, &'static str) -> Option<Arc<dyn Destination>>,
    /// A destination that is a topic.
    pub(super) topic: fn(String) -> Arc<dyn Destination>,
    /// Reads which hostile inputs are sent.
    pub(super) hostile: fn(&Fields<'_>) -> Option<Arc<dyn Hostile>>,
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
