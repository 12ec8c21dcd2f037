//! PUBLISH: the fixed header and topic of every OpenC2 message (3.1.3).

use super::support::{noun, sent, without_defect};
use crate::catalogue::mqtt311::packet_ids::first_copies_of_messages;
use crate::catalogue::mqtt311::resend::copies_of_messages;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::openc2::ContentKind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::build;

fn response() -> Vec<u8> {
    Sketch::response_payload("r1", json!({"status": 200}))
}

fn good(s: &mut Sketch) {
    asked(s);
    s.respond("r1", json!({"status": 200}));
}

fn asked(s: &mut Sketch) {
    s.ready();
    s.query("r1", json!([]));
}

fn no_message(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

/// The response as a PUBLISH with this first byte.
fn first_byte(s: &mut Sketch, byte: u8) {
    asked(s);
    s.iut(build::with_first_byte(build::publish("oc2/rsp", 1, 9, response()), byte));
}

requirement! {
    /// Messages are published with PUBLISH packets as MQTT 3.1.1 defines them.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message: broken by any defect of the packet under MQTT 3.1.1.
    PACKET {
        id: "wd04/publish-packet",
        rows: &["W4-012"],
        clause: "3.1.3",
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| sent(packet).map(|_| without_defect(packet))),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[|s| {
                asked(s);
                s.iut(build::publish("oc2/rsp", 1, 0, response()));
            }, |s| {
                s.ready_producer();
                s.iut(build::publish("oc2/cmd/all", 1, 0, command()));
            }],
            silent: &[no_message],
        },
    }
}

requirement! {
    /// A Consumer publishes its responses on `oc2/rsp`.
    ///
    /// # Interpretation
    /// 3.1.3 makes the topic table of 2.2 binding. The table has no topic for notifications: one that is published
    /// can be neither right nor wrong. What a Consumer publishes as a request is another matter
    /// (`wd04/role-consumer`).
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message that is no request.
    TOPIC {
        id: "wd04/publish-topic",
        rows: &["W4-013", "W4-051"],
        clause: "3.1.3",
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(topic),
        examples: Examples {
            conforming: &[good],
            violating: &[
                |s| {
                    asked(s);
                    s.iut(build::publish("oc2/rsp/zulu", 1, 9, response()));
                },
                |s| {
                    asked(s);
                    s.iut(build::publish("responses", 1, 9, response()));
                },
            ],
            silent: &[no_message],
        },
    }
}

pub(in crate::catalogue) fn topic(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let topic = publish.topic.as_ref()?;
    let unread = message.kind.is_none() && message.header.is_some_and(|h| h.fixed == 0b1001 && h.message_type == 2);
    match message.kind {
        Some(ContentKind::Request) => None,
        Some(ContentKind::Notification) => Some(no_topic()),
        None if unread => Some(no_topic()),
        _ if topic.bytes.as_ref() == b"oc2/rsp" => Some(Ruling::Met),
        _ => {
            let shown = format!("`{}`", topic.display());
            let said = format!("{} published on {shown}", noun(message));
            Some(Ruling::broken_at(packet, topic.span, said, "topic `oc2/rsp`", shown))
        }
    }
}

fn no_topic() -> Ruling {
    Ruling::Undecided("A notification was published, for which the topic table of 2.2 has no entry".to_owned())
}

requirement! {
    /// A Producer publishes its commands on `oc2/cmd/all`, `oc2/cmd/ap/<profile>` or `oc2/cmd/device/<id>`.
    ///
    /// # Interpretation
    /// 3.1.3 makes the topic table of 2.2 binding. A profile and a device id are one level of the topic each, and not
    /// empty. What a Producer publishes as a response is another matter (`wd04/role-producer`), and the table has no
    /// topic for notifications.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message that is no response.
    TOPIC_COMMAND {
        id: "wd04/publish-topic-command",
        rows: &["W4-013", "W4-051"],
        clause: "3.1.3",
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(topic_command),
        examples: Examples {
            conforming: &[
                commanded,
                |s| commanded_on(s, "oc2/cmd/ap/slpf"),
                |s| commanded_on(s, "oc2/cmd/device/zulu"),
            ],
            violating: &[
                |s| commanded_on(s, "oc2/cmd"),
                |s| commanded_on(s, "oc2/cmd/device/"),
                |s| commanded_on(s, "oc2/cmd/ap/slpf/zulu"),
                |s| commanded_on(s, "oc2/rsp"),
                |s| commanded_on(s, "commands"),
            ],
            silent: &[nothing_commanded, |s| {
                s.ready_producer();
                s.send_raw("oc2/rsp", response());
            }],
        },
    }
}

