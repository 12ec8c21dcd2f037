//! Leaving for good (6.3).

use super::support::connect;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use touchstone_fixtures::recording::{Closer, ConnectionId, Nanos, ProcessChange};
use touchstone_fixtures::wire::mqtt311::{Body, PacketType, build};

/// Connections and identifiers that are followed; what is more is not judged.
const FOLLOWED: usize = 4096;

fn told(s: &mut Sketch) {
    s.ready_ae();
    s.stimulus(json!({"id": "l", "leave": true}));
}

fn disconnects(s: &mut Sketch) {
    s.iut(build::disconnect());
    s.closed_by_iut();
}

fn clean(s: &mut Sketch, id: &str) {
    s.connect_with(build::connect(id).clean_session(true).build());
}

fn leaves(s: &mut Sketch) {
    told(s);
    disconnects(s);
    clean(s, "A::Cae1");
    disconnects(s);
}

requirement! {
    /// An AE that no longer takes part disconnects, connects once more with Clean Session 1, and disconnects again.
    ///
    /// # Interpretation
    /// That deletes what the server keeps for it. Being stopped is no leaving for good: an AE does this when it is told to, which
    /// is what a stimulus with `leave` stands for. Before that it may do whatever it has to, as deregister.
    ///
    /// # Judged
    /// Where such a stimulus was accepted. Met when the last that the AE does is to connect with Clean Session 1 under an
    /// identifier that it had a session under, and to disconnect. Broken when it has not done so and nothing
    /// but pings has passed between it and the server for the time to answer, or it ended by itself.
    LEAVE {
        id: "ts0010/leave-for-good",
        rows: &["T-018"],
        clause: "6.3",
        roles: &[Role::Ae],
        trigger: Trigger::IutOption("leave"),
        judged: Judged::Machine(|| Box::<Leaves>::default()),
        examples: Examples {
            conforming: &[leaves, |s| {
                // It was quicker than whoever told it.
                s.ready_ae();
                disconnects(s);
                clean(s, "A::Cae1");
                s.stimulus(json!({"id": "l", "leave": true}));
                disconnects(s);
                s.wait(2_500);
            }, |s| {
                leaves(s);
                s.exit(0, false);
            }],
            violating: &[
                |s| {
                    told(s);
                    s.wait(2_500);
                },
                |s| {
                    told(s);
                    disconnects(s);
                    s.wait(2_500);
                },
                |s| {
                    told(s);
                    disconnects(s);
                    s.exit(0, false);
                },
                |s| {
                    told(s);
                    disconnects(s);
                    clean(s, "another");
                    disconnects(s);
                    s.wait(2_500);
                },
                |s| {
                    // Its session begins anew.
                    leaves(s);
                    s.connect();
                    s.wait(2_500);
                },
            ],
            silent: &[|s| s.ready_ae(), told, |s| {
                s.ready_ae();
                s.stop();
                s.wait(2_500);
            }, |s| {
                s.ready_ae();
                s.stimulus(json!({"id": "l", "request": {"op": 2}}));
                s.wait(2_500);
            }, |s| {
                told(s);
                s.cut();
                s.wait(2_500);
            }, |s| {
                told(s);
                s.stop_requested();
                s.stop();
                s.wait(2_500);
            }],
        },
    }
}

#[derive(Default)]
struct Leaves {
    /// When it was told to leave.
    told: Option<(Nanos, Witness)>,
    /// Identifiers it has had a session under.
    sessions: BTreeSet<Bytes>,
    /// Connections under one of them with Clean Session 1.
    clean: BTreeSet<ConnectionId>,
    /// Connections that ended with DISCONNECT.
    gone: BTreeSet<ConnectionId>,
    /// Whether it has left, as far as can be seen: nothing was done after that.
    left: Option<Witness>,
    /// The last packet that is no ping, or end of a connection.
    busy: Nanos,
    /// Somebody else came between, or it cannot be followed.
    spoiled: bool,
    /// It was asked to stop.
    stopping: bool,
    /// It has been decided.
    done: bool,
}

impl Leaves {
    fn sent(&mut self, p: &PacketSeen) {
        match connect(p) {
            Some(connect) => {
                self.left = None;
                let Some(id) = connect.client_id.as_ref() else { return };
                self.spoiled |= self.sessions.len() + self.clean.len() + self.gone.len() >= FOLLOWED;
                if !connect.clean_session() {
                    if !self.spoiled {
                        self.sessions.insert(id.bytes.clone());
                    }
                } else if self.sessions.contains(&id.bytes) && !self.spoiled {
                    self.clean.insert(p.conn);
                }
            }
            None if p.packet.packet_type == PacketType::Disconnect => {
                self.gone.insert(p.conn);
                if self.clean.remove(&p.conn) {
                    self.left = Some(Witness::packet(p));
                }
            }
            None => {}
        }
    }

    fn decide(&mut self, at: Nanos, ended: bool, setting: &Setting, ledger: &mut Ledger) {
        let Some((told, witness)) = self.told.clone() else { return };
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let waited = at.since(told.max(self.busy));
        let ruling = match self.left.take() {
            Some(left) => return ledger.enter(left, Ruling::Met),
            None if self.spoiled => return,
            None if ended || waited > setting.tolerances.response => Ruling::Broken(Deviation {
                witness: None,
                said: "Told to leave for good, and its session is still at the server".to_owned(),
                expected: "CONNECT with Clean Session 1 under its Client Identifier, and DISCONNECT".to_owned(),
                actual: match ended {
                    true => "the end of its process".to_owned(),
                    false => format!("none of it in {} ms", waited / 1_000_000),
                },
            }),
            None => Ruling::CutShort("the recording ends before it had to have left for good".to_owned()),
        };
        ledger.enter(witness, ruling);
    }
}

/// Whether a stimulus tells to leave for good.
pub(in crate::catalogue) fn says_leave(line: &str) -> bool {
    serde_json::from_str(line).is_ok_and(|told: Value| told.get("leave") == Some(&Value::Bool(true)))
}

impl Check for Leaves {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Stimulated { line, at, frame } if says_leave(line) => {
                self.told.get_or_insert((*at, Witness::frame(*frame)));
            }
            Observation::Packet(p) => {
                let ping = matches!(p.packet.packet_type, PacketType::Pingreq | PacketType::Pingresp);
                if !ping {
                    self.busy = self.busy.max(p.end_at);
                }
                if p.from_iut() && !ping {
                    self.sent(p);
                } else if let Body::Connack(connack) = &p.packet.body
                    && connack.return_code.as_ref().is_none_or(|code| code.value != 0)
                {
                    // It is not let in: nothing it does then deletes anything.
                    self.spoiled |= self.told.is_some();
                }
            }
            Observation::Closed { conn, at, by, .. } => {
                self.busy = self.busy.max(*at);
                self.clean.remove(conn);
                let ended = self.gone.remove(conn) || *by == Closer::Client;
                self.spoiled |= !ended && self.told.is_some();
            }
            Observation::Process { change, at, .. } => match change {
                ProcessChange::StopRequested { .. } => {
                    self.decide(*at, false, setting, ledger);
                    self.stopping = true;
                }
                ProcessChange::Exit { expected: false, .. } if !self.stopping => {
                    self.decide(*at, true, setting, ledger)
                }
                ProcessChange::Exit { .. } => self.decide(*at, false, setting, ledger),
                _ => {}
            },
            Observation::End { at, .. } => self.decide(*at, false, setting, ledger),
            _ => {}
        }
    }
}
