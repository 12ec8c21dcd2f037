//! What the vendor of an OpenC2 implementation declares.

use super::declared::{Declares, Need};
use super::{Command, Pics, Serialization};
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
    ],
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
    for profile in table.strings("actuator_profiles").map(|l| l.value).unwrap_or_default() {
        let span = profile.span.clone();
        let Some(name) = topic_level(table, "actuator_profiles", Some(profile)) else { continue };
        if pics.actuator_profiles.contains(&name) {
            table.document.wrong(span, format!("profile `{name}` is declared twice"), "", None);
        } else {
            pics.actuator_profiles.push(name);
        }
    }
    pics.identity = table.string("identity").map(|i| i.value);
    pics.commands = table.tables("command", |n| format!("[[pics.command]] {n}")).iter().filter_map(command).collect();
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
