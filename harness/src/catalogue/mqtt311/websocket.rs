//! MQTT over WebSocket (6).

use crate::catalogue::{Condition, Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting, WsSeen};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{Closer, ConnectionId, Nanos, ProcessChange, Tester};
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::websocket::{BINARY, CONTINUATION, TEXT, opcode_name};

pub(super) const WEBSOCKET: Trigger = Trigger::IutOption("websocket");
pub(super) const OVER_WEBSOCKET: Option<Condition> =
    Some(("it connects over WebSocket (option `websocket`)", |pics| pics.elects("websocket")));

/// Connections that are followed at the same time.
pub(super) const CONNECTIONS: usize = 4_096;
/// Packets of one connection, and ends of frames, that are remembered.
pub(super) const REMEMBERED: usize = 4_096;
/// The bits of a frame's first byte that hold the opcode (RFC 6455 5.2).
const OPCODE: u8 = 0x0f;

pub(super) fn seen(observation: &Observation) -> Option<&WsSeen> {
    match observation {
        Observation::WebSocket(seen) => Some(seen),
        _ => None,
    }
}

pub(super) fn witness(seen: &WsSeen) -> Witness {
    Witness { connection: Some(seen.conn), packet: None, frame: Some(seen.frame), bytes: None, bits: 0 }
}

pub(super) fn upgraded(s: &mut Sketch) {
    s.upgrade("mqtt");
    s.framed(BINARY, build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
    s.pushed(BINARY, build::connack(false, 0));
}

requirement! {
    /// Over WebSocket, control packets travel in binary data frames.
    ///
    /// # Judged
    /// On every data frame of the IUT that begins a message, by its opcode.
    BINARY_FRAMES {
        id: "mqtt311/websocket-binary",
        rows: &["MQTT-6.0.0-1a"],
        clause: "6",
        when: OVER_WEBSOCKET,
        trigger: WEBSOCKET,
        judged: Judged::Machine(|| Box::new(Binary)),
        examples: Examples {
            conforming: &[upgraded],
            violating: &[|s| {
                s.upgrade("mqtt");
                s.framed(TEXT, build::connect("k3vq9x2m").build());
            }],
            silent: &[|s| s.upgrade("mqtt"), |s| {
                s.upgrade("mqtt");
                s.pushed(TEXT, b"text");
                s.framed(8, b"");
            }],
        },
    }
}

struct Binary;

impl Check for Binary {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Some(seen) = seen(observation).filter(|seen| seen.from_iut()) else { return };
        let Some(frame) = seen.as_frame().filter(|f| !f.is_control() && f.opcode != CONTINUATION) else { return };
        let ruling = match frame.opcode {
            BINARY => Ruling::Met,
            opcode => Ruling::Broken(Deviation {
                witness: Some(Witness { bytes: Some(Span::byte(0)), bits: OPCODE, ..witness(seen) }),
                said: "WebSocket data frame that is not binary".to_owned(),
                expected: "opcode 2 (binary)".to_owned(),
                actual: format!("opcode {opcode} ({})", opcode_name(opcode)),
            }),
        };
        ledger.enter(witness(seen), ruling);
    }
}

requirement! {
    /// A WebSocket client offers the sub-protocol `mqtt`.
    ///
    /// # Interpretation
    /// It may offer others besides. Names of sub-protocols compare byte by byte (RFC 6455 4.1).
    ///
    /// # Judged
    /// On every upgrade the IUT asks for.
    SUBPROTOCOL {
        id: "mqtt311/websocket-subprotocol",
        rows: &["MQTT-6.0.0-3"],
        clause: "6",
        when: OVER_WEBSOCKET,
        trigger: WEBSOCKET,
        judged: Judged::Machine(|| Box::new(Subprotocol)),
        examples: Examples {
            conforming: &[|s| s.upgrade("mqtt"), |s| s.upgrade("mqttv3.1, mqtt")],
            violating: &[|s| s.upgrade(""), |s| s.upgrade("mqttv3.1"), |s| s.upgrade("MQTT")],
            silent: &[|s| s.open()],
        },
    }
}

struct Subprotocol;