/// A Producer that publishes nothing of OpenC2's.
fn nothing_commanded(s: &mut Sketch) {
    s.ready_producer();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

fn command() -> Vec<u8> {
    Sketch::request_payload("r1", json!({"action": "query", "target": {"features": []}}))
}

fn commanded_on(s: &mut Sketch, topic: &str) {
    s.ready_producer();
    s.send_raw(topic, command());
}

fn commanded(s: &mut Sketch) {
    commanded_on(s, "oc2/cmd/all");
}

/// A command of a Producer as a PUBLISH with this first byte.
fn commanded_with(s: &mut Sketch, byte: u8) {
    s.ready_producer();
    s.iut(build::with_first_byte(build::publish("oc2/cmd/all", 1, 9, command()), byte));
}

fn topic_command(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let topic = publish.topic.as_ref()?;
    let unread = message.header.filter(|h| message.kind.is_none() && h.fixed == 0b1001).map(|h| h.message_type);
    match (message.kind, unread) {
        (Some(ContentKind::Response), _) | (None, Some(1)) => None,
        (Some(ContentKind::Notification), _) | (None, Some(2)) => Some(no_topic()),
        _ if is_command_topic(&topic.bytes) => Some(Ruling::Met),
        _ => {
            let shown = format!("`{}`", topic.display());
            let said = format!("{} published on {shown}", noun(message));
            let expected = "topic `oc2/cmd/all`, `oc2/cmd/ap/<profile>` or `oc2/cmd/device/<id>`";
            Some(Ruling::broken_at(packet, topic.span, said, expected, shown))
        }
    }
}

fn is_command_topic(topic: &[u8]) -> bool {
    let level =
        |prefix: &[u8]| topic.strip_prefix(prefix).is_some_and(|level| !level.is_empty() && !level.contains(&b'/'));
    topic == b"oc2/cmd/all" || level(b"oc2/cmd/ap/") || level(b"oc2/cmd/device/")
}

requirement! {
    /// The first copy of a message has DUP 0.
    ///
    /// # Interpretation
    /// DUP marks another delivery attempt of the same packet on this hop, not a message whose content was seen
    /// before. A first copy that was seen by nobody may have been lost when an earlier connection broke off.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message and a packet identifier that was not in use. DUP 1 on such a copy is
    /// undecided when the session began before the recording, or when an earlier connection ended without a
    /// DISCONNECT of the client.
    DUP_FIRST {
        id: "wd04/publish-dup-first",
        rows: &["W4-014"],
        clause: "3.1.3",
        trigger: Trigger::Tester,
        implies: &["mqtt311/dup-independent", "mqtt311/qos1-first-copy", "mqtt311/qos2-first-copy"],
        judged: Judged::Machine(first_copies_of_messages),
        examples: Examples {
            conforming: &[good, |s| {
                good(s);
                s.iut(build::with_first_byte(build::publish("oc2/rsp", 1, 2, response()), 0x3A));
            }],
            violating: &[|s| first_byte(s, 0x3A), |s| commanded_with(s, 0x3A)],
            silent: &[no_message],
        },
    }
}

requirement! {
    /// A message that is sent again has DUP 1.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message that comes again with its packet identifier: with DUP 1 at any time, with
    /// DUP 0 on a reconnect to the same session, when no acknowledgement was sent for the first copy.
    DUP_REDELIVERY {
        id: "wd04/publish-dup-redelivery",
        rows: &["W4-014"],
        clause: "3.1.3",
        trigger: Trigger::Tester,
        implies: &["mqtt311/dup-on-redelivery"],
        judged: Judged::Machine(copies_of_messages),
        examples: Examples {
            conforming: &[|s| comes_again(s, true), |s| {
                asked(s);
                s.iut(build::publish("oc2/rsp", 1, 9, response()));
                s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, response()));
            }],
            violating: &[|s| comes_again(s, false)],
            silent: &[no_message, good, |s| {
                asked(s);
                s.iut(build::publish("oc2/rsp", 1, 9, response()));
                s.edge(build::puback(9));
                s.cut();
                s.reconnect();
                s.iut(build::publish("oc2/rsp", 1, 9, response()));
            }],
        },
    }
}

