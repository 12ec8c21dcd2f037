//! `delay`: a packet comes late.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::model::Key;
use crate::scenario::pattern::{End, end, flow, packet_type};
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::edge::faults::{Action, Match};
use touchstone_fixtures::recording::Party;
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Holds the next such packets back, and what follows them.
#[derive(Clone, Debug)]
pub struct Delay {
    packet: PacketType,
    from: End,
    /// How long, in nanoseconds.
    time: u64,
    times: u32,
}

impl Delay {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Delay> {
        let packet = packet_type(fields);
        let from = end(fields);
        if !fields.has("for") {
            fields.missing("for", "\"2s\"");
        }
        let time = fields.duration("for");
        let times = fields.integer("times", 1, 1_000_000).and_then(|n| u32::try_from(n.value).ok()).unwrap_or(1);
        Some(Delay { packet: packet?, from: from?, time: time?.value, times })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let from_client = self.from == End::Iut;
        let what = Match { party: Party::Iut, from_client, packet_type: self.packet, topic: None };
        // No statement sets a server a time.
        stage.arm("delay", what, Action::Delay(stage.scaled(self.time)), self.times);
        Ended::Done(String::new())
    }
}

impl Act for Delay {
    fn needs(&self) -> Vec<Key> {
        flow(self.packet, self.from).into_iter().collect()
    }

    fn time(&self, _: &Pics) -> Option<u64> {
        Some(self.time)
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