impl Check for Subprotocol {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Some(seen) = seen(observation).filter(|seen| seen.from_iut()) else { return };
        let Some(head) = seen.as_head() else { return };
        let offered = head.list("Sec-WebSocket-Protocol");
        let ruling = if offered.iter().any(|(_, name)| *name == "mqtt") {
            Ruling::Met
        } else {
            let place = |at: usize, length: usize| {
                // A head is at most 64 KiB long.
                Span::new(at as u32, (at + length) as u32)
            };
            let bytes = match (offered.first(), offered.last()) {
                (Some((from, _)), Some((to, name))) => place(*from, to + name.len() - from),
                _ => place(0, usize::try_from(seen.item.length).unwrap_or(0)),
            };
            let names: Vec<String> = offered.iter().take(8).map(|(_, name)| format!("{name:?}")).collect();
            Ruling::Broken(Deviation {
                witness: Some(Witness { bytes: Some(bytes), ..witness(seen) }),
                said: "WebSocket upgrade that does not offer the sub-protocol of MQTT".to_owned(),
                expected: "Sec-WebSocket-Protocol with \"mqtt\"".to_owned(),
                actual: if names.is_empty() { "none".to_owned() } else { names.join(", ") },
            })
        };
        ledger.enter(witness(seen), ruling);
    }
}

requirement! {
    /// A receiver of a data frame of another type closes the network connection.
    ///
    /// # Judged
    /// On the first text frame the IUT is sent on a connection: met when it ends the connection within the time to
    /// answer, broken when the connection is still open after that time.
    CLOSE_ON_TEXT {
        id: "mqtt311/websocket-close-on-text",
        rows: &["MQTT-6.0.0-1b"],
        clause: "6",
        when: OVER_WEBSOCKET,
        trigger: WEBSOCKET,
        judged: Judged::Machine(|| Box::<ClosesOnText>::default()),
        examples: Examples {
            conforming: &[|s| {
                upgraded(s);
                s.pushed(TEXT, b"text");
                s.wait(20);
                s.closed_by_iut();
            }],
            violating: &[|s| {
                upgraded(s);
                s.pushed(TEXT, b"text");
                s.wait(2_500);
                s.framed(BINARY, build::pingreq());
            }],
            silent: &[upgraded, |s| {
                upgraded(s);
                s.pushed(TEXT, b"text");
                s.wait(50);
                s.cut();
            }, |s| {
                upgraded(s);
                s.pushed(TEXT, b"text");
                s.wait(50);
                s.stop_requested();
                s.closed_by_iut();
            }],
        },
    }
}

#[derive(Default)]
struct ClosesOnText {
    /// The first text frame of each connection.
    open: BTreeMap<ConnectionId, (Witness, Nanos)>,
    lag: u64,
    stopping: bool,
}

impl ClosesOnText {
    fn over(&self, frame: (Witness, Nanos), by: Closer, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let (witness, sent) = frame;
        let granted = setting.tolerances.response.saturating_add(self.lag);
        let lived = at.since(sent);
        let ruling = if lived > granted {
            Ruling::Broken(Deviation {
                witness: Some(Witness { bytes: Some(Span::byte(0)), bits: OPCODE, ..witness.clone() }),
                said: "Network connection left open after a text frame".to_owned(),
                expected: format!("closed within {} ms", granted / 1_000_000),
                actual: format!("open for {} ms", lived / 1_000_000),
            })
        } else if by == Closer::Client && !self.stopping {
            Ruling::Met
        } else {
            let ms = lived / 1_000_000;
            Ruling::CutShort(format!("the connection was ended {ms} ms after the text frame, not by the client"))
        };
        ledger.enter(witness, ruling);
    }

    fn leave(&mut self, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        for frame in std::mem::take(&mut self.open).into_values() {
            self.over(frame, Closer::Tester, at, setting, ledger);
        }
    }
}

impl Check for ClosesOnText {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::WebSocket(seen)
                if !seen.from_iut()
                    && seen.as_frame().is_some_and(|frame| frame.opcode == TEXT)
                    && self.open.len() < CONNECTIONS =>
            {
                self.open.entry(seen.conn).or_insert_with(|| (witness(seen), seen.at));
            }
            Observation::Closed { conn, by, at, .. } => {
                if let Some(frame) = self.open.remove(conn) {
                    self.over(frame, *by, *at, setting, ledger);
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
