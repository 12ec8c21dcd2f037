//! How profiles extend Commands (LS 3.1.4).

use crate::catalogue::openc2::sent::{always, queries, sends, shown};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::PacketSeen;
use crate::evidence::openc2::schema::command as row;
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;

requirement! {
    /// Arguments of a profile stand in a member of args that its NSID names.
    ///
    /// # Interpretation
    /// The member is an object. Its name can be any of 1 to 16 characters: which NSIDs there are is not judged.
    ///
    /// # Judged
    /// In each Command whose args have a member that LS does not define.
    ARGS_EXTENSION {
        id: "openc2/args-extension",
        rows: &["L-034"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Command(row::ARGS_MEMBERS),
        implies: &["openc2/args-standard-element"],
        judged: Judged::Packet(|packet, _| shown(packet, row::ARGS_MEMBERS, "Command extends its args by ")),
        examples: Examples {
            conforming: &[|s| {
                let args = json!({"duration": 5000, "slpf": {"direction": "ingress"}});
                sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
            }],
            violating: &[
                |s| {
                    let args = json!({"duration": 5000, "direction": "ingress"});
                    sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
                },
                |s| {
                    let args = json!({"duration": 5000, "a-profile-with-a-long-name": {}});
                    sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": args}));
                },
            ],
            silent: &[|s| sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "args": {"duration": 5000}}))],
        },
    }
}

requirement! {
    /// Specifiers of an actuator stand in a member that the NSID of its profile names.
    ///
    /// # Judged
    /// In each Command that has an actuator: an object with one member, whose name has 1 to 16 characters and whose
    /// value is an object, be it empty.
    ACTUATOR_EXTENSION {
        id: "openc2/actuator-extension",
        rows: &["L-035"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Command(row::ACTUATOR),
        judged: Judged::Packet(|packet, _| shown(packet, row::ACTUATOR, "Command has as its actuator ")),
        examples: Examples {
            conforming: &[
                |s| {
                    let actuator = json!({"slpf": {"asset_id": "30"}});
                    sends(s, json!({"action": "deny", "target": {"ipv4_net": "1.2.3.4"}, "actuator": actuator}));
                },
                |s| sends(s, json!({"action": "query", "target": {"features": []}, "actuator": {"x-acme": {}}})),
            ],
            violating: &[
                |s| sends(s, json!({"action": "query", "target": {"features": []}, "actuator": "slpf"})),
                |s| sends(s, json!({"action": "query", "target": {"features": []}, "actuator": {"asset_id": "30"}})),
            ],
            silent: &[queries],
        },
    }
}

fn names(packet: &PacketSeen) -> Option<Ruling> {
    match always(packet, row::ACTION, "Command extends the list of actions by ") {
        None => always(packet, row::TARGET_NAME, "Command has the target "),
        Some(Ruling::Met) => always(packet, row::TARGET_NAME, "Command has the target "),
        decided => decided,
    }
}

requirement! {
    /// Extensions go by an NSID: targets as `nsid:name`; actions are not extended.
    ///
    /// # Interpretation
    /// An NSID has 1 to 16 characters (LS 3.4.2.12). That those of non-standard extensions begin with `x-` is judged
    /// nowhere: which ones are standard is not in the bytes.
    ///
    /// # Judged
    /// In each Command: its action is in the list, its target is one of the eighteen or of a profile. Members of args
    /// and actuator have requirements of their own.
    EXTENSION_NAMES {
        id: "openc2/extension-names",
        rows: &["L-030", "L-032", "L-033"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| names(packet)),
        examples: Examples {
            conforming: &[queries, |s| sends(s, json!({"action": "delete", "target": {"slpf:rule_number": 1234}}))],
            violating: &[
                |s| sends(s, json!({"action": "delete", "target": {"rule_number": 1234}})),
                |s| sends(s, json!({"action": "delete", "target": {"slpf/rule_number": 1234}})),
                |s| sends(s, json!({"action": "delete", "target": {"a-profile-with-a-long-name:rule": 1234}})),
                |s| sends(s, json!({"action": "x-acme:unlock", "target": {"x-acme:door": 4}})),
            ],
            silent: &[|s| sends(s, json!({"target": {}}))],
        },
    }
}
