//! What the runner has seen of the IUT so far: the growing recording, decoded as the judge will decode it.
//! Bounded: only what waits can still ask about is kept.

use crate::binding::Family;
use crate::evidence::payload::{Kind, Payload};
use crate::iut::Serialization;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use touchstone_fixtures::recording::{
    ConnectionId, Direction, Event, FaultState, Log, Nanos, Party, ProcessChange, Recorder, Tester, TlsChange,
};
use touchstone_fixtures::wire::mqtt311::{Body, ControlPacket, Frame, Framer, PacketType, Sender, decode};
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

/// A packet of the IUT.
#[derive(Debug)]
pub(super) struct Seen {
    pub index: u64,
    pub conn: ConnectionId,
    pub packet: ControlPacket,
    /// A PUBLISH under a packet identifier that one of the IUT had before.
    pub again: bool,
}

/// A response of the IUT to a request of ours.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Its status, when it can be read.
    pub status: Option<i128>,
    /// What later steps may need to know of it, by name.
    pub learned: Vec<(&'static str, String)>,
}

/// A command that the IUT sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    index: u64,
    topic: String,
    /// Its payload; empty when that is not worth keeping.
    payload: Arc<[u8]>,
    /// Its `request_id`, when it can be read.
    pub request_id: Option<String>,
    /// Serialization it was sent in; JSON when it cannot be told.
    pub serialization: Serialization,
}

impl Command {
    /// One on that topic, with that payload.
    #[cfg(test)]
    pub fn of(topic: &str, payload: &[u8]) -> Command {
        let (index, topic, payload) = (0, topic.to_owned(), payload.into());
        Command { index, topic, payload, request_id: None, serialization: Serialization::Json }
    }

    /// The topic it came on.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Its payload; empty when it was longer than anything that is worth answering.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// How far the IUT got with its newest connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Readiness {
    /// It is open, and its CONNECT was accepted.
    pub accepted: bool,
    /// Filters the session holds.
    pub granted: BTreeSet<String>,
    /// When it last sent or was sent something that matters to a session.
    pub last: Nanos,
    /// When it last sent a SUBSCRIBE or was sent a CONNACK.
    pub subscribed_at: Option<Nanos>,
    /// Keep alive of its CONNECT, in seconds.
    pub keep_alive: Option<u16>,
}

/// How the IUT's process ended by itself.
#[derive(Clone, Debug)]
pub(super) struct Died {
    /// In words.
    pub how: String,
}

