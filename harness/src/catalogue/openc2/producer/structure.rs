//! The parts of a Command (LS 3.3.1).

use crate::catalogue::openc2::sent::{always, queries, request, sends, sends_cbor, shown};
use crate::catalogue::openc2::support::deviates;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::PacketSeen;
use crate::evidence::openc2::schema::command as row;
use crate::evidence::openc2::schema::types;
use crate::iut::Role;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::json;

fn one_action(packet: &PacketSeen) -> Option<Ruling> {
    let message = request(packet)?;
    let content = message.content.as_ref().filter(|c| message.whole() && c.as_map().is_some());
    if content.is_some_and(|content| content.get("action").is_none()) {
        return Some(deviates(Witness::packet(packet), "Command has no action", "one action", "none"));
    }
    always(packet, row::ACTION, "Command has the action ")
}

requirement! {
    /// A Command has exactly one action, from the table of actions.
    ///
    /// # Interpretation
    /// Twenty names, written as they stand there. An action that is no string is left to `openc2/command-structure`,
    /// and a repeated member to `openc2/command-ijson`.
    ///
    /// # Judged
    /// In each Command.
    ONE_ACTION {
        id: "openc2/one-action",
        rows: &["L-012"],
        clause: "3.3.1.1",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        implies: &["openc2/command-structure", "openc2/extension-names"],
        judged: Judged::Packet(|packet, _| one_action(packet)),
        examples: Examples {
            conforming: &[queries, |s| sends(s, json!({"action": "contain", "target": {"device": {"device_id": "7"}}}))],
            violating: &[
                |s| sends(s, json!({"action": "block", "target": {"ipv4_net": "1.2.3.4"}})),
                |s| sends(s, json!({"action": "Query", "target": {"features": []}})),
                |s| sends(s, json!({"target": {"features": []}})),
            ],
            silent: &[|s| sends(s, json!({"action": 3, "target": {"features": []}})), |s| {
                s.ready_producer();
                s.send_text(r#"{"content":{"request":{"action":"#);
            }],
        },
    }
}

requirement! {
    /// The target of a Command holds exactly one type of target.
    ///
    /// # Judged
    /// In each Command whose target is an object.
    ONE_TARGET {
        id: "openc2/one-target",
        rows: &["L-013"],
        clause: "3.3.1.2",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| always(packet, row::TARGET, "Command has a target with ")),
        examples: Examples {
            conforming: &[queries, |s| sends_cbor(s, json!({"action": "delete", "target": {"slpf:rule_number": 7}}))],
            violating: &[
                |s| sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4", "mac_addr": "00:11:22:33:44:55"}})),
                |s| sends(s, json!({"action": "deny", "target": {}})),
            ],
            silent: &[|s| sends(s, json!({"action": "deny", "target": "1.2.3.4"}))],
        },
    }
}

requirement! {
    /// A Command is an action, a target, and at most one of actuator, args and command_id each.
    ///
    /// # Interpretation
    /// Action is a string, target and args are objects, and there are no other members. What stands inside has
    /// requirements of its own.
    ///
    /// # Judged
    /// In each Command, whatever the layout of its message.
    COMMAND_STRUCTURE {
        id: "openc2/command-structure",
        rows: &["L-014"],
        clause: "5.1",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| always(packet, row::STRUCTURE, "Command departs from its structure: ")),
        examples: Examples {
            conforming: &[queries, |s| {
                sends(
                    s,
                    json!({
                        "action": "deny",
                        "target": {"ipv4_net": "1.2.3.0/24"},
                        "args": {"duration": 5000, "slpf": {"direction": "ingress"}},
                        "actuator": {"slpf": {}},
                        "command_id": "c-1",
                    }),
                );
            }],
            violating: &[
                |s| sends(s, json!({"action": "query"})),
                |s| sends(s, json!({"action": "query", "target": "features"})),
                |s| sends(s, json!({"action": "query", "target": {"features": []}, "profile": "slpf"})),
                |s| sends(s, json!({"action": "query", "target": {"features": []}, "args": []})),
                |s| sends(s, json!(["query", "features"])),
            ],
            silent: &[|s| {
                s.ready_producer();
                s.send_text(r#"{"content":{"request":{"action":"query","target":"#);
            }],
        },
    }
}

requirement! {
    /// Args of a Command hold at least one element.
    ///
    /// # Judged
    /// In each Command that has `args`, an object. Arguments of a profile count here: see
    /// `openc2/args-standard-element`.
    ARGS_NOT_EMPTY {
        id: "openc2/args-not-empty",
        rows: &["L-011"],
        clause: "3.3.1",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Command(row::ARGS_EMPTY),
        judged: Judged::Packet(|packet, _| shown(packet, row::ARGS_EMPTY, "Command has args, and in them ")),
        examples: Examples {
            conforming: &[|s| {
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": {"duration": 5000}}));
            }],
            violating: &[|s| sends(s, json!({"action": "query", "target": {"features": []}, "args": {}}))],
            silent: &[queries],
        },
    }
}

requirement! {
    /// Args of a Command hold at least one element that LS itself defines, beside those of profiles.
    ///
    /// # Judged
    /// In each Command whose args hold arguments of a profile.
    ARGS_STANDARD_ELEMENT {
        id: "openc2/args-standard-element",
        rows: &["L-011-namespace"],
        clause: "3.3.1",
        level: Level::Must,
        contradiction: Some("args must hold an element of 3.3.1.4 (3.3.1), but the example of 3.1.4 has those of a profile alone"),
        roles: &[Role::Producer],
        trigger: Trigger::Command(row::ARGS_STANDARD),
        judged: Judged::Packet(|packet, _| shown(packet, row::ARGS_STANDARD, "Command has args that hold ")),
        examples: Examples {
            conforming: &[|s| {
                let args = json!({"response_requested": "ack", "slpf": {"direction": "ingress"}});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
            violating: &[|s| {
                let args = json!({"slpf": {"direction": "ingress"}});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
            silent: &[queries, |s| {
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": {"duration": 5000}}));
            }],
        },
    }
}

requirement! {
    /// A Command names two of start time, stop time and duration at most.
    ///
    /// # Judged
    /// In each Command whose args name one of them.
    TWO_TIMES {
        id: "openc2/two-times",
        rows: &["L-020"],
        clause: "3.3.1.4",
        level: Level::Guidance,
        roles: &[Role::Producer],
        trigger: Trigger::Command(row::TIMES),
        judged: Judged::Packet(|packet, _| shown(packet, row::TIMES, "Command says when it takes effect by ")),
        examples: Examples {
            conforming: &[|s| {
                let args = json!({"start_time": 1_790_000_000_000_u64, "duration": 5000});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
            violating: &[|s| {
                let args = json!({"start_time": 1_790_000_000_000_u64, "stop_time": 1_790_000_005_000_u64, "duration": 5000});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
            silent: &[queries],
        },
    }
}

requirement! {
    /// `response_requested` is one of none, ack, status and complete.
    ///
    /// # Judged
    /// In each Command whose args have it.
    TYPE_RESPONSE_TYPE {
        id: "openc2/type-response-type",
        rows: &["LS-3.4.2.15"],
        clause: "3.4.2.15",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Command(types::RESPONSE_TYPE),
        judged: Judged::Packet(|packet, _| shown(packet, types::RESPONSE_TYPE, "Command has the response_requested ")),
        examples: Examples {
            conforming: &[|s| {
                let args = json!({"response_requested": "none"});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
            violating: &[|s| {
                let args = json!({"response_requested": "full"});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            },
|s| {
                let args = json!({"response_requested": 3});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
            silent: &[queries],
        },
    }
}
