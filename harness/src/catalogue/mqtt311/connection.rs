//! What a network connection begins with: one CONNECT (3.1).

use super::support::{only_opened, ping, ready, receives_only};
use crate::catalogue::{Examples, Judged};
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::recording::ConnectionId;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

requirement! {
    /// The first packet a client sends on a network connection is CONNECT.
    ///
    /// # Judged
    /// On every connection of the IUT, by the high half of the first byte it sends.
    CONNECT_FIRST {
        id: "mqtt311/connect-first",
        rows: &["MQTT-3.1.0-1"],
        clause: "3.1",
        judged: Judged::Machine(|| Box::new(First::default())),
        examples: Examples {
            conforming: &[ready, ping],
            violating: &[
                |s| {
                    s.open();
                    s.iut(build::pingreq());
                    s.iut(build::connect("k").build());
                },
                |s| {
                    s.ready();
                    s.closed_by_iut();
                    s.open();
                    s.iut(build::publish("a", 1, 9, b"x"));
                },
            ],
            silent: &[only_opened, |s| receives_only(s, build::pingresp())],
        },
    }
}

/// Which open connections have sent something.
#[derive(Default)]
struct First {
    begun: BTreeSet<ConnectionId>,
}

impl Check for First {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() && self.begun.insert(p.conn) => {
                if let Some(ruling) = first_packet(p) {
                    ledger.enter(Witness::packet(p), ruling);
                }
            }
            Observation::Closed { conn, .. } => {
                self.begun.remove(conn);
            }
            _ => {}
        }
    }
}

fn first_packet(p: &PacketSeen) -> Option<Ruling> {
    let first = *p.packet.raw.first()?;
    if p.packet.packet_type == PacketType::Connect {
        return Some(Ruling::Met);
    }
    Some(Ruling::broken_bits(
        p,
        0,
        0xF0,
        format!("{} sent as the first packet of a connection", p.packet.packet_type.name()),
        "CONNECT, first byte 10",
        format!("{}, first byte {first:02X}", p.packet.packet_type.name()),
    ))
}

requirement! {
    /// A client sends CONNECT once on a network connection.
    ///
    /// # Interpretation
    /// Worded for the server, which treats a second CONNECT as a violation and disconnects the client.
    ///
    /// # Judged
    /// On every connection of the IUT: met when it ends (or the recording does) after a single CONNECT.
    CONNECT_ONCE {
        id: "mqtt311/connect-once",
        rows: &["MQTT-3.1.0-2"],
        clause: "3.1",
        judged: Judged::Machine(|| Box::new(Once::default())),
        examples: Examples {
            conforming: &[ready, |s| {
                s.ready();
                s.stop();
                s.reconnect();
            }],
            violating: &[|s| {
                s.connect();
                s.iut(build::connect("k3vq9x2m").build());
            }],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").build())],
        },
    }
}

/// The first CONNECT of each open connection, and whether a second came.
#[derive(Default)]
struct Once {
    connects: BTreeMap<ConnectionId, (Witness, bool)>,
}

impl Check for Once {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() && p.packet.packet_type == PacketType::Connect => {
                match self.connects.get_mut(&p.conn) {
                    None => {
                        self.connects.insert(p.conn, (Witness::packet(p), false));
                    }
                    Some((first, again)) => {
                        *again = true;
                        let earlier = first.packet.unwrap_or_default();
                        let ruling = Ruling::broken_bits(
                            p,
                            0,
                            0xF0,
                            "CONNECT sent again on a connection that had begun with one",
                            "one CONNECT on a connection",
                            format!("a further CONNECT after that in packet {earlier}"),
                        );
                        ledger.enter(Witness::packet(p), ruling);
                    }
                }
            }
            Observation::Closed { conn, .. } => {
                if let Some((first, false)) = self.connects.remove(conn) {
                    ledger.enter(first, Ruling::Met);
                }
            }
            Observation::End { .. } => {
                for (first, again) in std::mem::take(&mut self.connects).into_values() {
                    if !again {
                        ledger.enter(first, Ruling::Met);
                    }
                }
            }
            _ => {}
        }
    }
}
