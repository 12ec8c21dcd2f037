use super::exchange::{Pairing, is_response};
use super::stream::{Found, Stream};
use super::{Observation, PacketSeen, Setting, openc2};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use touchstone_fixtures::recording::{
    ConnectionId, Context, Direction, Event, FORMAT, FaultState, Nanos, Party, ProcessChange, Recorded, Recording,
};
use touchstone_fixtures::wire::mqtt311::{PacketType, Sender};

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
    let setting = Setting {
        role: serde_json::from_value(serde_json::Value::String(context.role.clone()))
            .map_err(|e| understood("role", e.to_string()))?,
        pics: serde_json::from_value(context.pics.clone()).map_err(|e| understood("pics", e.to_string()))?,
        tolerances: context.tolerances,
        births_known: context.births_known,
        scenario: context.scenario.clone(),
    };
    let mut builder = Builder::new(context.tolerances.quiet);
    for entry in &recording.entries {
        builder.entry(entry);
    }
    Ok(builder.finish(context, setting, recording.truncated))
}

/// A packet to the IUT that has not been shown to arrive.
#[derive(Debug)]
struct Pending {
    packet: Arc<PacketSeen>,
    /// Offset one past its last byte in the stream to the IUT.
    end: u64,
    /// When the kernel had accepted all of it.
    written: Option<Nanos>,
}

#[derive(Debug)]
struct Connection {
    party: Party,
    inbound: Stream,
    outbound: Stream,
    ordinal: u32,
    pending: VecDeque<Pending>,
    /// Stream ranges to the client that a fault wrote, and whether it was lawful.
    injected: VecDeque<(u64, u64, bool)>,
}

struct Builder {
    quiet: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    pairing: Pairing,
    names: BTreeMap<String, String>,
    observations: Vec<Observation>,
    timeline: Vec<TimelineItem>,
    ended: Nanos,
    complete: Option<Result<(), String>>,
}

impl Builder {
    fn new(quiet: u64) -> Builder {
        Builder {
            quiet,
            connections: BTreeMap::new(),
            pairing: Pairing::default(),
            names: BTreeMap::new(),
            observations: Vec::new(),
            timeline: Vec::new(),
            ended: Nanos(0),
            complete: None,
        }
    }

    fn entry(&mut self, entry: &Recorded) {
        self.ended = self.ended.max(entry.at);
        self.settle(entry.at);
        if !matches!(entry.event, Event::Bytes { .. } | Event::Written { .. } | Event::Context(_)) {
            self.timeline.push(TimelineItem::Event(entry.clone()));
        }
        match &entry.event {
            Event::Context(_) | Event::Operator { .. } | Event::Stimulus { .. } => {}
            Event::ConnOpen { conn, party, .. } => self.open(*conn, *party, entry),
            Event::Bytes { conn, direction, data } => self.bytes(*conn, *direction, data, entry),
            Event::Written { conn, total } => self.written(*conn, *total, entry.at),
            Event::Close { conn, by, how, reason, .. } => {
                if self.close(*conn) {
                    self.observations.push(Observation::Closed {
                        conn: *conn,
                        at: entry.at,
                        by: *by,
                        how: *how,
                        reason: reason.clone(),
                    });
                }
            }
            Event::Process { instance, change, .. } => {
                if matches!(change, ProcessChange::Exit { expected: false, .. }) {
                    self.pairing.died();
                }
                self.observations.push(Observation::Process {
                    instance: *instance,
                    change: change.clone(),
                    at: entry.at,
                    frame: entry.frame,
                });
            }
            Event::Step { captured, .. } => {
                self.names.extend(captured.iter().map(|(k, v)| (k.clone(), v.clone())));
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
                if self.connections.get(conn).is_none_or(|c| c.party == Party::Iut) {
                    self.observations.push(Observation::Session { conn: *conn, change: *change });
                }
            }
            Event::Tester(tester) => self.observations.push(Observation::Tester(tester.clone())),
            Event::End { complete, reason } => {
                self.complete = Some(if *complete { Ok(()) } else { Err(reason.clone()) });
            }
        }
    }

