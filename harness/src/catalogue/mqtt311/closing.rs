//! "Closes the network connection": what a client owes who is sent something that no server may send.

use super::violations::{Kind, Talk, Violation};
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{Closer, ConnectionId, Nanos, ProcessChange, Tester};

/// Connections that are followed at the same time.
const CONNECTIONS: usize = 4_096;

/// Odd packets of one connection that are told.
const SOFT: usize = 16;

/// The first violation on a connection (what comes after it obliges nobody to more), or an odd packet.
struct Met {
    packet: Arc<PacketSeen>,
    violation: Violation,
    delivered: bool,
    /// What the client sent last.
    after: Option<&'static str>,
}

#[derive(Default)]
struct Connection {
    talk: Talk,
    violated: Option<Met>,
    soft: Vec<Met>,
}

/// Follows the violations of one kind.
pub(super) struct Closes {
    kind: Kind,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Largest scheduling lag of the tester: granted on top of the time to answer.
    lag: u64,
    stopping: bool,
}

impl Closes {
    pub fn check(kind: Kind) -> Box<dyn Check> {
        Box::new(Closes { kind, connections: BTreeMap::new(), lag: 0, stopping: false })
    }

    /// The connection is over, or it is not watched any longer.
    fn over(&self, met: &Met, by: Closer, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let witness = Witness::packet(&met.packet);
        let lived = at.since(met.packet.end_at);
        let granted = setting.tolerances.response.saturating_add(self.lag);
        let by_iut = by == Closer::Client && !self.stopping;
        let ms = lived / 1_000_000;
        if met.violation.kind != self.kind {
            return;
        }
        let ruling = if by_iut && lived <= granted {
            Ruling::Met
        } else if met.delivered && lived > granted {
            let sent = met.after.map(|name| format!(", {name} sent")).unwrap_or_default();
            Ruling::Broken(Deviation {
                witness: None,
                said: format!("Network connection left open after {}", met.violation.what),
                expected: format!("closed within {} ms", granted / 1_000_000),
                actual: format!("open for {ms} ms{sent}"),
            })
        } else {
            Ruling::CutShort(format!("the connection was ended {ms} ms after the violation, not by the client"))
        };
        ledger.enter(witness, ruling);
    }

    fn ended(&self, connection: &Connection, by: Closer, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        if let Some(met) = &connection.violated {
            self.over(met, by, at, setting, ledger);
        }
        for met in connection.soft.iter().filter(|_| self.kind == Kind::Other) {
            let lived = at.since(met.packet.end_at) / 1_000_000;
            let how = match by == Closer::Client && !self.stopping && connection.violated.is_none() {
                true => format!("closed {lived} ms"),
                false => "not closed".to_owned(),
            };
            ledger.note(Witness::packet(&met.packet), format!("Network connection {how} after {}", met.violation.what));
        }
    }

    /// All that is open is watched no longer.
    fn leave(&mut self, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        for connection in std::mem::take(&mut self.connections).into_values() {
            self.ended(&connection, Closer::Tester, at, setting, ledger);
        }
    }
}

impl Check for Closes {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) => {
                if self.connections.len() >= CONNECTIONS && !self.connections.contains_key(&p.conn) {
                    return;
                }
                let connection = self.connections.entry(p.conn).or_default();
                if p.from_iut() {
                    connection.talk.sent(p);
                    if let Some(met) = &mut connection.violated {
                        met.after = Some(p.packet.packet_type.name());
                    }
                } else if let Some(violation) = connection.talk.received(p) {
                    let soft = violation.kind == Kind::Soft;
                    let met = Met { packet: Arc::clone(p), violation, delivered: false, after: None };
                    if soft && connection.soft.len() < SOFT {
                        connection.soft.push(met);
                    } else if !soft && connection.violated.is_none() {
                        connection.violated = Some(met);
                    }
                }
            }
            Observation::Delivered(p) => {
                let met = self.connections.get_mut(&p.conn).and_then(|c| c.violated.as_mut());
                if let Some(met) = met.filter(|met| met.packet.ordinal == p.ordinal) {
                    met.delivered = true;
                }
            }
            Observation::Closed { conn, by, at, .. } => {
                if let Some(connection) = self.connections.remove(conn) {
                    self.ended(&connection, *by, *at, setting, ledger);
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
            Observation::Tester { about: Tester::Lag { nanos }, .. } => self.lag = self.lag.max(*nanos),
            Observation::End { at, .. } => self.leave(*at, setting, ledger),
            _ => {}
        }
    }
}
