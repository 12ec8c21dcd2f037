//! Pairing: a request delivered to the IUT with the responses that carry its request_id.

use super::openc2::{ContentKind, Message};
use super::{Delivery, Exchange, PacketSeen, ResponseSeen, Silence};
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{Direction, Nanos};
use touchstone_fixtures::wire::mqtt311::PacketType;

/// An exchange while the recording goes on.
#[derive(Debug)]
struct Open {
    request: Arc<PacketSeen>,
    copies: u32,
    delivered: bool,
    responses: Vec<ResponseSeen>,
    died: bool,
}

impl Open {
    fn answered_finally(&self) -> bool {
        self.responses
            .iter()
            .any(|r| r.packet.message.as_ref().and_then(|m| m.status()).is_some_and(|status| status != 102))
    }
}

/// Pairs requests and responses in the order of the recording.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    exchanges: Vec<Open>,
    /// Exchanges by request_id (`None`: the request carries none).
    by_id: BTreeMap<Option<String>, Vec<usize>>,
    /// Exchanges by the packet identifier of their newest copy.
    by_packet: BTreeMap<u16, usize>,
    /// Packets of the IUT that show it alive after a request: acknowledgements and responses, with the exchange they belong to.
    signs: Vec<(usize, bool, Arc<PacketSeen>)>,
}

impl Pairing {
    /// A PUBLISH with an OpenC2 message went to the IUT.
    pub fn request(&mut self, packet: &Arc<PacketSeen>) {
        let Some(publish) = packet.packet.publish() else { return };
        let id = publish.packet_id.as_ref().map(|s| s.value);
        if publish.dup
            && let Some(index) = id.and_then(|id| self.by_packet.get(&id)).copied()
            && let Some(open) = self.exchanges.get_mut(index)
            && same_content(&open.request, packet)
        {
            open.copies += 1;
            return;
        }
        let index = self.exchanges.len();
        if let Some(id) = id {
            self.by_packet.insert(id, index);
        }
        let key = packet.message.as_ref().and_then(|m| m.request_id.clone());
        self.by_id.entry(key).or_default().push(index);
        self.exchanges.push(Open {
            request: Arc::clone(packet),
            copies: 1,
            delivered: false,
            responses: Vec::new(),
            died: false,
        });
    }

    /// A packet to the IUT counts as delivered.
    pub fn delivered(&mut self, packet: &PacketSeen) {
        let Some(publish) = packet.packet.publish() else { return };
        let id = publish.packet_id.as_ref().map(|s| s.value);
        let index = match id {
            Some(id) => self.by_packet.get(&id).copied(),
            None => {
                self.exchanges.iter().position(|o| o.request.conn == packet.conn && o.request.ordinal == packet.ordinal)
            }
        };
        if let Some(open) = index.and_then(|i| self.exchanges.get_mut(i))
            && same_content(&open.request, packet)
        {
            open.delivered = true;
        }
    }

    /// The IUT acknowledged a PUBLISH (PUBACK or PUBREC).
    pub fn acknowledged(&mut self, packet: &Arc<PacketSeen>) {
        if !matches!(packet.packet.packet_type, PacketType::Puback | PacketType::Pubrec) {
            return;
        }
        if let Some(index) = packet.packet.packet_id().and_then(|id| self.by_packet.get(&id)).copied() {
            self.signs.push((index, false, Arc::clone(packet)));
        }
    }

    /// A response of the IUT. False when it belongs to no request.
    pub fn response(&mut self, packet: &Arc<PacketSeen>) -> bool {
        debug_assert_eq!(packet.direction, Direction::FromIut);
        let key = packet.message.as_ref().and_then(|m| m.request_id.clone());
        let Some(indices) = self.by_id.get(&key) else { return false };
        let waiting = indices.iter().copied().find(|&i| self.exchanges.get(i).is_some_and(|o| !o.answered_finally()));
        let repeats = |open: &Open| {
            packet.packet.publish().is_some_and(|p| p.dup)
                && open.responses.iter().any(|r| {
                    r.packet.packet.packet_id() == packet.packet.packet_id() && same_content(&r.packet, packet)
                })
        };
        let repeated = indices.iter().copied().find(|&i| self.exchanges.get(i).is_some_and(repeats));
        let Some(index) = repeated.or(waiting).or(indices.last().copied()) else { return false };
        if let Some(open) = self.exchanges.get_mut(index) {
            open.responses.push(ResponseSeen { packet: Arc::clone(packet), redelivery: repeated.is_some() });
        }
        self.signs.push((index, true, Arc::clone(packet)));
        true
    }

    /// The IUT's process ended without being asked to.
    pub fn died(&mut self) {
        for open in &mut self.exchanges {
            if open.responses.is_empty() {
                open.died = true;
            }
        }
    }

    /// Everything that will ever be known. `response`: the time to answer, in nanoseconds; `names`: captured
    /// names and the request_ids they stand for.
    pub fn conclude(self, response: u64, names: &BTreeMap<String, String>) -> Vec<Exchange> {
        let Pairing { exchanges, signs, .. } = self;
        let name_of: BTreeMap<&str, &str> = names.iter().map(|(name, id)| (id.as_str(), name.as_str())).collect();
        exchanges
            .into_iter()
            .enumerate()
            .map(|(index, open)| {
                let due = open.request.end_at.plus(response);
                let silence = silence(index, &open, due, &signs);
                let request_id = open.request.message.as_ref().and_then(|m| m.request_id.clone());
                Exchange {
                    name: request_id.as_deref().and_then(|id| name_of.get(id)).map(|s| (*s).to_owned()),
                    request_id,
                    copies: open.copies,
                    delivery: if open.delivered { Delivery::Delivered } else { Delivery::Unknown },
                    silence,
                    died: open.died,
                    responses: open.responses,
                    request: open.request,
                }
            })
            .collect()
    }
}

fn silence(index: usize, open: &Open, due: Nanos, signs: &[(usize, bool, Arc<PacketSeen>)]) -> Silence {
    if !open.responses.is_empty() {
        return Silence::Answered;
    }
    // Signs come in recording order, and only those of later requests count.
    let mut later = signs.iter().filter(|(other, _, packet)| *other > index && packet.end_at >= due);
    let Some((_, _, first)) = later.clone().next() else { return Silence::Open };
    match later.find(|(_, answered, _)| *answered) {
        Some((_, _, answer)) => Silence::Proven { sentinel: Arc::clone(answer), answered: true },
        None => Silence::Proven { sentinel: Arc::clone(first), answered: false },
    }
}

fn same_content(a: &PacketSeen, b: &PacketSeen) -> bool {
    match (a.packet.publish(), b.packet.publish()) {
        (Some(a), Some(b)) => {
            a.payload.value == b.payload.value
                && a.topic.as_ref().map(|t| &t.bytes) == b.topic.as_ref().map(|t| &t.bytes)
        }
        _ => false,
    }
}

/// Whether a message of the IUT takes part in exchanges as a response: by its content, or, where the content
/// cannot be read, by the message type of its header.
pub(super) fn is_response(message: &Message) -> bool {
    match message.kind {
        Some(kind) => kind == ContentKind::Response,
        None => message.header.is_some_and(|h| h.message_type == 1),
    }
}
