//! SUBACK, granting and refusing (3.1.9).

use super::support::acknowledges;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use touchstone_fixtures::recording::ConnectionId;
use touchstone_fixtures::wire::mqtt311::{Body, PacketType, build};

fn ready(s: &mut Sketch) {
    s.ready();
}

fn connected(s: &mut Sketch) {
    s.connect();
}

requirement! {
    /// A client processes the SUBACK of its SUBSCRIBE: it brings about no protocol error.
    ///
    /// # Interpretation
    /// Going on, subscribing again and disconnecting are all in order.
    ///
    /// # Judged
    /// On every SUBACK. Broken when the next packet of the IUT is an acknowledgement with the SUBACK's packet
    /// identifier, another CONNECT, or a packet that only a server sends. Met by any other packet, and when the
    /// connection lived on through the quiet window. Nothing is decided where a packet came before that no server may send.
    SUBACK_PROCESS {
        id: "wd04/suback-process",
        rows: &["W4-030"],
        clause: "3.1.9",
        judged: Judged::Machine(|| Box::<SubackProcess>::default()),
        examples: Examples {
            conforming: &[ready, |s| {
                s.ready();
                s.stop();
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.iut(build::puback(1));
                },
                |s| {
                    s.ready();
                    s.iut(build::suback(1, [1]));
                },
            ],
            silent: &[
                connected,
                |s| {
                    s.ready();
                    s.cut();
                },
                |s| {
                    // PINGRESP answers the tester's PINGREQ.
                    s.ready();
                    s.inject(vec![0xC0, 0x00], false);
                    s.iut(vec![0xD0, 0x00]);
                },
                |s| {
                    // It gets there late.
                    s.connect();
                    s.inject(vec![0xC0, 0x00], false);
                    s.iut(build::subscribe(1, [("oc2/cmd/all", 1)]));
                    s.edge(build::suback(1, [1]));
                    s.iut(vec![0xD0, 0x00]);
                },
            ],
        },
    }
}

#[derive(Default)]
struct SubackProcess {
    /// Looks at refused subscriptions only.
    failures: bool,
    /// SUBACKs after which nothing has happened.
    open: BTreeMap<ConnectionId, Arc<PacketSeen>>,
    /// Connections on which a packet was sent that no server may send.
    violated: BTreeSet<ConnectionId>,
    /// Packet identifiers that the IUT may acknowledge.
    pushed: BTreeMap<ConnectionId, BTreeSet<u16>>,
}

impl Check for SubackProcess {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => {
                if let Some(suback) = self.open.remove(&p.conn)
                    && !p.packet.truncated
                {
                    let ruling = self.next(&suback, p);
                    ledger.enter(Witness::packet(&suback), ruling);
                }
            }
            // What comes after a packet that no server may send is about that.
            Observation::Packet(p) if p.injected && !p.lawful => {
                self.open.remove(&p.conn);
                self.violated.insert(p.conn);
            }
            Observation::Packet(p) => match p.packet.packet_type {
                PacketType::Suback
                    if !p.injected && (!self.failures || fails(p)) && !self.violated.contains(&p.conn) =>
                {
                    self.open.insert(p.conn, Arc::clone(p));
                }
                PacketType::Publish | PacketType::Pubrec | PacketType::Pubrel => {
                    self.pushed.entry(p.conn).or_default().extend(p.packet.packet_id());
                }
                _ => {}
            },
            Observation::Delivered(p) => {
                let lived_on = self.open.get(&p.conn).is_some_and(|suback| suback.ordinal == p.ordinal);
                if lived_on && let Some(suback) = self.open.remove(&p.conn) {
                    ledger.enter(Witness::packet(&suback), Ruling::Met);
                }
            }
            Observation::Closed { conn, .. } => {
                self.open.remove(conn);
                self.pushed.remove(conn);
                self.violated.remove(conn);
            }
            _ => {}
        }
    }
}

/// Whether it is a SUBACK that refuses a filter.
fn fails(p: &PacketSeen) -> bool {
    matches!(&p.packet.body, Body::Suback(suback) if suback.return_codes.iter().any(|code| code.value == 0x80))
}

impl SubackProcess {
    fn next(&self, suback: &PacketSeen, next: &PacketSeen) -> Ruling {
        let packet_type = next.packet.packet_type;
        let id = next.packet.packet_id();
        let pushed = id.is_some_and(|id| self.pushed.get(&next.conn).is_some_and(|ids| ids.contains(&id)));
        let answers = acknowledges(packet_type) && !pushed && id == suback.packet.packet_id();
        let foreign = next.packet.defects_of("MQTT-2.1").next().is_some();
        if answers || foreign || packet_type == PacketType::Connect {
            let name = packet_type.name();
            let said = format!("{name} sent after SUBACK");
            return Ruling::broken_bits(next, 0, 0xF0, said, "no protocol error after SUBACK", name);
        }
        Ruling::Met
    }
}

requirement! {
    /// A client processes a SUBACK that refuses a subscription: it brings about no protocol error.
    ///
    /// # Interpretation
    /// Asking again, going on without it and disconnecting are all in order.
    ///
    /// # Judged
    /// On every SUBACK with a return code of 0x80, as every SUBACK is.
    SUBACK_FAILURE {
        id: "wd04/suback-failure",
        rows: &["W4-030"],
        clause: "3.1.9",
        trigger: Trigger::Tester,
        implies: &["wd04/suback-process"],
        judged: Judged::Machine(|| Box::new(SubackProcess { failures: true, ..SubackProcess::default() })),
        examples: Examples {
            conforming: &[not_granted, |s| {
                not_granted(s);
                s.iut(build::subscribe(2, [("oc2/cmd/all", 1)]));
            }],
            violating: &[
                |s| {
                    not_granted(s);
                    s.iut(build::connect("k3vq9x2m").build());
                },
                |s| {
                    not_granted(s);
                    s.iut(build::puback(1));
                },
            ],
            silent: &[ready, |s| {
                not_granted(s);
                s.cut();
            }],
        },
    }
}

/// A SUBSCRIBE of which nothing is granted.
fn not_granted(s: &mut Sketch) {
    s.connect();
    s.iut(build::subscribe(1, [("oc2/cmd/all", 1)]));
    s.edge(build::suback(1, [0x80]));
}
