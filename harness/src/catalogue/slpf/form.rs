//! The profile's own tables, as a Producer's commands show them (2.1.3.2, 2.1.4, 2.3).

use super::producer::sent;
use super::support::{
    FILTERED, RULE_NUMBER, SLPF, WHEN_COMMAND, WHEN_RULE, allow, controller, delete, deny, parts, update,
};
use crate::catalogue::openc2::support::{actuator, deviates, in_packet, is_query_features};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::{Message, Node, Value as Decoded};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

/// Most strings of an asset_tuple.
const TUPLE: usize = 10;

fn sends(s: &mut Sketch, command: Value) {
    controller(s);
    s.send("c1", command);
}

/// Broken by the first departure: where, and what is expected there.
fn by_departure(packet: &PacketSeen, odd: Option<(&Node, &str)>, said: &str) -> Ruling {
    match odd {
        None => Ruling::Met,
        Some((node, expected)) => {
            let witness = Witness::bytes(packet, in_packet(packet, node.span));
            deviates(witness, format!("{said}: {}", node.describe()), expected, node.describe())
        }
    }
}

requirement! {
    /// Arguments of the profile are drop_process, persistent, direction and insert_rule, with the values of their types.
    ///
    /// # Judged
    /// On each command with arguments under `slpf` that a Producer publishes.
    ARGUMENTS {
        id: "slpf/arguments-form",
        rows: &["SLPF-2.1.3.2"],
        clause: "2.1.3.2",
        roles: &[Role::Producer],
        when: Some(("a command with arguments under `slpf` is declared", |pics| {
            pics.commands.iter().any(|c| c.args.as_ref().is_some_and(|args| args.get(SLPF).is_some()))
        })),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let own = sent(packet, setting)?.args()?.get(SLPF)?;
            let odd = match own.as_map() {
                None => Some((own, "an object")),
                Some(members) => members.iter().find_map(|(key, value)| argument(key, value)),
            };
            Some(by_departure(packet, odd, "Command published with an argument that the profile does not have"))
        }),
        examples: Examples {
            conforming: &[
                |s| sends(s, deny(&json!({"slpf": {"drop_process": "false_ack", "direction": "egress"}}))),
                |s| sends(s, allow(&json!({"slpf": {"persistent": false}}))),
            ],
            violating: &[
                |s| sends(s, deny(&json!({"slpf": {"drop_process": "maybe"}}))),
                |s| sends(s, deny(&json!({"slpf": {"persistent": "no"}}))),
                |s| sends(s, deny(&json!({"slpf": {"direction": "sideways"}}))),
                |s| sends(s, deny(&json!({"response_requested": "complete", "slpf": {"insert_rule": "7"}}))),
                |s| sends(s, deny(&json!({"slpf": {"colour": 1}}))),
            ],
            silent: &[|s| sends(s, deny(&json!({"response_requested": "ack"})))],
        },
    }
}

/// What departs from Table 2.1.3-2.
fn argument<'a>(key: &'a Node, value: &'a Node) -> Option<(&'a Node, &'static str)> {
    let one_of = |names: &[&str]| value.as_text().is_some_and(|text| names.contains(&text));
    let (sound, expected) = match key.as_text() {
        Some("drop_process") => (one_of(&["none", "reject", "false_ack"]), "none, reject or false_ack"),
        Some("persistent") => (matches!(value.value, Decoded::Bool(_)), "true or false"),
        Some("direction") => (one_of(&["both", "ingress", "egress"]), "both, ingress or egress"),
        Some("insert_rule") => (value.as_whole().is_some(), "an integer"),
        _ => return Some((key, "drop_process, persistent, direction or insert_rule")),
    };
    (!sound).then_some((value, expected))
}

requirement! {
    /// Specifiers of the profile are hostname, named_group and asset_id, texts, and asset_tuple, up to ten texts.
    ///
    /// # Judged
    /// On each command with the actuator `slpf` that a Producer publishes.
    SPECIFIERS {
        id: "slpf/specifiers-form",
        rows: &["SLPF-2.1.4"],
        clause: "2.1.4",
        roles: &[Role::Producer],
        when: Some(("a command with the actuator `slpf` is declared", |pics| {
            pics.commands.iter().any(|c| c.actuator.as_ref().is_some_and(|a| a.get(SLPF).is_some()))
        })),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let specifiers = sent(packet, setting)?.content.as_ref()?.get("actuator")?.get(SLPF)?;
            let odd = match specifiers.as_map() {
                None => Some((specifiers, "an object")),
                Some(members) => members.iter().find_map(|(key, value)| specifier(key, value)),
            };
            Some(by_departure(packet, odd, "Command published with a specifier that the profile does not have"))
        }),
        examples: Examples {
            conforming: &[|s| sends(s, to(json!({}))), |s| {
                sends(s, to(json!({"asset_id": "30", "asset_tuple": ["a", "b"]})));
            }],
            violating: &[
                |s| sends(s, to(json!({"asset_id": 30}))),
                |s| sends(s, to(json!({"asset_tuple": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]}))),
                |s| sends(s, to(json!({"colour": "red"}))),
            ],
            silent: &[|s| sends(s, deny(&json!({})))],
        },
    }
}

