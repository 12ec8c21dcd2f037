//! `request`: a well-formed request, published by the party the harness plays.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::speech::{Asking, Speech};
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A request to send.
#[derive(Clone, Debug)]
pub struct Request {
    request: Arc<dyn Asking>,
}

impl Request {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Request> {
        Some(Request { request: (speech.request)(fields)? })
    }

    /// A verb of its own for a request.
    pub(in crate::scenario) fn of(request: Arc<dyn Asking>) -> Request {
        Request { request }
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let built = match self.request.built(stage, 0) {
            Ok(built) => built,
            Err(why) => return Ended::Failed(why),
        };
        stage.asked(self.request.name(), built.correlation.as_slice());
        let label = self.request.name().map_or_else(|| format!("step {}", stage.number), str::to_owned);
        stage.publish(&label, &built.topic, &built.payload, self.request.qos(), false).await
    }
}

impl Act for Request {
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
        match (self.request.name(), self.request.correlation(stage, number, 0)) {
            (Some(name), Some(id)) => [(name.to_owned(), id)].into(),
            _ => BTreeMap::new(),
        }
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
