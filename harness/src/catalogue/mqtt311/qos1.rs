//! Delivery at QoS 1 (4.3.2).

use super::acks::{acknowledges, cut_short, ignores, publish_answered};
use super::inbound::{Before, Inbound};
use super::outbound::Outbound;
use super::packet_ids::{first_copy, unused};
use super::resend::came_again;
use super::resends::Resends;
use super::session::{comes_again, perhaps_acknowledged, stays_away};
use super::support::{publishes, ready};
use crate::catalogue::{Examples, Flow, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{ControlPacket, build};

fn at_qos_1(packet: &ControlPacket) -> bool {
    packet.publish().is_some_and(|p| p.qos == 1)
}

requirement! {
    /// The sender gives each new QoS 1 message a packet identifier that is not in use.
    ///
    /// # Judged
    /// As 2.3.1-2, on QoS 1 PUBLISHes of the IUT only.
    QOS1_UNUSED_PACKET_ID {
        id: "mqtt311/qos1-unused-packet-id",
        rows: &["MQTT-4.3.2-1a"],
        clause: "4.3.2",
        flows: &[Flow::PublishesAtQos1],
        trigger: Trigger::Tester,
        implies: &["mqtt311/packet-id-unused"],
        judged: Judged::Machine(|| Outbound::check(|sent, _| unused(sent, at_qos_1))),
        examples: Examples {
            conforming: &[publishes],
            violating: &[|s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 1, 9, b"one"));
                s.iut(build::publish("oc2/rsp", 1, 9, b"two"));
            }],
            silent: &[ready, |s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
            }],
        },
    }
}

requirement! {
    /// The sender's first copy of a QoS 1 message has DUP=0.
    ///
    /// # Judged
    /// As 3.3.1-3, on QoS 1 PUBLISHes of the IUT only.
    QOS1_FIRST_COPY {
        id: "mqtt311/qos1-first-copy",
        rows: &["MQTT-4.3.2-1b"],
        clause: "4.3.2",
        flows: &[Flow::PublishesAtQos1],
        trigger: Trigger::Tester,
        implies: &["mqtt311/dup-independent"],
        judged: Judged::Machine(|| Outbound::check(|sent, _| first_copy(sent, |p| at_qos_1(&p.packet)))),
        examples: Examples {
            conforming: &[publishes],
            violating: &[|s| {
                s.ready();
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, b"one"));
            }],
            silent: &[ready, |s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
            }],
        },
    }
}

requirement! {
    /// The sender treats a QoS 1 message as unacknowledged until the matching PUBACK arrives.
    ///
    /// # Interpretation
    /// It sends it again on a reconnect to the same session. A PUBACK for another message does not settle it.
    ///
    /// # Judged
    /// As 4.4.0-1, on QoS 1 PUBLISHes of the IUT only.
    QOS1_UNACKNOWLEDGED {
        id: "mqtt311/qos1-unacknowledged",
        rows: &["MQTT-4.3.2-1c"],
        clause: "4.3.2",
        flows: &[Flow::PublishesAtQos1],
        trigger: Trigger::Tester,
        implies: &["mqtt311/resend-on-reconnect"],
        judged: Judged::Machine(|| Resends::check(|resend, _| came_again(resend, |first| first.qos == 1))),
        examples: Examples {
            conforming: &[comes_again],
            violating: &[stays_away],
            silent: &[publishes, perhaps_acknowledged, |s| {
                s.ready();
                s.iut(build::publish("oc2/rsp", 2, 9, b"one"));
                s.cut();
                s.reconnect();
                s.wait(2_500);
            }],
        },
    }
}

requirement! {
    /// The receiver answers a QoS 1 PUBLISH with a PUBACK that carries its packet identifier.
    ///
    /// # Judged
    /// On every QoS 1 PUBLISH delivered to the IUT; a missing PUBACK as in 3.3.4-1.
    QOS1_PUBACK {
        id: "mqtt311/qos1-puback",
        rows: &["MQTT-4.3.2-2a"],
        clause: "4.3.2",
        flows: &[Flow::Receives],
        trigger: Trigger::Tester,
        implies: &["mqtt311/response-by-qos", "mqtt311/acknowledge-every-publish", "mqtt311/qos1-redelivery"],
        judged: Judged::Machine(|| Inbound::check(|owed, setting| publish_answered(owed, setting, |push| push.qos == 1))),
        examples: Examples {
            conforming: &[acknowledges],
            violating: &[
                ignores,
                |s| {
                    s.ready();
                    s.push("oc2/cmd/all", 1, b"1");
                    s.deliver("oc2/cmd/all", b"2");
                },
                |s| {
                    s.ready();
                    let id = s.push("oc2/cmd/all", 1, b"1");
                    s.iut(build::pubrec(id));
                },
            ],
            silent: &[ready, cut_short, |s| {
                s.ready();
                s.push("oc2/cmd/all", 2, b"1");
                s.wait(2_500);
            }],
        },
    }
}

/// A QoS 1 PUBLISH whose PUBACK got lost in a cut, and which is delivered again.
fn redelivers(s: &mut Sketch) -> u16 {
    s.ready();
    let id = s.push("oc2/cmd/all", 1, b"x");
    s.iut(build::puback(id));
    s.cut();
    s.reconnect();
    s.edge(build::publish_flags(true, 1, false, "oc2/cmd/all", id, b"x"));
    id
}

requirement! {
    /// After its PUBACK the receiver takes a PUBLISH with the same packet identifier for a new publication,
    /// whatever its DUP says.
    ///
    /// # Interpretation
    /// It acknowledges it again. Whether the application gets it again is not visible here.
    ///
    /// # Judged
    /// On every QoS 1 PUBLISH delivered to the IUT under an identifier it has acknowledged before.
    QOS1_REDELIVERY {
        id: "mqtt311/qos1-redelivery",
        rows: &["MQTT-4.3.2-2b"],
        clause: "4.3.2",
        flows: &[Flow::Receives],
        trigger: Trigger::Tester,
        implies: &["mqtt311/response-by-qos", "mqtt311/acknowledge-every-publish", "mqtt311/qos1-puback"],
        judged: Judged::Machine(|| {
            Inbound::check(|owed, setting| publish_answered(owed, setting, |push| push.before == Before::Acknowledged))
        }),
        examples: Examples {
            conforming: &[|s| {
                let id = redelivers(s);
                s.iut(build::puback(id));
            }],
            violating: &[
                |s| {
                    redelivers(s);
                    s.wait(2_500);
                },
                |s| {
                    redelivers(s);
                    s.deliver("oc2/cmd/all", b"later");
                },
            ],
            silent: &[ready, acknowledges, ignores],
        },
    }
}
