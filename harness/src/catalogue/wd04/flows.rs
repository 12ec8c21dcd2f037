//! Acknowledgements that a client sends: PUBACK, and the packets of QoS 2 (2.4, 3.1.5 to 3.1.7). MQTT 3.1.1 says the
//! same, and its checks judge both.

use crate::catalogue::mqtt311::{qos1, qos2, qos2_received};
use crate::catalogue::{Examples, Flow, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::build;

/// It publishes at QoS 2.
const PUBLISHES: Trigger = Trigger::IutOption("qos2");
/// It subscribes at QoS 2.
const SUBSCRIBES: Trigger = Trigger::IutOption("qos2-subscribe");

fn ready(s: &mut Sketch) {
    s.ready();
}

/// A response without a PUBACK, a reconnect, and whether it comes again.
fn interrupted(s: &mut Sketch, again: bool) {
    let response = Sketch::response_payload("r1", json!({"status": 200}));
    s.ready();
    s.query("r1", json!([]));
    s.iut(build::publish("oc2/rsp", 1, 9, &response));
    s.cut();
    s.reconnect();
    if again {
        s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, &response));
        s.edge(build::puback(9));
    }
    s.wait(2_500);
}

requirement! {
    /// Publishing follows the QoS 1 flow of MQTT 3.1.1: what is received is acknowledged with PUBACK.
    ///
    /// # Judged
    /// As mqtt311/qos1-puback: on every QoS 1 PUBLISH delivered to the IUT. A missing PUBACK is broken only when a
    /// later PUBLISH was acknowledged in its place, or the connection lived on for the time granted to answer.
    PUBACK_SENT {
        id: "wd04/puback-sent",
        rows: &["W4-062"],
        clause: "2.4",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        implies: &["mqtt311/qos1-puback", "mqtt311/response-by-qos", "mqtt311/acknowledge-every-publish"],
        judged: qos1::QOS1_PUBACK.judged,
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("r1", json!([]));
            }],
            violating: &[|s| {
                s.ready();
                s.push("oc2/cmd/all", 1, b"x");
                s.wait(2_500);
            }],
            silent: &[ready],
        },
    }
}

requirement! {
    /// Publishing follows the QoS 1 flow of MQTT 3.1.1: what is published is kept until its PUBACK arrives.
    ///
    /// # Judged
    /// As mqtt311/qos1-unacknowledged: on every reconnect to the same session, for each QoS 1 PUBLISH of the IUT for which
    /// no PUBACK was sent. What else the flow asks of a sender is in wd04/publish-dup-first, wd04/publish-dup-redelivery
    /// and wd04/puback-process.
    KEPT_UNTIL_PUBACK {
        id: "wd04/kept-until-puback",
        rows: &["W4-062"],
        clause: "2.4",
        level: Level::Guidance,
        flows: &[Flow::PublishesAtQos1],
        trigger: Trigger::Tester,
        implies: &["mqtt311/qos1-unacknowledged", "mqtt311/resend-on-reconnect"],
        judged: qos1::QOS1_UNACKNOWLEDGED.judged,
        examples: Examples {
            conforming: &[|s| interrupted(s, true)],
            violating: &[|s| interrupted(s, false)],
            silent: &[ready, |s| {
                s.ready();
                s.query("r1", json!([]));
                s.respond("r1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// With QoS 2, a PUBLISH is answered with PUBREC.
    ///
    /// # Judged
    /// As mqtt311/qos2-pubrec: on every QoS 2 PUBLISH delivered to the IUT.
    PUBREC_SENT {
        id: "wd04/pubrec-sent",
        rows: &["W4-019"],
        clause: "3.1.5",
        level: Level::Guidance,
        trigger: SUBSCRIBES,
        implies: &["mqtt311/qos2-pubrec", "mqtt311/response-by-qos", "mqtt311/acknowledge-every-publish"],
        judged: qos2_received::QOS2_PUBREC.judged,
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                let id = s.push("oc2/cmd/all", 2, b"x");
                s.iut(build::pubrec(id));
            }],
            violating: &[|s| {
                s.ready();
                s.push("oc2/cmd/all", 2, b"x");
                s.wait(2_500);
            }],
            silent: &[ready],
        },
    }
}

requirement! {
    /// With QoS 2, a PUBREC is answered with PUBREL.
    ///
    /// # Judged
    /// As mqtt311/qos2-pubrel: on every PUBREC delivered to the IUT for a PUBLISH of its own.
    PUBREL_SENT {
        id: "wd04/pubrel-sent",
        rows: &["W4-020"],
        clause: "3.1.6",
        level: Level::Guidance,
        trigger: PUBLISHES,
        implies: &["mqtt311/qos2-pubrel"],
        judged: qos2::QOS2_PUBREL.judged,
        examples: Examples {
            conforming: &[|s| {
                s.pics.qos = Some(2);
                s.ready();
                s.query("r1", json!([]));
                s.iut(build::publish("oc2/rsp", 2, 9, Sketch::response_payload("r1", json!({"status": 200}))));
                s.edge(build::pubrec(9));
                s.iut(build::pubrel(9));
            }],
            violating: &[|s| {
                s.pics.qos = Some(2);
                s.ready();
                s.query("r1", json!([]));
                s.iut(build::publish("oc2/rsp", 2, 9, Sketch::response_payload("r1", json!({"status": 200}))));
                s.edge(build::pubrec(9));
                s.wait(2_500);
            }],
            silent: &[ready],
        },
    }
}

requirement! {
    /// With QoS 2, a PUBREL is answered with PUBCOMP.
    ///
    /// # Judged
    /// As mqtt311/qos2-pubcomp: on every PUBREL delivered to the IUT.
    PUBCOMP_SENT {
        id: "wd04/pubcomp-sent",
        rows: &["W4-021"],
        clause: "3.1.7",
        level: Level::Guidance,
        trigger: SUBSCRIBES,
        implies: &["mqtt311/qos2-pubcomp"],
        judged: qos2_received::QOS2_PUBCOMP.judged,
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                let id = s.push("oc2/cmd/all", 2, b"x");
                s.iut(build::pubrec(id));
                s.edge(build::pubrel(id));
                s.iut(build::pubcomp(id));
            }],
            violating: &[|s| {
                s.ready();
                let id = s.push("oc2/cmd/all", 2, b"x");
                s.iut(build::pubrec(id));
                s.edge(build::pubrel(id));
                s.wait(2_500);
            }],
            silent: &[ready],
        },
    }
}
