//! What is declared of QoS, and so is not asked for, is what the packets show.

use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Pics;
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{Body, build};

/// A CSE that declares QoS 0 both ways.
fn declared(s: &mut Sketch) {
    s.pics.qos = Some(0);
    s.pics.subscribe_qos = Some(0);
    subscribes(s, 0);
}

fn answers(s: &mut Sketch) {
    s.edge(build::publish("/oneM2M/req/Cae1/in-cse/json", 0, 0, r#"{"op":2,"to":"cse-in","fr":"Cae1","rqi":"r1"}"#));
    s.iut(build::publish("/oneM2M/resp/Cae1/in-cse/json", 0, 0, r#"{"rsc":2000,"rqi":"r1"}"#));
}

fn subscribes(s: &mut Sketch, qos: u8) {
    s.cse();
    s.connect();
    s.subscribe(&[("/oneM2M/resp/in-cse/#", 0), ("/oneM2M/req/+/in-cse/#", qos)]);
}

requirement! {
    /// An implementation whose IUT file declares that it publishes with QoS 0 publishes nothing above it.
    ///
    /// # Interpretation
    /// This is a rule of this program. Who declares `qos = 0` is not asked for anything that binds senders of QoS 1 and 2;
    /// a PUBLISH above QoS 0 shows that the declaration is wrong, and all of that applies after all.
    ///
    /// # Judged
    /// On every PUBLISH of the IUT, where `qos = 0` is declared.
    PUBLISHES_AS_DECLARED {
        id: "harness/publishes-as-declared",
        rows: &["TS-006"],
        clause: "rule 6",
        level: Level::Guidance,
        bindings: &["onem2m-ts0010-v2.4.1", "onem2m-ts0010-early", "openc2-mqtt-wd01"],
        when: Some(("`qos = 0` is declared", |pics| pics.qos == Some(0))),
        judged: Judged::Packet(publishes),
        examples: Examples {
            conforming: &[|s| {
                declared(s);
                answers(s);
            }],
            violating: &[|s| {
                declared(s);
                answers(s);
                s.iut(build::publish("/oneM2M/req/in-cse/Cae1/json", 1, 7, "{}"));
            }],
            silent: &[declared, |s| {
                subscribes(s, 0);
                answers(s);
            }],
        },
    }
}

fn publishes(p: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    if setting.pics.qos != Some(0) || !p.from_iut() {
        return None;
    }
    match p.packet.publish()?.qos {
        0 => Some(Ruling::Met),
        // No QoS at all: MQTT itself says so.
        3 => None,
        qos => Some(Ruling::broken_bits(
            p,
            0,
            0x06,
            format!("PUBLISH with QoS {qos}, although the IUT file declares `qos = 0`"),
            "QoS 0",
            format!("QoS {qos}"),
        )),
    }
}

/// Whether it declares to subscribe at less than QoS 2.
fn bounded(pics: &Pics) -> bool {
    pics.subscribe_qos.is_some_and(|qos| qos < 2)
}

requirement! {
    /// An implementation asks for no higher QoS in its subscriptions than its IUT file declares.
    ///
    /// # Interpretation
    /// This is a rule of this program. Who declares `subscribe_qos = 0` is not asked for anything that binds receivers of
    /// QoS 1 and 2, since no server may deliver to it above QoS 0, and with 1 not for what binds those of QoS 2; a
    /// SUBSCRIBE that asks for more shows that the declaration is wrong, and all of that applies after all.
    ///
    /// # Judged
    /// On every SUBSCRIBE of the IUT, where `subscribe_qos` is declared to be 0 or 1: the highest QoS it asks for.
    SUBSCRIBES_AS_DECLARED {
        id: "harness/subscribes-as-declared",
        rows: &["TS-007"],
        clause: "rule 7",
        level: Level::Guidance,
        when: Some(("`subscribe_qos` is declared to be 0 or 1", bounded)),
        judged: Judged::Packet(asks),
        examples: Examples {
            conforming: &[
                declared,
                |s| {
                    s.pics.subscribe_qos = Some(1);
                    s.ready();
                },
            ],
            violating: &[
                |s| {
                    s.pics.subscribe_qos = Some(0);
                    subscribes(s, 1);
                },
                |s| {
                    s.pics.subscribe_qos = Some(1);
                    s.connect();
                    s.subscribe(&[("oc2/cmd/all", 2)]);
                },
            ],
            silent: &[|s| subscribes(s, 2), |s| {
                s.pics.subscribe_qos = Some(0);
                s.cse();
                s.connect();
            }],
        },
    }
}

fn asks(p: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let declared = setting.pics.subscribe_qos.filter(|_| bounded(&setting.pics) && p.from_iut())?;
    let Body::Subscribe(subscribe) = &p.packet.body else { return None };
    // QoS 3 and reserved bits are no QoS at all: MQTT itself says so.
    let asked = subscribe.subscriptions.iter().filter_map(|s| s.requested_qos.as_ref()).filter(|qos| qos.value <= 2);
    let highest = asked.max_by_key(|qos| qos.value)?;
    if highest.value <= declared {
        return Some(Ruling::Met);
    }
    Some(Ruling::broken_at(
        p,
        highest.span,
        format!(
            "SUBSCRIBE asks for QoS {}, although the IUT file declares `subscribe_qos = {declared}`",
            highest.value
        ),
        format!("QoS {declared} at most"),
        format!("QoS {}", highest.value),
    ))
}
