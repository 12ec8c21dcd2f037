//! Updates that a Producer sends (2.3.5.1).

use super::producer::{judge, other_args, sent};
use super::support::{WHEN_SENDS_UPDATE, controller, deny, parts, update, with_args};
use crate::catalogue::openc2::support::{deviates, in_packet};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::Message;
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

/// An update of a file that the IUT published.
fn updates<'a>(packet: &'a PacketSeen, setting: &Setting) -> Option<&'a Message> {
    sent(packet, setting).filter(|m| parts(m).is_some_and(|p| p.is_update()))
}

/// Judges one specifier of the file.
fn specifier(packet: &PacketSeen, setting: &Setting, name: &str) -> Option<Ruling> {
    let file = parts(updates(packet, setting)?)?.value;
    if file.get(name).is_some_and(|value| value.as_text().is_some_and(|text| !text.is_empty())) {
        return Some(Ruling::Met);
    }
    let place = Witness::bytes(packet, in_packet(packet, file.span));
    Some(deviates(place, format!("Update published without the {name} of the file"), format!("`{name}`"), "none"))
}

fn sends(s: &mut Sketch, command: Value) {
    controller(s);
    s.send("c1", command);
}

fn file(specifiers: Value) -> Value {
    json!({"action": "update", "target": {"file": specifiers}})
}

fn other(s: &mut Sketch) {
    sends(s, deny(&json!({})));
}

requirement! {
    /// An update names the file.
    ///
    /// # Judged
    /// On each update of a file that a Producer publishes: `name` is there, a text, and not empty.
    NAME {
        id: "slpf/update-name",
        rows: &["S-18"],
        clause: "2.3.5.1",
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_UPDATE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| specifier(packet, setting, "name")),
        examples: Examples {
            conforming: &[|s| sends(s, update("a"))],
            violating: &[|s| sends(s, file(json!({"path": "/etc/firewall"}))), |s| sends(s, update(""))],
            silent: &[other],
        },
    }
}

requirement! {
    /// An update tells the path of the file.
    ///
    /// # Judged
    /// On each update of a file that a Producer publishes: `path` is there, a text, and not empty.
    PATH {
        id: "slpf/update-path",
        rows: &["S-18"],
        clause: "2.3.5.1",
        level: Level::Should,
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_UPDATE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| specifier(packet, setting, "path")),
        examples: Examples {
            conforming: &[|s| sends(s, update("a"))],
            violating: &[|s| sends(s, file(json!({"name": "a"})))],
            silent: &[other],
        },
    }
}

requirement! {
    /// An update asks for completion, an acknowledgement or nothing, if it says what it asks for.
    ///
    /// # Judged
    /// On each update of a file that a Producer publishes: broken by `response_requested` status.
    REQUESTED {
        id: "slpf/update-response-requested",
        rows: &["S-18"],
        clause: "2.3.5.1",
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_UPDATE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let requested = updates(packet, setting)?.args().and_then(|args| args.get("response_requested"));
            let odd = requested.filter(|node| !matches!(node.as_text(), Some("complete" | "ack" | "none")));
            Some(judge(packet, odd, "Update published with another response_requested", "complete, ack or none"))
        }),
        examples: Examples {
            conforming: &[
                |s| sends(s, update("a")),
                |s| sends(s, with_args(update("a"), &json!({"response_requested": "ack"}))),
            ],
            violating: &[|s| sends(s, with_args(update("a"), &json!({"response_requested": "status"})))],
            silent: &[|s| sends(s, deny(&json!({"response_requested": "status"})))],
        },
    }
}

requirement! {
    /// An update has no arguments but `response_requested`.
    ///
    /// # Interpretation
    /// A start time is allowed elsewhere in the profile: see slpf/update-without-start-time.
    ///
    /// # Judged
    /// On each update of a file that a Producer publishes.
    ARGS {
        id: "slpf/update-without-args",
        rows: &["S-18"],
        clause: "2.3.5.1",
        roles: &[Role::Producer],
        when: Some(WHEN_SENDS_UPDATE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, setting| {
            let odd = other_args(updates(packet, setting)?, &["response_requested", "start_time"]);
            Some(judge(packet, odd, "Update published with another argument", "no arguments but response_requested"))
        }),
        examples: Examples {
            conforming: &[|s| sends(s, update("a"))],
            violating: &[|s| sends(s, with_args(update("a"), &json!({"duration": 5}))), |s| {
                sends(s, with_args(update("a"), &json!({"slpf": {"persistent": true}})));
            }],
            silent: &[other],
        },
    }
}
