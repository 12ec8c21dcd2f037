//! MQTT over WebSocket (6): control packets that do not align with frames.

use super::websocket::{CONNECTIONS, OVER_WEBSOCKET, REMEMBERED, WEBSOCKET, upgraded};
use crate::catalogue::{Examples, Judged};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use touchstone_fixtures::recording::{Closer, ConnectionId, Nanos, ProcessChange, Tester};
use touchstone_fixtures::wire::mqtt311::{PacketType, build};
use touchstone_fixtures::wire::websocket::{BINARY, TEXT};

/// A message to the IUT, in the middle of which a frame ends; answers its packet identifier.
fn across(s: &mut Sketch) -> u16 {
    let id = 77;
    let packet = build::publish("oc2/cmd/all", 1, id, b"x");
    let (first, second) = packet.split_at(5);
    s.pushed_as(&packet, &[first, second]);
    id
}

fn sound(s: &mut Sketch) {
    upgraded(s);
    s.pushed(BINARY, build::publish("oc2/cmd/all", 1, 1, b"x"));
    s.framed(BINARY, build::puback(1));
}

requirement! {
    /// A receiver does not assume that control packets align with WebSocket frames.
    ///
    /// # Interpretation
    /// A frame may hold a part of a packet, or several. An acknowledgement shows that a message was taken.
    ///
    /// # Judged
    /// On every message to the IUT at QoS 1 or 2 that a frame does not hold alone and whole. Met when it is acknowledged.
    /// Broken when the IUT, which had acknowledged a message before, ends the connection instead, or has not acknowledged
    /// it within the time to answer; likewise for a CONNACK that is met with the end of
    /// the connection. Nothing is decided on a connection on which something came that no conforming server sends.
    ALIGNMENT {
        id: "mqtt311/websocket-alignment",
        rows: &["MQTT-6.0.0-2"],
        clause: "6",
        when: OVER_WEBSOCKET,
        trigger: WEBSOCKET,
        judged: Judged::Machine(|| Box::<Alignment>::default()),
        examples: Examples {
            conforming: &[|s| {
                upgraded(s);
                let id = across(s);
                s.framed(BINARY, build::puback(id));
            }, |s| {
                upgraded(s);
                let (one, two) = (build::publish("a", 1, 5, b"x"), build::publish("a", 1, 6, b"x"));
                let both = [one, two].concat();
                s.pushed_as(&both, &[&both]);
                s.framed(BINARY, [build::puback(5), build::puback(6)].concat());
            }],
            violating: &[|s| {
                sound(s);
                across(s);
                s.closed_by_iut();
            }, |s| {
                sound(s);
                across(s);
                s.wait(2_500);
                s.framed(BINARY, build::pingreq());
            }, |s| {
                sound(s);
                s.cut();
                s.upgrade("mqtt");
                s.framed(BINARY, build::connect("k3vq9x2m").build());
                let connack = build::connack(true, 0);
                s.pushed_as(&connack, &[&connack[..3], &connack[3..]]);
                s.wait(50);
                s.closed_by_iut();
            }],
            silent: &[sound, |s| {
                upgraded(s);
                across(s);
                s.closed_by_iut();
            }, |s| {
                // A PUBLISH before the CONNACK: it has to end the connection.
                sound(s);
                s.cut();
                s.upgrade("mqtt");
                s.framed(BINARY, build::connect("k3vq9x2m").build());
                let both = [build::publish("a", 1, 7, b"x"), build::connack(false, 0)].concat();
                s.injected_as(&both, &[&both]);
                s.closed_by_iut();
            }, |s| {
                sound(s);
                across(s);
                s.wait(50);
                s.cut();
            }, |s| {
                sound(s);
                across(s);
                s.wait(50);
                s.stop_requested();
            }],
        },
    }
}

/// The bytes of MQTT to the IUT on one connection, and the frames around them.
#[derive(Default)]
struct Flow {
    /// Bytes of the packets so far.
    sent: u64,
    /// Bytes of the frames so far.
    framed: u64,
    /// Where frames end.
    ends: VecDeque<u64>,
    /// Packets whose frames are not all known: where they begin.
    packets: VecDeque<(u64, Arc<PacketSeen>)>,
    /// Packets that no frame holds alone and whole, and that the IUT has not been seen to take.
    odd: VecDeque<Arc<PacketSeen>>,
    /// Whether something came that no conforming server sends: a client ends such a connection.
    violated: bool,
}

impl Flow {
    /// Packets whose frames are known now: those that no frame holds alone and whole wait to be taken.
    fn settle(&mut self) {
        while let Some((start, packet)) = self.packets.front() {
            let (start, end) = (*start, *start + packet.packet.raw.len() as u64);
            if self.framed < end {
                return;
            }
            let ends_at = |at: u64| at == 0 || self.ends.contains(&at);
            let alone = ends_at(start) && ends_at(end) && !self.ends.iter().any(|at| (start + 1..end).contains(at));
            let asks = matches!(packet.packet.packet_type, PacketType::Publish if packet.packet.packet_id().is_some())
                || packet.packet.packet_type == PacketType::Connack;
            if !alone && asks && !self.violated && self.odd.len() < REMEMBERED {
                self.odd.push_back(Arc::clone(packet));
            }
            self.packets.pop_front();
            while self.ends.front().is_some_and(|at| *at < end) {
                self.ends.pop_front();
            }
        }
    }
}

