//! Where the profile contradicts itself, or the language: these warn, and fail under the strict policy only.

use super::producer::{is_delete, judge, sent};
use super::requested::silent;
use super::support::{
    SLPF, WHEN_RULE, WHEN_SENDS_DELETE, WHEN_SENDS_UPDATE, WHEN_SLPF, controller, delete, firewall, parts, received,
    update, with_args,
};
use crate::catalogue::openc2::support::{is_query_features, response_requested};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::openc2::{Message, Node};
use crate::iut::Role;
use crate::requirement;
use serde_json::json;

requirement! {
    /// `query features` with `response_requested` none is not answered.
    ///
    /// # Judged
    /// On each `query features` with that argument, addressed to the IUT. Silence counts when a later command shows that
    /// the IUT was still there after the time to answer.
    NONE_ON_QUERY {
        id: "slpf/requested-none-query-features",
        rows: &["S-22"],
        clause: "3.2.1.7.1",
        contradiction: Some("SLPF 3.2.1.7.1 forbids every Response to none; LS 4.1 forbids the argument on `query features` and has it answered with status 400"),
        roles: &[Role::Consumer],
        when: Some(WHEN_SLPF),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let message = received(exchange, setting).filter(|m| is_query_features(m))?;
            (response_requested(message) == Some("none"))
                .then(|| silent(exchange, "query features with response_requested none"))
        }),
        examples: Examples {
            conforming: &[|s| {
                firewall(s, &[]);
                s.command("c1", asking_nothing());
                s.sentinel();
            }],
            violating: &[|s| {
                firewall(s, &[]);
                s.command("c1", asking_nothing());
                s.respond("c1", json!({"status": 400}));
            }],
            silent: &[|s| {
                firewall(s, &[]);
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

fn asking_nothing() -> serde_json::Value {
    with_args(json!({"action": "query", "target": {"features": []}}), &json!({"response_requested": "none"}))
}

/// The first of these arguments that a command has.
fn arg<'a>(message: &'a Message, names: &[&str]) -> Option<&'a Node> {
    names.iter().find_map(|name| message.args()?.get(name))
}

requirement! {
    /// A delete of a rule has no times.
    ///
    /// # Judged
    /// On each delete of a rule that a Producer publishes: broken by start_time, stop_time and duration.
    DELETE_TIMES {
        id: "slpf/delete-without-times",
        rows: &["S-14"],
        clause: "2.3.4.1",
        contradiction: Some("2.3.4.1 forbids every argument but response_requested; Table 2.3-2 allows start_time, and 3.1.11 asks for start_time, stop_time and duration with any command"),
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting).filter(|m| is_delete(m))?;
            let odd = arg(message, &["start_time", "stop_time", "duration"]);
            Some(judge(packet, odd, "Delete of a rule published with a time", "no arguments but response_requested"))
        }),
        examples: Examples {
            conforming: &[|s| {
                controller(s);
                s.send("c1", delete(&json!(7)));
            }],
            violating: &[|s| {
                controller(s);
                s.send("c1", with_args(delete(&json!(7)), &json!({"start_time": 1_606_000_000_000_u64})));
            }],
            silent: &[|s| {
                controller(s);
                s.send("c1", with_args(update("a"), &json!({"start_time": 1_606_000_000_000_u64})));
            }],
        },
    }
}

requirement! {
    /// A delete of a rule asks for completion, if it says what it asks for.
    ///
    /// # Judged
    /// On each delete of a rule that a Producer publishes: broken by another `response_requested` than complete.
    DELETE_REQUESTED {
        id: "slpf/delete-requests-complete",
        rows: &["S-14"],
        clause: "2.3.4.1",
        contradiction: Some("2.3.4.1 allows `response_requested` complete and no other arguments; 3.1.1.7 makes `response_requested` a valid argument of any command"),
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting).filter(|m| is_delete(m))?;
            let odd = arg(message, &["response_requested"]).filter(|node| node.as_text() != Some("complete"));
            Some(judge(packet, odd, "Delete of a rule published with another response_requested", "complete, or none given"))
        }),
        examples: Examples {
            conforming: &[|s| {
                controller(s);
                s.send("c1", with_args(delete(&json!(7)), &json!({"response_requested": "complete"})));
            }],
            violating: &[|s| {
                controller(s);
                s.send("c1", with_args(delete(&json!(7)), &json!({"response_requested": "ack"})));
            }],
            silent: &[|s| {
                controller(s);
                s.send("c1", with_args(update("a"), &json!({"response_requested": "ack"})));
            }],
        },
    }
}

requirement! {
    /// An update has no start time.
    ///
    /// # Judged
    /// On each update of a file that a Producer publishes: broken by start_time.
    UPDATE_START {
        id: "slpf/update-without-start-time",
        rows: &["S-18"],
        clause: "2.3.5.1",
        contradiction: Some("2.3.5.1 forbids other arguments than response_requested; Table 2.3-2 allows start_time, and 3.1.11.2 asks for it with any command"),
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_UPDATE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting).filter(|m| parts(m).is_some_and(|p| p.is_update()))?;
            let odd = arg(message, &["start_time"]);
            Some(judge(packet, odd, "Update published with a start time", "no arguments but response_requested"))
        }),
        examples: Examples {
            conforming: &[|s| {
                controller(s);
                s.send("c1", update("a"));
            }],
            violating: &[|s| {
                controller(s);
                s.send("c1", with_args(update("a"), &json!({"start_time": 1_606_000_000_000_u64})));
            }],
            silent: &[|s| {
                controller(s);
                s.send("c1", with_args(delete(&json!(7)), &json!({"start_time": 1_606_000_000_000_u64})));
            }],
        },
    }
}

requirement! {
    /// A connection has the members that the language gives it, also with protocol ICMP.
    ///
    /// # Judged
    /// On each allow or deny of a connection that a Producer publishes: broken by icmp_type and icmp_code.
    ICMP {
        id: "slpf/connection-without-icmp-members",
        rows: &["SLPF-2.1.2.1"],
        clause: "2.1.2.1",
        contradiction: Some("2.1.2.1 names icmp_type and icmp_code as parts of a connection with protocol ICMP; the types of the language (LS 3.4.1.10, 3.4.1.12) have no such members"),
        roles: &[Role::Producer],
        when: Some(WHEN_RULE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let message = sent(packet, setting)?;
            let parts = parts(message).filter(|p| p.is_rule())?;
            let odd = ["icmp_type", "icmp_code"].iter().find_map(|name| parts.value.get(name));
            Some(judge(packet, odd, "Connection published with a member for ICMP", "members of LS 3.4.1 only"))
        }),
        examples: Examples {
            conforming: &[|s| {
                controller(s);
                s.send("c1", connection(json!({"protocol": "icmp", "src_addr": "192.0.2.1"})));
            }],
            violating: &[|s| {
                controller(s);
                s.send("c1", connection(json!({"protocol": "icmp", "icmp_type": 8})));
            }],
            silent: &[|s| {
                controller(s);
                s.send("c1", update("a"));
            }],
        },
    }
}

fn connection(members: serde_json::Value) -> serde_json::Value {
    json!({"action": "deny", "target": {"ipv4_connection": members}, "actuator": {SLPF: {}}})
}
