//! What the IUT owes for packets sent to it: acknowledgements, their identifiers, their order. The
//! requirements look at [`Owed`]s.
//!
//! An acknowledgement proves that its packet arrived. A missing one is proven only when a later packet was
//! acknowledged in its place, or when the packet was delivered and its connection lived on for the time granted.

use super::waiting::Waiting;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::recording::{ConnectionId, Nanos, Tester};
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Connections that are followed at the same time, and packets on all of them that wait for their acknowledgement. The
/// identifiers of one connection allow 131,070 of these.
const CONNECTIONS: usize = 4_096;
const WAITING: usize = 262_144;

/// A PUBLISH above QoS 0, or a PUBREL, sent to the IUT.
#[derive(Clone, Debug)]
pub(super) struct Push {
    /// Where it stands.
    pub witness: Witness,
    /// PUBLISH or PUBREL.
    pub packet_type: PacketType,
    /// Its identifier.
    pub id: u16,
    /// Its QoS; 2 for PUBREL.
    pub qos: u8,
    /// What became of its identifier before.
    pub before: Before,
    /// A later packet that was acknowledged first.
    pub overtaken_by: Option<u16>,
    ordinal: u32,
    end_at: Nanos,
    delivered: bool,
}

/// What became of the identifier of a PUBLISH before it was sent to the IUT, as far as that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Fresh,
    /// The IUT had acknowledged a QoS 1 PUBLISH with it.
    Acknowledged,
    /// The IUT had answered a QoS 2 PUBLISH with PUBREC, and got no PUBREL.
    Received,
    /// The IUT had ended a QoS 2 exchange with PUBCOMP.
    Completed,
}

