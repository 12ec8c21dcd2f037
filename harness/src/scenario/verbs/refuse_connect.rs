//! `refuse-connect`: the server does not let the IUT in.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::stage::{Ended, Stage};

/// Answers the next CONNECTs with a return code other than 0, and closes.
#[derive(Clone, Debug)]
pub struct RefuseConnect {
    code: u8,
    times: u32,
}

impl RefuseConnect {
    pub(super) fn read(fields: &Fields<'_>) -> Option<RefuseConnect> {
        if !fields.has("code") {
            fields.missing("code", "3");
        }
        let code = fields.integer("code", 1, 5).and_then(|n| u8::try_from(n.value).ok());
        let times = fields.integer("times", 1, 1_000_000).and_then(|n| u32::try_from(n.value).ok()).unwrap_or(1);
        Some(RefuseConnect { code: code?, times })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let fault = stage.edge.faults().refuse_connect(self.code, self.times);
        stage.take_back_later(fault);
        Ended::Done(String::new())
    }
}

impl Act for RefuseConnect {
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
