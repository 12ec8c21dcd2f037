//! What a role asks of the harness while a scenario runs: whom it plays, and how it ends.

use super::stage::Stage;
use crate::binding::Binding;
use crate::iut::Pics;
use std::fmt;
use std::pin::Pin;

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

    /// Sends, at the end of a scenario, what shows whether the IUT was listening to the last.
    fn closing<'s>(&self, stage: &'s mut Stage<'_>) -> Doing<'s>;
}

/// A [`Play`], for the tables of bindings.
#[derive(Clone, Copy)]
pub struct Played(pub(super) &'static dyn Play);

impl fmt::Debug for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Played")
    }
}