/// What an observation means for the duties of the IUT as a receiver.
pub(super) enum Owed<'a> {
    /// A packet got the acknowledgement it asks for; the how manieth of its kind on the connection that is.
    Answered { push: Push, ack: &'a PacketSeen, nth: u32 },
    /// A packet got an acknowledgement of another type.
    WrongType { push: Push, ack: &'a PacketSeen },
    /// An acknowledgement with an identifier that was never sent to the IUT.
    Unknown {
        ack: &'a PacketSeen,
        /// The identifier it can only have meant.
        meant: Option<u16>,
        /// Whether nothing but QoS 0 was there to be answered.
        only_qos0: bool,
    },
    /// A packet was not acknowledged, though it arrived, in `lived` nanoseconds.
    Missing { push: Push, lived: u64 },
    /// The connection ended before that could be told.
    CutShort { push: Push, lived: u64 },
    /// A packet too many to be followed.
    Overflow { push: Push },
}

/// Decides what an [`Owed`] is worth.
pub(super) type Judge = fn(&Owed<'_>, &Setting) -> Option<(Witness, Ruling)>;

#[derive(Debug, Default)]
struct Connection {
    publishes: Waiting<Push>,
    pubrels: Waiting<Push>,
    answered: BTreeMap<PacketType, u32>,
    qos0: bool,
    disconnected: bool,
    /// When the IUT last acknowledged something that was due: until then it was at work, perhaps on what came before.
    progress: Option<Nanos>,
    /// Whether a packet could not be followed.
    overflown: bool,
    /// The first packet on it that no server may send: a client that goes on after it owes nothing for what follows.
    violated: Option<u32>,
}

/// Follows deliveries for one requirement.
pub(super) struct Inbound {
    judge: Judge,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Whether there were too many of them: then no further one is followed.
    full: bool,
    /// Packets that wait, on all of them.
    waiting: usize,
    /// Identifiers ever sent to the IUT.
    sent: BTreeSet<u16>,
    /// Identifiers of QoS 1 PUBLISHes it has acknowledged.
    acknowledged: BTreeSet<u16>,
    /// Identifiers of QoS 2 PUBLISHes with a PUBREC and no PUBREL, or (true) with a PUBCOMP.
    qos2: BTreeMap<u16, bool>,
    /// Whether a PUBLISH was sent whose identifier cannot be read: then any identifier may be its.
    obscure: bool,
    /// Largest scheduling lag of the tester: granted on top of the time to answer.
    lag: u64,
}

impl Inbound {
    /// A check by `judge`.
    pub fn check(judge: Judge) -> Box<dyn Check> {
        Box::new(Inbound {
            judge,
            connections: BTreeMap::new(),
            full: false,
            waiting: 0,
            sent: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            qos2: BTreeMap::new(),
            obscure: false,
            lag: 0,
        })
    }

    fn tell(&self, owed: &Owed<'_>, setting: &Setting, ledger: &mut Ledger) {
        if let Some((witness, ruling)) = (self.judge)(owed, setting) {
            ledger.enter(witness, ruling);
        }
    }

    /// A connection, unless there are too many to follow.
    fn connection(&mut self, conn: ConnectionId) -> Option<&mut Connection> {
        self.full |= self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&conn);
        if self.full { self.connections.get_mut(&conn) } else { Some(self.connections.entry(conn).or_default()) }
    }

    fn arriving(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        if p.packet.packet_type == PacketType::Connack && p.packet.raw.get(2) == Some(&0) {
            // The session is new: what was received in the one before is no duplicate.
            self.qos2.clear();
        }
        if p.injected
            && !p.lawful
            && let Some(connection) = self.connection(p.conn)
        {
            connection.violated.get_or_insert(p.ordinal);
        }
        let qos = match (p.packet.packet_type, p.packet.publish()) {
            (_, Some(publish)) => publish.qos,
            (PacketType::Pubrel, None) => 2,
            _ => return,
        };
        if qos == 0 {
            if let Some(connection) = self.connection(p.conn) {
                connection.qos0 = true;
            }
            return;
        }
        let Some(id) = p.packet.packet_id() else {
            self.obscure = true;
            return;
        };
        self.sent.insert(id);
        // A packet with defects obliges nobody, and after its DISCONNECT a client may send nothing.
        if !p.packet.defects.is_empty() || (p.injected && !p.lawful) || qos > 2 {
            return;
        }
        let push = Push {
            witness: Witness::packet(p),
            packet_type: p.packet.packet_type,
            id,
            qos,
            before: self.before(p, qos, id),
            overtaken_by: None,
            ordinal: p.ordinal,
            end_at: p.end_at,
            delivered: false,
        };
        let room = self.waiting < WAITING;
        let Some(connection) = self.connection(p.conn) else {
            self.tell(&Owed::Overflow { push }, setting, ledger);
            return;
        };
        let waiting = if p.packet.publish().is_some() { &mut connection.publishes } else { &mut connection.pubrels };
        if connection.disconnected || waiting.contains(id) {
            return;
        }
        if room {
            waiting.push(id, push);
            self.waiting += 1;
        } else {
            connection.overflown = true;
            self.tell(&Owed::Overflow { push }, setting, ledger);
        }
    }

    fn before(&mut self, p: &PacketSeen, qos: u8, id: u16) -> Before {
        let pubrel = p.packet.packet_type == PacketType::Pubrel;
        match (qos, self.qos2.get(&id)) {
            (1, _) if self.acknowledged.contains(&id) => Before::Acknowledged,
            (2, Some(false)) if pubrel => {
                self.qos2.remove(&id);
                Before::Fresh
            }
            (2, Some(false)) => Before::Received,
            (2, Some(true)) if !pubrel => {
                self.qos2.remove(&id);
                Before::Completed
            }
            _ => Before::Fresh,
        }
    }

    fn leaving(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        let packet_type = p.packet.packet_type;
        if packet_type == PacketType::Disconnect {
            self.over(p.conn, p.at, setting, ledger);
            if let Some(connection) = self.connection(p.conn) {
                connection.disconnected = true;
            }
            return;
        }
        if !matches!(packet_type, PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp) {
            return;
        }
        let Some(id) = p.packet.packet_id() else { return };
        let owed = self.connection(p.conn).and_then(|connection| connection.settle(p, id));
        self.waiting = self.waiting.saturating_sub(usize::from(owed.is_some()));
        if matches!(&owed, Some(Owed::Answered { push, .. }) if push.qos == 1) {
            self.acknowledged.insert(id);
        }
        if let Some(Owed::Answered { push, .. }) = &owed
            && push.qos == 2
        {
            self.qos2.insert(id, push.packet_type == PacketType::Pubrel);
        }
        let owed = match owed {
            None if self.sent.contains(&id) || self.obscure || !setting.births_known => None,
            None => self.connections.get(&p.conn).map(|connection| connection.unknown(p)),
            owed => owed,
        };
        if let Some(owed) = owed {
            self.tell(&owed, setting, ledger);
        }
    }

    fn delivered(&mut self, p: &PacketSeen) {
        let Some(connection) = self.connections.get_mut(&p.conn) else { return };
        let waiting = match p.packet.packet_type {
            PacketType::Publish => &mut connection.publishes,
            PacketType::Pubrel => &mut connection.pubrels,
            _ => return,
        };
        let push = p.packet.packet_id().and_then(|id| waiting.get_mut(id));
        if let Some(push) = push.filter(|push| push.ordinal == p.ordinal) {
            push.delivered = true;
        }
    }

    /// Nothing more will be acknowledged on this connection.
    fn over(&mut self, conn: ConnectionId, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        self.waiting = self.waiting.saturating_sub(connection.publishes.len() + connection.pubrels.len());
        let open = connection.publishes.take_all().chain(connection.pubrels.take_all());
        let granted = setting.tolerances.response.saturating_add(self.lag);
        let (progress, violated) = (connection.progress, connection.violated);
        for push in open {
            if violated.is_some_and(|violated| violated < push.ordinal) {
                continue;
            }
            // One that takes its packets one after another owes the next one when it is done with those before.
            let lived = at.since(progress.map_or(push.end_at, |progress| progress.max(push.end_at)));
            if push.overtaken_by.is_some() || (push.delivered && lived > granted) {
                self.tell(&Owed::Missing { push, lived }, setting, ledger);
            } else if push.delivered {
                self.tell(&Owed::CutShort { push, lived }, setting, ledger);
            }
        }
    }
}

impl Connection {
    /// Finds what an acknowledgement answers, and takes it off the list.
    fn settle<'a>(&mut self, ack: &'a PacketSeen, id: u16) -> Option<Owed<'a>> {
        let ack_type = ack.packet.packet_type;
        let pubcomp = ack_type == PacketType::Pubcomp;
        if pubcomp && let Some((_, push)) = self.pubrels.take(id) {
            return Some(self.answered(push, ack));
        }
        let (place, push) = self.publishes.take(id)?;
        if (push.qos == 1) != (ack_type == PacketType::Puback) || pubcomp {
            return Some(Owed::WrongType { push, ack });
        }
        let earlier = self.publishes.overtake(usize::from(push.qos == 2), place);
        for (_, earlier) in earlier.filter(|(_, earlier)| earlier.qos == push.qos) {
            earlier.overtaken_by.get_or_insert(id);
        }
        Some(self.answered(push, ack))
    }

    fn answered<'a>(&mut self, push: Push, ack: &'a PacketSeen) -> Owed<'a> {
        self.progress = Some(ack.end_at);
        let nth = self.answered.entry(ack.packet.packet_type).or_insert(0);
        *nth += 1;
        Owed::Answered { push, ack, nth: *nth }
    }

    fn unknown<'a>(&self, ack: &'a PacketSeen) -> Owed<'a> {
        let pubcomp = ack.packet.packet_type == PacketType::Pubcomp;
        let waiting = if pubcomp { &self.pubrels } else { &self.publishes };
        let meant = waiting.only().filter(|_| !self.overflown).map(|push| push.id);
        let idle = self.publishes.len() + self.pubrels.len() == 0 && !self.overflown;
        Owed::Unknown { ack, meant, only_qos0: self.qos0 && idle }
    }
}

impl Check for Inbound {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.packet.truncated => {}
            Observation::Packet(p) if p.from_iut() => self.leaving(p, setting, ledger),
            Observation::Packet(p) => self.arriving(p, setting, ledger),
            Observation::Delivered(p) => self.delivered(p),
            Observation::Tester { about: Tester::Lag { nanos }, .. } => self.lag = self.lag.max(*nanos),
            Observation::Closed { conn, at, .. } => {
                self.over(*conn, *at, setting, ledger);
                self.connections.remove(conn);
            }
            Observation::End { at, .. } => {
                let open: Vec<ConnectionId> = self.connections.keys().copied().collect();
                for conn in open {
                    self.over(conn, *at, setting, ledger);
                }
            }
            _ => {}
        }
    }
}

/// Two checks that judge one requirement together.
pub(super) struct Both(pub Box<dyn Check>, pub Box<dyn Check>);

impl Check for Both {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        self.0.observe(observation, setting, ledger);
        self.1.observe(observation, setting, ledger);
    }
}
