//! What the IUT sends again: copies of a PUBLISH, PUBRELs on a later connection, and what should have come again and did
//! not. The requirements look at [`Resend`]s ([`super::resend`]).
//!
//! A packet is owed again on a reconnect when no acknowledgement that would end it was ever sent, the client connects
//! with Clean Session 0 under the same ClientId, and the server answers Session Present 1 (4.4). An acknowledgement
//! that was sent and may have been lost with its connection leaves the client free: the packet may come again, and need
//! not. With Session Present 0 the client decides (3.2.2.2), and beyond the end of its process what it keeps is its own
//! affair (4.1): then nothing is owed.

use super::outbound::fingerprint;
use super::resend::{First, Judge, Moved, Place, Resend};
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Witness};
use bytes::Bytes;
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{ConnectionId, Nanos, ProcessChange, Tester};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType};

/// Sessions, connections at the same time, and packets of all sessions that are followed; see [`super::outbound`].
const SESSIONS: usize = 256;
const CONNECTIONS: usize = 4_096;
const REMEMBERED: usize = 262_144;
/// How many packets are looked at, all reconnects together.
const LOOKED: usize = 2_000_000;

/// A PUBLISH of a session that is not known to be acknowledged.
#[derive(Debug)]
struct Held {
    first: First,
    fingerprint: u64,
    /// Its place in the order of first copies; `None`: an earlier copy may have been lost.
    order: Option<u64>,
    /// The acknowledgement that was sent for it and may be lost.
    ack: Option<(ConnectionId, u32)>,
    /// The connection on which it, or its PUBREL, was last sent.
    last: ConnectionId,
}

#[derive(Debug, Default)]
struct Session {
    held: BTreeMap<u16, Held>,
    /// What ended with a Clean Session 1: nothing of it may come again.
    dead: BTreeMap<u16, (u64, First)>,
    /// How many connections it had.
    connections: u32,
}

#[derive(Debug)]
struct Link {
    session: Bytes,
    connect: Witness,
    clean: bool,
    /// Whether its CONNACK was sent and delivered.
    connack: Option<(u32, bool)>,
    resumed: bool,
    /// When the client last had a reason to wait: for its CONNACK, or for an acknowledgement.
    since: Nanos,
    /// What is owed on it: identifiers, by the fingerprint of their PUBLISH.
    owed: BTreeMap<u64, u16>,
    moved: BTreeMap<u16, Moved>,
    /// What came again before the CONNACK.
    early: Vec<(Witness, First)>,
    /// The latest of the copies so far.
    latest: Option<(u64, First)>,
    /// Whether there was an earlier session with something in it to discard.
    renews: bool,
    over: bool,
}

/// Follows copies for one requirement.
pub(super) struct Resends {
    judge: Judge,
    sessions: BTreeMap<Bytes, Session>,
    links: BTreeMap<ConnectionId, Link>,
    remembered: usize,
    order: u64,
    looked: usize,
    lag: u64,
    overflown: bool,
}

impl Resends {
    /// A check by `judge`.
    pub fn check(judge: Judge) -> Box<dyn Check> {
        Box::new(Resends {
            judge,
            sessions: BTreeMap::new(),
            links: BTreeMap::new(),
            remembered: 0,
            order: 0,
            looked: 0,
            lag: 0,
            overflown: false,
        })
    }

    fn tell(&self, resend: &Resend<'_>, setting: &Setting, ledger: &mut Ledger) {
        if let Some((witness, ruling)) = (self.judge)(resend, setting) {
            ledger.enter(witness, ruling);
        }
    }

    fn overflow(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        if !std::mem::replace(&mut self.overflown, true) {
            self.tell(&Resend::Overflow(p), setting, ledger);
        }
    }