/// A response whose PUBACK is withheld; cut, connected again, and sent again.
fn comes_again(s: &mut Sketch, dup: bool) {
    asked(s);
    s.iut(build::publish("oc2/rsp", 1, 9, response()));
    s.cut();
    s.reconnect();
    s.iut(build::publish_flags(dup, 1, false, "oc2/rsp", 9, response()));
}

requirement! {
    /// Messages are published with QoS 1, or with QoS 2 where the implementer chose so.
    ///
    /// # Interpretation
    /// Publishing with QoS 2 is the choice, unless the implementer declares QoS 1 and no option `qos2`.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message.
    QOS {
        id: "wd04/publish-qos",
        rows: &["W4-015", "W4-061"],
        clause: "3.1.3",
        trigger: Trigger::Tester,
        judged: Judged::Packet(qos),
        examples: Examples {
            conforming: &[good, commanded, |s| {
                s.pics.qos = Some(2);
                asked(s);
                s.iut(build::publish("oc2/rsp", 2, 9, response()));
            }, |s| {
                s.pics.qos = None;
                asked(s);
                s.iut(build::publish("oc2/rsp", 2, 9, response()));
            }],
            violating: &[
                |s| {
                    asked(s);
                    s.iut(build::publish("oc2/rsp", 2, 9, response()));
                },
                |s| {
                    asked(s);
                    s.iut(build::publish("oc2/rsp", 0, 0, response()));
                },
                |s| commanded_with(s, 0x34),
            ],
            silent: &[no_message],
        },
    }
}

pub(in crate::catalogue) fn qos(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let pics = &setting.pics;
    let refused = pics.qos == Some(1) && !pics.elects("qos2");
    let (said, expected) = match publish.qos {
        1 => return Some(Ruling::Met),
        2 if !refused => return Some(Ruling::Met),
        2 => ("QoS 2, though QoS 1 is declared", "QoS 1, unless QoS 2 was chosen"),
        0 => ("QoS 0", "QoS 1, or 2 by choice"),
        _ => ("QoS bits 11", "QoS 1, or 2 by choice"),
    };
    let said = format!("{} published with {said}", noun(message));
    Some(Ruling::broken_bits(packet, 0, 0x06, said, expected, format!("QoS {}", publish.qos)))
}

requirement! {
    /// Messages are never published with QoS 0.
    ///
    /// # Interpretation
    /// 2.4 calls QoS 0 not recommended; 3.1.3 forbids it, and that is what binds.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message.
    QOS_NOT_0 {
        id: "wd04/publish-qos-not-0",
        rows: &["W4-016", "W4-061"],
        clause: "3.1.3",
        trigger: Trigger::Tester,
        implies: &["wd04/publish-qos"],
        judged: Judged::Packet(qos_not_0),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[|s| {
                asked(s);
                s.iut(build::publish("oc2/rsp", 0, 0, response()));
            }, |s| {
                s.ready_producer();
                s.iut(build::publish("oc2/cmd/all", 0, 0, command()));
            }],
            silent: &[no_message],
        },
    }
}

fn qos_not_0(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    if publish.qos != 0 {
        return Some(Ruling::Met);
    }
    let said = format!("{} published with QoS 0", noun(message));
    Some(Ruling::broken_bits(packet, 0, 0x06, said, "QoS 1 or 2", "QoS 0"))
}

requirement! {
    /// RETAIN is 0 on every message.
    ///
    /// # Judged
    /// On bit 0 of the first byte of every PUBLISH with an OpenC2 message.
    RETAIN {
        id: "wd04/publish-retain",
        rows: &["W4-017"],
        clause: "3.1.3",
        trigger: Trigger::Tester,
        judged: Judged::Packet(retain),
        examples: Examples {
            conforming: &[good, commanded],
            violating: &[|s| first_byte(s, 0x33), |s| commanded_with(s, 0x33)],
            silent: &[no_message],
        },
    }
}

fn retain(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    if !publish.retain {
        return Some(Ruling::Met);
    }
    let said = format!("{} published with RETAIN=1", noun(message));
    Some(Ruling::broken_bits(packet, 0, 0x01, said, "RETAIN 0", "RETAIN 1"))
}
