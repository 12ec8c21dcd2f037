//! PUBLISH (5.1, 6.4.1).

use super::support::sent;
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::build;

const TOPIC: &str = "/oneM2M/req/Cae1/in-cse/json";
const REQUEST: &str = r#"{"op":2,"to":"cse-in","fr":"Cae1","rqi":"r1","rvi":"3"}"#;

fn requests(s: &mut Sketch) {
    s.ready_ae();
    s.request("r1", json!({}));
}

fn answers(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, json!({"pc": {"m2m:cb": {}}}));
}

/// What is no primitive may be published as anybody likes.
fn others(s: &mut Sketch) {
    s.ready_ae();
    s.iut(build::publish_flags(false, 0, true, "weather", 0, "rain"));
}

requirement! {
    /// Primitives are not published as retained messages.
    ///
    /// # Judged
    /// On RETAIN of every PUBLISH of the IUT with a primitive.
    RETAIN {
        id: "ts0010/publish-retain",
        rows: &["T-002"],
        clause: "5.1",
        level: Level::Guidance,
        interop: true,
        judged: Judged::Packet(retain),
        examples: Examples {
            conforming: &[requests, answers],
            violating: &[|s| {
                s.ready_ae();
                s.iut(build::publish_flags(false, 1, true, TOPIC, 5, REQUEST));
            }],
            silent: &[others],
        },
    }
}

fn retain(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, _) = sent(packet)?;
    if !publish.retain {
        return Some(Ruling::Met);
    }
    Some(Ruling::broken_bits(packet, 0, 0x01, "Primitive published with RETAIN 1", "RETAIN 0", "RETAIN 1"))
}

requirement! {
    /// Primitives are published with QoS 1.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT with a primitive.
    QOS {
        id: "ts0010/publish-qos",
        rows: &["T-001", "T-002", "T-021"],
        clause: "6.4.1",
        level: Level::Should,
        contradiction: Some("5.1 excludes QoS 0 and 2, 6.4.1 counts them among the possible values"),
        judged: Judged::Packet(qos),
        examples: Examples {
            conforming: &[requests, answers],
            violating: &[
                |s| {
                    s.ready_ae();
                    s.iut(build::publish(TOPIC, 0, 0, REQUEST));
                },
                |s| {
                    s.ready_ae();
                    s.iut(build::publish(TOPIC, 2, 5, REQUEST));
                },
            ],
            silent: &[others],
        },
    }
}

fn qos(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, _) = sent(packet)?;
    match publish.qos {
        1 => Some(Ruling::Met),
        // No QoS at all: MQTT itself says so.
        3 => None,
        qos => Some(Ruling::broken_bits(
            packet,
            0,
            0x06,
            format!("Primitive published with QoS {qos}"),
            "QoS 1",
            format!("QoS {qos}"),
        )),
    }
}
