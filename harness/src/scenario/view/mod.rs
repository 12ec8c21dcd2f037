//! What the runner has seen of the IUT so far: the growing recording, decoded as the judge will decode it.
//! Bounded: only what waits can still ask about is kept.

mod kinds;
mod packets;
mod queries;

pub(super) use kinds::{Answer, Command, Died, Readiness, Seen, Settled};

use crate::binding::Family;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use touchstone_fixtures::recording::{
    ConnectionId, Direction, Event, FaultState, Log, Nanos, Party, ProcessChange, Recorder, Tester, TlsChange,
};
use touchstone_fixtures::wire::mqtt311::{Frame, Framer, Sender, decode};
use touchstone_fixtures::wire::tls::alert_name;

/// Largest packet that is reassembled; the edge accepts no larger ones.
const LARGEST: u32 = 16 * 1024 * 1024;
/// Packets kept for waits.
const PACKETS: usize = 100_000;
/// Bytes of packets kept for waits.
const BYTES: usize = 64 * 1024 * 1024;
/// Answers kept for one request.
const ANSWERS: usize = 100;
/// Commands of the IUT that are kept.
const COMMANDS: usize = 10_000;
/// Longest text of a command that is kept; a longer request_id is not worth answering.
const TEXT: usize = 64 * 1024;
/// Bytes of them that are kept.
const COMMAND_BYTES: usize = 64 * 1024 * 1024;
/// Marks of closed connections and exits that are kept.
const MARKS: usize = 10_000;
/// Name of the fault that withholds packets.
pub(super) const WITHHOLD: &str = "withhold";
/// Filters remembered as granted or asked for.
const FILTERS: usize = 10_000;

#[derive(Debug)]
struct Connection {
    inbound: Framer,
    outbound: Framer,
    opened: u64,
    open: bool,
    /// What it made of the server.
    settled: Option<Settled>,
    /// It has the server's answer, and the handshake is not over.
    shaking: bool,
    /// The server has answered its CONNECT.
    connack: bool,
    /// It was asked for with Clean Session 1.
    clean: bool,
    /// SUBSCRIBEs without a SUBACK: packet identifier and filters.
    pending: BTreeMap<u16, Vec<String>>,
    unsubscribing: BTreeMap<u16, Vec<String>>,
    /// Identifiers of what was sent to the IUT and not yet acknowledged: PUBLISH, then PUBREL.
    unacknowledged: BTreeSet<u16>,
}

/// A lag from here on is not small beside the tolerance of the shortest keep alives.
const LAGGED: u64 = 50_000_000;
/// PUBLISHes of the IUT that are remembered.
const PUBLISHED: usize = 64;

/// Follows a recording.
pub(super) struct View {
    family: &'static Family,
    log: Log,
    next: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    packets: VecDeque<Seen>,
    /// QoS and packet identifier of the newest PUBLISHes of the IUT above QoS 0, copies not counted.
    published: VecDeque<(u8, u16)>,
    bytes: usize,
    keep: u64,
    asked: BTreeMap<String, Vec<Answer>>,
    commands: VecDeque<Command>,
    command_bytes: usize,
    /// Where the IUT last ended a connection with Clean Session 1 in order.
    left: Option<u64>,
    /// When a message last went either way.
    published_at: Option<Nanos>,
    /// When bytes of a message that was no copy last went to the IUT, as a place in the recording.
    delivered: u64,
    opens: VecDeque<u64>,
    closes: VecDeque<u64>,
    exits: VecDeque<u64>,
    /// How the last TLS handshake failed, if it did.
    handshake_failed: Option<String>,
    readiness: Readiness,
    newest: Option<ConnectionId>,
    died: Option<Died>,
    /// The process has been started and not been given time to warm up yet.
    cold: bool,
    /// When bytes last went to the IUT.
    last_to_iut: Option<Nanos>,
    /// The newest bytes that no conforming server sends: where they stand, and on which connection.
    violated: Option<(u64, ConnectionId)>,
    /// Packets withheld since `withhold` was last armed.
    withheld: u64,
    /// Where the test system last told of a lag that is not small.
    lagged: Option<u64>,
}

impl View {
    pub fn new(recorder: &Recorder, family: &'static Family) -> View {
        View {
            family,
            log: recorder.log(),
            next: 0,
            connections: BTreeMap::new(),
            packets: VecDeque::new(),
            published: VecDeque::new(),
            bytes: 0,
            keep: 0,
            asked: BTreeMap::new(),
            commands: VecDeque::new(),
            command_bytes: 0,
            left: None,
            published_at: None,
            delivered: 0,
            opens: VecDeque::new(),
            closes: VecDeque::new(),
            exits: VecDeque::new(),
            handshake_failed: None,
            readiness: Readiness::default(),
            newest: None,
            died: None,
            cold: false,
            last_to_iut: None,
            violated: None,
            withheld: 0,
            lagged: None,
        }
    }

    /// Forgets packets recorded before `mark`.
    pub fn forget_before(&mut self, mark: u64) {
        self.keep = mark;
        while self.packets.front().is_some_and(|seen| seen.index < mark) {
            self.drop_oldest();
        }
    }

    /// Remembers that answers to a request are of interest.
    pub fn ask(&mut self, request_id: &str) {
        self.asked.entry(request_id.to_owned()).or_default();
    }

