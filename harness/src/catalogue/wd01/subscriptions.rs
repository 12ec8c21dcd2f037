//! What a client is subscribed to, over its session (2.2).

use super::support::{ready, ready_producer};
use crate::binding::topics::{Topics, WD01, pair};
use crate::catalogue::subscribed::{Subscriptions, matches};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::Setting;
use crate::evidence::sketch::Sketch;
use crate::evidence::sketch_wd01::WD01_FILTERS;
use crate::iut::Role;
use crate::requirement;

fn connected_only(s: &mut Sketch) {
    s.wd01();
    s.connect();
}

fn resumed_from_before(s: &mut Sketch) {
    s.wd01();
    s.births_known = false;
    s.reconnect();
    s.wait(2_500);
}

fn resubscribed(s: &mut Sketch) {
    s.ready_wd01();
    s.cut();
    s.reconnect();
    s.wait(2_500);
}

/// Subscribes to all filters but `left_out`, and lives on.
fn without(s: &mut Sketch, left_out: &str) {
    s.wd01();
    s.connect();
    let filters: Vec<_> = WD01_FILTERS.iter().filter(|f| **f != left_out).map(|f| (*f, 1)).collect();
    s.subscribe(&filters);
    s.wait(2_500);
}

/// The topics of one group that follow from what is declared.
fn wanted(setting: &Setting, group: &str) -> Vec<String> {
    let of = |topics: &Topics| {
        let group = topics.group(group)?;
        Some((group.declared)(&setting.pics).into_iter().map(|name| group.topic(name)).collect())
    };
    of(&WD01).unwrap_or_default()
}

