//! `acknowledge`: acknowledgements that were withheld, in an order of the scenario's choice.

use super::push::written;
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::pattern::packet_type;
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeSet;
use touchstone_fixtures::recording::Party;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// Acknowledgements of the newest PUBLISHes of the IUT, or of some of them, all at once.
#[derive(Clone, Debug)]
pub struct Acknowledge {
    packet: PacketType,
    /// Places among these PUBLISHes, from 1.
    order: Vec<usize>,
    /// How many PUBLISHes these are.
    of: usize,
}

impl Acknowledge {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Acknowledge> {
        let packet = packet_type(fields)?;
        if !matches!(packet, PacketType::Puback | PacketType::Pubrec) {
            fields.document.wrong(fields.key_span("packet"), "only PUBACK and PUBREC answer a PUBLISH", "", None);
            return None;
        }
        let text = fields.required("order", "\"3 1 2\"")?;
        let order: Vec<usize> = text.value.split_whitespace().map(|n| n.parse().unwrap_or_default()).collect();
        let of = fields.integer("of", 1, 1000).and_then(|n| usize::try_from(n.value).ok()).unwrap_or(order.len());
        let distinct = order.iter().collect::<BTreeSet<_>>().len() == order.len();
        if order.is_empty() || !distinct || !order.iter().all(|place| (1..=of).contains(place)) {
            let help = Some(format!("numbers from 1 to {of}, each once, as in \"3 1 2\""));
            fields.document.wrong(text.span, "`order` is no order of PUBLISHes", "", help);
            return None;
        }
        Some(Acknowledge { packet, order, of })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        stage.view.catch_up();
        let qos = if self.packet == PacketType::Puback { 1 } else { 2 };
        let ids = stage.view.published(qos);
        if ids.is_empty() {
            return Ended::Failed("the implementation has published nothing that waits for it".to_owned());
        }
        // One that waits for each acknowledgement before it publishes the next message has fewer of them.
        let first = ids.len().saturating_sub(self.of);
        let of = |place: &usize| ids.get(first + place - 1).copied();
        let ack = |id| if qos == 1 { build::puback(id) } else { build::pubrec(id) };
        let bytes: Vec<u8> = self.order.iter().filter_map(of).flat_map(ack).collect();
        if bytes.is_empty() {
            return Ended::Done("nothing more waits for it".to_owned());
        }
        stage.edge.faults().let_acknowledgements_through(Party::Iut);
        written(stage, "acknowledge", &bytes).await
    }
}

impl Act for Acknowledge {
    fn needs(&self) -> Vec<Key> {
        vec![Key::Publishes]
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
