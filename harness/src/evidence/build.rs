use super::connection::{Connection, Pending};
use super::exchange::Pairing;
use super::stream::Found;
use super::{Observation, PacketSeen, Setting, TlsSeen, TlsWhat, WsSeen};
use crate::binding::{self, Binding, Part};
use crate::iut::Role;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use touchstone_fixtures::recording::{
    ConnectionId, Context, Direction, Event, FORMAT, FaultState, Nanos, Party, ProcessChange, Recorded, Recording,
};
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Why a recording cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It ends before its context: nothing was recorded that could be judged.
    #[error("the recording ends before its context event")]
    NoContext,
    /// It was made by a newer program.
    #[error("the recording has format {found}; this program reads up to {FORMAT}")]
    Newer {
        /// Its format.
        found: u32,
    },
    /// Its context cannot be understood.
    #[error("the context event cannot be understood: {0}")]
    Context(String),
}

/// Most control packets of one recording that are looked at. No scenario needs a hundredth of them; an implementation
/// that floods would otherwise keep the judge busy for as long as it likes. The capture keeps what follows.
const PACKETS: u64 = 200_000;

/// One line of what happened, for reports: packets of everybody, and all other events.
#[derive(Clone, Debug)]
pub enum TimelineItem {
    /// A control packet, of the IUT's connections or a peer's.
    Packet(Arc<PacketSeen>),
    /// Any other entry.
    Event(Recorded),
}

/// Everything a recording shows.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The context, as recorded.
    pub context: Context,
    /// What checks may know besides the observations.
    pub setting: Setting,
    /// What checks see.
    pub observations: Vec<Observation>,
    /// What reports show.
    pub timeline: Vec<TimelineItem>,
    /// When the last entry was recorded.
    pub ended: Nanos,
    /// Whether the scenario was carried out to its last step, and why not.
    pub complete: Result<(), String>,
    /// Whether the recording has its last entry.
    ended_whole: bool,
}

impl Evidence {
    /// Why the recording does not reach to its end, where it does not (the run was killed).
    pub fn broken_off(&self) -> Option<&str> {
        match &self.complete {
            Err(reason) if !self.ended_whole => Some(reason),
            _ => None,
        }
    }
}

/// Turns a recording into observations.
///
/// # Errors
/// When there is no context to judge by, or it is of a newer format. Anything else is evidence.
pub fn observe(recording: &Recording) -> Result<Evidence, EvidenceError> {
    let context = recording.context().ok_or(EvidenceError::NoContext)?.clone();
    if context.format > FORMAT {
        return Err(EvidenceError::Newer { found: context.format });
    }
    let understood = |what: &str, error: String| EvidenceError::Context(format!("{what}: {error}"));
    let binding = binding::find(&context.binding)
        .ok_or_else(|| understood("binding", format!("unknown binding {:?}", context.binding)))?;
    let role: Role = serde_json::from_value(serde_json::Value::String(context.role.clone()))
        .map_err(|e| understood("role", e.to_string()))?;
    let part = binding.part(role).ok_or_else(|| understood("role", format!("{} has no {role}", binding.id)))?;
    let setting = Setting {
        binding,
        role,
        pics: serde_json::from_value(context.pics.clone()).map_err(|e| understood("pics", e.to_string()))?,
        tolerances: context.tolerances,
        births_known: context.births_known,
        anchor_unix_nanos: context.anchor_unix_nanos,
        scenario: context.scenario.clone(),
        seed: context.seed,
        user_name: context.pixit.get("username").and_then(|name| name.as_str()).map(str::to_owned),
    };
    let mut builder = Builder::new(binding, part, context.tolerances.quiet, context.tolerances.response);
    for entry in &recording.entries {
        builder.entry(entry);
        if builder.packets >= PACKETS {
            builder.flooded = true;
            break;
        }
    }
    Ok(builder.finish(context, setting, recording.truncated))
}

struct Builder {
    /// Whose messages are read.
    binding: &'static Binding,
    /// Whether the IUT is asked anything: only then are its packets paired.
    paired: bool,
    quiet: u64,
    response: u64,
    /// When the quiet window of a packet on that connection will have passed.
    due: BTreeSet<(Nanos, ConnectionId)>,
    connections: BTreeMap<ConnectionId, Connection>,
    pairing: Pairing,
    /// Names by the value they were captured for.
    names: BTreeMap<String, String>,
    observations: Vec<Observation>,
    timeline: Vec<TimelineItem>,
    /// Packets so far.
    packets: u64,
    /// There were too many: the rest is not looked at.
    flooded: bool,
    ended: Nanos,
    complete: Option<Result<(), String>>,
}

