//! Acknowledgements that a client sends: PUBACK, and the packets of QoS 2 (2.4, 3.1.5 to 3.1.7). MQTT 3.1.1 says the
//! same, and its checks judge both.

use crate::catalogue::mqtt311::{qos1, qos2};
use crate::catalogue::{Examples, Level, Trigger};
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
        judged: qos2::QOS2_PUBREC.judged,
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
        judged: qos2::QOS2_PUBCOMP.judged,
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
