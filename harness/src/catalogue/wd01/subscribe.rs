//! What SUBSCRIBE asks for, packet by packet (2.2).

use super::support::{commanded_on, nothing_commanded, ready, ready_producer};
use crate::binding::topics::{WD01, pair};
use crate::catalogue::wd04::support::{judgeable, subscriptions};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{Body, Text};

/// What stands before a pair.
const PAIRS: &str = "oc2/cmd/action_target/";
/// What stands before a device id.
const DEVICES: &str = "oc2/cmd/device_id/";

fn elsewhere(s: &mut Sketch) {
    s.wd01();
    s.connect();
    s.subscribe(&[("weather/#", 0)]);
}

fn subscribes(s: &mut Sketch, filter: &str) {
    s.wd01();
    s.connect();
    s.subscribe(&[("oc2/cmd/ap/alpha", 1), (filter, 1)]);
}

requirement! {
    /// Subscriptions are to the topics of the table.
    ///
    /// # Interpretation
    /// The text knows no wildcards: one brings commands that are meant for others. `oc2/cmd/all` and `oc2/cmd/device/`
    /// came with later drafts. `oc2/rsp` is the topic of a Producer, which the same client may be. Filters outside `oc2/`
    /// are nobody's business.
    ///
    /// # Judged
    /// On every SUBSCRIBE with a filter below `oc2/`.
    TOPICS {
        id: "wd01/subscribe-topics",
        rows: &["W1-004"],
        clause: "2.2",
        level: Level::Guidance,
        judged: Judged::Packet(topics),
        examples: Examples {
            conforming: &[ready, ready_producer, |s| subscribes(s, "oc2/cmd/action_target/deny:uri")],
            violating: &[
                |s| subscribes(s, "oc2/cmd/all"),
                |s| subscribes(s, "oc2/cmd/#"),
                |s| subscribes(s, "oc2/cmd/ap/+"),
                |s| subscribes(s, "oc2/cmd/device/zulu"),
                |s| subscribes(s, "oc2/cmd/action_target/deny/ipv4_net"),
            ],
            silent: &[elsewhere],
        },
    }
}

fn topics(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let in_table = |filter: &Text| {
        filter.text.as_deref().is_some_and(|filter| {
            filter == "oc2/rsp" || WD01.split(filter).is_some_and(|(_, name)| !name.contains(['+', '#']))
        })
    };
    let odd = subscriptions(packet)?.into_iter().find(|s| !in_table(&s.filter));
    Some(match odd {
        Some(subscription) => {
            let shown = format!("`{}`", subscription.filter.display());
            let expected = "`oc2/rsp`, or a topic below `oc2/cmd/ap/`, `device_type/`, `device_id/`, `action_target/` or `action/`";
            let said = format!("SUBSCRIBE asks for {shown}");
            Ruling::broken_at(packet, subscription.filter.span, said, expected, shown)
        }
        None => Ruling::Met,
    })
}

requirement! {
    /// Below `oc2/cmd/device_id/` a Consumer subscribes to its device id, and not to its type.
    ///
    /// # Interpretation
    /// The list of subscriptions prints `device_id/[device_type]`, beside words that speak of the device's id. The
    /// table has `device_id/[device_id]`, which is what commands are published on.
    ///
    /// # Judged
    /// On every SUBSCRIBE of a Consumer that declares id and type, with a filter below `oc2/cmd/device_id/`: broken by
    /// one that ends in the type.
    DEVICE_ID_NOT_TYPE {
        id: "wd01/device-id-not-type",
        rows: &["W1-013"],
        clause: "2.2",
        level: Level::Guidance,
        contradiction: Some("the list of 2.2 prints the type where the table of 2.2 has the id"),
        roles: &[Role::Consumer],
        when: Some((
            "it declares a device id and another type (`device_id`, `device_type`)",
            |pics| pics.device_id.is_some() && pics.device_type.is_some() && pics.device_id != pics.device_type,
        )),
        judged: Judged::Packet(id_not_type),
        examples: Examples {
            conforming: &[ready],
            violating: &[|s| subscribes(s, "oc2/cmd/device_id/firewall")],
            silent: &[elsewhere, |s| subscribes(s, "oc2/cmd/device_type/firewall")],
        },
    }
}