fn to(specifiers: Value) -> Value {
    let mut command = deny(&json!({}));
    command["actuator"] = json!({SLPF: specifiers});
    command
}

/// What departs from Table 2.1.4-1.
fn specifier<'a>(key: &'a Node, value: &'a Node) -> Option<(&'a Node, &'static str)> {
    let (sound, expected) = match key.as_text() {
        Some("hostname" | "named_group" | "asset_id") => (value.as_text().is_some(), "a text"),
        Some("asset_tuple") => {
            let texts = value
                .as_array()
                .is_some_and(|items| items.len() <= TUPLE && items.iter().all(|item| item.as_text().is_some()));
            (texts, "up to ten texts")
        }
        _ => return Some((key, "hostname, named_group, asset_id or asset_tuple")),
    };
    (!sound).then_some((value, expected))
}

requirement! {
    /// A command of the profile is one of its pairs of action and target.
    ///
    /// # Interpretation
    /// The table lists what is valid; no sentence forbids the rest, so this is guidance.
    ///
    /// # Judged
    /// On each command with the actuator `slpf`, and on each whose target is the profile's, that a Producer publishes:
    /// allow or deny with one of the four targets, `query features`, `delete slpf:rule_number`, `update file`.
    PAIRS {
        id: "slpf/command-pairs",
        rows: &["SLPF-2.3-1"],
        clause: "2.3",
        level: Level::Guidance,
        roles: &[Role::Producer],
        when: Some(WHEN_COMMAND),
        trigger: Trigger::Tester,
        judged: Judged::Packet(pairs),
        examples: Examples {
            conforming: &[|s| sends(s, to(json!({}))), |s| sends(s, delete(&json!(7)))],
            violating: &[
                |s| sends(s, json!({"action": "allow", "target": {"file": {"name": "a"}}, "actuator": {SLPF: {}}})),
                |s| sends(s, json!({"action": "query", "target": {RULE_NUMBER: 7}})),
            ],
            silent: &[|s| {
                sends(s, json!({"action": "scan", "target": {"device": {"hostname": "a"}}, "actuator": {"other": {}}}));
            }],
        },
    }
}

fn pairs(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let message = sent(packet, setting)?;
    let parts = parts(message)?;
    if actuator(message) != Some(SLPF) && parts.target != RULE_NUMBER {
        let plain = message.content.as_ref()?.get("actuator").is_none() && FILTERED.contains(&parts.target);
        return (plain && parts.is_rule()).then_some(Ruling::Met);
    }
    let listed = parts.is_rule() || parts.is_delete() || parts.is_update() || is_query_features(message);
    if listed {
        return Some(Ruling::Met);
    }
    let target = message.content.as_ref()?.get("target")?;
    let shown = format!("{} {}", parts.action, parts.target);
    Some(deviates(
        Witness::bytes(packet, in_packet(packet, target.span)),
        format!("Command of the profile published with the pair `{shown}`"),
        "a pair of Table 2.3-1",
        shown,
    ))
}

requirement! {
    /// Arguments of a command are those that the profile allows with its action.
    ///
    /// # Interpretation
    /// Table 2.3-2 gives stop_time, duration, persistent, direction and insert_rule to allow and deny, and drop_process
    /// to deny alone. Deletes and updates have requirements of their own, and so has `query features`.
    ///
    /// # Judged
    /// On each allow and deny of the profile that a Producer publishes: broken by drop_process on allow, and by an
    /// argument beside those of the language and `slpf`.
    MATRIX {
        id: "slpf/command-arguments",
        rows: &["SLPF-2.3-2"],
        clause: "2.3",
        level: Level::Guidance,
        roles: &[Role::Producer],
        when: Some(WHEN_RULE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting)?;
            let odd = beside(message)?;
            Some(by_departure(packet, odd, "Command published with an argument that is not for it"))
        }),
        examples: Examples {
            conforming: &[|s| sends(s, deny(&json!({"duration": 5, "slpf": {"drop_process": "none"}}))), |s| {
                sends(s, allow(&json!({})));
            }],
            violating: &[|s| sends(s, allow(&json!({"slpf": {"drop_process": "none"}}))), |s| {
                sends(s, deny(&json!({"x-acme": {"colour": 1}})));
            }],
            silent: &[|s| sends(s, update("a"))],
        },
    }
}

/// The first argument of an allow or deny that the table does not give it; the outer `None`: it is neither.
fn beside(message: &Message) -> Option<Option<(&Node, &'static str)>> {
    let parts = parts(message).filter(|p| p.is_rule())?;
    let known = ["start_time", "stop_time", "duration", "response_requested", SLPF];
    let members = message.args().and_then(Node::as_map).unwrap_or_default();
    let foreign = members.iter().map(|(key, _)| key).find(|key| !key.as_text().is_some_and(|n| known.contains(&n)));
    let drop = parts.own.and_then(|own| own.get("drop_process")).filter(|_| parts.action == "allow");
    let foreign = foreign.map(|node| (node, "an argument of Table 2.3-2"));
    Some(foreign.or(drop.map(|node| (node, "no drop_process on allow"))))
}
