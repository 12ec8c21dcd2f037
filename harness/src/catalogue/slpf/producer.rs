//! What a Producer sends: rules, deletes, `query features` (2.3.1, 2.3.2, 2.3.3.1, 2.3.4.1).

use super::support::{
    SLPF, WHEN_INSERT, WHEN_SENDS_DELETE, WHEN_SLPF, controller, delete, deny, parts, published, with_args,
};
use crate::catalogue::openc2::support::{deviates, forbidden_args, in_packet, is_query_features, response_requested};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::openc2::{Message, Node};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

/// A command of the profile that the IUT, a Producer, published.
pub(super) fn sent<'a>(packet: &'a PacketSeen, setting: &Setting) -> Option<&'a Message> {
    published(packet, setting).filter(|_| setting.role == Role::Producer)
}

pub(super) fn is_delete(message: &Message) -> bool {
    parts(message).is_some_and(|parts| parts.is_delete())
}

/// Broken by an odd value, met without one.
pub(super) fn judge(packet: &PacketSeen, odd: Option<&Node>, said: &str, expected: &str) -> Ruling {
    match odd {
        None => Ruling::Met,
        Some(node) => {
            let witness = Witness::bytes(packet, in_packet(packet, node.span));
            deviates(witness, format!("{said}: {}", node.describe()), expected, node.describe())
        }
    }
}

/// A Producer sends this.
fn sends(s: &mut Sketch, command: Value) {
    controller(s);
    s.send("c1", command);
}

requirement! {
    /// A command that inserts a rule under a number asks for completion.
    ///
    /// # Interpretation
    /// The argument has to be there: that leaving it out means the same to a Consumer does not populate it.
    ///
    /// # Judged
    /// On each allow and deny with insert_rule that a Producer publishes: its `response_requested` is complete.
    INSERT_RULE {
        id: "slpf/insert-rule-requests-complete",
        rows: &["S-07"],
        clause: "2.3.1",
        roles: &[Role::Producer],
        when: Some(WHEN_INSERT),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting)?;
            let parts = parts(message).filter(|p| p.is_rule())?;
            let number = parts.own?.get("insert_rule")?;
            if response_requested(message) == Some("complete") {
                return Some(Ruling::Met);
            }
            let requested = message.args().and_then(|args| args.get("response_requested"));
            let actual = requested.map_or("none given".to_owned(), Node::describe);
            let place = Witness::bytes(packet, in_packet(packet, requested.unwrap_or(number).span));
            let said = "Command with insert_rule published without `response_requested` complete";
            Some(deviates(place, said, "`response_requested` complete", actual))
        }),
        examples: Examples {
            conforming: &[|s| {
                sends(s, deny(&json!({"response_requested": "complete", "slpf": {"insert_rule": 7}})));
            }],
            violating: &[
                |s| sends(s, deny(&json!({"slpf": {"insert_rule": 7}}))),
                |s| sends(s, deny(&json!({"response_requested": "ack", "slpf": {"insert_rule": 7}}))),
            ],
            silent: &[|s| sends(s, deny(&json!({"response_requested": "ack"})))],
        },
    }
}

requirement! {
    /// `query features` is issued as the language has it.
    ///
    /// # Judged
    /// On each `query features` that a Producer publishes, for the profile or for everybody: it has no argument but
    /// `response_requested` complete.
    QUERY_FEATURES {
        id: "slpf/query-features-issued",
        rows: &["S-13"],
        clause: "2.3.3.1",
        roles: &[Role::Producer],
        when: Some(WHEN_SLPF),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting).filter(|m| is_query_features(m))?;
            let odd = message.args().filter(|_| forbidden_args(message));
            Some(judge(packet, odd, "`query features` published with other arguments", "`response_requested` complete alone"))
        }),
        examples: Examples {
            conforming: &[
                |s| sends(s, json!({"action": "query", "target": {"features": []}, "actuator": {SLPF: {}}})),
                |s| sends(s, json!({"action": "query", "target": {"features": ["pairs"]}})),
            ],
            violating: &[|s| {
                sends(s, json!({"action": "query", "target": {"features": []}, "args": {"duration": 5}}));
            }],
            silent: &[|s| sends(s, deny(&json!({"response_requested": "ack"})))],
        },
    }
}

requirement! {
    /// A delete of a rule names exactly one rule number.
    ///
    /// # Interpretation
    /// A rule number is an integer (Table 2.1.2-2).
    ///
    /// # Judged
    /// On each delete of a rule that a Producer publishes.
    DELETE_ONE_RULE {
        id: "slpf/delete-one-rule-number",
        rows: &["S-14"],
        clause: "2.3.4.1",
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting).filter(|m| is_delete(m))?;
            let odd = parts(message)?.value;
            let odd = Some(odd).filter(|node| node.as_whole().is_none());
            Some(judge(packet, odd, "Delete published without one rule number", "one integer"))
        }),
        examples: Examples {
            conforming: &[|s| sends(s, delete(&json!(7)))],
            violating: &[|s| sends(s, delete(&json!([7, 8]))), |s| sends(s, delete(&json!("7")))],
            silent: &[|s| sends(s, deny(&json!({})))],
        },
    }
}

requirement! {
    /// A delete of a rule has no arguments but `response_requested`.
    ///
    /// # Interpretation
    /// Times, and other values than complete, are allowed elsewhere in the profile: see slpf/delete-without-times and
    /// slpf/delete-requests-complete.
    ///
    /// # Judged
    /// On each delete of a rule that a Producer publishes.
    DELETE_ARGS {
        id: "slpf/delete-without-args",
        rows: &["S-14"],
        clause: "2.3.4.1",
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting).filter(|m| is_delete(m))?;
            let odd = other_args(message, &["response_requested", "start_time", "stop_time", "duration"]);
            Some(judge(packet, odd, "Delete of a rule published with another argument", "no arguments but response_requested"))
        }),
        examples: Examples {
            conforming: &[|s| sends(s, delete(&json!(7))), |s| {
                sends(s, with_args(delete(&json!(7)), &json!({"response_requested": "complete"})));
            }],
            violating: &[|s| {
                sends(s, with_args(delete(&json!(7)), &json!({"slpf": {"persistent": true}})));
            }],
            silent: &[|s| sends(s, deny(&json!({"slpf": {"persistent": true}})))],
        },
    }
}

/// The name of the first argument that is none of these.
pub(super) fn other_args<'a>(message: &'a Message, names: &[&str]) -> Option<&'a Node> {
    let members = message.args().and_then(Node::as_map).unwrap_or_default();
    members.iter().map(|(key, _)| key).find(|key| !key.as_text().is_some_and(|name| names.contains(&name)))
}