    /// A connection begins with its CONNECT; one that does not is nobody's.
    fn begin(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        let Some(connect) = p.packet.connect() else { return };
        let session = match connect.client_id.as_ref().map(|id| id.bytes.clone()).filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => Bytes::from(format!("\0connection {}", p.conn)),
        };
        let full = self.sessions.len() >= SESSIONS && !self.sessions.contains_key(&session);
        if full || self.links.len() >= CONNECTIONS {
            self.overflow(p, setting, ledger);
        }
        if self.overflown {
            return;
        }
        let clean = connect.clean_session();
        let state = self.sessions.entry(session.clone()).or_default();
        state.connections += 1;
        let renews = clean && state.held.values().any(|held| held.ack.is_none());
        if clean {
            state.end(&mut self.remembered);
        }
        self.links.insert(
            p.conn,
            Link {
                session,
                connect: Witness::packet(p),
                clean,
                connack: None,
                resumed: false,
                since: p.end_at,
                owed: BTreeMap::new(),
                moved: BTreeMap::new(),
                early: Vec::new(),
                latest: None,
                renews,
                over: false,
            },
        );
    }

    fn leaving(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        if !self.links.contains_key(&p.conn) {
            return self.begin(p, setting, ledger);
        }
        match (p.packet.packet_type, p.packet.packet_id().filter(|id| *id != 0)) {
            (PacketType::Disconnect, _) => self.conclude(p.conn, p.at, setting, ledger),
            (PacketType::Publish, Some(id)) if p.packet.publish().is_some_and(|p| matches!(p.qos, 1 | 2)) => {
                self.publish(p, id, setting, ledger);
            }
            (PacketType::Pubrel, Some(id)) => self.release(p, id, setting, ledger),
            _ => {}
        }
    }

    fn publish(&mut self, p: &PacketSeen, id: u16, setting: &Setting, ledger: &mut Ledger) {
        let Some(publish) = p.packet.publish() else { return };
        let (qos, dup, print) = (publish.qos, publish.dup, fingerprint(p));
        let Some(link) = self.links.get_mut(&p.conn).filter(|link| !link.over) else { return };
        let Some(session) = self.sessions.get_mut(&link.session) else { return };
        let told = match session.held.get_mut(&id) {
            Some(held) if held.fingerprint == print && (dup || held.ack.is_none()) => {
                let elsewhere = held.last != p.conn;
                let resumed = elsewhere && link.resumed;
                let told = if held.first.released {
                    // With DUP 0 on one connection it may be another message like the first.
                    (held.ack.is_none() && (dup || resumed))
                        .then(|| Resend::AfterPubrel { packet: p, first: held.first.clone() })
                } else if dup || resumed {
                    let place = if elsewhere { link.place(held) } else { Place::Alone };
                    Some(Resend::Again { packet: p, first: held.first.clone(), dup, resumed, place })
                } else {
                    None
                };
                if elsewhere && !held.first.released {
                    held.last = p.conn;
                    if link.connack.is_none() {
                        link.early.push((Witness::packet(p), held.first.clone()));
                    }
                    link.since = p.end_at;
                    if link.owed.get(&print) == Some(&id) {
                        link.owed.remove(&print);
                    }
                }
                told
            }
            known => {
                let replaced = known.is_some();
                let told = match session.dead.get(&id) {
                    Some((dead, first)) if dup && *dead == print => {
                        Some(Resend::Discarded { packet: p, first: first.clone() })
                    }
                    _ => None,
                };
                if let Some(original) = link.owed.get(&print).copied().filter(|original| *original != id) {
                    let moved = Moved { witness: Witness::packet(p), id, dup };
                    link.moved.entry(original).and_modify(|m| m.dup |= dup).or_insert(moved);
                }
                let newcomer = dup && session.connections == 1 && setting.births_known;
                if self.remembered >= REMEMBERED && !replaced {
                    return self.overflow(p, setting, ledger);
                }
                self.order += 1;
                let first = First {
                    witness: Witness::packet(p),
                    conn: p.conn,
                    ordinal: p.ordinal,
                    id,
                    qos,
                    message: p.payload.is_some(),
                    released: false,
                };
                let held =
                    Held { first, fingerprint: print, order: (!dup).then_some(self.order), ack: None, last: p.conn };
                session.held.insert(id, held);
                self.remembered += usize::from(!replaced);
                match told {
                    None if newcomer => self.of_another_client(p, id, print),
                    told => told,
                }
            }
        };
        if let Some(told) = told {
            self.tell(&told, setting, ledger);
        }
    }

    /// A copy whose first copy nobody saw under this ClientId, on the first connection of this ClientId: it is that of
    /// a session whose connections are over, when that holds the same message under the same identifier.
    fn of_another_client<'a>(&self, p: &'a PacketSeen, id: u16, print: u64) -> Option<Resend<'a>> {
        let own = &self.links.get(&p.conn)?.session;
        let connected = |session: &Bytes| self.links.values().any(|link| link.session == *session);
        let mut others = self.sessions.iter().filter(|(name, _)| *name != own && !connected(name));
        let first = others.find_map(|(_, session)| {
            let held = session.held.get(&id)?;
            (held.fingerprint == print && held.ack.is_none() && !held.first.released).then(|| held.first.clone())
        })?;
        Some(Resend::OtherClient { packet: p, first })
    }

    fn release(&mut self, p: &PacketSeen, id: u16, setting: &Setting, ledger: &mut Ledger) {
        let Some(link) = self.links.get_mut(&p.conn).filter(|link| !link.over) else { return };
        let Some(session) = self.sessions.get_mut(&link.session) else { return };
        let told = match session.held.get_mut(&id) {
            Some(held) if held.first.released => {
                let elsewhere = held.last != p.conn;
                held.last = p.conn;
                if elsewhere {
                    link.since = p.end_at;
                    if link.owed.get(&held.fingerprint) == Some(&id) {
                        link.owed.remove(&held.fingerprint);
                    }
                    if link.connack.is_none() {
                        link.early.push((Witness::packet(p), held.first.clone()));
                    }
                }
                (elsewhere && link.resumed).then(|| Resend::Pubrel { packet: p, first: held.first.clone() })
            }
            // Only a PUBREC makes a PUBREL, whichever connection it came on.
            Some(held) if held.first.qos == 2 && held.ack.is_some() => {
                held.first.released = true;
                held.ack = None;
                held.last = p.conn;
                link.since = p.end_at;
                None
            }
            Some(_) => None,
            None => match session.dead.get(&id) {
                Some((_, first)) if first.released && link.clean => {
                    Some(Resend::Discarded { packet: p, first: first.clone() })
                }
                _ => None,
            },
        };
        if let Some(told) = told {
            self.tell(&told, setting, ledger);
        }
    }

    fn arriving(&mut self, p: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        let Some(link) = self.links.get_mut(&p.conn) else { return };
        let Some(session) = self.sessions.get_mut(&link.session) else { return };
        if let Body::Connack(connack) = &p.packet.body {
            if link.connack.is_some() || connack.return_code.as_ref().is_none_or(|code| code.value != 0) {
                return;
            }
            link.connack = Some((p.ordinal, false));
            link.since = link.since.max(p.end_at);
            link.resumed = !link.clean && connack.session_present();
            self.looked += session.held.len();
            let early = std::mem::take(&mut link.early);
            if link.resumed {
                let due = session.held.iter().filter(|(_, held)| held.ack.is_none() && held.last != p.conn);
                link.owed = due.map(|(id, held)| (held.fingerprint, *id)).collect();
                for (copy, first) in early {
                    self.tell(&Resend::Early { copy, first }, setting, ledger);
                }
            } else {
                let before = session.held.len();
                session.held.retain(|_, held| held.first.conn == p.conn);
                self.remembered = self.remembered.saturating_sub(before - session.held.len());
            }
            if self.looked > LOOKED {
                self.overflow(p, setting, ledger);
            }
            return;
        }
        let Some(held) = p.packet.packet_id().and_then(|id| session.held.get_mut(&id)) else { return };
        let settles = matches!(
            (p.packet.packet_type, held.first.qos, held.first.released),
            (PacketType::Puback, 1, _) | (PacketType::Pubrec, 2, false) | (PacketType::Pubcomp, 2, true)
        );
        if settles {
            held.ack = Some((p.conn, p.ordinal));
            link.since = link.since.max(p.end_at);
        }
    }

    fn delivered(&mut self, p: &PacketSeen) {
        let Some(link) = self.links.get_mut(&p.conn) else { return };
        if let Some((ordinal, delivered)) = &mut link.connack
            && *ordinal == p.ordinal
        {
            *delivered = true;
            return;
        }
        let Some(session) = self.sessions.get_mut(&link.session) else { return };
        let Some(id) = p.packet.packet_id() else { return };
        let Some(held) = session.held.get(&id) else { return };
        // A PUBREC that arrived leaves the client with a PUBREL to send: that is seen when it comes.
        let settled = match p.packet.packet_type {
            PacketType::Puback => held.first.qos == 1,
            PacketType::Pubcomp => held.first.released,
            _ => false,
        };
        if settled && held.ack == Some((p.conn, p.ordinal)) {
            session.held.remove(&id);
            self.remembered = self.remembered.saturating_sub(1);
        }
    }

    /// Nothing more will be sent on this connection: what is owed did not come.
    fn conclude(&mut self, conn: ConnectionId, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        if std::mem::replace(&mut link.over, true) {
            return;
        }
        let owed = std::mem::take(&mut link.owed);
        let mut moved = std::mem::take(&mut link.moved);
        let accepted = link.connack.is_some_and(|(_, delivered)| delivered);
        let lived = at.since(link.since);
        let granted = setting.tolerances.response.saturating_add(self.lag);
        let renewed = (link.renews && accepted && lived > granted).then(|| link.connect.clone());
        let Some(session) = self.sessions.get(&link.session) else { return };
        // One that waits for an acknowledgement before it sends more is not done yet.
        let waits = session.held.values().any(|held| held.last == conn && held.ack.is_none());
        // In the order of the first copies.
        let mut missing: Vec<&Held> =
            owed.values().filter_map(|id| session.held.get(id)).filter(|held| held.ack.is_none()).collect();
        missing.sort_by_key(|held| (held.order, held.first.ordinal));
        let births_known = setting.births_known;
        let told: Vec<Resend<'_>> = missing
            .into_iter()
            .map(|held| {
                let first = held.first.clone();
                if accepted && !waits && lived > granted {
                    let moved = moved.remove(&first.id);
                    Resend::Missing { first, moved, lived, granted, births_known }
                } else {
                    Resend::CutShort { first, lived }
                }
            })
            .collect();
        if let Some(connect) = renewed {
            self.tell(&Resend::Renewed { connect }, setting, ledger);
        }
        for told in told {
            self.tell(&told, setting, ledger);
        }
    }

    fn closed(&mut self, conn: ConnectionId) {
        let Some(link) = self.links.remove(&conn) else { return };
        // A Clean Session 1 lasts as long as its connection (3.1.2-6).
        if link.clean
            && !self.links.values().any(|other| other.session == link.session)
            && let Some(session) = self.sessions.get_mut(&link.session)
        {
            session.end(&mut self.remembered);
        }
    }

    /// What a client keeps beyond the end of its process is its own affair (4.1).
    fn started(&mut self) {
        self.sessions.clear();
        self.remembered = 0;
        for link in self.links.values_mut() {
            link.owed.clear();
            link.over = true;
        }
    }
}

