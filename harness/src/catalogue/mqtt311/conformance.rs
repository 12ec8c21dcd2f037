//! Errors, and conformance itself (4.8, 7).

use super::closing::Closes;
use super::support::{closes, is_cut, judgeable, only_opened, ready, stays};
use super::violations::Kind;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use std::sync::Arc;
use touchstone_fixtures::recording::Nanos;
use touchstone_fixtures::wire::mqtt311::{Body, PacketType, build};

requirement! {
    /// On a protocol violation by its peer a client closes the network connection it came on.
    ///
    /// # Interpretation
    /// The text does not say what a protocol violation is. Taken for one is a packet that contradicts a packet format or
    /// a MUST of the server: a type or a length that no server sends, a second CONNACK, anything before the first, a
    /// PUBLISH without a topic or with a wildcard in it, without an identifier, or with fields that do not fit, a
    /// SUBACK with reserved codes or with another number of them than filters. What has a statement of its own is judged
    /// there. What no text calls a violation (answers to nothing, a reserved return code in CONNACK) is noted, and
    /// decides nothing.
    ///
    /// # Judged
    /// On the first packet of a connection that no server may send, where it is one that has no statement of its own: met when
    /// the IUT ends the connection within the time to answer, broken when the packet was delivered and the connection is
    /// still open after that time.
    CLOSE_ON_VIOLATION {
        id: "mqtt311/close-on-violation",
        rows: &["MQTT-4.8.0-1"],
        clause: "4.8",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Closes::check(Kind::Other)),
        examples: Examples {
            conforming: &[|s| closes(s, [0xF0, 0x00]), |s| closes(s, build::connack(false, 0))],
            violating: &[
                |s| stays(s, [0xF0, 0x00]),
                |s| stays(s, build::connack(false, 0)),
                |s| stays(s, build::publish("a/#", 1, 2, b"x")),
                |s| {
                    s.connect();
                    s.iut(build::subscribe(9, [("a", 1), ("b", 1)]));
                    s.inject(build::suback(9, [1]), false);
                    s.wait(2_500);
                },
                |s| {
                    s.open();
                    s.iut(build::connect("k").build());
                    s.inject(build::publish("a", 1, 2, b"x"), false);
                    s.wait(2_500);
                },
                |s| stays(s, [0x40, 0x80, 0x80, 0x80, 0x80, 0x01]),
            ],
            silent: &[
                ready,
                |s| is_cut(s, [0xF0, 0x00]),
                |s| stays(s, build::suback(77, [1])),
                |s| stays(s, build::pingresp()),
                |s| stays(s, [0xD1, 0x00]),
            ],
        },
    }
}

requirement! {
    /// On a transient error while it processes a packet a client closes the network connection it came on.
    ///
    /// # Judged
    /// Not at all.
    CLOSE_ON_TRANSIENT_ERROR {
        id: "mqtt311/close-on-transient-error",
        rows: &["MQTT-4.8.0-2"],
        clause: "4.8",
        trigger: Trigger::Tester,
        judged: Judged::Untestable("a transient error lies inside the client and cannot be told from outside"),
    }
}

requirement! {
    /// A server that opens connections to other servers conforms as a client on them too.
    ///
    /// # Interpretation
    /// Every requirement of this catalogue is judged on the connections of a bridge as on those of any client. What only
    /// bridges do is mark their CONNECT with the topmost bit of the protocol level, which this version does not know.
    ///
    /// # Judged
    /// On every CONNECT of a declared bridge.
    BRIDGE_CONFORMS {
        id: "mqtt311/bridge-conforms",
        rows: &["MQTT-7.0.0-1"],
        clause: "7",
        when: Some(("it is a bridge (option `bridge`)", |pics| pics.elects("bridge"))),
        trigger: Trigger::IutOption("bridge"),
        judged: Judged::Packet(bridge),
        examples: Examples {
            conforming: &[ready],
            violating: &[|s| s.connect_with(build::connect("k").protocol_level(0x84).build())],
            silent: &[only_opened],
        },
    }
}

fn bridge(p: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let level = level(p)?;
    if level & BRIDGE == 0 {
        return Some(Ruling::Met);
    }
    let span = p.packet.connect()?.protocol_level.as_ref()?.span;
    Some(Ruling::broken_bits(
        p,
        span.start,
        BRIDGE,
        "CONNECT marked as that of a bridge",
        "protocol level 4",
        format!("{level:02X}"),
    ))
}

/// The bit of the protocol level by which some servers tell bridges.
const BRIDGE: u8 = 0x80;

/// The protocol level of a whole CONNECT of the IUT.
fn level(p: &PacketSeen) -> Option<u8> {
    p.packet.connect().filter(|_| judgeable(p))?.protocol_level.as_ref().map(|level| level.value)
}

requirement! {
    /// A client needs no extension from outside the standard to interoperate.
    ///
    /// # Interpretation
    /// The broker of this program knows none: it refuses other protocol levels than 4 with return code 1, and to it
    /// `$share/` and `$queue/` are topic levels like any other, which nobody publishes to.
    ///
    /// # Judged
    /// Met by an OpenC2 message of the IUT on a connection it asked for with protocol level 4. Broken when it asked at
    /// least twice with the bit that marks a bridge, was refused for it each time, and never asked without; and when
    /// every filter that it subscribed to begins with `$share/` or `$queue/`, and it asked for no other in the time to
    /// answer. Nothing is decided of filters where its session may be older than the recording.
    NO_EXTENSION_NEEDED {
        id: "mqtt311/no-extension-needed",
        rows: &["MQTT-7.0.0-2"],
        clause: "7",
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<Extensions>::default()),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("r1", json!([]));
                s.respond("r1", json!({"status": 200}));
            }],
            violating: &[|s| {
                asks_as_bridge(s);
                asks_as_bridge(s);
            }, |s| shares(s, &["$share/group/oc2/cmd/all"]), |s| shares(s, &["$queue/oc2/cmd/all", "$queue/oc2/rsp"])],
            silent: &[only_opened, ready, asks_as_bridge, |s| {
                asks_as_bridge(s);
                asks_as_bridge(s);
                s.connect();
            }, |s| shares(s, &["$share/group/oc2/cmd/all", "oc2/cmd/all"]), |s| {
                s.connect();
                s.subscribe(&[("$share/group/oc2/cmd/all", 1)]);
            }],
        },
    }
}

