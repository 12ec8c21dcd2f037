//! Follows request_ids from Commands to Responses (LS 3.2).

use super::support::{deviates, in_packet, response};
use crate::evidence::openc2::{ContentKind, Message, Node};
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};

/// The check of `openc2/request-id-copied`.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// Messages that were sent to the IUT.
    sent: u64,
    /// Whether one of them may have had no request_id that the IUT could read.
    doubtful: bool,
}

impl Check for Copied {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(packet) if !packet.from_iut() && packet.packet.publish().is_some() => {
                self.sent += 1;
                self.doubtful |= !packet.message().is_some_and(|m| has_readable_id(m, setting));
            }
            Observation::Stray(packet) => {
                // A Response to a Command of an earlier recording may come late; before any Command there is
                // nothing that it could be a Response to.
                if self.sent > 0
                    && !self.doubtful
                    && setting.births_known
                    && let Some(ruling) = stray(packet)
                {
                    ledger.enter(Witness::packet(packet), ruling);
                }
            }
            Observation::Exchange(exchange) if exchange.request_id.is_some() => {
                for seen in exchange.distinct() {
                    ledger.enter(Witness::packet(&seen.packet), Ruling::Met);
                }
            }
            _ => {}
        }
    }
}

fn has_readable_id(message: &Message, setting: &Setting) -> bool {
    message.request_id.is_some()
        && message.kind == Some(ContentKind::Request)
        && message.fits(&setting.pics)
        && message.beyond_doubt()
        && message.whole()
        && message.serialization.is_some_and(|s| setting.pics.speaks(s))
}

/// A Response that belongs to no Command. One that breaks off may have lost its request_id with the rest.
fn stray(packet: &PacketSeen) -> Option<Ruling> {
    let message = response(packet).filter(|m| m.whole())?;
    let expected = "the request_id of the Command";
    Some(match (&message.request_id, field(message)) {
        (Some(id), node) => {
            let shown = node.map_or_else(|| id.clone(), Node::describe);
            deviates(
                place(packet, node),
                format!("Response has the request_id {shown}, which no Command had"),
                expected,
                shown,
            )
        }
        (None, Some(node)) => deviates(
            place(packet, Some(node)),
            format!("Response has {} as its request_id", node.describe()),
            expected,
            node.describe(),
        ),
        (None, None) => {
            deviates(place(packet, message.root.as_ref()), "Response has no request_id", expected, "no request_id")
        }
    })
}

/// Where the request_id stands, in the record or in the headers of the nested form.
pub(super) fn field(message: &Message) -> Option<&Node> {
    member(message, "request_id")
}

/// Where a member stands, in the record or in the headers of the nested form.
pub(super) fn member<'a>(message: &'a Message, name: &str) -> Option<&'a Node> {
    let root = message.root.as_ref()?;
    root.get(name).or_else(|| root.get("headers").and_then(|h| h.get(name)))
}

fn place(packet: &PacketSeen, node: Option<&Node>) -> Witness {
    match node {
        Some(node) => Witness::bytes(packet, in_packet(packet, node.span)),
        None => Witness::packet(packet),
    }
}
