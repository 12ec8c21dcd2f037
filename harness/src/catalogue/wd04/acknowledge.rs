//! Acknowledgements that a client receives: CONNACK, PUBACK, SUBACK (3.1.2, 3.1.4, 3.1.9).

use super::support::{acknowledges, sent};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use touchstone_fixtures::recording::{Closer, ConnectionId, ProcessChange};
use touchstone_fixtures::wire::mqtt311::{Body, Connack, PacketType, build};

fn ready(s: &mut Sketch) {
    s.ready();
}

fn connected(s: &mut Sketch) {
    s.connect();
}

fn no_connack(s: &mut Sketch) {
    s.open();
    s.iut(build::connect("k3vq9x2m").clean_session(false).keep_alive(60).build());
}

fn asked(s: &mut Sketch) {
    s.ready();
    s.query("r1", json!([]));
}

fn response() -> Vec<u8> {
    Sketch::response_payload("r1", json!({"status": 200}))
}

requirement! {
    /// A client processes the CONNACK that it asked for: accepted, it goes on.
    ///
    /// # Interpretation
    /// Going on is any packet but another CONNECT. A client that connects and leaves with a DISCONNECT has no more
    /// to say, and decides nothing.
    ///
    /// # Judged
    /// On every connection with a CONNACK of return code 0. Broken by another CONNECT after it, and by a client that
    /// closes the connection without any packet after its CONNECT, though nobody had asked it to stop. Where such a
    /// CONNACK may have crossed the end of the connection, that counts only if no connection of the recording went on.
    CONNACK_ACCEPTED {
        id: "wd04/connack-accepted",
        rows: &["W4-011"],
        clause: "3.1.2",
        judged: Judged::Machine(|| Box::<ConnackAccepted>::default()),
        examples: Examples {
            conforming: &[ready, |s| {
                s.connect();
                s.closed_by_iut();
                s.ready();
            }],
            violating: &[
                |s| {
                    s.connect();
                    s.iut(build::connect("k3vq9x2m").clean_session(false).keep_alive(60).build());
                },
                |s| {
                    s.connect();
                    s.wait(300);
                    s.closed_by_iut();
                    s.ready();
                },
                |s| {
                    s.connect();
                    s.closed_by_iut();
                    s.connect();
                    s.closed_by_iut();
                },
            ],
            silent: &[
                no_connack,
                connected,
                |s| {
                    s.connect();
                    s.stop();
                },
                |s| {
                    s.connect();
                    s.closed_by_iut();
                    s.exit(1, false);
                },
            ],
        },
    }
}

/// How far a connection has come.
#[derive(Default)]
struct Accepting {
    connack: Option<Arc<PacketSeen>>,
    delivered: bool,
    /// Packets of the IUT besides its CONNECT.
    others: bool,
    decided: bool,
}

/// Connections that are remembered for the end; the first show it.
const REMEMBERED: usize = 64;

#[derive(Default)]
struct ConnackAccepted {
    connections: BTreeMap<ConnectionId, Accepting>,
    /// Accepting CONNACKs after which the client closed at once.
    crossed: Vec<Arc<PacketSeen>>,
    /// Whether a connection went on.
    went_on: bool,
    stopping: bool,
}

impl Check for ConnackAccepted {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => self.leaving(p, ledger),
            Observation::Packet(p) => {
                let accepts = |c: &Connack| c.return_code.as_ref().is_some_and(|code| code.value == 0);
                if matches!(&p.packet.body, Body::Connack(connack) if accepts(connack)) && !p.injected {
                    self.connections.entry(p.conn).or_default().connack.get_or_insert_with(|| Arc::clone(p));
                }
            }
            Observation::Delivered(p) if p.packet.packet_type == PacketType::Connack => {
                self.connections.entry(p.conn).or_default().delivered = true;
            }
            Observation::Closed { conn, by, .. } => {
                let Some(state) = self.connections.remove(conn) else { return };
                let silent = !state.decided && !state.others && *by == Closer::Client && !self.stopping;
                match state.connack.filter(|_| silent) {
                    Some(connack) if state.delivered => ledger.enter(Witness::packet(&connack), closed()),
                    Some(connack) if self.crossed.len() < REMEMBERED => self.crossed.push(connack),
                    _ => {}
                }
            }
            Observation::Process { change, .. } => match change {
                ProcessChange::Spawn { .. } => self.stopping = false,
                ProcessChange::Exit { expected: false, .. } => self.crossed.clear(),
                _ => self.stopping = true,
            },
            Observation::End { .. } if !self.went_on => {
                for connack in std::mem::take(&mut self.crossed) {
                    ledger.enter(Witness::packet(&connack), closed());
                }
            }
            _ => {}
        }
    }
}

impl ConnackAccepted {
    fn leaving(&mut self, p: &PacketSeen, ledger: &mut Ledger) {
        let state = self.connections.entry(p.conn).or_default();
        let connect = p.packet.packet_type == PacketType::Connect;
        state.others |= !connect;
        if state.connack.is_none() || state.decided || p.packet.truncated {
            return;
        }
        if connect {
            state.decided = true;
            let said = "CONNECT sent again after the connection was accepted";
            let ruling = Ruling::broken_bits(p, 0, 0xF0, said, "a client that goes on after CONNACK", "CONNECT");
            ledger.enter(Witness::packet(p), ruling);
        } else if p.packet.packet_type != PacketType::Disconnect {
            state.decided = true;
            self.went_on = true;
            ledger.enter(Witness::packet(p), Ruling::Met);
        }
    }
}

