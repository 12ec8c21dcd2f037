//! `fail-suback`: the server does not grant a subscription.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::stage::{Ended, Stage};

/// Answers the next filters with 0x80.
#[derive(Clone, Debug)]
pub struct FailSuback {
    /// Only this one.
    filter: Option<String>,
    times: u32,
}

impl FailSuback {
    pub(super) fn read(fields: &Fields<'_>) -> Option<FailSuback> {
        let filter = fields.string("filter").map(|f| f.value);
        let times = fields.integer("times", 1, 1_000_000).and_then(|n| u32::try_from(n.value).ok()).unwrap_or(1);
        Some(FailSuback { filter, times })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let fault = stage.edge.faults().fail_suback(self.filter.as_deref(), self.times);
        stage.take_back_later(fault);
        Ended::Done(String::new())
    }
}

impl Act for FailSuback {
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