impl Builder {
    fn new(binding: &'static Binding, part: &Part, quiet: u64, response: u64) -> Builder {
        Builder {
            binding,
            paired: part.answers,
            quiet,
            response,
            due: BTreeSet::new(),
            connections: BTreeMap::new(),
            pairing: Pairing::default(),
            names: BTreeMap::new(),
            observations: Vec::new(),
            timeline: Vec::new(),
            packets: 0,
            flooded: false,
            ended: Nanos(0),
            complete: None,
        }
    }

    fn entry(&mut self, entry: &Recorded) {
        self.ended = self.ended.max(entry.at);
        self.settle(entry.at);
        if !matches!(
            entry.event,
            Event::Bytes { .. }
                | Event::TlsBytes { .. }
                | Event::WsBytes { .. }
                | Event::Written { .. }
                | Event::Context(_)
        ) {
            self.timeline.push(TimelineItem::Event(entry.clone()));
        }
        match &entry.event {
            Event::Context(_) | Event::Operator { .. } => {}
            // What the harness publishes as a peer tells the IUT nothing beside that.
            Event::Stimulus { via, accepted, detail, .. } => {
                if *accepted && via != "mqtt" {
                    let (line, at, frame) = (detail.clone(), entry.at, entry.frame);
                    self.observations.push(Observation::Stimulated { line, at, frame });
                }
            }
            Event::TlsBytes { conn, direction, data } => self.tls_bytes(*conn, *direction, data, entry),
            Event::Tls { conn, change } => self.tls(*conn, TlsWhat::Change(change.clone()), entry),
            Event::WsBytes { conn, direction, data } => self.ws_bytes(*conn, *direction, data, entry),
            Event::ConnOpen { conn, party, .. } => self.open(*conn, *party, entry),
            Event::Bytes { conn, direction, data } => self.bytes(*conn, *direction, data, entry),
            Event::Written { conn, total } => self.written(*conn, *total, entry.at),
            Event::Close { conn, by, how, reason, .. } => {
                if self.close(*conn) {
                    self.pairing.closed(*conn, *by, entry.at);
                    self.observations.push(Observation::Closed {
                        conn: *conn,
                        at: entry.at,
                        by: *by,
                        how: *how,
                        reason: reason.clone(),
                    });
                }
            }
            Event::Process { instance, change, out_offset, err_offset } => {
                if let ProcessChange::Exit { expected, .. } = change {
                    self.pairing.exited(entry.at, *expected);
                }
                self.observations.push(Observation::Process {
                    instance: *instance,
                    change: change.clone(),
                    kept: (*out_offset).max(*err_offset),
                    at: entry.at,
                    frame: entry.frame,
                });
            }
            Event::Step { captured, .. } => {
                for (name, id) in captured {
                    self.names.entry(id.clone()).or_insert_with(|| name.clone());
                }
            }
            Event::Window { name, state } => {
                self.observations.push(Observation::Window { name: name.clone(), state: *state, at: entry.at });
            }
            Event::Fault { id, name, state, conn, lawful, injected, .. } => {
                if *state == FaultState::Fired && *injected > 0 {
                    self.injecting(*conn, *injected, *lawful);
                }
                self.observations.push(Observation::Fault {
                    id: *id,
                    name: name.clone(),
                    state: *state,
                    conn: *conn,
                    lawful: *lawful,
                    at: entry.at,
                });
            }
            Event::Session { conn, change, .. } => {
                if self.connections.get(conn).is_some_and(|c| c.party == Party::Iut) {
                    self.observations.push(Observation::Session { conn: *conn, change: *change });
                }
            }
            Event::Tester(tester) => {
                self.observations.push(Observation::Tester { about: tester.clone(), at: entry.at });
            }
            Event::End { complete, reason } => {
                self.complete = Some(if *complete { Ok(()) } else { Err(reason.clone()) });
            }
        }
    }

