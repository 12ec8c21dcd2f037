//! One connection: its two streams, and what went to the client without being shown to arrive.

use super::PacketSeen;
use super::stream::Stream;
use super::tls::TlsStream;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use touchstone_fixtures::recording::{Nanos, Party};
use touchstone_fixtures::wire::mqtt311::{PacketType, Sender};
use touchstone_fixtures::wire::websocket::Reader;

/// A packet to the IUT that has not been shown to arrive.
#[derive(Debug)]
pub(super) struct Pending {
    pub packet: Arc<PacketSeen>,
    /// Offset one past its last byte in the stream to the IUT.
    pub end: u64,
    /// When the kernel had accepted all of it.
    pub written: Option<Nanos>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub party: Party,
    pub inbound: Stream,
    pub outbound: Stream,
    /// What the client sends below MQTT, where there is a TLS layer.
    pub tls: TlsStream,
    pub ordinal: u32,
    /// Its end has been observed: what comes after it is shown, and judged by nobody.
    pub closed: bool,
    /// Packets to the IUT in the order of the stream; `first` is the number of the front one.
    pub pending: VecDeque<Pending>,
    pub first: u64,
    /// Number of the first one that the kernel had not accepted.
    pub unwritten: u64,
    /// Numbers of packets that wait for an acknowledgement, oldest first, by type and packet identifier.
    pub unacknowledged: BTreeMap<(u8, u16), VecDeque<u64>>,
    /// Stream ranges to the client that a fault wrote, and whether it was lawful.
    pub injected: VecDeque<(u64, u64, bool)>,
    /// What WebSocket adds, from the client and to it.
    pub web: [Reader; 2],
}

impl Connection {
    /// A connection of that party on which nothing has been said.
    pub fn new(party: Party) -> Connection {
        Connection {
            party,
            inbound: Stream::new(Sender::Client),
            outbound: Stream::new(Sender::Server),
            tls: TlsStream::default(),
            ordinal: 0,
            closed: false,
            pending: VecDeque::new(),
            first: 0,
            unwritten: 0,
            unacknowledged: BTreeMap::new(),
            injected: VecDeque::new(),
            web: Default::default(),
        }
    }

    /// A packet went to the client.
    pub fn wait(&mut self, packet: &Arc<PacketSeen>, end: u64) {
        let number = self.first + self.pending.len() as u64;
        self.pending.push_back(Pending { packet: Arc::clone(packet), end, written: None });
        let packet = &packet.packet;
        if matches!(packet.packet_type, PacketType::Publish | PacketType::Pubrel)
            && let Some(id) = packet.packet_id()
        {
            self.unacknowledged.entry((packet.packet_type as u8, id)).or_default().push_back(number);
        }
    }

    /// The packets that an acknowledgement shows to have arrived: the oldest of that type and identifier not yet
    /// acknowledged (a copy sent later may still be under way), and all before it.
    pub fn acknowledged(&mut self, packet_type: PacketType, id: u16) -> Vec<Pending> {
        let Some(waiting) = self.unacknowledged.get_mut(&(packet_type as u8, id)) else { return Vec::new() };
        let Some(number) = waiting.pop_front() else { return Vec::new() };
        let count = usize::try_from((number + 1).saturating_sub(self.first)).unwrap_or(usize::MAX);
        let arrived: Vec<Pending> = self.pending.drain(..count.min(self.pending.len())).collect();
        self.first += arrived.len() as u64;
        arrived
    }

    /// The kernel has accepted `total` bytes. Whether that completes a packet that is still pending.
    pub fn written(&mut self, total: u64, at: Nanos) -> bool {
        self.unwritten = self.unwritten.max(self.first);
        let before = self.unwritten;
        let skip = usize::try_from(self.unwritten - self.first).unwrap_or(usize::MAX).min(self.pending.len());
        for pending in self.pending.range_mut(skip..).take_while(|p| p.end <= total) {
            pending.written = Some(at);
            self.unwritten += 1;
        }
        self.unwritten > before
    }
}
