//! SUBSCRIBE and UNSUBSCRIBE, packet by packet (3.1.8, 3.1.10).

use super::support::{judgeable, subscriptions, without_defect};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

fn ready(s: &mut Sketch) {
    s.ready();
}

fn elsewhere(s: &mut Sketch) {
    s.connect();
    s.subscribe(&[("weather/#", 0)]);
}

requirement! {
    /// Subscriptions are to the topics of 2.2.
    ///
    /// # Interpretation
    /// The topics of the table, and `oc2/cmd/ap/#`, which 3.1.8 allows a Consumer. `oc2/#`, `oc2/cmd/#` and other
    /// wildcards are not among the exceptions. `oc2/rsp` is the topic of a Producer, which the same client may be.
    /// Filters outside `oc2/` are nobody's business.
    ///
    /// # Judged
    /// On every SUBSCRIBE with a filter below `oc2/`.
    TOPICS {
        id: "wd04/subscribe-topics",
        rows: &["W4-022", "W4-051"],
        clause: "3.1.8",
        judged: Judged::Packet(topics),
        examples: Examples {
            conforming: &[ready, |s| s.ready_producer(), |s| {
                s.connect();
                s.subscribe(&[("oc2/cmd/ap/#", 1)]);
            }],
            violating: &[
                |s| {
                    s.producer();
                    s.connect();
                    s.subscribe(&[("oc2/rsp/#", 1)]);
                },
                |s| {
                    s.connect();
                    s.subscribe(&[("oc2/cmd/all", 1), ("oc2/cmd/#", 1)]);
                },
                |s| {
                    s.connect();
                    s.subscribe(&[("oc2/device/zulu", 1)]);
                },
                |s| {
                    s.connect();
                    s.subscribe(&[("oc2/cmd/ap/+", 1)]);
                },
            ],
            silent: &[elsewhere],
        },
    }
}

fn topics(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let odd = subscriptions(packet)?.into_iter().find(|s| !in_table(&s.filter.bytes));
    Some(match odd {
        Some(subscription) => {
            let shown = format!("`{}`", subscription.filter.display());
            let said = format!("SUBSCRIBE asks for {shown}");
            let expected = "`oc2/cmd/all`, `oc2/cmd/ap/<profile>`, `oc2/cmd/ap/#`, `oc2/cmd/device/<id>` or `oc2/rsp`";
            Ruling::broken_at(packet, subscription.filter.span, said, expected, shown)
        }
        None => Ruling::Met,
    })
}

fn in_table(filter: &[u8]) -> bool {
    let named = |prefix: &[u8]| {
        filter.strip_prefix(prefix).is_some_and(|name| !name.is_empty() && !name.iter().any(|b| b"+#".contains(b)))
    };
    filter == b"oc2/cmd/all"
        || filter == b"oc2/cmd/ap/#"
        || filter == b"oc2/rsp"
        || named(b"oc2/cmd/ap/")
        || named(b"oc2/cmd/device/")
}

requirement! {
    /// Subscriptions ask for QoS 1 at least.
    ///
    /// # Interpretation
    /// QoS 2 is allowed.
    ///
    /// # Judged
    /// On every SUBSCRIBE with a filter below `oc2/`: the requested QoS of those filters.
    QOS {
        id: "wd04/subscribe-qos",
        rows: &["W4-028", "W4-029", "W4-071"],
        clause: "3.1.8",
        judged: Judged::Packet(qos),
        examples: Examples {
            conforming: &[ready, |s| {
                s.connect();
                s.subscribe(&[("oc2/cmd/all", 2), ("weather", 0)]);
            }],
            violating: &[|s| {
                s.connect();
                s.subscribe(&[("oc2/cmd/all", 1), ("oc2/cmd/device/zulu", 0)]);
            }, |s| {
                s.producer();
                s.connect();
                s.subscribe(&[("oc2/rsp", 0)]);
            }],
            silent: &[elsewhere],
        },
    }
}