fn id_not_type(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let kind = setting.pics.device_type.as_deref()?;
    let id = setting.pics.device_id.as_deref().filter(|id| *id != kind)?;
    let all = subscriptions(packet)?;
    let mut ours = all.into_iter().filter(|s| s.filter.bytes.starts_with(DEVICES.as_bytes())).peekable();
    ours.peek()?;
    let typed = ours.find(|s| &s.filter.bytes[DEVICES.len()..] == kind.as_bytes());
    Some(match typed {
        Some(subscription) => {
            let shown = format!("`{}`", subscription.filter.display());
            let said = format!("SUBSCRIBE asks for {shown}, which is the type of the device");
            Ruling::broken_at(packet, subscription.filter.span, said, format!("`{DEVICES}{id}`"), shown)
        }
        None => Ruling::Met,
    })
}

requirement! {
    /// Below `oc2/cmd/action_target/` stand an action and a target, spelled as declared.
    ///
    /// # Interpretation
    /// How the two are joined is left open. Any one character counts that a level can hold and that no action does:
    /// `deny_ipv4_net`, `deny:ipv4_net`, `deny.ipv4_net`. What is declared is what the others use: the same pair in
    /// another spelling is another topic, on which nobody meets.
    ///
    /// # Judged
    /// On every topic filter and every topic of a PUBLISH of the IUT that has one level below `oc2/cmd/action_target/`,
    /// wildcards apart: broken by a level that cannot be read as such a pair, and by a pair that is declared in another
    /// spelling only.
    SPELLING {
        id: "wd01/action-target-spelling",
        rows: &["W1-008"],
        clause: "2.2",
        level: Level::Guidance,
        contradiction: Some("2.2 names topics by action-target pairs, and leaves open how these are spelled"),
        when: Some(("it declares pairs (`action_targets`)", |pics| !pics.action_targets.is_empty())),
        judged: Judged::Packet(spelling),
        examples: Examples {
            conforming: &[ready, |s| {
                s.wd01();
                s.pics.action_targets = vec!["deny:ipv4_net".into()];
                s.connect();
                s.subscribe(&[("oc2/cmd/action_target/deny:ipv4_net", 1)]);
            }, |s| {
                s.wd01_producer();
                s.pics.action_targets = vec!["query_features".into()];
                commanded_on(s, "oc2/cmd/action_target/query_features");
            }],
            violating: &[
                |s| subscribes(s, "oc2/cmd/action_target/ipv4_net"),
                |s| subscribes(s, "oc2/cmd/action_target/deny:ipv4_net"),
                |s| {
                    s.wd01_producer();
                    s.pics.action_targets = vec!["query_features".into()];
                    commanded_on(s, "oc2/cmd/action_target/queryfeatures");
                },
            ],
            silent: &[elsewhere, nothing_commanded, |s| subscribes(s, "oc2/cmd/action_target/+")],
        },
    }
}

fn spelling(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    if !judgeable(packet) {
        return None;
    }
    let named: Vec<&Text> = match &packet.packet.body {
        Body::Subscribe(subscribe) => subscribe.subscriptions.iter().map(|s| &s.filter).collect(),
        Body::Publish(publish) => publish.topic.iter().collect(),
        _ => return None,
    };
    let level = |text: &Text| {
        let level = text.text.as_deref()?.strip_prefix(PAIRS)?.to_owned();
        (!level.is_empty() && !level.contains(['/', '+', '#'])).then_some(level)
    };
    let mut seen = false;
    for text in named {
        let Some(level) = level(text) else { continue };
        seen = true;
        let declared = &setting.pics.action_targets;
        let said = |why: &str| format!("The topic `{}` {why}", text.display());
        let Some(named) = pair(&level) else {
            let said = said("names no action and target");
            return Some(Ruling::broken_at(packet, text.span, said, "an action, a separator and a target", level));
        };
        let other = declared.iter().find(|other| pair(other) == Some(named));
        if let Some(other) = other
            && !declared.contains(&level)
        {
            let said = said("spells a pair in another way than declared");
            return Some(Ruling::broken_at(packet, text.span, said, format!("`{PAIRS}{other}`"), level.clone()));
        }
    }
    seen.then_some(Ruling::Met)
}