requirement! {
    /// A Consumer subscribes to the topic of every actuator profile it implements, `oc2/cmd/ap/<profile>`.
    ///
    /// # Interpretation
    /// What counts is the session: where the server still has one, earlier subscriptions are part of it. A wildcard that
    /// covers a topic subscribes to it, too; whether that wildcard is in order is judged elsewhere.
    ///
    /// # Judged
    /// Over all connections of the IUT that were accepted, for each declared profile. Met by a SUBSCRIBE that covers the
    /// topic, or by session present 1 after one. Broken when a connection ends, or the recording does, without it,
    /// provided that nothing was subscribed to for the time granted to answer, nor the topic unsubscribed from: a client
    /// that leaves may do that. Nothing is decided where the session is older than the recording, or while a message of
    /// the client waits for its acknowledgement.
    PROFILES {
        id: "wd01/subscribe-profiles",
        rows: &["W1-005", "W1-011"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        when: Some(("it declares profiles (`actuator_profiles`)", |pics| !pics.actuator_profiles.is_empty())),
        judged: Judged::Machine(|| Subscriptions::check(|setting| wanted(setting, "profile"))),
        examples: Examples {
            conforming: &[ready, resubscribed],
            violating: &[|s| without(s, "oc2/cmd/ap/alpha"), |s| without(s, "oc2/cmd/ap/iota")],
            silent: &[connected_only, resumed_from_before],
        },
    }
}

requirement! {
    /// A Consumer subscribes to the topic of its type of device, `oc2/cmd/device_type/<type>`.
    ///
    /// # Judged
    /// As wd01/subscribe-profiles, for the declared type.
    DEVICE_TYPE {
        id: "wd01/subscribe-device-type",
        rows: &["W1-006", "W1-012"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        when: Some(("it declares a type of device (`device_type`)", |pics| pics.device_type.is_some())),
        judged: Judged::Machine(|| Subscriptions::check(|setting| wanted(setting, "device_type"))),
        examples: Examples {
            conforming: &[ready, resubscribed],
            violating: &[|s| without(s, "oc2/cmd/device_type/firewall")],
            silent: &[connected_only, resumed_from_before],
        },
    }
}

requirement! {
    /// A Consumer subscribes to the topic of its device, `oc2/cmd/device_id/<id>`.
    ///
    /// # Interpretation
    /// As the table has it; the list repeats the type there (`wd01/device-id-not-type`).
    ///
    /// # Judged
    /// As wd01/subscribe-profiles, for the declared device id.
    DEVICE_ID {
        id: "wd01/subscribe-device-id",
        rows: &["W1-007", "W1-013"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        when: Some(("it declares a device id (`device_id`)", |pics| pics.device_id.is_some())),
        judged: Judged::Machine(|| Subscriptions::check(|setting| wanted(setting, "device"))),
        examples: Examples {
            conforming: &[ready, resubscribed],
            violating: &[|s| without(s, "oc2/cmd/device_id/zulu")],
            silent: &[connected_only, resumed_from_before],
        },
    }
}

requirement! {
    /// A Consumer subscribes to the topic of every action-target pair it implements, `oc2/cmd/action_target/<pair>`.
    ///
    /// # Interpretation
    /// The same pair in another spelling counts here: how pairs are spelled is left open, and judged by
    /// `wd01/action-target-spelling`.
    ///
    /// # Judged
    /// As wd01/subscribe-profiles, for each declared pair.
    ACTION_TARGETS {
        id: "wd01/subscribe-action-targets",
        rows: &["W1-008", "W1-014"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        when: Some(("it declares pairs (`action_targets`)", |pics| !pics.action_targets.is_empty())),
        judged: Judged::Machine(|| Subscriptions::covered_by(|setting| wanted(setting, "action_target"), same_pair)),
        examples: Examples {
            conforming: &[ready, resubscribed, |s| {
                s.wd01();
                s.connect();
                let respelled = |f: &'static str| match f {
                    "oc2/cmd/action_target/query_features" => "oc2/cmd/action_target/query:features",
                    "oc2/cmd/action_target/deny_ipv4_net" => "oc2/cmd/action_target/deny.ipv4_net",
                    other => other,
                };
                s.subscribe(&WD01_FILTERS.map(|f| (respelled(f), 1)));
                s.wait(2_500);
            }],
            violating: &[|s| without(s, "oc2/cmd/action_target/deny_ipv4_net")],
            silent: &[connected_only, resumed_from_before],
        },
    }
}

fn same_pair(filter: &str, topic: &str) -> bool {
    let named = |topic: &str| {
        let (group, name) = WD01.split(topic).filter(|(group, _)| group.name == "action_target")?;
        let (action, target) = pair(name)?;
        Some((group.name, action.to_owned(), target.to_owned()))
    };
    matches(filter, topic) || named(filter).is_some_and(|pair| named(topic) == Some(pair))
}

requirement! {
    /// A Consumer subscribes to the topic of every action it implements, `oc2/cmd/action/<action>`.
    ///
    /// # Judged
    /// As wd01/subscribe-profiles, for each declared action.
    ACTIONS {
        id: "wd01/subscribe-actions",
        rows: &["W1-009", "W1-015"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        when: Some(("it declares actions (`actions`)", |pics| !pics.actions.is_empty())),
        judged: Judged::Machine(|| Subscriptions::check(|setting| wanted(setting, "action"))),
        examples: Examples {
            conforming: &[ready, resubscribed],
            violating: &[|s| without(s, "oc2/cmd/action/deny")],
            silent: &[connected_only, resumed_from_before],
        },
    }
}

requirement! {
    /// A Producer subscribes to `oc2/rsp`.
    ///
    /// # Judged
    /// As wd01/subscribe-profiles, for a Producer and `oc2/rsp`.
    RESPONSES {
        id: "wd01/subscribe-responses",
        rows: &["W1-010", "W1-016"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Producer],
        judged: Judged::Machine(|| Subscriptions::check(|_| vec!["oc2/rsp".to_owned()])),
        examples: Examples {
            conforming: &[ready_producer],
            violating: &[|s| {
                s.wd01_producer();
                s.connect();
                s.subscribe(&[("oc2/cmd/action/query", 1)]);
                s.wait(2_500);
            }],
            silent: &[|s| {
                s.wd01_producer();
                s.connect();
            }],
        },
    }
}
