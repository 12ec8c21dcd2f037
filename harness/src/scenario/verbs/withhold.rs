//! `withhold`: packets that do not arrive.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::pattern::{End, end, flow, packet_type};
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::view::WITHHOLD;
use touchstone_fixtures::edge::faults::{Action, Match};
use touchstone_fixtures::recording::Party;
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Drops the next such packets.
#[derive(Clone, Debug)]
pub struct Withhold {
    packet: PacketType,
    from: End,
    times: u32,
}

impl Withhold {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Withhold> {
        let packet = packet_type(fields);
        let from = end(fields);
        let times = fields.integer("times", 1, 1_000_000).and_then(|n| u32::try_from(n.value).ok()).unwrap_or(1);
        Some(Withhold { packet: packet?, from: from?, times })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let what =
            Match { party: Party::Iut, from_client: self.from == End::Iut, packet_type: self.packet, topic: None };
        // Losing a packet of the IUT looks to it like a server that has not got round to it; both are lawful.
        stage.arm(WITHHOLD, what, Action::Withhold, self.times);
        Ended::Done(String::new())
    }
}

impl Act for Withhold {
    fn needs(&self) -> Vec<Key> {
        flow(self.packet, self.from).into_iter().collect()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
