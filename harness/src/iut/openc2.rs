//! What the vendor of an OpenC2 implementation declares.

use super::declared::{Declares, Need};
use super::{Command, MessageFormat, Pics, Serialization};
use crate::binding::topics;
use crate::diagnostic::instead;
use crate::diagnostic::toml::{Fields, Located};

/// Its declarations. The options say what a firewall (profile `slpf`) does not support.
pub static DECLARES: Declares = Declares {
    read,
    serializations: &[("json", Serialization::Json), ("cbor", Serialization::Cbor)],
    mandatory: Some(("json", "LS 3.1.5")),
    options: &[
        "slpf-no-delete",
        "slpf-no-direction",
        "slpf-no-ipv4-connection",
        "slpf-no-ipv4-net",
        "slpf-no-ipv6-connection",
        "slpf-no-ipv6-net",
        "slpf-no-update",
    ],
    needs: &[
        Need { name: "device_id", met: |pics| pics.device_id.is_some() },
        Need { name: "actuator_profiles", met: |pics| !pics.actuator_profiles.is_empty() },
        Need { name: "cbor", met: |pics| pics.speaks(Serialization::Cbor) },
        Need { name: "identity", met: |pics| pics.identity.is_some() },
        Need { name: "payload_header", met: Pics::headed },
    ],
};

/// A pair that `query features` goes with: no other command is invented.
pub const PAIRS: &str = "action_targets: query features";
/// The action that it goes with.
pub const ACTIONS_QUERY: &str = "actions: query";

/// What is declared beside that where topics are named by more, and the text says nothing of payloads (WD01).
pub static DECLARES_WD01: Declares = Declares {
    read: read_wd01,
    needs: &[
        Need { name: "device_id", met: |pics| pics.device_id.is_some() },
        Need { name: "actuator_profiles", met: |pics| !pics.actuator_profiles.is_empty() },
        Need { name: "cbor", met: |pics| pics.speaks(Serialization::Cbor) },
        Need { name: "identity", met: |pics| pics.identity.is_some() },
        Need { name: "payload_header", met: Pics::headed },
        Need { name: "device_type", met: |pics| pics.device_type.is_some() },
        Need {
            name: PAIRS,
            met: |pics| pics.action_targets.iter().any(|p| topics::pair(p) == Some(("query", "features"))),
        },
        Need { name: ACTIONS_QUERY, met: |pics| pics.actions.iter().any(|action| action == "query") },
    ],
    ..DECLARES
};

/// The actions of OpenC2 (the language forbids others).
pub const ACTIONS: [&str; 20] = [
    "allow",
    "cancel",
    "contain",
    "copy",
    "create",
    "delete",
    "deny",
    "detonate",
    "investigate",
    "locate",
    "query",
    "redirect",
    "remediate",
    "restart",
    "restore",
    "scan",
    "set",
    "start",
    "stop",
    "update",
];

/// Reads the keys that only OpenC2 has.
fn read(table: &Fields<'_>, pics: &mut Pics) {
    pics.device_id = topic_level(table, "device_id", table.string("device_id"));
    pics.actuator_profiles = topic_levels(table, "actuator_profiles", "profile", |_| None);
    pics.identity = table.string("identity").map(|i| i.value);
    pics.commands = table.tables("command", |n| format!("[[pics.command]] {n}")).iter().filter_map(command).collect();
}

/// The same and those of WD01. How messages stand in payloads has to be said: nothing else does.
fn read_wd01(table: &Fields<'_>, pics: &mut Pics) {
    read(table, pics);
    pics.device_type = topic_level(table, "device_type", table.string("device_type"));
    pics.action_targets = topic_levels(table, "action_targets", "pair", |pair| {
        let help = "an action, a separator and a target, spelled as in its topics: \"deny_ipv4_net\"";
        topics::pair(pair).is_none().then(|| help.to_owned())
    });
    pics.actions = topic_levels(table, "actions", "action", |action| {
        let help = || instead(action, &ACTIONS).unwrap_or_else(|| format!("actions are {}", ACTIONS.join(", ")));
        (!ACTIONS.contains(&action)).then(help)
    });
    if !table.has("message_format") {
        table.missing("message_format", "\"record\"");
    }
    let formats = [("header", MessageFormat::Header), ("record", MessageFormat::Record)];
    let format = table.choice("message_format", &formats).map_or(MessageFormat::Record, |format| format.value);
    pics.message_format = Some(format);
}

/// Names that become levels of topics, each of them once. `wrong`: what is wrong with a name, beside what no level holds.
fn topic_levels(
    table: &Fields<'_>,
    key: &'static str,
    noun: &str,
    wrong: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for written in table.strings(key).map(|l| l.value).unwrap_or_default() {
        let span = written.span.clone();
        let Some(name) = topic_level(table, key, Some(written)) else { continue };
        if let Some(help) = wrong(&name) {
            table.document.wrong(span, format!("`{key}` in {} cannot hold {name:?}", table.name), "", Some(help));
        } else if names.contains(&name) {
            table.document.wrong(span, format!("{noun} `{name}` is declared twice"), "", None);
        } else {
            names.push(name);
        }
    }
    names
}

/// A name that becomes one level of a topic.
fn topic_level(table: &Fields<'_>, key: &str, name: Option<Located<String>>) -> Option<String> {
    let name = name?;
    if name.value.is_empty() || name.value.contains(['/', '+', '#', '\0']) {
        table.document.wrong(
            name.span,
            format!("`{key}` in {} cannot be {:?}", table.name, name.value),
            "",
            Some("it becomes one level of a topic: not empty, without `/`, `+` and `#`".to_owned()),
        );
        return None;
    }
    Some(name.value)
}

fn command(table: &Fields<'_>) -> Option<Command> {
    let document = table.document;
    let action = table.required("action", "\"scan\"");
    if let Some(action) = &action
        && !ACTIONS.contains(&action.value.as_str())
    {
        document.wrong(
            action.span.clone(),
            format!("`{}` is no OpenC2 action", action.value),
            "",
            instead(&action.value, &ACTIONS).or_else(|| Some(format!("actions are {}", ACTIONS.join(", ")))),
        );
    }
    if !table.has("target") {
        table.missing("target", "{ device = { hostname = \"x\" } }");
    }
    let target = table.json("target");
    if let Some(target) = &target
        && target.value.as_object().is_none_or(|members| members.len() != 1)
    {
        document.wrong(
            target.span.clone(),
            format!("`target` in {} must be a table with exactly one member", table.name),
            "",
            Some("as in `target = { file = { name = \"x\" } }`".to_owned()),
        );
    }
    let args = table.json("args");
    if let Some(args) = &args
        && args.value.as_object().is_none_or(serde_json::Map::is_empty)
    {
        document.wrong(
            args.span.clone(),
            format!("`args` in {} must be a table with at least one member", table.name),
            "",
            Some("leave `args` out where there are none".to_owned()),
        );
    }
    let actuator = table.json("actuator");
    if let Some(actuator) = &actuator
        && actuator.value.as_object().is_none_or(|members| members.len() != 1)
    {
        document.wrong(
            actuator.span.clone(),
            format!("`actuator` in {} must be a table with exactly one member", table.name),
            "",
            Some("as in `actuator = { slpf = {} }`".to_owned()),
        );
    }
    let command_id = table.string("command_id").map(|id| id.value);
    table.finish();
    Some(Command {
        action: action?.value,
        target: target?.value,
        args: args.map(|a| a.value),
        actuator: actuator.map(|a| a.value),
        command_id,
    })
}