    fn open(&mut self, conn: ConnectionId, party: Party, entry: &Recorded) {
        self.connections.insert(
            conn,
            Connection {
                party,
                inbound: Stream::new(Sender::Client),
                outbound: Stream::new(Sender::Server),
                ordinal: 0,
                pending: VecDeque::new(),
                injected: VecDeque::new(),
            },
        );
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

    fn injecting(&mut self, conn: Option<ConnectionId>, length: u64, lawful: bool) {
        if let Some(connection) = conn.and_then(|c| self.connections.get_mut(&c)) {
            let from = connection.outbound.received().max(connection.injected.back().map_or(0, |r| r.1));
            connection.injected.push_back((from, from + length, lawful));
        }
    }

    fn packet(&mut self, conn: ConnectionId, direction: Direction, found: Found) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.ordinal += 1;
        let injected = if direction.from_client() {
            None
        } else {
            while connection.injected.front().is_some_and(|range| range.1 <= found.start) {
                connection.injected.pop_front();
            }
            connection.injected.front().filter(|range| range.0 < found.end).copied()
        };
        let message = found.packet.publish().and_then(|publish| {
            let topic = publish.topic.as_ref().map(|t| t.display()).unwrap_or_default();
            openc2::read(&topic, &publish.payload.value)
        });
        let seen = Arc::new(PacketSeen {
            conn,
            ordinal: connection.ordinal,
            frame: found.frame,
            at: found.at,
            end_at: found.end_at,
            direction,
            packet: found.packet,
            message: message.map(Arc::new),
            injected: injected.is_some(),
            lawful: injected.is_none_or(|range| range.2),
        });
        self.timeline.push(TimelineItem::Packet(Arc::clone(&seen)));
        match direction {
            Direction::ToIut => {
                connection.pending.push_back(Pending { packet: Arc::clone(&seen), end: found.end, written: None });
                self.observations.push(Observation::Packet(Arc::clone(&seen)));
                if seen.message.is_some() {
                    self.pairing.request(&seen);
                }
            }
            Direction::FromIut => {
                self.acknowledge(conn, &seen);
                self.observations.push(Observation::Packet(Arc::clone(&seen)));
                self.pairing.acknowledged(&seen);
                if seen.message.as_ref().is_some_and(|m| is_response(m)) && !self.pairing.response(&seen) {
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
        let id = packet.packet.packet_id();
        let Some(last) = connection.pending.iter().rposition(|p| {
            p.packet.packet.packet_type == acknowledged && p.packet.packet.packet_id() == id && id.is_some()
        }) else {
            return;
        };
        let arrived: Vec<Pending> = connection.pending.drain(..=last).collect();
        for pending in arrived {
            self.arrived(pending.packet);
        }
    }

    fn arrived(&mut self, packet: Arc<PacketSeen>) {
        if packet.message.is_some() {
            self.pairing.delivered(&packet);
        }
        self.observations.push(Observation::Delivered(packet));
    }

    fn written(&mut self, conn: ConnectionId, total: u64, at: Nanos) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            for pending in &mut connection.pending {
                if pending.written.is_none() && pending.end <= total {
                    pending.written = Some(at);
                }
            }
        }
    }

    /// What has been quiet long enough by `now` counts as delivered.
    fn settle(&mut self, now: Nanos) {
        let mut arrived = Vec::new();
        for connection in self.connections.values_mut() {
            while connection
                .pending
                .front()
                .and_then(|p| p.written)
                .is_some_and(|written| now.since(written) >= self.quiet)
            {
                arrived.extend(connection.pending.pop_front().map(|p| p.packet));
            }
        }
        for packet in arrived {
            self.arrived(packet);
        }
    }

    /// The connection is over: cut-off packets are shown as far as they came. True for one of the IUT's.
    fn close(&mut self, conn: ConnectionId) -> bool {
        for direction in [true, false] {
            let Some(connection) = self.connections.get_mut(&conn) else { return false };
            let party = connection.party;
            let (stream, way) = if direction {
                (&mut connection.inbound, party.sends())
            } else {
                (&mut connection.outbound, party.receives())
            };
            if let Some(found) = stream.rest() {
                self.packet(conn, way, found);
            }
        }
        self.connections.remove(&conn).is_some_and(|c| c.party == Party::Iut)
    }

    fn finish(mut self, context: Context, setting: Setting, truncated: bool) -> Evidence {
        let exchanges = std::mem::take(&mut self.pairing).conclude(setting.tolerances.response, &self.names);
        self.observations.extend(exchanges.into_iter().map(|e| Observation::Exchange(Arc::new(e))));
        let complete = match self.complete.take() {
            Some(complete) => complete,
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
        }
    }
}