pub(in crate::catalogue) fn qos(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let low = subscriptions(packet)?.into_iter().find_map(|s| {
        let requested = s.requested_qos.as_ref().filter(|q| !matches!(q.value, 1 | 2))?;
        Some((s.filter.display(), requested))
    });
    Some(match low {
        Some((filter, requested)) => {
            let said = format!("SUBSCRIBE asks for `{filter}` with QoS {}", requested.value);
            Ruling::broken_at(packet, requested.span, said, "QoS 1 or 2", format!("QoS {}", requested.value))
        }
        None => Ruling::Met,
    })
}

requirement! {
    /// A Consumer may subscribe to `oc2/cmd/ap/#` and filter by profile itself.
    ///
    /// # Judged
    /// On every command delivered on `oc2/cmd/ap/<profile>` for a profile that is not declared: an answer with
    /// status 200 shows that nothing was filtered. This is reported, no more: the text gives a permission.
    WILDCARD {
        id: "wd04/subscribe-wildcard",
        rows: &["W4-027"],
        clause: "3.1.8",
        level: Level::May,
        roles: &[Role::Consumer],
        trigger: Trigger::IutOption("wildcard"),
        judged: Judged::Exchange(wildcard),
        examples: Examples {
            conforming: &[
                |s| {
                    foreign_profile(s);
                    s.respond("r1", json!({"status": 404}));
                },
                |s| {
                    foreign_profile(s);
                    s.sentinel();
                },
            ],
            violating: &[|s| {
                foreign_profile(s);
                s.respond("r1", json!({"status": 200}));
            }],
            silent: &[ready, foreign_profile, |s| {
                s.ready();
                s.deliver("oc2/cmd/ap/alpha", query());
                s.respond("r1", json!({"status": 200}));
            }],
        },
    }
}

fn query() -> Vec<u8> {
    Sketch::request_payload("r1", json!({"action": "query", "target": {"features": []}}))
}

fn foreign_profile(s: &mut Sketch) {
    s.connect();
    s.subscribe(&[("oc2/cmd/all", 1), ("oc2/cmd/ap/#", 1), ("oc2/cmd/device/zulu", 1)]);
    s.deliver("oc2/cmd/ap/x-touchstone", query());
}

fn wildcard(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    use crate::evidence::{Delivery, Silence};
    let topic = exchange.request.packet.publish()?.topic.as_ref()?.text.as_deref()?;
    let profile = topic.strip_prefix("oc2/cmd/ap/")?;
    if exchange.delivery != Delivery::Delivered || setting.pics.actuator_profiles.iter().any(|p| p == profile) {
        return None;
    }
    let done = exchange.responses.iter().find(|r| r.packet.message().and_then(|m| m.status()) == Some(200));
    match (done, &exchange.silence) {
        (Some(response), _) => Some(Ruling::Broken(Deviation {
            witness: Some(Witness::packet(&response.packet)),
            said: format!("Command for profile `{profile}`, which is not declared, answered with status 200"),
            expected: "a wildcard only with filtering in the Consumer".to_owned(),
            actual: "status 200".to_owned(),
        })),
        (None, Silence::Answered | Silence::Proven { answered: true, .. }) => Some(Ruling::Met),
        _ => None,
    }
}

requirement! {
    /// A client that unsubscribes uses UNSUBSCRIBE as MQTT 3.1.1 defines it.
    ///
    /// # Judged
    /// On every UNSUBSCRIBE: broken by any defect of the packet under MQTT 3.1.1.
    UNSUBSCRIBE {
        id: "wd04/unsubscribe-packet",
        rows: &["W4-031"],
        clause: "3.1.10",
        level: Level::Guidance,
        trigger: Trigger::IutOption("unsubscribe"),
        judged: Judged::Packet(unsubscribe),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.iut(build::unsubscribe(2, ["oc2/cmd/all"]));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.iut(build::with_first_byte(build::unsubscribe(2, ["oc2/cmd/all"]), 0xA0));
                },
                |s| {
                    s.ready();
                    s.iut(build::unsubscribe(2, [] as [&str; 0]));
                },
            ],
            silent: &[ready],
        },
    }
}

fn unsubscribe(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let relevant = packet.packet.packet_type == PacketType::Unsubscribe && judgeable(packet);
    relevant.then(|| without_defect(packet))
}