fn closed() -> Ruling {
    Ruling::Broken(Deviation {
        witness: None,
        said: "The client closed the connection after it was accepted, without another packet".to_owned(),
        expected: "a client that goes on after CONNACK".to_owned(),
        actual: "the connection closed".to_owned(),
    })
}

requirement! {
    /// A client processes a CONNACK that refuses it.
    CONNACK_REFUSED {
        id: "wd04/connack-refused",
        rows: &["W4-011"],
        clause: "3.1.2",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs refused connections"),
    }
}

requirement! {
    /// A client processes the PUBACK of a message that it published.
    ///
    /// # Interpretation
    /// What is visible of it: the message is not sent again. Who elects QoS 2 to publish never gets a PUBACK, which
    /// 3.1.4 does not say, though 3.1.3 allows the election.
    ///
    /// # Judged
    /// On every QoS 1 PUBLISH with an OpenC2 message whose PUBACK reached the IUT: broken by another copy of it, with
    /// DUP 1, the same packet identifier and the same content; met when the recording ends without one.
    PUBACK_PROCESS {
        id: "wd04/puback-process",
        rows: &["W4-018"],
        clause: "3.1.4",
        when: Some(("it publishes at QoS 1 (neither `qos = 2` nor `qos2`)", |pics| {
            pics.qos != Some(2) && !pics.elects("qos2")
        })),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<PubackProcess>::default()),
        examples: Examples {
            conforming: &[|s| {
                asked(s);
                s.respond("r1", json!({"status": 200}));
            }],
            violating: &[|s| {
                asked(s);
                s.iut(build::publish("oc2/rsp", 1, 9, response()));
                s.edge(build::puback(9));
                s.wait(300);
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, response()));
            }],
            silent: &[
                ready,
                |s| {
                    asked(s);
                    s.iut(build::publish("oc2/rsp", 1, 9, response()));
                    s.wait(300);
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, response()));
                },
                |s| {
                    asked(s);
                    s.iut(build::publish("oc2/rsp", 1, 9, response()));
                    s.edge(build::puback(9));
                    s.cut();
                },
            ],
        },
    }
}

/// A PUBLISH of the IUT under its identifier.
struct Published {
    packet: Arc<PacketSeen>,
    /// Position of the PUBACK.
    puback: Option<(ConnectionId, u32)>,
    arrived: bool,
}

/// Bounded by the 16 bits of packet identifiers.
#[derive(Default)]
struct PubackProcess {
    published: BTreeMap<u16, Published>,
}

impl Check for PubackProcess {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => self.publish(p, ledger),
            Observation::Packet(p) if p.packet.packet_type == PacketType::Puback => {
                if let Some(published) = p.packet.packet_id().and_then(|id| self.published.get_mut(&id)) {
                    published.puback = Some((p.conn, p.ordinal));
                }
            }
            Observation::Delivered(p) if p.packet.packet_type == PacketType::Puback => {
                if let Some(published) = p.packet.packet_id().and_then(|id| self.published.get_mut(&id)) {
                    published.arrived |= published.puback == Some((p.conn, p.ordinal));
                }
            }
            Observation::End { .. } => {
                for published in std::mem::take(&mut self.published).into_values().filter(|p| p.arrived) {
                    ledger.enter(Witness::packet(&published.packet), Ruling::Met);
                }
            }
            _ => {}
        }
    }
}

impl PubackProcess {
    fn publish(&mut self, p: &Arc<PacketSeen>, ledger: &mut Ledger) {
        let Some((publish, _)) = sent(p) else { return };
        let Some(id) = publish.packet_id.as_ref().map(|id| id.value).filter(|_| publish.qos == 1) else { return };
        let before = self.published.insert(id, Published { packet: Arc::clone(p), puback: None, arrived: false });
        let Some(before) = before.filter(|before| before.arrived) else { return };
        let same = before.packet.packet.publish().is_some_and(|earlier| {
            earlier.payload.value == publish.payload.value
                && earlier.topic.as_ref().map(|t| &t.bytes) == publish.topic.as_ref().map(|t| &t.bytes)
        });
        if publish.dup && same {
            let said = format!("PUBLISH with packet identifier {id} sent again after its PUBACK");
            let ruling = Ruling::broken_bits(p, 0, 0x08, said, "no further copy after the PUBACK", "another copy");
            ledger.enter(Witness::packet(p), ruling);
        } else {
            ledger.enter(Witness::packet(&before.packet), Ruling::Met);
        }
    }
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
    /// connection lived on through the quiet window.
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
            silent: &[connected, |s| {
                s.ready();
                s.cut();
            }],
        },
    }
}

#[derive(Default)]
struct SubackProcess {
    /// SUBACKs after which nothing has happened.
    open: BTreeMap<ConnectionId, Arc<PacketSeen>>,
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
            Observation::Packet(p) => match p.packet.packet_type {
                PacketType::Suback if !p.injected => {
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
            }
            _ => {}
        }
    }
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
    /// A client processes a SUBACK that refuses a subscription.
    SUBACK_FAILURE {
        id: "wd04/suback-failure",
        rows: &["W4-030"],
        clause: "3.1.9",
        trigger: Trigger::Tester,
        judged: Judged::NotYet("needs refused subscriptions"),
    }
}
