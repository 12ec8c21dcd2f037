//! The CONNECT of MQTT 3.1.1, and whose it is (6.3).

use super::support::{ae, connect, connects, cse, nothing_sent};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::recording::{ConnectionId, FaultState, ProcessChange};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType, build};

/// Connections that are followed; what is more is not judged.
const FOLLOWED: usize = 4096;

requirement! {
    /// A client connects with the CONNECT of MQTT 3.1.1.
    ///
    /// # Judged
    /// On the protocol name and level of every CONNECT. Its other fields are judged by the requirements of MQTT.
    STANDARD {
        id: "ts0010/connect-standard",
        rows: &["T-007"],
        clause: "6.3",
        level: Level::Guidance,
        interop: true,
        implies: &["mqtt311/protocol-name", "mqtt311/protocol-level"],
        judged: Judged::Packet(standard),
        examples: Examples {
            conforming: &[cse, ae],
            violating: &[
                |s| connects(s, build::connect("C::in-cse").clean_session(false).protocol_level(5).build()),
                |s| {
                    let old = build::connect("C::in-cse").clean_session(false).protocol_name("MQIsdp");
                    connects(s, old.protocol_level(3).build());
                },
            ],
            silent: &[nothing_sent],
        },
    }
}

fn standard(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let connect = connect(packet)?;
    let (name, level) = (connect.protocol_name.as_ref()?, connect.protocol_level.as_ref()?);
    if name.bytes.as_ref() == b"MQTT" && level.value == 4 {
        return Some(Ruling::Met);
    }
    let actual = format!("`{}`, level {}", name.display(), level.value);
    Some(Ruling::broken_at(packet, level.span, "CONNECT of another version of MQTT", "`MQTT`, level 4", actual))
}

requirement! {
    /// The Client Identifier of a connection is that of no other client of the server.
    ///
    /// # Interpretation
    /// A client that does not know its AE-ID or CSE-ID yet takes some other identifier that is nobody else's: an empty one is
    /// none at all. That a client takes its own connection over, because it thinks the old one lost, is in order: two clients
    /// under one identifier take over from each other, again and again.
    ///
    /// # Judged
    /// On every CONNECT. Broken by an empty identifier, and by one that takes over a connection that had itself just taken over
    /// one under that identifier, as long as nothing was published to it and no fault has given a reason to think connections lost. Met when the CONNECT is
    /// accepted and no other open connection of the IUT has its identifier.
    UNIQUE {
        id: "ts0010/client-id-unique",
        rows: &["T-008", "T-010"],
        clause: "6.3",
        judged: Judged::Machine(|| Box::new(Unique::default())),
        examples: Examples {
            conforming: &[cse, ae, |s| {
                // Of two connections each has its own.
                s.cse();
                s.connect();
                s.connect_with(build::connect("C::in-cse-2").clean_session(false).build());
            }],
            violating: &[
                |s| connects(s, build::connect("").clean_session(true).build()),
                |s| {
                    s.cse();
                    for _ in 0..3 {
                        s.connect();
                    }
                },
            ],
            silent: &[nothing_sent, |s| {
                // Accepted by nobody.
                s.cse();
                s.open();
                s.iut(build::connect("C::in-cse").clean_session(false).build());
                s.edge(build::connack(false, 5));
            }],
        },
    }
}

/// Who is connected, and under which identifier.
#[derive(Default)]
struct Unique {
    /// Connections whose CONNACK has not come.
    asked: BTreeMap<ConnectionId, (Bytes, Witness)>,
    live: BTreeMap<ConnectionId, Bytes>,
    /// Those of them that took another one over.
    took: BTreeSet<ConnectionId>,
    /// A fault has fired: connections may be lost.
    faulty: bool,
}

impl Unique {
    fn asks(&mut self, packet: &PacketSeen, ledger: &mut Ledger) {
        let Some(id) = connect(packet).and_then(|connect| connect.client_id.as_ref()) else { return };
        if id.bytes.is_empty() {
            let said = "CONNECT with an empty Client Identifier";
            let ruling = Ruling::broken_at(packet, id.span, said, "an identifier of its own", "none");
            return ledger.enter(Witness::packet(packet), ruling);
        }
        if self.asked.len() + self.live.len() >= FOLLOWED {
            return;
        }
        let other = self.live.iter().find(|(conn, live)| **live == id.bytes && **conn != packet.conn);
        if let Some(other) = other.map(|(conn, _)| *conn) {
            self.live.remove(&other);
            if self.took.remove(&other) && !self.faulty {
                let deviation = Deviation {
                    witness: Some(Witness::bytes(packet, id.span)),
                    said: "Connections of several clients under one Client Identifier take over from each other"
                        .to_owned(),
                    expected: "an identifier of its own for each client".to_owned(),
                    actual: format!("{:?} on three connections, none of which the client ended", id.display()),
                };
                ledger.enter(Witness::packet(packet), Ruling::Broken(deviation));
            }
            self.took.insert(packet.conn);
        }
        self.asked.insert(packet.conn, (id.bytes.clone(), Witness::packet(packet)));
    }

    fn answered(&mut self, packet: &PacketSeen, ledger: &mut Ledger) {
        if packet.packet.publish().is_some() {
            // It may have lost its way over that.
            self.took.remove(&packet.conn);
        }
        let Body::Connack(connack) = &packet.packet.body else { return };
        let Some((id, at)) = self.asked.remove(&packet.conn) else { return };
        if connack.return_code.as_ref().is_some_and(|code| code.value == 0) {
            if !self.took.contains(&packet.conn) && !self.live.values().any(|live| *live == id) {
                ledger.enter(at, Ruling::Met);
            }
            self.live.insert(packet.conn, id);
        }
    }

    fn ended(&mut self, conn: ConnectionId) {
        self.asked.remove(&conn);
        self.live.remove(&conn);
        self.took.remove(&conn);
    }
}

impl Check for Unique {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => match &p.packet.body {
                Body::Connect(_) => self.asks(p, ledger),
                // It is about to close.
                _ if p.packet.packet_type == PacketType::Disconnect => self.ended(p.conn),
                _ => {}
            },
            Observation::Packet(p) => self.answered(p, ledger),
            Observation::Closed { conn, .. } => self.ended(*conn),
            Observation::Process { change: ProcessChange::Exit { .. }, .. } => {
                (self.asked, self.live, self.took) = Default::default();
            }
            Observation::Fault { state: FaultState::Fired, .. } => self.faulty = true,
            _ => {}
        }
    }
}
