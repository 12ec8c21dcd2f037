//! `query features`, as a Producer sends it (LS 3.4.1.5 and 4.1).

use crate::catalogue::openc2::sent::{ID, queries, request, sends, sends_cbor, shown};
use crate::catalogue::openc2::support::{broken, deviates, forbidden_args, in_packet, is_query_features};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::PacketSeen;
use crate::evidence::openc2::schema::types;
use crate::iut::Role;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::json;

/// Why permissions are not judged.
const PERMISSION: &str = "it permits: a Producer keeps it whether it makes use of it or not";

fn issued(packet: &PacketSeen) -> Option<Ruling> {
    let message = request(packet).filter(|m| m.whole() && is_query_features(m))?;
    match message.content_defects_of(types::FEATURES).next() {
        Some(defect) => Some(broken(packet, defect, "`query features` goes wrong in its list: ")),
        None => Some(Ruling::Met),
    }
}

requirement! {
    /// A Producer implements `query features`.
    ///
    /// # Interpretation
    /// It does when it can send one that Consumers understand. That it can send none cannot be seen: one that sends
    /// nothing may not have been asked.
    ///
    /// # Judged
    /// In each Command with the action `query` and the target `features`: the target is a list of features, or empty.
    QUERY_FEATURES_ISSUED {
        id: "openc2/query-features-issued",
        rows: &["L-060", "L-080"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        implies: &["openc2/type-features"],
        judged: Judged::Packet(|packet, _| issued(packet)),
        examples: Examples {
            conforming: &[queries, |s| sends_cbor(s, json!({"action": "query", "target": {"features": ["pairs"]}}))],
            violating: &[
                |s| sends(s, json!({"action": "query", "target": {"features": {}}})),
                |s| sends(s, json!({"action": "query", "target": {"features": ["everything"]}})),
            ],
            silent: &[|s| sends(s, json!({"action": "query", "target": {"properties": ["battery"]}}))],
        },
    }
}

requirement! {
    /// Features are a list of at most ten of versions, profiles, pairs and rate_limit.
    ///
    /// # Judged
    /// In each Command whose target is `features`, whatever its action. Repetitions are judged by
    /// `openc2/features-unique`.
    TYPE_FEATURES {
        id: "openc2/type-features",
        rows: &["LS-3.4.1.5", "LS-3.4.2.4"],
        clause: "3.4.1.5",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        implies: &["openc2/query-features-issued"],
        judged: Judged::Packet(|packet, _| shown(packet, types::FEATURES, "Command names as features ")),
        examples: Examples {
            conforming: &[queries, |s| {
                sends(s, json!({"action": "query", "target": {"features": ["versions", "profiles", "pairs", "rate_limit"]}}));
            }],
            violating: &[
                |s| sends(s, json!({"action": "query", "target": {"features": "versions"}})),
                |s| sends(s, json!({"action": "query", "target": {"features": ["Versions"]}})),
            ],
            silent: &[|s| sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}}))],
        },
    }
}

requirement! {
    /// A list of features names none twice.
    ///
    /// # Judged
    /// In each Command whose target is a list of features.
    FEATURES_UNIQUE {
        id: "openc2/features-unique",
        rows: &["L-050"],
        clause: "3.4.1.5",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| shown(packet, types::FEATURES_UNIQUE, "Command names the feature ")),
        examples: Examples {
            conforming: &[queries, |s| {
                sends(s, json!({"action": "query", "target": {"features": ["versions", "pairs"]}}));
            }],
            violating: &[|s| sends(s, json!({"action": "query", "target": {"features": ["pairs", "versions", "pairs"]}}))],
            silent: &[|s| sends(s, json!({"action": "query", "target": {"features": {}}}))],
        },
    }
}

requirement! {
    /// A list of features may be empty, as a sign of life.
    FEATURES_EMPTY_ALLOWED {
        id: "openc2/features-empty-allowed",
        rows: &["L-052"],
        clause: "3.4.1.5",
        level: Level::May,
        roles: &[Role::Producer],
        judged: Judged::Untestable(PERMISSION),
    }
}

requirement! {
    /// A `query features` may name one or more features.
    QUERY_FEATURES_NAMES {
        id: "openc2/query-features-names",
        rows: &["L-061"],
        clause: "4.1",
        level: Level::May,
        roles: &[Role::Producer],
        judged: Judged::Untestable(PERMISSION),
    }
}

requirement! {
    /// A `query features` may ask for a Response on completion.
    QUERY_FEATURES_COMPLETE_ALLOWED {
        id: "openc2/query-features-complete-allowed",
        rows: &["L-062"],
        clause: "4.1",
        level: Level::May,
        roles: &[Role::Producer],
        judged: Judged::Untestable(PERMISSION),
    }
}

fn no_other_args(packet: &PacketSeen) -> Option<Ruling> {
    let message = request(packet).filter(|m| m.whole() && is_query_features(m))?;
    if !forbidden_args(message) {
        return Some(Ruling::Met);
    }
    let members = message.args()?.as_map()?;
    let (key, value) = members
        .iter()
        .find(|(key, value)| key.as_text() != Some("response_requested") || value.as_text() != Some("complete"))?;
    let actual = format!("{}: {}", key.describe(), value.describe());
    Some(deviates(
        Witness::bytes(packet, in_packet(packet, value.span)),
        format!("`query features` has the argument {actual}"),
        "no argument but response_requested: complete",
        actual,
    ))
}

requirement! {
    /// A `query features` has no other argument than `response_requested: complete`.
    ///
    /// # Interpretation
    /// Arguments of a profile are arguments, too.
    ///
    /// # Judged
    /// In each Command with the action `query` and the target `features`.
    QUERY_FEATURES_NO_OTHER_ARGS {
        id: "openc2/query-features-no-other-args",
        rows: &["L-063"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| no_other_args(packet)),
        examples: Examples {
            conforming: &[queries, |s| {
                sends(s, json!({"action": "query", "target": {"features": []}, "args": {"response_requested": "complete"}}));
            }],
            violating: &[
                |s| sends(s, json!({"action": "query", "target": {"features": []}, "args": {"response_requested": "ack"}})),
                |s| {
                    let args = json!({"response_requested": "complete", "x-acme": {}});
                    sends(s, json!({"action": "query", "target": {"features": []}, "args": args}));
                },
            ],
            silent: &[|s| {
                s.ready_producer();
                let args = json!({"duration": 5000});
                s.send(ID, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
        },
    }
}
