//! What the IUT sends under packet identifiers: which are in use, which copies are first, which PUBRECs it
//! has answered. The requirements look at [`Sent`]s.
//!
//! The sets live as long as the session (3.1.2.4): Clean Session 1 and Session Present 0 empty them, Session Present 1
//! keeps those of PUBLISH and PUBREL. All of them are keyed by 16-bit identifiers, and there is a bound to all of them together.

use super::waiting::Waiting;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Nanos, ProcessChange, Tester};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType};

/// Sessions that are followed; an IUT that uses more client identifiers is no longer judged.
const SESSIONS: usize = 256;
/// Connections that are followed at the same time.
const CONNECTIONS: usize = 4_096;
/// Identifiers that are remembered of all sessions, in use or not. One session has at most 131,070.
const REMEMBERED: usize = 524_288;

/// What holds a packet identifier.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    /// Type of the packet that took it.
    pub packet_type: PacketType,
    /// Its QoS; 0 for SUBSCRIBE and UNSUBSCRIBE.
    pub qos: u8,
    /// Its connection.
    pub conn: ConnectionId,
    /// Its position there.
    pub ordinal: u32,
    /// Whether its PUBREC was sent.
    pub received: bool,
    fingerprint: u64,
}

/// What an observation means for the identifiers of the IUT.
pub(super) enum Sent<'a> {
    /// A packet took an identifier that nothing seen holds. A PUBLISH among them has DUP=0.
    New {
        packet: &'a PacketSeen,
        /// Whether the session was seen from its beginning, so that nothing unseen holds it either.
        born: bool,
        /// Whether another identifier was in use when it took its own.
        beside: bool,
    },
    /// A packet took an identifier that `Holder` holds.
    InUse(&'a PacketSeen, Holder),
    /// The same content under the same identifier with DUP=0: sent again, or a new message like the old.
    Ambiguous(&'a PacketSeen, Holder),
    /// The first copy that was seen has DUP=1; whether an earlier one can have been lost.
    FirstWithDup { packet: &'a PacketSeen, lost: bool },
    /// A PUBREL; whether the IUT ever sent a QoS 2 PUBLISH with its identifier. Not one that answers a PUBREC which answers
    /// nothing: no text says what is due to that (4.3.3 asks for a PUBREL when a PUBREC comes).
    Pubrel { packet: &'a PacketSeen, known: bool },
    /// A PUBREC got its PUBREL.
    Released {
        packet: &'a PacketSeen,
        pubrec: Received,
        /// The how manieth of its connection it is.
        nth: u32,
    },
    /// A PUBREC did not get its PUBREL before its connection was over.
    Unreleased {
        pubrec: Received,
        lived: u64,
        /// The time granted to answer, in nanoseconds.
        granted: u64,
    },
    /// More than can be followed.
    Overflow(&'a PacketSeen),
}

/// A PUBREC to the IUT.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Its packet.
    pub packet: Arc<PacketSeen>,
    /// Its identifier.
    pub id: u16,
    /// Whether it reached the IUT.
    pub delivered: bool,
    /// A later PUBREC that was answered first.
    pub overtaken_by: Option<u16>,
}

/// Decides what a [`Sent`] is worth.
pub(super) type Judge = fn(&Sent<'_>, &Setting) -> Option<(Witness, Ruling)>;

#[derive(Debug, Default)]
struct Session {
    birth_known: bool,
    open: BTreeMap<u16, Holder>,
    /// Fingerprint of the last PUBLISH that was acknowledged under each identifier.
    done: BTreeMap<u16, u64>,
}

#[derive(Debug)]
struct Connection {
    session: Bytes,
    /// Whether the client does not know yet if its earlier session is there.
    awaiting: bool,
    disconnected: bool,
    received: Waiting<Received>,
    /// Identifiers of PUBRECs to the IUT for which it had no PUBLISH.
    unasked: BTreeSet<u16>,
    /// PUBRECs that got their PUBREL.
    released: u32,
}

/// Follows identifiers for one requirement.
pub(super) struct Outbound {
    judge: Judge,
    sessions: BTreeMap<Bytes, Session>,
    connections: BTreeMap<ConnectionId, Connection>,
    /// How many connections each session has.
    held: BTreeMap<Bytes, usize>,
    /// How many identifiers all sessions remember.
    remembered: usize,
    /// Identifiers of every QoS 2 PUBLISH so far.
    qos2: BTreeSet<u16>,
    /// Whether a connection ended without DISCONNECT: something may have been lost with it.
    unclean: bool,
    /// Largest scheduling lag of the tester: granted on top of the time to answer.
    lag: u64,
    /// Whether there was more than can be followed: then no further connection is.
    overflown: bool,
}

impl Session {
    fn remembered(&self) -> usize {
        self.open.len() + self.done.len()
    }

    /// What is let go of without its acknowledgement may still come again: it is then no first copy.
    fn let_go(&mut self, goes: impl Fn(&Holder) -> bool) {
        let done = &mut self.done;
        self.open.retain(|id, holder| {
            if goes(holder) && holder.packet_type == PacketType::Publish {
                done.insert(*id, holder.fingerprint);
            }
            !goes(holder)
        });
    }
}

impl Outbound {
    /// A check by `judge`.
    pub fn check(judge: Judge) -> Box<dyn Check> {
        Box::new(Outbound {
            judge,
            sessions: BTreeMap::new(),
            connections: BTreeMap::new(),
            held: BTreeMap::new(),
            remembered: 0,
            qos2: BTreeSet::new(),
            unclean: false,
            lag: 0,
            overflown: false,
        })
    }

    fn tell(&self, sent: &Sent<'_>, setting: &Setting, ledger: &mut Ledger) {
        if let Some((witness, ruling)) = (self.judge)(sent, setting) {
            ledger.enter(witness, ruling);
        }
    }

    /// A connection begins by its first packet, which should be a CONNECT.
    fn begin(&mut self, p: &PacketSeen, setting: &Setting) {
        let connect = p.packet.connect();
        let session = connect
            .and_then(|c| c.client_id.as_ref())
            .map(|id| id.bytes.clone())
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| Bytes::from(format!("\0connection {}", p.conn)));
        if self.held.contains_key(&session) {
            self.unclean = true;
        }
        let clean = connect.is_none_or(|c| c.clean_session());
        if clean && let Some(old) = self.sessions.get_mut(&session) {
            let before = old.remembered();
            old.let_go(|_| true);
            old.birth_known = true;
            self.remembered = self.remembered.saturating_sub(before - old.remembered());
        }
        if self.sessions.len() < SESSIONS {
            let birth_known = clean || setting.births_known;
            self.sessions.entry(session.clone()).or_insert(Session { birth_known, ..Session::default() });
        }
        *self.held.entry(session.clone()).or_insert(0) += 1;
        self.connections.insert(
            p.conn,
            Connection {
                session,
                awaiting: !clean,
                disconnected: false,
                received: Waiting::default(),
                unasked: BTreeSet::new(),
                released: 0,
            },
        );
    }

    /// There is more than can be followed, which is told once.
    fn overflow(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        // What is not remembered may be the first copy of anything.
        self.unclean = true;
        if !std::mem::replace(&mut self.overflown, true) {
            self.tell(&Sent::Overflow(p), setting, ledger);
        }
    }

    fn leaving(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        if !self.connections.contains_key(&p.conn) {
            if self.connections.len() >= CONNECTIONS {
                self.overflow(p, setting, ledger);
            }
            if self.overflown {
                return;
            }
            self.begin(p, setting);
        }
        let packet = &p.packet;
        match (packet.packet_type, packet.packet_id().filter(|id| *id != 0)) {
            (PacketType::Disconnect, _) => {
                if let Some(connection) = self.connections.get_mut(&p.conn) {
                    connection.disconnected = true;
                }
                self.unreleased(p.conn, p.at, setting, ledger);
            }
            (PacketType::Publish | PacketType::Subscribe | PacketType::Unsubscribe, Some(id))
                if packet.publish().is_none_or(|publish| publish.qos < 3) =>
            {
                self.take(p, id, setting, ledger);
            }
            (PacketType::Pubrel, Some(id)) => self.release(p, id, setting, ledger),
            _ => {}
        }
    }

    fn take(&mut self, p: &PacketSeen, id: u16, setting: &Setting, ledger: &mut Ledger) {
        let (qos, dup) = p.packet.publish().map_or((0, false), |publish| (publish.qos, publish.dup));
        if qos == 2 {
            self.qos2.insert(id);
        }
        let Some(connection) = self.connections.get(&p.conn) else { return };
        let awaiting = connection.awaiting;
        let Some(session) = self.sessions.get_mut(&connection.session) else {
            self.overflow(p, setting, ledger);
            return;
        };
        let fingerprint = fingerprint(p);
        let new = Holder {
            packet_type: p.packet.packet_type,
            qos,
            conn: p.conn,
            ordinal: p.ordinal,
            received: false,
            fingerprint,
        };
        let sent = match session.open.get(&id) {
            Some(holder) if holder.fingerprint == fingerprint && (dup || holder.conn != p.conn) => None,
            // SUBSCRIBE and UNSUBSCRIBE have no DUP: the same bytes while the first wait are the same packet.
            Some(holder) if holder.fingerprint == fingerprint && holder.packet_type != PacketType::Publish => None,
            Some(holder) if holder.fingerprint == fingerprint => Some(Sent::Ambiguous(p, holder.clone())),
            // Before its CONNACK a client cannot know whether the earlier session still holds the identifier.
            Some(holder) if awaiting && holder.conn != p.conn => {
                session.open.insert(id, new);
                None
            }
            Some(_) => session.open.insert(id, new).map(|holder| Sent::InUse(p, holder)),
            None if dup && session.done.get(&id) == Some(&fingerprint) => None,
            None if self.remembered >= REMEMBERED => Some(Sent::Overflow(p)),
            None => {
                let beside = !session.open.is_empty();
                session.open.insert(id, new);
                self.remembered += 1;
                let born = session.birth_known;
                let lost = self.unclean || !born;
                Some(if dup { Sent::FirstWithDup { packet: p, lost } } else { Sent::New { packet: p, born, beside } })
            }
        };
        match sent {
            Some(Sent::Overflow(p)) => self.overflow(p, setting, ledger),
            Some(sent) => self.tell(&sent, setting, ledger),
            None => {}
        }
    }

    fn release(&mut self, p: &PacketSeen, id: u16, setting: &Setting, ledger: &mut Ledger) {
        let birth_known = self
            .connections
            .get(&p.conn)
            .and_then(|c| self.sessions.get(&c.session))
            .is_some_and(|session| session.birth_known);
        let known = self.qos2.contains(&id);
        let answers = self.connections.get(&p.conn).is_some_and(|connection| connection.unasked.contains(&id));
        if known || (birth_known && !answers) {
            self.tell(&Sent::Pubrel { packet: p, known }, setting, ledger);
        }
        let Some(connection) = self.connections.get_mut(&p.conn) else { return };
        if let Some((place, pubrec)) = connection.received.take(id) {
            for (_, earlier) in connection.received.overtake(0, place) {
                earlier.overtaken_by.get_or_insert(id);
            }
            connection.released += 1;
            let nth = connection.released;
            self.tell(&Sent::Released { packet: p, pubrec, nth }, setting, ledger);
        }
    }

    fn arriving(&mut self, p: &Arc<PacketSeen>) {
        let Some(connection) = self.connections.get_mut(&p.conn) else { return };
        let Some(session) = self.sessions.get_mut(&connection.session) else { return };
        if let Body::Connack(connack) = &p.packet.body {
            if connection.awaiting && connack.return_code.as_ref().is_some_and(|code| code.value == 0) {
                connection.awaiting = false;
                let resumed = connack.session_present();
                let before = session.remembered();
                session
                    .let_go(|holder| holder.conn != p.conn && !(resumed && holder.packet_type == PacketType::Publish));
                self.remembered = self.remembered.saturating_sub(before - session.remembered());
                session.birth_known |= !resumed;
            }
            return;
        }
        let Some(id) = p.packet.packet_id() else { return };
        let Some(holder) = session.open.get_mut(&id) else {
            if p.packet.packet_type == PacketType::Pubrec {
                connection.unasked.insert(id);
            }
            return;
        };
        let finished = match (p.packet.packet_type, holder.packet_type, holder.qos) {
            (PacketType::Puback, PacketType::Publish, 1)
            | (PacketType::Pubcomp, PacketType::Publish, 2)
            | (PacketType::Suback, PacketType::Subscribe, _)
            | (PacketType::Unsuback, PacketType::Unsubscribe, _) => true,
            (PacketType::Pubrec, PacketType::Publish, 2) => {
                holder.received = true;
                if !connection.disconnected && !connection.received.contains(id) {
                    let pubrec = Received { packet: Arc::clone(p), id, delivered: false, overtaken_by: None };
                    connection.received.push(id, pubrec);
                }
                false
            }
            _ => false,
        };
        if finished && let Some(holder) = session.open.remove(&id) {
            let replaced = session.done.insert(id, holder.fingerprint).is_some();
            self.remembered = self.remembered.saturating_sub(usize::from(replaced));
        }
    }

    fn delivered(&mut self, p: &PacketSeen) {
        if p.packet.packet_type == PacketType::Pubrec
            && let Some(connection) = self.connections.get_mut(&p.conn)
            && let Some(pubrec) = p.packet.packet_id().and_then(|id| connection.received.get_mut(id))
            && pubrec.packet.ordinal == p.ordinal
        {
            pubrec.delivered = true;
        }
    }

    /// A connection of that session is over.
    fn release_session(&mut self, session: &Bytes) {
        if let Some(count) = self.held.get_mut(session) {
            *count -= 1;
            if *count == 0 {
                self.held.remove(session);
            }
        }
    }

    /// Nothing more will be sent on this connection: PUBRECs without PUBREL stay so.
    fn unreleased(&mut self, conn: ConnectionId, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        for pubrec in connection.received.take_all() {
            let lived = at.since(pubrec.packet.end_at);
            let granted = setting.tolerances.response.saturating_add(self.lag);
            if pubrec.delivered || pubrec.overtaken_by.is_some() {
                self.tell(&Sent::Unreleased { pubrec, lived, granted }, setting, ledger);
            }
        }
    }
}

impl Check for Outbound {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.packet.truncated => {}
            Observation::Packet(p) if p.from_iut() => self.leaving(p, setting, ledger),
            Observation::Packet(p) => self.arriving(p),
            Observation::Delivered(p) => self.delivered(p),
            Observation::Tester { about: Tester::Lag { nanos }, .. } => self.lag = self.lag.max(*nanos),
            // What a client keeps beyond the end of its process is its own affair (4.1).
            Observation::Process { change: ProcessChange::Spawn { .. }, .. } => {
                for session in self.sessions.values_mut() {
                    let before = session.remembered();
                    session.let_go(|_| true);
                    self.remembered = self.remembered.saturating_sub(before - session.remembered());
                }
            }
            Observation::Closed { conn, at, .. } => {
                self.unreleased(*conn, *at, setting, ledger);
                if let Some(connection) = self.connections.remove(conn) {
                    self.unclean |= !connection.disconnected;
                    self.release_session(&connection.session);
                }
            }
            Observation::End { at, .. } => {
                let open: Vec<ConnectionId> = self.connections.keys().copied().collect();
                for conn in open {
                    self.unreleased(conn, *at, setting, ledger);
                }
            }
            _ => {}
        }
    }
}

/// Tells messages apart without keeping them: topic and payload of a PUBLISH, all bytes of other packets.
pub(super) fn fingerprint(p: &PacketSeen) -> u64 {
    let mut hasher = DefaultHasher::new();
    match p.packet.publish() {
        Some(publish) => {
            publish.qos.hash(&mut hasher);
            publish.topic.as_ref().map(|topic| &topic.bytes).hash(&mut hasher);
            publish.payload.value.hash(&mut hasher);
        }
        None => p.packet.raw.hash(&mut hasher),
    }
    hasher.finish()
}