    fn open(&mut self, conn: ConnectionId, party: Party, entry: &Recorded) {
        self.connections.insert(conn, Connection::new(party));
        if party == Party::Iut {
            self.observations.push(Observation::Opened { conn, at: entry.at, frame: entry.frame });
        }
    }

    fn bytes(&mut self, conn: ConnectionId, direction: Direction, data: &[u8], entry: &Recorded) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let stream = if direction.from_client() { &mut connection.inbound } else { &mut connection.outbound };
        stream.push(data, entry.frame, entry.at);
        loop {
            let Some(connection) = self.connections.get_mut(&conn) else { return };
            let stream = if direction.from_client() { &mut connection.inbound } else { &mut connection.outbound };
            let Some(found) = stream.next() else { return };
            self.packet(conn, direction, found);
        }
    }

    fn tls_bytes(&mut self, conn: ConnectionId, direction: Direction, data: &[u8], entry: &Recorded) {
        if direction != Direction::FromIut {
            return;
        }
        let found = self.connections.get_mut(&conn).map(|c| c.tls.push(data)).unwrap_or_default();
        for what in found {
            self.tls(conn, what, entry);
        }
    }

    fn tls(&mut self, conn: ConnectionId, what: TlsWhat, entry: &Recorded) {
        if self.connections.get(&conn).is_some_and(|c| c.party == Party::Iut && !c.closed) {
            let seen = TlsSeen { conn, at: entry.at, frame: entry.frame, what };
            self.observations.push(Observation::Tls(Arc::new(seen)));
        }
    }

    fn ws_bytes(&mut self, conn: ConnectionId, direction: Direction, data: &[u8], entry: &Recorded) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if connection.party != Party::Iut || connection.closed {
            return;
        }
        let reader = &mut connection.web[usize::from(!direction.from_client())];
        for item in reader.push(data) {
            let seen = WsSeen { conn, at: entry.at, frame: entry.frame, direction, item };
            self.observations.push(Observation::WebSocket(Arc::new(seen)));
        }
    }

    fn injecting(&mut self, conn: Option<ConnectionId>, length: u64, lawful: bool) {
        if let Some(connection) = conn.and_then(|c| self.connections.get_mut(&c)) {
            let from = connection.outbound.received().max(connection.injected.back().map_or(0, |r| r.1));
            connection.injected.push_back((from, from + length, lawful));
        }
    }

    fn packet(&mut self, conn: ConnectionId, direction: Direction, found: Found) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.ordinal += 1;
        // (marked, lawful): one unlawful byte makes the packet unlawful.
        let mut injected = (false, true);
        if !direction.from_client() {
            while connection.injected.front().is_some_and(|range| range.1 <= found.start) {
                connection.injected.pop_front();
            }
            for range in connection.injected.iter().take_while(|range| range.0 < found.end) {
                injected = (true, injected.1 && range.2);
            }
        }
        // Half a message says nothing: neither that it is malformed, nor that it answers.
        let payload = found.packet.publish().filter(|_| !found.packet.truncated).and_then(|publish| {
            let topic = publish.topic.as_ref().map(|t| t.display()).unwrap_or_default();
            (self.binding.family.read)(&topic, &publish.payload.value)
        });
        let seen = Arc::new(PacketSeen {
            conn,
            ordinal: connection.ordinal,
            frame: found.frame,
            at: found.at,
            end_at: found.end_at,
            direction,
            packet: found.packet,
            payload: payload.map(Arc::new),
            injected: injected.0,
            lawful: injected.1,
        });
        self.packets += 1;
        self.timeline.push(TimelineItem::Packet(Arc::clone(&seen)));
        if connection.closed {
            return;
        }
        match direction {
            Direction::ToIut => {
                if !seen.packet.truncated {
                    connection.wait(&seen, found.end);
                }
                self.observations.push(Observation::Packet(Arc::clone(&seen)));
                if self.paired && seen.payload.is_some() {
                    self.pairing.request(&seen);
                }
            }
            Direction::FromIut => {
                self.pairing.connected(&seen);
                if !seen.packet.truncated {
                    self.acknowledge(conn, &seen);
                    self.pairing.acknowledged(&seen);
                }
                self.observations.push(Observation::Packet(Arc::clone(&seen)));
                if self.paired
                    && seen.payload.as_ref().is_some_and(|payload| payload.facts().answers())
                    && !self.pairing.response(&seen, self.response)
                {
                    self.observations.push(Observation::Stray(seen));
                }
            }
            Direction::FromPeer | Direction::ToPeer => {}
        }
    }

    /// An acknowledgement proves that what it acknowledges has arrived, and everything sent before it.
    fn acknowledge(&mut self, conn: ConnectionId, packet: &PacketSeen) {
        let acknowledged = match packet.packet.packet_type {
            PacketType::Puback | PacketType::Pubrec => PacketType::Publish,
            PacketType::Pubcomp => PacketType::Pubrel,
            _ => return,
        };
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let Some(id) = packet.packet.packet_id() else { return };
        for pending in connection.acknowledged(acknowledged, id) {
            self.arrived(pending);
        }
    }

    fn arrived(&mut self, pending: Pending) {
        if pending.packet.payload.is_some() {
            self.pairing.delivered(&pending.packet, pending.written);
        }
        if matches!(pending.packet.packet.packet_type, PacketType::Puback | PacketType::Pubrec) {
            self.pairing.settled(&pending.packet);
        }
        self.observations.push(Observation::Delivered(pending.packet));
    }

    fn written(&mut self, conn: ConnectionId, total: u64, at: Nanos) {
        if let Some(connection) = self.connections.get_mut(&conn)
            && !connection.closed
            && connection.written(total, at)
        {
            self.due.insert((at.plus(self.quiet), conn));
        }
    }

    /// What has been quiet long enough by `now` counts as delivered.
    fn settle(&mut self, now: Nanos) {
        while let Some(&(due, conn)) = self.due.first()
            && due <= now
        {
            self.due.pop_first();
            let quiet = self.quiet;
            while let Some(connection) = self.connections.get_mut(&conn) {
                let written = connection.pending.front().and_then(|p| p.written);
                if written.is_none_or(|written| now.since(written) < quiet) {
                    break;
                }
                let Some(pending) = connection.pending.pop_front() else { break };
                connection.first += 1;
                self.arrived(pending);
            }
        }
    }

    /// The connection is over: cut-off packets are shown as far as they came. True for one of the IUT's, once.
    fn close(&mut self, conn: ConnectionId) -> bool {
        self.cut_off(conn);
        let Some(connection) = self.connections.get_mut(&conn) else { return false };
        connection.pending = VecDeque::new();
        connection.unacknowledged = BTreeMap::new();
        !std::mem::replace(&mut connection.closed, true) && connection.party == Party::Iut
    }

    fn cut_off(&mut self, conn: ConnectionId) {
        for from_client in [true, false] {
            let Some(connection) = self.connections.get_mut(&conn) else { return };
            let party = connection.party;
            let (stream, way) = if from_client {
                (&mut connection.inbound, party.sends())
            } else {
                (&mut connection.outbound, party.receives())
            };
            if let Some(found) = stream.rest() {
                self.packet(conn, way, found);
            }
        }
    }

    fn finish(mut self, context: Context, setting: Setting, truncated: bool) -> Evidence {
        // Where the recording ends within a packet, that is no deviation of anybody: shown, not judged.
        let open: Vec<ConnectionId> = self.connections.iter().filter(|(_, c)| !c.closed).map(|(id, _)| *id).collect();
        for conn in open {
            if let Some(connection) = self.connections.get_mut(&conn) {
                connection.closed = true;
            }
            self.cut_off(conn);
        }
        let exchanges = std::mem::take(&mut self.pairing).conclude(setting.tolerances.response, &self.names);
        self.observations.extend(exchanges.into_iter().map(|e| Observation::Exchange(Arc::new(e))));
        let ended_whole = self.complete.is_some();
        let complete = match self.complete.take() {
            Some(complete) => complete,
            None if self.flooded => {
                Err(format!("it holds more than {PACKETS} control packets; the rest was not looked at"))
            }
            None if truncated => Err("the recording is cut off".to_owned()),
            None => Err("the recording has no end".to_owned()),
        };
        self.observations.push(Observation::End { at: self.ended, complete: complete.is_ok() });
        Evidence {
            context,
            setting,
            observations: self.observations,
            timeline: self.timeline,
            ended: self.ended,
            complete,
            ended_whole,
        }
    }
}
