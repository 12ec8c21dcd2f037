//! Client identifiers (2.5).

use super::support::connect;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::recording::{ConnectionId, Event, ProcessChange};
use touchstone_fixtures::wire::mqtt311::{Text, build};

fn good(s: &mut Sketch) {
    s.connect();
}

fn nothing_sent(s: &mut Sketch) {
    s.open();
}

fn with_id(s: &mut Sketch, id: &[u8]) {
    s.connect_with(build::connect(id).keep_alive(60).clean_session(id.is_empty()).build());
}

requirement! {
    /// The client identifier is 1 to 23 letters and digits.
    ///
    /// # Interpretation
    /// These are the identifiers that every MQTT 3.1.1 server has to accept. That it is random cannot be seen.
    ///
    /// # Judged
    /// On every CONNECT.
    FORM {
        id: "wd04/client-id",
        rows: &["W4-063"],
        clause: "2.5",
        level: Level::Guidance,
        judged: Judged::Packet(form),
        examples: Examples {
            conforming: &[good, |s| with_id(s, b"A")],
            violating: &[
                |s| with_id(s, b"zulu-1"),
                |s| with_id(s, b""),
                |s| with_id(s, b"abcdefghijklmnopqrstuvwx"),
                |s| with_id(s, b"z\xFF"),
            ],
            silent: &[nothing_sent],
        },
    }
}

pub(in crate::catalogue) fn form(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let id = connect(packet)?.client_id.as_ref()?;
    if (1..=23).contains(&id.bytes.len()) && id.bytes.iter().all(u8::is_ascii_alphanumeric) {
        return Some(Ruling::Met);
    }
    let said = match id.bytes.len() {
        0 => "CONNECT sent with an empty ClientId".to_owned(),
        length @ 24.. => format!("CONNECT sent with a ClientId of {length} bytes"),
        _ => format!("CONNECT sent with ClientId {}", shown(id)),
    };
    Some(Ruling::broken_at(packet, id.span, said, "a ClientId of 1 to 23 letters and digits", shown(id)))
}

fn shown(id: &Text) -> String {
    let text = id.display();
    let short: String = text.chars().take(40).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    format!("`{short}{more}`")
}

requirement! {
    /// The client identifier is generated once, stored and used again.
    ///
    /// # Interpretation
    /// It stays the same over reconnections, and over restarts that keep the state of the implementation. A fresh
    /// installation takes a new one, and so does each of several connections at the same time.
    ///
    /// # Judged
    /// On every CONNECT after the first since the IUT was last started with an empty state, unless another connection
    /// of the IUT is open.
    STORED {
        id: "wd04/client-id-stored",
        rows: &["W4-063"],
        clause: "2.5",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<Stored>::default()),
        examples: Examples {
            conforming: &[|s| {
                s.connect();
                s.closed_by_iut();
                s.ready();
            }, |s| {
                s.connect();
                s.stop();
                spawned(s, false);
                s.connect();
            }],
            violating: &[|s| {
                s.connect();
                s.stop();
                spawned(s, false);
                with_id(s, b"another");
            }],
            silent: &[
                good,
                |s| {
                    s.connect();
                    s.stop();
                    spawned(s, true);
                    with_id(s, b"another");
                },
                |s| {
                    s.connect();
                    with_id(s, b"another");
                },
            ],
        },
    }
}

requirement! {
    /// The client identifier is random: two fresh installations do not have the same.
    ///
    /// # Judged
    /// On the first CONNECT after the IUT was started with an empty state once more.
    RANDOM {
        id: "wd04/client-id-random",
        rows: &["W4-063"],
        clause: "2.5",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<Random>::default()),
        examples: Examples {
            conforming: &[|s| {
                spawned(s, true);
                s.connect();
                s.stop();
                spawned(s, true);
                with_id(s, b"another");
            }],
            violating: &[|s| {
                spawned(s, true);
                s.connect();
                s.stop();
                spawned(s, true);
                s.connect();
            }],
            silent: &[good, |s| {
                spawned(s, true);
                s.connect();
                s.stop();
                spawned(s, false);
                s.connect();
            }],
        },
    }
}

/// Identifiers of earlier installations, and of the present one.
#[derive(Default)]
struct Random {
    earlier: BTreeMap<Bytes, ConnectionId>,
    present: BTreeMap<Bytes, ConnectionId>,
    judged: bool,
}

impl Check for Random {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Process { change: ProcessChange::Spawn { fresh: true, .. }, .. } => {
                let present = std::mem::take(&mut self.present);
                self.earlier.extend(present.into_iter().take(REMEMBERED));
                self.judged = false;
            }
            Observation::Packet(p) => {
                let Some(id) = connect(p).and_then(|c| c.client_id.as_ref()).filter(|id| !id.bytes.is_empty()) else {
                    return;
                };
                if !self.earlier.is_empty() && !std::mem::replace(&mut self.judged, true) {
                    let ruling = match self.earlier.get(&id.bytes) {
                        None => Ruling::Met,
                        Some(conn) => Ruling::broken_at(
                            p,
                            id.span,
                            "CONNECT of a fresh installation sent with the ClientId of another one",
                            "a ClientId of its own",
                            format!("{}, as on connection {conn}", shown(id)),
                        ),
                    };
                    ledger.enter(Witness::packet(p), ruling);
                }
                if self.present.len() < REMEMBERED {
                    self.present.entry(id.bytes.clone()).or_insert(p.conn);
                }
            }
            _ => {}
        }
    }
}

fn spawned(s: &mut Sketch, fresh: bool) {
    s.event(Event::Process {
        instance: 2,
        change: ProcessChange::Spawn { command: vec!["consumer".into()], fresh },
        out_offset: 0,
        err_offset: 0,
    });
}

/// Identifiers that are remembered; of an IUT that takes ever new ones, the first show it.
const REMEMBERED: usize = 64;

#[derive(Default)]
struct Stored {
    open: BTreeSet<ConnectionId>,
    known: BTreeMap<Bytes, ConnectionId>,
}

impl Check for Stored {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Opened { conn, .. } => {
                self.open.insert(*conn);
            }
            Observation::Closed { conn, .. } => {
                self.open.remove(conn);
            }
            Observation::Process { change: ProcessChange::Spawn { fresh: true, .. }, .. } => self.known.clear(),
            Observation::Packet(p) => {
                let Some(id) = connect(p).and_then(|c| c.client_id.as_ref()) else { return };
                if let Some(ruling) = self.judge(p, id) {
                    ledger.enter(Witness::packet(p), ruling);
                }
                if self.known.len() < REMEMBERED {
                    self.known.entry(id.bytes.clone()).or_insert(p.conn);
                }
            }
            _ => {}
        }
    }
}

impl Stored {
    fn judge(&self, p: &PacketSeen, id: &Text) -> Option<Ruling> {
        let alone = self.open.iter().all(|conn| *conn == p.conn);
        if !alone || self.known.is_empty() || self.known.get(&id.bytes) == Some(&p.conn) {
            return None;
        }
        if self.known.contains_key(&id.bytes) {
            return Some(Ruling::Met);
        }
        let said = format!("CONNECT sent with a new ClientId, {}", shown(id));
        Some(Ruling::broken_at(p, id.span, said, "the ClientId that was used before", shown(id)))
    }
}
