//! `via = "operator"`: somebody is asked to make the IUT send.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was done; nothing or something was said.
    Done(String),
    /// It cannot be done; what was said.
    Declined(String),
    /// Nobody answered in time, or nobody is there.
    Nobody,
}

/// A question on its way.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Somebody who can be asked.
pub trait Operator: Debug + Send + Sync {
    /// Asks, and waits for the answer, at most that long.
    fn ask<'a>(&'a self, prompt: &'a str, within: Duration) -> Asking<'a>;
}
