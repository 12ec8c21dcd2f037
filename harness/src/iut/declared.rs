//! Reads `[pics]`: what a vendor declares.

use super::{Command, Pics, Serialization};
use crate::binding::Binding;
use crate::catalogue::Trigger;
use crate::diagnostic::instead;
use crate::diagnostic::toml::{Fields, Located};
use std::collections::BTreeSet;

/// Options that exist whatever a catalogue asks for. Those of the profile `slpf` say what a firewall does not support.
const OPTIONS: [&str; 12] = [
    "credentials",
    "qos2",
    "slpf-no-delete",
    "slpf-no-direction",
    "slpf-no-ipv4-connection",
    "slpf-no-ipv4-net",
    "slpf-no-ipv6-connection",
    "slpf-no-ipv6-net",
    "slpf-no-update",
    "unsubscribe",
    "wildcard",
    "will",
];

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

/// Every option a PICS may list: the common ones and those the binding's requirements ask about.
pub fn options(binding: Option<&'static Binding>) -> BTreeSet<&'static str> {
    let mut known: BTreeSet<&'static str> = OPTIONS.into();
    for (_, requirement) in binding.into_iter().flat_map(|b| b.requirements()) {
        if let Trigger::IutOption(option) = requirement.trigger {
            known.insert(option);
        }
    }
    known
}

/// Reads the table; what is wrong goes to its document.
pub(super) fn read(table: &Fields<'_>, binding: Option<&'static Binding>) -> Pics {
    let document = table.document;
    let device_id = topic_level(table, "device_id", table.string("device_id"));
    let mut actuator_profiles = Vec::new();
    for profile in table.strings("actuator_profiles").map(|l| l.value).unwrap_or_default() {
        let span = profile.span.clone();
        let Some(name) = topic_level(table, "actuator_profiles", Some(profile)) else { continue };
        if actuator_profiles.contains(&name) {
            document.wrong(span, format!("profile `{name}` is declared twice"), "", None);
        } else {
            actuator_profiles.push(name);
        }
    }
    let mut serializations = Vec::new();
    let listed = table.strings("serializations");
    if let Some(empty) = listed.as_ref().filter(|l| l.value.is_empty()) {
        document.wrong(
            empty.span.clone(),
            "`serializations` is empty",
            "",
            Some("write [\"json\"]: every implementation has to support it (LS 3.1.5)".to_owned()),
        );
    }
    for name in listed.map(|l| l.value).unwrap_or_default() {
        match name.value.as_str() {
            "json" => serializations.push(Serialization::Json),
            "cbor" => serializations.push(Serialization::Cbor),
            other => document.wrong(
                name.span,
                format!("unknown serialization `{other}`"),
                "",
                instead(other, &["json", "cbor"]),
            ),
        }
    }
    serializations.sort();
    serializations.dedup();
    let keep_alive = table.integer("keep_alive", 0, u64::from(u16::MAX)).and_then(|n| u16::try_from(n.value).ok());
    let qos = table.integer("qos", 1, 2);
    let tls = table.boolean("tls");
    if let Some(tls) = tls.filter(|t| t.value) {
        document.wrong(
            tls.span,
            "this version serves plain TCP only",
            "",
            Some("set `tls = false` and let the implementation connect without TLS".to_owned()),
        );
    }
    let identity = table.string("identity").map(|i| i.value);
    let max_message_size = table.integer("max_message_size", 1, u64::from(u32::MAX)).map(|n| n.value);
    let mut elected = read_options(table, binding);
    if let Some(qos) = &qos {
        let listed = elected.iter().any(|o| o == "qos2");
        if qos.value == 1 && listed {
            document.wrong(
                qos.span.clone(),
                "`qos = 1` contradicts the option `qos2`",
                "",
                Some("an implementation that publishes with QoS 2 declares `qos = 2`".to_owned()),
            );
        } else if qos.value == 2 && !listed {
            elected.push("qos2".to_owned());
        }
    }
    let commands = table.tables("command", |n| format!("[[pics.command]] {n}")).iter().filter_map(command).collect();
    table.finish();
    Pics {
        device_id,
        actuator_profiles,
        serializations,
        keep_alive,
        qos: qos.and_then(|q| u8::try_from(q.value).ok()),
        tls: false,
        identity,
        max_message_size,
        options: elected,
        commands,
    }
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

fn read_options(table: &Fields<'_>, binding: Option<&'static Binding>) -> Vec<String> {
    let known: Vec<&str> = options(binding).into_iter().collect();
    let mut elected = Vec::new();
    for option in table.strings("options").map(|l| l.value).unwrap_or_default() {
        if known.contains(&option.value.as_str()) {
            elected.push(option.value);
        } else {
            let help = instead(&option.value, &known);
            table.document.wrong(option.span, format!("unknown option `{}`", option.value), "", help);
        }
    }
    elected.sort();
    elected.dedup();
    elected
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