/// What the IUT made of the server on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It sent an alert, went on, or sent a packet.
    Said,
    /// The connection was closed before any of that.
    Closed,
}

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

    fn sent(&mut self, conn: ConnectionId, packet: &ControlPacket, index: u64, at: Nanos) {
        self.settle(conn, Settled::Said);
        match &packet.body {
            Body::Connect(connect) => {
                self.readiness.keep_alive = connect.keep_alive.as_ref().map(|k| k.value);
                self.readiness.last = at;
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.clean = connect.clean_session();
                }
            }
            Body::Subscribe(subscribe) => {
                self.readiness.last = at;
                self.readiness.subscribed_at = Some(at);
                let filters = subscribe.subscriptions.iter().filter_map(|s| s.filter.text.clone()).collect();
                if let (Some(id), Some(connection)) = (packet.packet_id(), self.connections.get_mut(&conn))
                    && connection.pending.len() < FILTERS
                {
                    connection.pending.insert(id, filters);
                }
            }
            Body::Unsubscribe(unsubscribe) => {
                self.readiness.last = at;
                let filters = unsubscribe.filters.iter().filter_map(|f| f.text.clone()).collect();
                if let (Some(id), Some(connection)) = (packet.packet_id(), self.connections.get_mut(&conn))
                    && connection.unsubscribing.len() < FILTERS
                {
                    connection.unsubscribing.insert(id, filters);
                }
            }
            _ if packet.packet_type == PacketType::Disconnect
                && self.connections.get(&conn).is_some_and(|c| c.clean) =>
            {
                self.left = Some(index);
            }
            Body::Publish(publish) => {
                self.published_at = Some(at);
                let topic = publish.topic.as_ref().map(|t| t.display()).unwrap_or_default();
                let message = (self.family.read)(&topic, &publish.payload.value);
                if let Some(message) = message.as_ref().filter(|m| (self.family.speech.demands)(&topic, m)) {
                    self.commanded(topic.clone(), message, &publish.payload.value, publish.dup, index);
                }
                self.answered(message.as_ref(), &publish.payload.value);
                if let Some(id) = packet.packet_id().filter(|_| !publish.dup) {
                    if self.published.len() == PUBLISHED {
                        self.published.pop_front();
                    }
                    self.published.push_back((publish.qos, id));
                }
            }
            Body::Ack(Some(id))
                if matches!(packet.packet_type, PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp) =>
            {
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.unacknowledged.remove(&id.value);
                }
            }
            _ => {}
        }
    }

    fn received(&mut self, conn: ConnectionId, packet: &ControlPacket, index: u64, at: Nanos) {
        if packet.publish().is_some() {
            self.delivered = index;
            self.published_at = Some(at);
        }
        match &packet.body {
            // What no server sends changes nothing: a CONNACK with defects, or a second one.
            Body::Connack(connack)
                if packet.defects.is_empty()
                    && self.connections.get_mut(&conn).is_some_and(|c| !std::mem::replace(&mut c.connack, true)) =>
            {
                self.readiness.last = at;
                self.readiness.subscribed_at = Some(at);
                if !connack.session_present() {
                    self.readiness.granted.clear();
                }
                let accepted = connack.return_code.as_ref().is_some_and(|code| code.value == 0);
                self.readiness.accepted = accepted && self.newest == Some(conn);
            }
            Body::Suback(suback) => {
                self.readiness.last = at;
                let id = packet.packet_id();
                let filters = self.connections.get_mut(&conn).and_then(|c| c.pending.remove(&id?));
                for (filter, code) in filters.into_iter().flatten().zip(&suback.return_codes) {
                    if code.value <= 2 && self.readiness.granted.len() < FILTERS {
                        self.readiness.granted.insert(filter);
                    }
                }
            }
            Body::Publish(publish) if publish.qos > 0 => {
                if let (Some(id), Some(connection)) = (packet.packet_id(), self.connections.get_mut(&conn)) {
                    connection.unacknowledged.insert(id);
                }
            }
            Body::Ack(Some(id)) if packet.packet_type == PacketType::Pubrel => {
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.unacknowledged.insert(id.value);
                }
            }
            Body::Ack(Some(id)) => {
                let gone = self.connections.get_mut(&conn).and_then(|c| c.unsubscribing.remove(&id.value));
                if packet.packet_type == PacketType::Unsuback {
                    for filter in gone.into_iter().flatten() {
                        self.readiness.granted.remove(&filter);
                    }
                }
            }
            _ => {}
        }
    }

    /// Notes a command. What is sent again is no further one.
    fn commanded(&mut self, topic: String, message: &Payload, payload: &[u8], dup: bool, index: u64) {
        let request_id = message.facts().correlation().map(str::to_owned);
        if topic.len() > TEXT || request_id.as_ref().is_some_and(|id| id.len() > TEXT) {
            return;
        }
        if dup && self.commands.iter().any(|earlier| earlier.request_id == request_id && earlier.topic == topic) {
            return;
        }
        let serialization = message.facts().serialization().unwrap_or(Serialization::Json);
        let payload: Arc<[u8]> =
            payload.get(..payload.len() * usize::from(payload.len() <= TEXT)).unwrap_or(&[]).into();
        self.command_bytes += payload.len();
        self.commands.push_back(Command { index, topic, payload, request_id, serialization });
        while self.commands.len() > COMMANDS || self.command_bytes > COMMAND_BYTES {
            let Some(oldest) = self.commands.pop_front() else { break };
            self.command_bytes -= oldest.payload.len();
        }
    }

    /// Notes a response. One whose message cannot be read still counts where the request_id stands in its
    /// bytes: a wait need not be long because an answer is wrong.
    fn answered(&mut self, message: Option<&Payload>, payload: &[u8]) {
        let readable = message.map(Payload::facts).and_then(|m| Some((m.correlation()?, m.kind(), m.status())));
        if let Some((id, kind, status)) = readable {
            if kind == Some(Kind::Request) {
                return;
            }
            if let Some(answers) = self.asked.get_mut(id)
                && answers.len() < ANSWERS
            {
                let learned = message.map(self.family.speech.learned).unwrap_or_default();
                answers.push(Answer { status, learned });
            }
            return;
        }
        if payload.len() > 64 * 1024 {
            return;
        }
        for (id, answers) in &mut self.asked {
            let id = id.as_bytes();
            if answers.is_empty() && !id.is_empty() && payload.windows(id.len()).any(|window| window == id) {
                answers.push(Answer { status: None, learned: Vec::new() });
            }
        }
    }

    /// Packets of the IUT recorded at or after `mark`.
    pub fn packets_since(&self, mark: u64) -> impl Iterator<Item = &Seen> {
        self.packets.iter().filter(move |seen| seen.index >= mark)
    }

    /// Packet identifiers of the newest PUBLISHes of the IUT at that QoS, oldest first; at most 64.
    pub fn published(&self, qos: u8) -> Vec<u16> {
        self.published.iter().filter(|(of, _)| *of == qos).map(|(_, id)| *id).collect()
    }

    /// Whether a connection was opened at or after `mark`.
    pub fn opened_since(&self, conn: ConnectionId, mark: u64) -> bool {
        self.connections.get(&conn).is_some_and(|c| c.opened >= mark)
    }

    pub fn opens_since(&self, mark: u64) -> u64 {
        since(&self.opens, mark)
    }

    pub fn closes_since(&self, mark: u64) -> u64 {
        since(&self.closes, mark)
    }

    /// Whether the test system was late at or after `mark`, so that times taken there may be blurred.
    pub fn lagged_since(&self, mark: u64) -> bool {
        self.lagged.is_some_and(|at| at >= mark)
    }

    /// Packets withheld since `withhold` was last armed.
    pub fn withheld(&self) -> u64 {
        self.withheld
    }

    pub fn exits_since(&self, mark: u64) -> u64 {
        since(&self.exits, mark)
    }

    /// What the IUT made of the server on a connection opened at or after `mark`, as soon as it did.
    pub fn settled_since(&self, mark: u64) -> Option<Settled> {
        self.connections.values().filter(|c| c.opened >= mark).find_map(|c| c.settled)
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

    /// Responses to a request that was announced with [`View::ask`].
    pub fn answers(&self, request_id: &str) -> &[Answer] {
        self.asked.get(request_id).map_or(&[], Vec::as_slice)
    }

    /// Commands that the IUT sent at or after `mark`.
    pub fn commands_since(&self, mark: u64) -> impl Iterator<Item = &Command> {
        self.commands.iter().filter(move |command| command.index >= mark)
    }

    /// Whether the process is to be given time to warm up: once after each start.
    pub fn warms_up(&mut self) -> bool {
        std::mem::take(&mut self.cold)
    }

    /// Whether a message went to the IUT after the last command it sent.
    pub fn delivered_last(&self) -> bool {
        self.delivered > self.commands.back().map_or(0, |command| command.index)
    }

    /// Whether it has ended a connection with Clean Session 1 in order, at or after `mark`.
    pub fn left_since(&self, mark: u64) -> bool {
        self.left.is_some_and(|at| at >= mark)
    }

    /// When a message last went either way.
    pub fn published_at(&self) -> Option<Nanos> {
        self.published_at
    }

    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// How the process ended unasked, since it was last started.
    pub fn died(&self) -> Option<&Died> {
        self.died.as_ref()
    }

    /// Whether the IUT owes an acknowledgement on an open connection.
    pub fn owes_acknowledgement(&self) -> bool {
        self.connections.values().any(|connection| connection.open && !connection.unacknowledged.is_empty())
    }

    /// The connection on which a fault that no conforming server causes fired at or after `mark`.
    pub fn violated_since(&self, mark: u64) -> Option<ConnectionId> {
        self.violated.filter(|(index, _)| *index >= mark).map(|(_, conn)| conn)
    }

    /// Whether that connection of the IUT is open.
    pub fn is_open(&self, conn: ConnectionId) -> bool {
        self.connections.get(&conn).is_some_and(|connection| connection.open)
    }

    /// Whether the IUT has an open connection.
    pub fn connected(&self) -> bool {
        self.connections.values().any(|c| c.open)
    }

    /// When bytes last went to the IUT.
    pub fn last_to_iut(&self) -> Option<Nanos> {
        self.last_to_iut
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
#[path = "view_tests.rs"]
mod tests;
