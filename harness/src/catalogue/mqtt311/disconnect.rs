//! DISCONNECT: its flags, and what follows it (3.14).

use super::support::{flags_of, only_connected, ready, receives_only};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::{self, Closer, ConnectionId, Nanos, ProcessChange};
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

requirement! {
    /// The reserved flag bits of DISCONNECT are 0.
    ///
    /// # Interpretation
    /// Worded for the server, which validates them; the client owes them through 2.2.2-1 and 7.1.2.
    ///
    /// # Judged
    /// On every DISCONNECT: first byte E0.
    DISCONNECT_FLAGS {
        id: "mqtt311/disconnect-flags",
        rows: &["MQTT-3.14.1-1"],
        clause: "3.14.1",
        trigger: Trigger::IutOption("disconnect"),
        implies: &["mqtt311/reserved-flags"],
        judged: Judged::Packet(|p, _| flags_of(p, PacketType::Disconnect, 0)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.stop();
            }],
            violating: &[|s| {
                s.ready();
                s.iut([0xE1, 0x00]);
            }],
            silent: &[ready, |s| receives_only(s, [0xE1, 0x00])],
        },
    }
}

requirement! {
    /// After its DISCONNECT the client closes the network connection.
    ///
    /// # Interpretation
    /// The text sets no time; the report declares the one that is granted.
    ///
    /// # Judged
    /// From the DISCONNECT to the end of the connection: met when the IUT ends it within the time granted, broken
    /// when it is still open after that time. Where the IUT had to be killed before, it did not end it.
    CLOSE_AFTER_DISCONNECT {
        id: "mqtt311/close-after-disconnect",
        rows: &["MQTT-3.14.4-1"],
        clause: "3.14.4",
        trigger: Trigger::IutOption("disconnect"),
        judged: Judged::Machine(|| Box::new(After { judge: closes, disconnected: BTreeMap::new(), killed: false })),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.iut(build::disconnect());
                s.wait(100);
                s.closed_by_iut();
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.iut(build::disconnect());
                    s.wait(2_500);
                    s.closed_by_server("the client did not close after DISCONNECT");
                },
                |s| {
                    s.ready();
                    s.iut(build::disconnect());
                    s.wait(2_500);
                },
            ],
            silent: &[ready, only_connected, |s| {
                s.ready();
                s.closed_by_iut();
            }, |s| {
                s.ready();
                s.iut(build::disconnect());
                s.wait(1_500);
                killed(s);
                s.closed_by_iut();
            }],
        },
    }
}

requirement! {
    /// After its DISCONNECT the client sends no control packet on that connection.
    ///
    /// # Judged
    /// From the DISCONNECT to the end of the connection: not a byte. Met when the IUT ends the connection, or it
    /// stays open and silent for the quiet window.
    NOTHING_AFTER_DISCONNECT {
        id: "mqtt311/nothing-after-disconnect",
        rows: &["MQTT-3.14.4-2"],
        clause: "3.14.4",
        trigger: Trigger::IutOption("disconnect"),
        judged: Judged::Machine(|| Box::new(After { judge: stays_silent, disconnected: BTreeMap::new(), killed: false })),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.stop();
            }],
            violating: &[|s| {
                s.ready();
                let id = s.push("oc2/cmd/all", 1, b"x");
                s.iut(build::disconnect());
                s.iut(build::puback(id));
            }],
            silent: &[ready, |s| {
                s.ready();
                s.closed_by_iut();
            }],
        },
    }
}

/// The process is killed, for want of an end of its own.
fn killed(s: &mut Sketch) {
    s.event(recording::Event::Process {
        instance: 1,
        change: ProcessChange::StopRequested { with: "SIGKILL".to_owned() },
        out_offset: 0,
        err_offset: 0,
    });
}

/// What happened to a connection after the client's DISCONNECT.
enum Event<'a> {
    /// The client sent something.
    Sent(&'a PacketSeen),
    /// It ended, or the recording did.
    Over { by: Closer, at: Nanos },
}

/// A client's DISCONNECT.
struct Disconnected {
    packet: Arc<PacketSeen>,
    spoke: bool,
}

type Judge = fn(&Disconnected, &Event<'_>, &Setting) -> Option<Ruling>;

/// Watches connections from the client's DISCONNECT on.
struct After {
    judge: Judge,
    disconnected: BTreeMap<ConnectionId, Disconnected>,
    /// Whether the process was killed: then its connections were closed for it.
    killed: bool,
}

impl Check for After {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() => {
                if let Some(after) = self.disconnected.get_mut(&p.conn) {
                    after.spoke = true;
                    if let Some(ruling) = (self.judge)(after, &Event::Sent(p), setting) {
                        ledger.enter(Witness::packet(p), ruling);
                    }
                } else if p.packet.packet_type == PacketType::Disconnect && !p.packet.truncated {
                    self.disconnected.insert(p.conn, Disconnected { packet: Arc::clone(p), spoke: false });
                }
            }
            Observation::Process { change: ProcessChange::Spawn { .. }, .. } => self.killed = false,
            Observation::Process { change: ProcessChange::StopRequested { with }, .. } => {
                self.killed |= with == "SIGKILL";
            }
            Observation::Closed { conn, by, at, .. } => {
                if let Some(after) = self.disconnected.remove(conn) {
                    let by = if self.killed { Closer::Tester } else { *by };
                    self.over(&after, by, *at, setting, ledger);
                }
            }
            Observation::End { at, .. } => {
                for after in std::mem::take(&mut self.disconnected).into_values() {
                    self.over(&after, Closer::Tester, *at, setting, ledger);
                }
            }
            _ => {}
        }
    }
}

impl After {
    fn over(&self, after: &Disconnected, by: Closer, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        if let Some(ruling) = (self.judge)(after, &Event::Over { by, at }, setting) {
            ledger.enter(Witness::packet(&after.packet), ruling);
        }
    }
}

/// Nanoseconds as milliseconds, for people.
fn ms(nanos: u64) -> u64 {
    nanos / 1_000_000
}

fn closes(after: &Disconnected, event: &Event<'_>, setting: &Setting) -> Option<Ruling> {
    let Event::Over { by, at } = event else { return None };
    let (open, granted) = (at.since(after.packet.end_at), setting.tolerances.disconnect);
    if open > granted {
        return Some(Ruling::Broken(Deviation {
            witness: None,
            said: "Network connection left open after DISCONNECT".to_owned(),
            expected: format!("closed within {} ms", ms(granted)),
            actual: format!("open for {} ms", ms(open)),
        }));
    }
    Some(match by {
        Closer::Client => Ruling::Met,
        Closer::Server | Closer::Tester => {
            Ruling::CutShort(format!("the connection was ended for the client {} ms after its DISCONNECT", ms(open)))
        }
    })
}

fn stays_silent(after: &Disconnected, event: &Event<'_>, setting: &Setting) -> Option<Ruling> {
    match event {
        Event::Sent(p) => Some(Ruling::Broken(Deviation {
            witness: None,
            said: format!("{} sent after DISCONNECT on the same connection", p.packet.packet_type.name()),
            expected: format!("nothing after packet {}", after.packet.ordinal),
            actual: format!("{}, {} bytes", p.packet.packet_type.name(), p.packet.raw.len()),
        })),
        Event::Over { .. } if after.spoke => None,
        Event::Over { by: Closer::Client, .. } => Some(Ruling::Met),
        Event::Over { at, .. } if at.since(after.packet.end_at) >= setting.tolerances.quiet => Some(Ruling::Met),
        Event::Over { .. } => Some(Ruling::CutShort("the connection was ended right after DISCONNECT".to_owned())),
    }
}
