//! What a reconnect must bring again, and in which order (3.3.1.1, 4.4, 4.6).

use super::resend::{Place, Resend, came_again, has_dup, overflow};
use super::resends::Resends;
use super::session::{comes_again, cut_again, forgotten, perhaps_acknowledged, restarted, stays_away, unacknowledged};
use super::support::{SEVERAL_IN_FLIGHT, packet_id_span, publishes, ready};
use crate::catalogue::{Examples, Flow, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;

requirement! {
    /// A PUBLISH that is delivered again has DUP=1.
    ///
    /// # Interpretation
    /// The same content under the same packet identifier, on a reconnect to the same session, is a redelivery when no
    /// acknowledgement was sent for the first copy. On one connection DUP=0 may be another message like the first.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT above QoS 0 that comes again.
    DUP_ON_REDELIVERY {
        id: "mqtt311/dup-on-redelivery",
        rows: &["MQTT-3.3.1-1"],
        clause: "3.3.1.1",
        flows: &[Flow::Publishes],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Resends::check(|resend, _| has_dup(resend, |_| true))),
        examples: Examples {
            conforming: &[comes_again, |s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
            }],
            violating: &[again_without_dup],
            silent: &[
                publishes,
                stays_away,
                // A client that has had its PUBACK may send another message like the first.
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.edge(build::puback(9));
                    s.cut();
                    s.reconnect();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                },
                |s| {
                    unacknowledged(s);
                    s.connect();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.stop();
                    s.spawn();
                    s.reconnect();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                },
            ],
        },
    }
}

fn again_without_dup(s: &mut Sketch) {
    unacknowledged(s);
    s.reconnect();
    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
}

requirement! {
    /// On a reconnect with Clean Session 0 a client sends every unacknowledged PUBLISH and PUBREL again, with the
    /// original packet identifiers.
    ///
    /// # Interpretation
    /// With Session Present 0 the client may drop what it holds, or go on (3.2.2.2). What it keeps beyond the end of
    /// its process is its own affair (4.1).
    ///
    /// # Judged
    /// On every reconnect of the same ClientId that is answered with Session Present 1, for each PUBLISH above QoS 0
    /// and each PUBREL of the IUT for which no acknowledgement was sent. A missing one is broken only when the
    /// connection lived on for the time granted to answer after the IUT was last acknowledged anything, and nothing
    /// that it sent on it waits for an acknowledgement.
    RESEND_ON_RECONNECT {
        id: "mqtt311/resend-on-reconnect",
        rows: &["MQTT-4.4.0-1"],
        clause: "4.4",
        flows: &[Flow::Publishes],
        trigger: Trigger::Tester,
        implies: &["mqtt311/session-kept"],
        judged: Judged::Machine(|| Resends::check(|resend, _| came_again(resend, |_| true))),
        examples: Examples {
            conforming: &[
                comes_again,
                // Before its CONNACK.
                |s| {
                    unacknowledged(s);
                    s.open();
                    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
                    s.edge(build::connack(true, 0));
                },
                // It waits for one acknowledgement before it sends the next.
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.iut(build::publish("oc2/rsp", 1, 10, b"two"));
                    s.cut();
                    s.reconnect();
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
                    s.wait(2_500);
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.iut(build::pubrel(9));
                    s.cut();
                    s.reconnect();
                    s.iut(build::pubrel(9));
                },
            ],
            violating: &[
                stays_away,
                // A PUBACK for another packet identifier settles nothing.
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                    s.iut(build::publish("oc2/rsp", 1, 10, b"two"));
                    s.edge(build::puback(10));
                    s.wait(300);
                    s.cut();
                    s.reconnect();
                    s.wait(2_500);
                },
                |s| {
                    s.ready();
                    s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                    s.edge(build::pubrec(9));
                    s.iut(build::pubrel(9));
                    s.cut();
                    s.reconnect();
                    s.wait(2_500);
                },
            ],
            silent: &[
                ready,
                publishes,
                perhaps_acknowledged,
                forgotten,
                restarted,
                cut_again,
            ],
        },
    }
}

requirement! {
    /// PUBLISHes that are sent again come in the order in which they were first sent.
    ///
    /// # Interpretation
    /// Whatever their QoS. What is sent again on one connection, by a timer, is not compared. A client that publishes
    /// nothing more before its last message is acknowledged has one message at most to send again, and no order.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT that comes again on another connection than before, after another one that did.
    RESEND_ORDER {
        id: "mqtt311/resend-order",
        rows: &["MQTT-4.6.0-1"],
        clause: "4.6",
        when: Some(SEVERAL_IN_FLIGHT),
        flows: &[Flow::Publishes],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Resends::check(|resend, _| in_order(resend))),
        examples: Examples {
            conforming: &[|s| two_come_again(s, [5, 3])],
            violating: &[|s| two_come_again(s, [3, 5])],
            silent: &[comes_again, stays_away, |s| {
                // Timers of one connection.
                s.ready();
                s.iut(build::publish("oc2/rsp", 1, 5, b"5"));
                s.iut(build::publish("oc2/rsp", 1, 3, b"3"));
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 3, b"3"));
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 5, b"5"));
            }],
        },
    }
}

/// Two messages, first sent under 5 and 3, come again in that order.
fn two_come_again(s: &mut Sketch, order: [u16; 2]) {
    s.ready();
    for id in [5, 3] {
        s.iut(build::publish("oc2/rsp", 1, id, id.to_string()));
    }
    s.cut();
    s.reconnect();
    for id in order {
        s.iut(build::publish_flags(true, 1, false, "oc2/rsp", id, id.to_string()));
    }
}

fn in_order(resend: &Resend<'_>) -> Option<(Witness, Ruling)> {
    match resend {
        Resend::Again { packet, place: Place::InOrder, .. } => Some((Witness::packet(packet), Ruling::Met)),
        Resend::Again { packet, first, place: Place::After(later), .. } => {
            let ruling = Ruling::broken_at(
                packet,
                packet_id_span(&packet.packet),
                "PUBLISH sent again out of order",
                format!("packet identifier {} before {}, as they were first sent", first.id, later.id),
                format!("{} after {}", first.id, later.id),
            );
            Some((Witness::packet(packet), ruling))
        }
        Resend::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}