/// A CONNECT with the mark of bridges, refused.
fn asks_as_bridge(s: &mut Sketch) {
    s.open();
    s.iut(build::connect("k").protocol_level(0x84).build());
    s.edge(build::connack(false, 1));
    s.closed_by_server("MQTT-3.1.2-2");
}

/// Subscribes to these filters, and lives on.
fn shares(s: &mut Sketch, filters: &[&str]) {
    s.connect();
    s.subscribe(&filters.iter().map(|filter| (*filter, 1)).collect::<Vec<_>>());
    s.wait(2_500);
}

/// Whether the IUT gets along without what vendors have added.
#[derive(Default)]
struct Extensions {
    /// CONNECTs as a bridge, and how many of them were refused for it.
    marked: u64,
    refused: u64,
    last: Option<Arc<PacketSeen>>,
    plain: bool,
    /// The newest SUBSCRIBE with nothing but shared filters, as long as there was no other.
    shared: Option<Arc<PacketSeen>>,
    /// Whether it has subscribed in the way of the standard.
    subscribed: bool,
}

/// How filters begin that some servers take for shared subscriptions.
const SHARED: [&[u8]; 2] = [b"$share/", b"$queue/"];

impl Extensions {
    fn subscribe(&mut self, p: &Arc<PacketSeen>) {
        let Body::Subscribe(subscribe) = &p.packet.body else { return };
        let shared = |bytes: &[u8]| SHARED.iter().any(|prefix| bytes.starts_with(prefix));
        let all = subscribe.subscriptions.iter().all(|s| shared(&s.filter.bytes));
        if judgeable(p) && all && !subscribe.subscriptions.is_empty() && p.packet.defects.is_empty() {
            self.shared = Some(Arc::clone(p));
        } else {
            self.subscribed = true;
        }
    }

    fn only_shared(&mut self, at: Nanos, setting: &Setting, ledger: &mut Ledger) {
        let waited = |p: &PacketSeen| at.since(p.end_at) > setting.tolerances.response;
        let Some(p) = self.shared.take().filter(|p| !self.subscribed && setting.births_known && waited(p)) else {
            return;
        };
        let Body::Subscribe(subscribe) = &p.packet.body else { return };
        let Some(filter) = subscribe.subscriptions.first().map(|s| &s.filter) else { return };
        let shown = format!("`{}`", filter.display());
        let said = format!("SUBSCRIBE asks for {shown}, and no other does without such an extension");
        let ruling = Ruling::broken_at(&p, filter.span, said, "a Topic Filter that every server understands", shown);
        ledger.enter(Witness::packet(&p), ruling);
    }
}

impl Check for Extensions {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() && p.packet.packet_type == PacketType::Subscribe => {
                self.subscribe(p)
            }
            Observation::Packet(p) if p.from_iut() => match level(p) {
                Some(level) if level & BRIDGE != 0 => {
                    self.marked += 1;
                    self.last = Some(Arc::clone(p));
                }
                Some(_) => self.plain = true,
                None if self.plain && self.marked == 0 && p.payload.is_some() && judgeable(p) => {
                    ledger.enter(Witness::packet(p), Ruling::Met);
                }
                None => {}
            },
            Observation::Packet(p) => {
                let Body::Connack(connack) = &p.packet.body else { return };
                let for_its_level = !p.injected && connack.return_code.as_ref().is_some_and(|code| code.value == 1);
                let asked = self.last.as_ref().is_some_and(|connect| connect.conn == p.conn);
                self.refused += u64::from(for_its_level && asked);
            }
            Observation::End { at, .. } => {
                self.only_shared(*at, setting, ledger);
                let Some(p) =
                    self.last.take().filter(|_| !self.plain && self.refused >= 2 && self.refused == self.marked)
                else {
                    return;
                };
                let Some(span) = p.packet.connect().and_then(|c| c.protocol_level.as_ref()).map(|l| l.span) else {
                    return;
                };
                let ruling = Ruling::broken_bits(
                    &p,
                    span.start,
                    BRIDGE,
                    format!("CONNECT sent {} times as a bridge's, though it was refused", self.marked),
                    "a CONNECT with protocol level 4",
                    "an extension of the protocol level",
                );
                ledger.enter(Witness::packet(&p), ruling);
            }
            _ => {}
        }
    }
}

requirement! {
    /// A client supports a transport that gives an ordered, lossless stream of bytes both ways.
    ///
    /// # Interpretation
    /// The listener is a TCP one: every connection that arrives shows such a transport.
    ///
    /// # Judged
    /// Not at all.
    ORDERED_TRANSPORT {
        id: "mqtt311/ordered-transport",
        rows: &["MQTT-7.1.2-1"],
        clause: "7.1.2",
        judged: Judged::Untestable("a client without such a transport cannot be told from one that never connects"),
    }
}
