//! What a client does that the server did not let in (3.2.2.3).

use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{Closer, ConnectionId, Nanos};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType};

/// Refused connections that are followed at the same time.
const CONNECTIONS: usize = 4_096;

struct Refused {
    connack: Arc<PacketSeen>,
    delivered: bool,
    broken: bool,
}

/// How often the client came back, and how soon.
#[derive(Default)]
struct Attempts {
    refusals: u64,
    last: Option<(Nanos, Witness)>,
    again: u64,
    /// Shortest and longest time from a refusal to the next CONNECT.
    pauses: Option<(u64, u64)>,
}

/// Follows connections from the refusal to their end.
#[derive(Default)]
pub(in crate::catalogue) struct Refusal {
    connections: BTreeMap<ConnectionId, Refused>,
    attempts: Attempts,
    /// Whether the attempts are told.
    tells: bool,
}

impl Refusal {
    pub fn check() -> Box<dyn Check> {
        Box::<Refusal>::default()
    }

    /// One that tells how often the client tried again.
    pub fn telling() -> Box<dyn Check> {
        Box::new(Refusal { tells: true, ..Refusal::default() })
    }
}

/// Whether it is a CONNACK by which a server refuses.
fn refuses(p: &PacketSeen) -> bool {
    let Body::Connack(connack) = &p.packet.body else { return false };
    p.packet.defects.is_empty()
        && (!p.injected || p.lawful)
        && connack.return_code.as_ref().is_some_and(|c| c.value != 0)
}

impl Check for Refusal {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => self.leaving(p, ledger),
            Observation::Packet(p) if refuses(p) => {
                self.attempts.refusals += 1;
                self.attempts.last = Some((p.end_at, Witness::packet(p)));
                if self.connections.len() < CONNECTIONS {
                    let refused = Refused { connack: Arc::clone(p), delivered: false, broken: false };
                    self.connections.entry(p.conn).or_insert(refused);
                }
            }
            Observation::Delivered(p) => {
                if let Some(refused) = self.connections.get_mut(&p.conn) {
                    refused.delivered |= refused.connack.ordinal == p.ordinal;
                }
            }
            Observation::Closed { conn, by, .. } => {
                if let Some(refused) = self.connections.remove(conn).filter(|refused| !refused.broken) {
                    let ruling = match by {
                        Closer::Client | Closer::Server => Ruling::Met,
                        Closer::Tester => Ruling::CutShort("the tester ended the refused connection".to_owned()),
                    };
                    ledger.enter(Witness::packet(&refused.connack), ruling);
                }
            }
            Observation::End { .. } => {
                for refused in std::mem::take(&mut self.connections).into_values().filter(|refused| !refused.broken) {
                    let why = "the recording ends while the refused connection is open".to_owned();
                    ledger.enter(Witness::packet(&refused.connack), Ruling::CutShort(why));
                }
                self.tell(ledger);
            }
            _ => {}
        }
    }
}

impl Refusal {
    fn leaving(&mut self, p: &PacketSeen, ledger: &mut Ledger) {
        let packet_type = p.packet.packet_type;
        if packet_type == PacketType::Connect && !self.connections.contains_key(&p.conn) {
            self.attempts.came_back(p.at);
        }
        let Some(refused) = self.connections.get_mut(&p.conn) else { return };
        // What was under way when the refusal came is void (3.1.4-5), and nobody's fault.
        if !refused.delivered || !matches!(packet_type, PacketType::Subscribe | PacketType::Publish) {
            return;
        }
        if !std::mem::replace(&mut refused.broken, true) {
            let name = packet_type.name();
            let said = format!("{name} sent after the server had refused the connection");
            let expected = "nothing more on the refused connection";
            ledger.enter(Witness::packet(p), Ruling::broken_bits(p, 0, 0xF0, said, expected, name));
        }
    }

    fn tell(&self, ledger: &mut Ledger) {
        let Some((_, witness)) = self.attempts.last.clone().filter(|_| self.tells) else { return };
        let Attempts { refusals, again, pauses, .. } = self.attempts;
        let pauses = match pauses {
            Some((shortest, longest)) if shortest / 1_000_000 == longest / 1_000_000 => {
                format!(", {} ms after the refusal", shortest / 1_000_000)
            }
            Some((shortest, longest)) => {
                format!(", {} to {} ms after the refusal", shortest / 1_000_000, longest / 1_000_000)
            }
            None => String::new(),
        };
        ledger.note(witness, format!("CONNECT refused {}; sent again {}{pauses}", times(refusals), times(again)));
    }
}

/// A number of times in words.
fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

impl Attempts {
    fn came_back(&mut self, at: Nanos) {
        let Some((refused, _)) = self.last.as_ref().filter(|_| self.again < self.refusals) else { return };
        let pause = at.since(*refused);
        self.again += 1;
        self.pauses = Some(match self.pauses {
            Some((shortest, longest)) => (shortest.min(pause), longest.max(pause)),
            None => (pause, pause),
        });
    }
}
