//! Acknowledgements that a client receives: CONNACK and PUBACK (3.1.2, 3.1.4).

use super::support::sent;
use crate::catalogue::mqtt311::refusal::Refusal;
use crate::catalogue::{Examples, Flow, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{CloseHow, Closer, ConnectionId, Nanos, ProcessChange, Tester};
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
                if p.injected && !p.lawful {
                    // Who is sent what no server sends has a reason to close.
                    self.connections.entry(p.conn).or_default().decided = true;
                } else if matches!(&p.packet.body, Body::Connack(connack) if accepts(connack)) && !p.injected {
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
    /// A client processes a CONNACK that refuses it: it takes the connection for closed.
    ///
    /// # Interpretation
    /// Connecting again is in order, at once or later, and so is staying away; packets that were under way when the
    /// refusal came are nobody's fault. How often the client tried again is told.
    ///
    /// # Judged
    /// On every CONNACK with a return code of 1 to 5: broken by a SUBSCRIBE or a PUBLISH on that connection after the
    /// CONNACK was delivered, met when the connection ends without one.
    CONNACK_REFUSED {
        id: "wd04/connack-refused",
        rows: &["W4-011"],
        clause: "3.1.2",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        implies: &["mqtt311/silent-after-refusal"],
        judged: Judged::Machine(Refusal::telling),
        examples: Examples {
            conforming: &[
                |s| {
                    refused(s);
                    s.closed_by_server("refused");
                },
                |s| {
                    refused(s);
                    s.closed_by_server("refused");
                    s.wait(100);
                    s.ready();
                },
            ],
            violating: &[|s| {
                refused(s);
                s.wait(300);
                s.iut(build::publish("oc2/rsp", 1, 9, response()));
            }],
            silent: &[ready, |s| {
                refused(s);
                s.iut(build::subscribe(1, [("oc2/cmd/all", 1)]));
            }],
        },
    }
}

/// A CONNECT that is refused.
fn refused(s: &mut Sketch) {
    s.open();
    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
    s.edge(build::connack(false, 5));
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
        flows: &[Flow::PublishesAtQos1],
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
    /// When it was sent.
    sent: Nanos,
    arrived: bool,
}

/// Bounded by the 16 bits of packet identifiers.
#[derive(Default)]
struct PubackProcess {
    published: BTreeMap<u16, Published>,
    /// Largest scheduling lag of the tester.
    lag: u64,
}

impl Check for PubackProcess {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => self.publish(p, ledger),
            Observation::Packet(p) if p.packet.packet_type == PacketType::Puback => {
                if let Some(published) = p.packet.packet_id().and_then(|id| self.published.get_mut(&id)) {
                    published.puback = Some((p.conn, p.ordinal));
                    published.sent = p.end_at;
                }
            }
            Observation::Delivered(p) if p.packet.packet_type == PacketType::Puback => {
                if let Some(published) = p.packet.packet_id().and_then(|id| self.published.get_mut(&id)) {
                    published.arrived |= published.puback == Some((p.conn, p.ordinal));
                }
            }
            Observation::Tester { about: Tester::Lag { nanos }, .. } => self.lag = self.lag.max(*nanos),
            // A reset throws away what the IUT has not read yet.
            Observation::Closed { conn, at, how: CloseHow::Cut, .. } => {
                let safe = setting.tolerances.quiet.saturating_add(self.lag);
                for published in self.published.values_mut() {
                    let on_it = published.puback.is_some_and(|(puback, _)| puback == *conn);
                    published.arrived &= !on_it || at.since(published.sent) >= safe;
                }
            }
            // What a client keeps beyond the end of its process is its own affair (MQTT 4.1).
            Observation::End { .. } | Observation::Process { change: ProcessChange::Spawn { .. }, .. } => {
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
        let before = self
            .published
            .insert(id, Published { packet: Arc::clone(p), puback: None, sent: p.end_at, arrived: false });
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