impl Session {
    /// The session ends by Clean Session 1.
    fn end(&mut self, remembered: &mut usize) {
        *remembered = remembered.saturating_sub(self.held.len());
        let held = std::mem::take(&mut self.held).into_iter();
        self.dead.extend(held.map(|(id, held)| (id, (held.fingerprint, held.first))));
    }
}

impl Link {
    fn place(&mut self, held: &Held) -> Place {
        let Some(order) = held.order else { return Place::Alone };
        match &self.latest {
            Some((latest, first)) if order < *latest => Place::After(first.clone()),
            before => {
                let place = if before.is_some() { Place::InOrder } else { Place::Alone };
                self.latest = Some((order, held.first.clone()));
                place
            }
        }
    }
}

impl Check for Resends {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.packet.truncated => {}
            Observation::Packet(p) if p.from_iut() => self.leaving(p, setting, ledger),
            Observation::Packet(p) => self.arriving(p, setting, ledger),
            Observation::Delivered(p) => self.delivered(p),
            Observation::Tester { about: Tester::Lag { nanos }, .. } => self.lag = self.lag.max(*nanos),
            Observation::Process { change: ProcessChange::Spawn { .. }, .. } => self.started(),
            Observation::Closed { conn, at, .. } => {
                self.conclude(*conn, *at, setting, ledger);
                self.closed(*conn);
            }
            Observation::End { at, .. } => {
                let open: Vec<ConnectionId> = self.links.keys().copied().collect();
                for conn in open {
                    self.conclude(conn, *at, setting, ledger);
                }
            }
            _ => {}
        }
    }
}