#[derive(Default)]
struct Alignment {
    flows: BTreeMap<ConnectionId, Flow>,
    /// It has acknowledged a message: it can.
    sound: bool,
    lag: u64,
    stopping: bool,
}

impl Alignment {
    fn broken(packet: &PacketSeen, actual: String) -> Ruling {
        Ruling::Broken(Deviation {
            witness: Some(Witness::packet(packet)),
            said: format!("{} that WebSocket frames do not hold alone and whole", packet.packet.packet_type.name()),
            expected: "taken like any other".to_owned(),
            actual,
        })
    }

    fn acknowledged(&mut self, by: &PacketSeen, ledger: &mut Ledger) {
        let Some(id) = by.packet.packet_id() else { return };
        self.sound = true;
        let Some(flow) = self.flows.get_mut(&by.conn) else { return };
        if let Some(at) = flow.odd.iter().position(|packet| packet.packet.packet_id() == Some(id)) {
            // Found just now.
            if let Some(packet) = flow.odd.remove(at) {
                ledger.enter(Witness::packet(&packet), Ruling::Met);
            }
            flow.odd.retain(|packet| packet.packet.packet_type != PacketType::Connack);
        }
    }

    /// The IUT says something else: what it has not acknowledged in time it has not taken.
    fn overdue(&mut self, by: &PacketSeen, setting: &Setting, ledger: &mut Ledger) {
        let Some(flow) = self.flows.get_mut(&by.conn) else { return };
        let mut odd = std::mem::take(&mut flow.odd);
        odd.retain(|packet| {
            let publish = packet.packet.packet_type == PacketType::Publish;
            let late = self.unacknowledged(packet, by.at, setting).filter(|_| publish);
            late.is_none_or(|ruling| {
                ledger.enter(Witness::packet(packet), ruling);
                false
            })
        });
        if let Some(flow) = self.flows.get_mut(&by.conn) {
            flow.odd = odd;
        }
    }

    fn leave(&mut self, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        for packet in std::mem::take(&mut self.flows).into_values().flat_map(|flow| flow.odd) {
            if packet.packet.packet_type == PacketType::Publish {
                // One that had less time comes again, or decides nothing.
                if let Some(ruling) = self.unacknowledged(&packet, at, setting) {
                    ledger.enter(Witness::packet(&packet), ruling);
                }
            }
        }
    }

    /// What it means that a message has not been acknowledged until now.
    fn unacknowledged(&self, packet: &PacketSeen, now: Nanos, setting: &Setting) -> Option<Ruling> {
        let granted = setting.tolerances.response.saturating_add(self.lag);
        let late = self.sound && now.since(packet.end_at) > granted;
        late.then(|| Alignment::broken(packet, format!("not acknowledged within {} ms", granted / 1_000_000)))
    }
}

impl Check for Alignment {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::WebSocket(seen) => {
                if self.flows.len() >= CONNECTIONS && !self.flows.contains_key(&seen.conn) {
                    return;
                }
                let Some(frame) = seen.as_frame().filter(|f| !seen.from_iut() && !f.is_control()) else { return };
                if frame.opcode == TEXT {
                    return;
                }
                let flow = self.flows.entry(seen.conn).or_default();
                flow.framed += frame.payload;
                if flow.ends.len() < REMEMBERED {
                    flow.ends.push_back(flow.framed);
                }
                flow.settle();
            }
            Observation::Packet(packet) if !packet.from_iut() => {
                // Frames come after the packets they hold; without WebSocket they never come.
                if self.flows.len() >= CONNECTIONS && !self.flows.contains_key(&packet.conn) {
                    return;
                }
                let flow = self.flows.entry(packet.conn).or_default();
                if packet.injected && !packet.lawful {
                    flow.violated = true;
                    flow.odd.clear();
                }
                let start = flow.sent;
                flow.sent += packet.packet.raw.len() as u64;
                if flow.packets.len() < REMEMBERED {
                    flow.packets.push_back((start, Arc::clone(packet)));
                }
                flow.settle();
            }
            Observation::Packet(packet) => match packet.packet.packet_type {
                PacketType::Puback | PacketType::Pubrec => self.acknowledged(packet, ledger),
                _ => self.overdue(packet, setting, ledger),
            },
            Observation::Closed { conn, by, .. } => {
                let Some(flow) = self.flows.remove(conn) else { return };
                for packet in flow.odd.iter().filter(|_| *by == Closer::Client && self.sound && !self.stopping) {
                    let actual = "connection ended by the client".to_owned();
                    ledger.enter(Witness::packet(packet), Alignment::broken(packet, actual));
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
