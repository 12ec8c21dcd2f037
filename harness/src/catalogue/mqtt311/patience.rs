//! How long a client waits for an answer that does not come: CONNACK (3.2), PINGRESP (3.1.2.10).
//!
//! The text says "a reasonable amount of time" and names none, so a great deal is granted.

use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{Closer, ConnectionId, Nanos, ProcessChange};
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Time for a CONNACK, in nanoseconds: what the most patient client libraries allow.
pub(super) const CONNACK: u64 = 30_000_000_000;
/// Connections that are followed at the same time.
const CONNECTIONS: usize = 4_096;

/// Which answer is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Connack,
    Pingresp,
}

#[derive(Default)]
struct Connection {
    /// In nanoseconds; 0 switches it off.
    keep_alive: u64,
    /// The first packet of the client that is unanswered.
    waits: Option<Arc<PacketSeen>>,
    /// When the server first said anything else since.
    heard: Option<Nanos>,
}

/// Watches connections from an unanswered packet to their end.
pub(super) struct Patience {
    missing: Missing,
    connections: BTreeMap<ConnectionId, Connection>,
    stopping: bool,
}

impl Patience {
    pub fn check(missing: Missing) -> Box<dyn Check> {
        Box::new(Patience { missing, connections: BTreeMap::new(), stopping: false })
    }

    fn packet(&mut self, p: &Arc<PacketSeen>) {
        if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&p.conn) {
            return;
        }
        let (asks, answers) = match self.missing {
            Missing::Connack => (PacketType::Connect, PacketType::Connack),
            Missing::Pingresp => (PacketType::Pingreq, PacketType::Pingresp),
        };
        let connection = self.connections.entry(p.conn).or_default();
        if let Some(keep_alive) = p.packet.connect().and_then(|c| c.keep_alive.as_ref()) {
            connection.keep_alive = u64::from(keep_alive.value) * 1_000_000_000;
        }
        if p.from_iut() {
            if p.packet.packet_type == asks && connection.waits.is_none() {
                connection.waits = Some(Arc::clone(p));
                connection.heard = None;
            }
        } else if p.packet.packet_type == answers {
            connection.waits = None;
        } else {
            connection.heard.get_or_insert(p.at);
        }
    }

    fn over(&self, connection: &Connection, by: Closer, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let Some(packet) = &connection.waits else { return };
        let (answer, granted) = match self.missing {
            Missing::Connack => ("CONNACK", CONNACK),
            // As long as a server waits for a silent client (3.1.2-24).
            Missing::Pingresp => ("PINGRESP", connection.keep_alive.saturating_mul(3) / 2),
        };
        let waited = at.since(packet.end_at);
        let in_silence = connection.heard.map_or(waited, |heard| heard.since(packet.end_at).min(waited));
        // Before that the answer may still have been under way.
        if granted == 0 || waited < setting.tolerances.quiet {
            return;
        }
        let ms = |nanos: u64| nanos / 1_000_000;
        let ruling = if in_silence >= granted {
            Ruling::Broken(Deviation {
                witness: None,
                said: format!("Network connection left open without a {answer}"),
                expected: format!("closed within {} ms", ms(granted)),
                actual: format!("open for {} ms", ms(waited)),
            })
        } else if by == Closer::Client && !self.stopping {
            ledger.note(Witness::packet(packet), format!("Closed {} ms after it asked for a {answer}", ms(waited)));
            Ruling::Met
        } else {
            Ruling::CutShort(format!("the connection was ended for the client {} ms after it had asked", ms(waited)))
        };
        ledger.enter(Witness::packet(packet), ruling);
    }

    fn leave(&mut self, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        for connection in std::mem::take(&mut self.connections).into_values() {
            self.over(&connection, Closer::Tester, at, setting, ledger);
        }
    }
}

impl Check for Patience {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) => self.packet(p),
            Observation::Closed { conn, by, at, .. } => {
                if let Some(connection) = self.connections.remove(conn) {
                    self.over(&connection, *by, *at, setting, ledger);
                }
            }
            Observation::Process { change, at, .. } => match change {
                ProcessChange::Spawn { .. } => self.stopping = false,
                ProcessChange::StopRequested { .. } => {
                    self.leave(*at, setting, ledger);
                    self.stopping = true;
                }
                ProcessChange::Exit { .. } | ProcessChange::Orphans { .. } => {}
            },
            Observation::End { at, .. } => self.leave(*at, setting, ledger),
            _ => {}
        }
    }
}