    /// Takes in what has been recorded since.
    pub fn catch_up(&mut self) {
        for entry in self.log.since(self.next) {
            self.next = entry.index + 1;
            match &entry.event {
                Event::ConnOpen { conn, party: Party::Iut, .. } => self.opened(*conn, entry.index, entry.at),
                Event::Bytes { conn, direction, data } if direction.of_iut() => {
                    if *direction == Direction::ToIut {
                        self.last_to_iut = Some(entry.at);
                    }
                    self.bytes(*conn, *direction, data, entry.index, entry.at);
                }
                Event::Close { conn, .. } => self.closed(*conn, entry.index, entry.at),
                Event::Process { change, .. } => self.process(change, entry.index),
                Event::Tester(Tester::Lag { nanos }) if *nanos >= LAGGED => self.lagged = Some(entry.index),
                Event::Tls { conn, change } => self.tls(*conn, change),
                Event::Fault { state: FaultState::Armed, name, .. } if name == WITHHOLD => self.withheld = 0,
                Event::Fault { state: FaultState::Fired, name, .. } if name == WITHHOLD => self.withheld += 1,
                Event::Fault { state: FaultState::Fired, conn: Some(conn), lawful: false, .. } => {
                    self.violated = Some((entry.index, *conn));
                }
                _ => {}
            }
        }
    }

    fn opened(&mut self, conn: ConnectionId, index: u64, at: Nanos) {
        let connection = Connection {
            inbound: Framer::new(LARGEST),
            outbound: Framer::new(LARGEST),
            opened: index,
            open: true,
            settled: None,
            shaking: false,
            connack: false,
            clean: false,
            pending: BTreeMap::new(),
            unsubscribing: BTreeMap::new(),
            unacknowledged: BTreeSet::new(),
        };
        self.connections.insert(conn, connection);
        mark(&mut self.opens, index);
        self.newest = Some(conn);
        self.readiness.accepted = false;
        self.readiness.last = at;
    }

    fn closed(&mut self, conn: ConnectionId, index: u64, at: Nanos) {
        // One connection may be closed in two halves; either ends what can be said over it.
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if !std::mem::replace(&mut connection.open, false) {
            return;
        }
        connection.settled.get_or_insert(Settled::Closed);
        if connection.shaking {
            self.handshake_failed = Some("the connection was closed in the middle of it".to_owned());
        }
        connection.inbound = Framer::new(0);
        connection.outbound = Framer::new(0);
        mark(&mut self.closes, index);
        if self.newest == Some(conn) {
            self.readiness.accepted = false;
            self.readiness.last = at;
        }
    }

    fn process(&mut self, change: &ProcessChange, index: u64) {
        match change {
            ProcessChange::Spawn { .. } => {
                self.died = None;
                self.cold = true;
            }
            ProcessChange::Exit { code, signal, expected } => {
                mark(&mut self.exits, index);
                if !expected {
                    let how = match (code, signal) {
                        (Some(code), _) => format!("with exit code {code}"),
                        (None, Some(signal)) => format!("by signal {signal}"),
                        (None, None) => "for no known reason".to_owned(),
                    };
                    self.died = Some(Died { how });
                }
            }
            ProcessChange::StopRequested { .. } | ProcessChange::Orphans { .. } => {}
        }
    }

    fn bytes(&mut self, conn: ConnectionId, direction: Direction, data: &[u8], index: u64, at: Nanos) {
        let from_iut = direction == Direction::FromIut;
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let (framer, sender) = match from_iut {
            true => (&mut connection.inbound, Sender::Client),
            false => (&mut connection.outbound, Sender::Server),
        };
        framer.push(data);
        let mut packets = Vec::new();
        while let Some(frame) = framer.next_frame() {
            if let Frame::Packet(raw) = frame {
                packets.push(decode(raw, sender));
            }
        }
        for packet in packets {
            if from_iut {
                let again = match (packet.publish(), packet.packet_id()) {
                    (Some(publish), Some(id)) => self.published.contains(&(publish.qos, id)),
                    _ => false,
                };
                self.sent(conn, &packet, index, at);
                self.keep(Seen { index, conn, packet, again });
            } else {
                self.received(conn, &packet, index, at);
            }
        }
    }

    fn keep(&mut self, seen: Seen) {
        if seen.index < self.keep {
            return;
        }
        self.bytes += seen.packet.raw.len();
        self.packets.push_back(seen);
        while self.packets.len() > PACKETS || self.bytes > BYTES {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(seen) = self.packets.pop_front() {
            self.bytes -= seen.packet.raw.len();
        }
    }

    /// How the last handshake failed, if it did.
    pub fn refused_handshake(&self) -> Option<&str> {
        self.handshake_failed.as_deref()
    }

    fn tls(&mut self, conn: ConnectionId, change: &TlsChange) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.shaking = matches!(change, TlsChange::Answered { .. });
        }
        match change {
            TlsChange::Alert { code } => {
                self.settle(conn, Settled::Said);
                self.handshake_failed = Some(format!("the implementation sent the alert {}", alert_name(*code)));
            }
            TlsChange::WentOn { .. } => self.settle(conn, Settled::Said),
            TlsChange::Failed { reason, .. } => self.handshake_failed = Some(reason.clone()),
            TlsChange::Established { .. } => self.handshake_failed = None,
            TlsChange::Answered { .. } => {}
        }
    }

    fn settle(&mut self, conn: ConnectionId, settled: Settled) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.settled.get_or_insert(settled);
        }
    }
}

fn mark(marks: &mut VecDeque<u64>, index: u64) {
    if marks.len() == MARKS {
        marks.pop_front();
    }
    marks.push_back(index);
}

fn since(marks: &VecDeque<u64>, mark: u64) -> u64 {
    marks.iter().filter(|index| **index >= mark).count() as u64
}

#[cfg(test)]
mod tests;
