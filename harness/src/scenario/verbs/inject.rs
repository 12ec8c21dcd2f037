//! `inject`: raw bytes to the IUT's connection, past the server's state machine.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::pattern::hex;
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::recording::Party;

/// Bytes to write as they are.
#[derive(Clone, Debug)]
pub struct Inject {
    bytes: Vec<u8>,
    lawful: bool,
}

impl Inject {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Inject> {
        let lawful = fields.boolean("lawful").is_some_and(|l| l.value);
        fields.required("hex", "\"d0 00\"")?;
        Some(Inject { bytes: hex(fields, "hex")?, lawful })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        match stage.edge.faults().inject("inject", Party::Iut, &self.bytes, self.lawful).await {
            true => Ended::Done(String::new()),
            false => Ended::Failed("the implementation has no open connection".to_owned()),
        }
    }
}

impl Act for Inject {
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
