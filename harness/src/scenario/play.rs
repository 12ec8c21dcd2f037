//! What a role asks of the harness while a scenario runs: whom it plays, and how it ends.

use super::speech::Expected;
use super::stage::Stage;
use super::view::Command;
use crate::binding::Binding;
use crate::iut::Pics;
use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whom the harness plays against a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plays {
    /// Client identifier of the peer that publishes.
    pub client_id: String,
    /// The filter under which the IUT's messages are taken.
    pub filter: String,
    /// QoS of that subscription: the highest that the IUT may elect to publish with, so that its messages are carried on as
    /// they are.
    pub qos: u8,
}

/// Something that is being done.
pub(super) type Doing<'s> = Pin<Box<dyn Future<Output = ()> + Send + 's>>;

/// What a role asks of the harness. One `static` for each.
pub(super) trait Play: Sync {
    /// Whom the harness plays.
    fn plays(&self, pics: &Pics) -> Plays;

    /// Topics that the IUT is due to be subscribed to, by what it declares.
    fn due(&self, binding: &Binding, pics: &Pics) -> Vec<String>;

    /// Somebody who answers by himself what the IUT asks for of its own accord, where it needs that to get anywhere.
    fn party(&self, _: &Pics) -> Option<Box<dyn Party>> {
        None
    }

    /// Sends, at the end of a scenario, what shows whether the IUT was listening to the last.
    fn closing<'s>(&self, stage: &'s mut Stage<'_>) -> Doing<'s>;
}

/// A message that a party sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub topic: String,
    pub payload: Vec<u8>,
}

/// Somebody whom the harness plays and who answers by himself. Requests that scenarios have asked for are left to them.
/// Total over any messages, and bounded.
pub(super) trait Party: Send {
    /// Takes a message that was published: what is sent upon that.
    fn take(&mut self, topic: &str, payload: &[u8], now_ms: u64) -> Vec<Sent>;

    /// From now on such requests are left alone.
    fn hold(&mut self, expected: Expected);

    /// No longer: `kept` are left to the scenario for good, and what else was left alone is answered now.
    fn release(&mut self, kept: &[Command], now_ms: u64) -> Vec<Sent>;

    /// Topics that the IUT is due to be subscribed to, by what it has shown of itself.
    fn due(&self) -> Vec<String>;

    /// Whether the IUT has done with the party what it begins with.
    fn knows(&self) -> bool;

    /// The party itself, for the language that knows what it is.
    fn as_any(&mut self) -> &mut dyn Any;
}

/// A party, shared between its listener and the steps; it may outlive a scenario, as the IUT may.
#[derive(Clone)]
pub(super) struct SharedParty(Arc<Mutex<Box<dyn Party>>>);

impl SharedParty {
    pub fn new(party: Box<dyn Party>) -> SharedParty {
        SharedParty(Arc::new(Mutex::new(party)))
    }

    /// The party. Nobody panics while holding it with anything half done.
    pub fn lock(&self) -> MutexGuard<'_, Box<dyn Party>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedParty")
    }
}

/// A [`Play`], for the tables of bindings.
#[derive(Clone, Copy)]
pub struct Played(pub(super) &'static dyn Play);

impl fmt::Debug for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Played")
    }
}
