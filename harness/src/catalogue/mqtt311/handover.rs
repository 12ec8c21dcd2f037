//! What becomes of requests that come at QoS 2 under an identifier the IUT has seen before: a copy of one it has received
//! is handed on once, and a new one under an identifier that is free again is handed on. Only the answers of the
//! application show it. The requirements look at [`Handed`]s.

use super::outbound::fingerprint;
use crate::evidence::{Delivery, Exchange, Observation, PacketSeen, ResponseSeen, Setting, Silence};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use bytes::Bytes;
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{ConnectionId, ProcessChange};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType};

/// Connections and identifiers that are followed; what is more is not judged.
const CONNECTIONS: usize = 4_096;
const FOLLOWED: usize = 65_536;

/// What the answers to a request say.
pub(super) enum Handed<'a> {
    /// A request whose copy came again before its PUBREL was answered once.
    Once { exchange: &'a Exchange, across: bool },
    /// It was answered twice; the second answer.
    Twice { exchange: &'a Exchange, second: &'a ResponseSeen, across: bool },
    /// There is a second answer like the first: it may be the first, sent again.
    Unclear { exchange: &'a Exchange, across: bool },
    /// A new request under an identifier of a finished exchange was answered.
    Again { exchange: &'a Exchange },
    /// It was not, though a later request was.
    Swallowed { exchange: &'a Exchange },
}

/// Decides what a [`Handed`] is worth.
pub(super) type Judge = fn(&Handed<'_>) -> Option<(Witness, Ruling)>;

/// A QoS 2 PUBLISH to the IUT.
#[derive(Debug)]
struct Delivered {
    conn: ConnectionId,
    first: (ConnectionId, u32),
    fingerprint: u64,
    /// Its PUBREC came.
    received: bool,
    /// Its PUBREL was sent.
    released: bool,
}

#[derive(Clone, Copy, Debug)]
enum Seen {
    Copied { across: bool },
    Reused,
}

/// Follows deliveries at QoS 2 for one requirement.
pub(super) struct Handover {
    judge: Judge,
    /// Client identifier and clean session of each connection.
    clients: BTreeMap<ConnectionId, (Bytes, bool)>,
    /// By client and identifier, until PUBREL.
    open: BTreeMap<(Bytes, u16), Delivered>,
    /// Fingerprint of the last PUBLISH of each identifier whose PUBCOMP came.
    finished: BTreeMap<(Bytes, u16), u64>,
    watched: BTreeMap<(ConnectionId, u32), Seen>,
    /// A session was given up on the way: what was answered twice may have been answered anew.
    given_up: bool,
}

impl Handover {
    /// A check by `judge`.
    pub fn check(judge: Judge) -> Box<dyn Check> {
        Box::new(Handover {
            judge,
            clients: BTreeMap::new(),
            open: BTreeMap::new(),
            finished: BTreeMap::new(),
            watched: BTreeMap::new(),
            given_up: false,
        })
    }

    fn leaving(&mut self, p: &PacketSeen) {
        if let Some(connect) = p.packet.connect() {
            if self.clients.len() >= CONNECTIONS {
                self.give_up();
            } else if let Some(id) = &connect.client_id {
                self.clients.insert(p.conn, (id.bytes.clone(), connect.clean_session()));
            }
            if connect.clean_session() {
                self.give_up();
            }
            return;
        }
        let Some(key) = self.key(p) else { return };
        match p.packet.packet_type {
            PacketType::Pubrec => {
                if let Some(open) = self.open.get_mut(&key) {
                    open.received = true;
                }
            }
            PacketType::Pubcomp => {
                if let Some(open) = self.open.remove(&key) {
                    self.finished.insert(key, open.fingerprint);
                }
            }
            _ => {}
        }
    }

    fn arriving(&mut self, p: &PacketSeen) {
        if let Body::Connack(connack) = &p.packet.body {
            let known = !self.open.is_empty() || !self.finished.is_empty();
            if known && !connack.session_present() {
                self.give_up();
            }
            return;
        }
        if !p.packet.defects.is_empty() || (p.injected && !p.lawful) {
            return;
        }
        let Some(key) = self.key(p) else { return };
        if p.packet.packet_type == PacketType::Pubrel {
            if let Some(open) = self.open.get_mut(&key) {
                open.released = true;
            }
            return;
        }
        if p.packet.publish().is_none_or(|publish| publish.qos != 2) {
            return;
        }
        let print = fingerprint(p);
        match self.open.get(&key) {
            Some(open) if open.fingerprint == print => {
                if open.received && !open.released && self.watched.len() < FOLLOWED {
                    let across = open.conn != p.conn;
                    self.watched.insert(open.first, Seen::Copied { across });
                }
                return;
            }
            Some(_) => {}
            None => {
                if self.finished.remove(&key).is_some_and(|finished| finished != print) && self.watched.len() < FOLLOWED
                {
                    self.watched.insert((p.conn, p.ordinal), Seen::Reused);
                }
            }
        }
        if self.open.len() < FOLLOWED {
            let first = (p.conn, p.ordinal);
            self.open
                .insert(key, Delivered { conn: p.conn, first, fingerprint: print, received: false, released: false });
        }
    }

    fn key(&self, p: &PacketSeen) -> Option<(Bytes, u16)> {
        let (client, _) = self.clients.get(&p.conn)?;
        Some((client.clone(), p.packet.packet_id().filter(|id| *id != 0)?))
    }

    fn give_up(&mut self) {
        self.given_up |= !self.open.is_empty() || !self.watched.is_empty();
        self.open.clear();
        self.finished.clear();
    }

    fn exchange<'a>(&self, exchange: &'a Exchange, setting: &Setting) -> Option<Handed<'a>> {
        let request = &exchange.request;
        match self.watched.get(&(request.conn, request.ordinal))? {
            Seen::Copied { .. } if self.given_up => None,
            Seen::Copied { across } => {
                let across = *across;
                let mut finals = exchange.distinct().filter(|response| {
                    response.packet.payload.as_ref().is_some_and(|payload| payload.facts().is_final())
                });
                let first = finals.next()?;
                // One that is sent again with DUP 1 is no second answer, whatever its identifier.
                let fresh = |r: &&ResponseSeen| r.packet.packet.publish().is_some_and(|publish| !publish.dup);
                let mut others = finals.filter(fresh).peekable();
                if others.peek().is_none() {
                    return Some(Handed::Once { exchange, across });
                }
                match others.find(|other| fingerprint(&other.packet) != fingerprint(&first.packet)) {
                    Some(second) => Some(Handed::Twice { exchange, second, across }),
                    None => Some(Handed::Unclear { exchange, across }),
                }
            }
            Seen::Reused => {
                let must = exchange.delivery == Delivery::Delivered
                    && request.payload.as_ref().is_some_and(|payload| {
                        payload.facts().obliges(setting) && payload.facts().reaches(&request.topic(), setting)
                    });
                match &exchange.silence {
                    Silence::Answered => Some(Handed::Again { exchange }),
                    Silence::Proven { answered: true, .. } if must => Some(Handed::Swallowed { exchange }),
                    _ => None,
                }
            }
        }
    }
}

/// Rules on copies that must be handed on once; those that came on the same connection count only where `within`.
pub(super) fn handed_once(handed: &Handed<'_>, within: bool) -> Option<(Witness, Ruling)> {
    let (exchange, ruling) = match handed {
        Handed::Once { exchange, across } if within || *across => (exchange, Ruling::Met),
        Handed::Twice { exchange, second, across } if within || *across => {
            let how = if *across { "on a later connection" } else { "on the same connection" };
            let ruling = Ruling::Broken(Deviation {
                witness: Some(Witness::packet(&second.packet)),
                said: format!(
                    "Request at QoS 2 answered twice after its PUBLISH had come again {how}, before its PUBREL"
                ),
                expected: "one answer: the message is handed on once".to_owned(),
                actual: "two answers".to_owned(),
            });
            (exchange, ruling)
        }
        Handed::Unclear { exchange, across } if within || *across => {
            (exchange, Ruling::Undecided("two answers alike: a second one, or the first one sent again".to_owned()))
        }
        _ => return None,
    };
    Some((Witness::packet(&exchange.request), ruling))
}

impl Check for Handover {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.packet.truncated => {}
            Observation::Packet(p) if p.from_iut() => self.leaving(p),
            Observation::Packet(p) => self.arriving(p),
            Observation::Process { change: ProcessChange::Spawn { .. }, .. } => self.give_up(),
            Observation::Exchange(exchange) => {
                if let Some((witness, ruling)) =
                    self.exchange(exchange, setting).and_then(|handed| (self.judge)(&handed))
                {
                    ledger.enter(witness, ruling);
                }
            }
            _ => {}
        }
    }
}
