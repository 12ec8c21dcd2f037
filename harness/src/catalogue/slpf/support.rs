//! What the checks of this catalogue share: which commands are the profile's, and what the vendor declares of them.

use crate::catalogue::Condition;
use crate::catalogue::openc2::support::{actuator, answerable, equals, response_requested};
use crate::evidence::openc2::{ContentKind, Message, Node};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, PacketSeen, Setting};
use crate::iut::{Command, Pics};
use serde_json::{Value, json};

/// The profile's NSID.
pub(super) const SLPF: &str = "slpf";
/// Its own target.
pub(super) const RULE_NUMBER: &str = "slpf:rule_number";
/// Targets of allow and deny.
pub(super) const FILTERED: [&str; 4] = ["ipv4_connection", "ipv6_connection", "ipv4_net", "ipv6_net"];
/// First part of names that no file can have.
const OURS: &str = "x-touchstone";

/// Whether an action and a target make a rule.
pub(super) fn makes_rule(action: &str, target: &str) -> bool {
    matches!(action, "allow" | "deny") && FILTERED.contains(&target)
}

/// A command of the profile, taken apart.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) action: &'a str,
    pub(super) target: &'a str,
    pub(super) value: &'a Node,
    /// Arguments under the NSID.
    pub(super) own: Option<&'a Node>,
}

impl Parts<'_> {
    pub(super) fn is_rule(&self) -> bool {
        makes_rule(self.action, self.target)
    }

    pub(super) fn is_delete(&self) -> bool {
        (self.action, self.target) == ("delete", RULE_NUMBER)
    }

    pub(super) fn is_update(&self) -> bool {
        (self.action, self.target) == ("update", "file")
    }

    /// The number that the rule shall get.
    pub(super) fn insert_rule(&self) -> Option<i128> {
        self.own?.get("insert_rule").and_then(Node::as_whole)
    }
}

/// A command with one action and one target, taken apart.
pub(super) fn parts(message: &Message) -> Option<Parts<'_>> {
    let (target, value) = message.target()?;
    let own = message.args().and_then(|args| args.get(SLPF));
    Some(Parts { action: message.action()?, target, value, own })
}

/// Whether a command is one of this profile: its actuator says so, its target or arguments are the profile's, or the
/// implementation has no other profile. Specifiers say whom of several firewalls it is for, so that only declared ones count.
fn concerns(message: &Message, pics: &Pics) -> bool {
    if !declares_slpf(pics) {
        return false;
    }
    match message.content.as_ref().and_then(|c| c.get("actuator")) {
        Some(node) => {
            let specific = node.get(SLPF).and_then(Node::as_map).is_none_or(|specifiers| !specifiers.is_empty());
            let declared = || pics.commands.iter().any(|c| c.actuator.as_ref().is_some_and(|own| equals(node, own)));
            actuator(message) == Some(SLPF) && (!specific || declared())
        }
        None => {
            let own = message.target().is_some_and(|(target, _)| target == RULE_NUMBER)
                || message.args().is_some_and(|args| args.get(SLPF).is_some());
            own || pics.actuator_profiles.len() == 1
        }
    }
}

/// The request of an exchange, when it is a command of the profile that the IUT has to deal with and to answer.
pub(super) fn obliging<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<&'a Message> {
    let message = answerable(exchange, setting).filter(|m| concerns(m, &setting.pics))?;
    (response_requested(message) != Some("none")).then_some(message)
}

/// The request of an exchange, when it is a command of the profile that the IUT has to deal with.
pub(super) fn received<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<&'a Message> {
    answerable(exchange, setting).filter(|m| concerns(m, &setting.pics))
}

/// A command of the profile that the IUT, a Producer, published, read to its end.
pub(super) fn published<'a>(packet: &'a PacketSeen, setting: &Setting) -> Option<&'a Message> {
    let message = packet.message().filter(|_| packet.from_iut() && !packet.packet.truncated)?;
    let ours = |m: &Message| match m.content.as_ref().and_then(|c| c.get("actuator")) {
        Some(_) => actuator(m) == Some(SLPF),
        None => concerns(m, &setting.pics),
    };
    (message.whole() && message.kind == Some(ContentKind::Request) && declares_slpf(&setting.pics) && ours(message))
        .then_some(message)
}

/// Whether the vendor declares the profile.
pub(super) fn declares_slpf(pics: &Pics) -> bool {
    pics.actuator_profiles.iter().any(|profile| profile == SLPF)
}

/// The target that a declared command names.
pub(super) fn target_of(command: &Command) -> &str {
    command.target.as_object().and_then(|target| target.keys().next()).map_or("", String::as_str)
}

/// An argument of the profile's in a declared command.
pub(super) fn own_arg<'a>(command: &'a Command, name: &str) -> Option<&'a Value> {
    command.args.as_ref()?.get(SLPF)?.get(name)
}

pub(super) fn declared_rule(command: &Command) -> bool {
    makes_rule(&command.action, target_of(command))
}

fn declared_delete(command: &Command) -> bool {
    command.action == "delete" && target_of(command) == RULE_NUMBER
}

fn declared_update(command: &Command) -> bool {
    command.action == "update" && target_of(command) == "file"
}

fn declares(pics: &Pics, test: impl Fn(&Command) -> bool) -> bool {
    declares_slpf(pics) && pics.commands.iter().any(test)
}

/// Whether the vendor says that deleting rules is supported: it declares such a command and does not deny it.
pub(super) fn deletes(pics: &Pics) -> bool {
    declares(pics, declared_delete) && !pics.elects("slpf-no-delete")
}

/// The option that says that a target of allow and deny is not supported.
pub(super) fn denied_target(target: &str) -> Option<&'static str> {
    match target {
        "ipv4_connection" => Some("slpf-no-ipv4-connection"),
        "ipv6_connection" => Some("slpf-no-ipv6-connection"),
        "ipv4_net" => Some("slpf-no-ipv4-net"),
        "ipv6_net" => Some("slpf-no-ipv6-net"),
        _ => None,
    }
}

/// Whether a declared file is none that exists.
pub(super) fn is_missing(name: &str) -> bool {
    name.starts_with(OURS)
}

pub(super) const WHEN_SLPF: Condition = ("the profile `slpf` is declared", declares_slpf);
pub(super) const WHEN_RULE: Condition =
    ("the profile `slpf` and an allow or deny of its are declared", |pics| declares(pics, declared_rule));
pub(super) const WHEN_COMMAND: Condition = ("the profile `slpf` and a command of its are declared", |pics| {
    declares(pics, |c| declared_rule(c) || declared_delete(c) || declared_update(c))
});
pub(super) const WHEN_TWO_RULES: Condition = ("the profile `slpf`, an allow and a deny are declared", |pics| {
    ["allow", "deny"].iter().all(|action| declares(pics, |c| c.action == *action && declared_rule(c))) && deletes(pics)
});
pub(super) const WHEN_RULE_AND_DELETE: Condition =
    ("the profile `slpf`, an allow or deny and a delete of a rule are declared", |pics| {
        declares(pics, declared_rule) && deletes(pics)
    });
pub(super) const WHEN_CYCLE: Condition =
    ("the first declared command with `insert_rule` and the first declared delete name the same rule", |pics| {
        let inserted = pics.commands.iter().filter(|c| declared_rule(c)).find_map(|c| own_arg(c, "insert_rule"));
        let deleted = pics.commands.iter().filter(|c| declared_delete(c)).find_map(|c| c.target.get(RULE_NUMBER));
        deletes(pics) && inserted.is_some() && inserted == deleted
    });
pub(super) const WHEN_NO_DIRECTION: Condition =
    ("the option `slpf-no-direction` and a command with a direction are declared", |pics| {
        let one_way = |c: &Command| own_arg(c, "direction").is_some_and(|d| d == "ingress" || d == "egress");
        pics.elects("slpf-no-direction") && declares(pics, |c| declared_rule(c) && one_way(c))
    });
pub(super) const WHEN_NO_PAIR: Condition =
    ("an allow or deny of a target that an option `slpf-no-...` denies is declared", |pics| {
        declares(pics, |c| declared_rule(c) && denied_target(target_of(c)).is_some_and(|option| pics.elects(option)))
    });
pub(super) const WHEN_DELETE: Condition = ("the profile `slpf` and a delete of a rule are declared", deletes);
pub(super) const WHEN_NO_DELETE: Condition =
    ("the option `slpf-no-delete` and a delete of a rule are declared", |pics| {
        pics.elects("slpf-no-delete") && declares(pics, declared_delete)
    });
pub(super) const WHEN_UPDATE: Condition = ("the profile `slpf` and an update of a file are declared", |pics| {
    declares(pics, declared_update) && !pics.elects("slpf-no-update")
});
pub(super) const WHEN_NO_UPDATE: Condition =
    ("the option `slpf-no-update` and an update of a file are declared", |pics| {
        pics.elects("slpf-no-update") && declares(pics, declared_update)
    });
pub(super) const WHEN_MISSING: Condition =
    ("an update of a file whose name begins with `x-touchstone` is declared", |pics| {
        let missing = |c: &Command| c.target["file"]["name"].as_str().is_some_and(is_missing);
        !pics.elects("slpf-no-update") && declares(pics, |c| declared_update(c) && missing(c))
    });
pub(super) const WHEN_INSERT: Condition = ("a command with `insert_rule` is declared", |pics| {
    declares(pics, |c| declared_rule(c) && own_arg(c, "insert_rule").is_some())
});
/// Of a Producer.
pub(super) const WHEN_SENDS_DELETE: Condition =
    ("the profile `slpf` and a delete of a rule are declared", |pics| declares(pics, declared_delete));
/// Of a Producer.
pub(super) const WHEN_SENDS_UPDATE: Condition =
    ("the profile `slpf` and an update of a file are declared", |pics| declares(pics, declared_update));

/// A declared command, for examples.
pub(super) fn declared(s: &mut Sketch, command: &Value) {
    s.pics.commands.push(Command {
        action: command["action"].as_str().unwrap_or_default().to_owned(),
        target: command["target"].clone(),
        args: command.get("args").cloned(),
        ..Command::default()
    });
}

/// A Consumer with the profile, which declares a rule and its deletion, and these options; connected.
pub(super) fn firewall(s: &mut Sketch, options: &[&str]) {
    s.pics.actuator_profiles = vec![SLPF.to_owned()];
    s.pics.options = options.iter().map(|o| (*o).to_owned()).collect();
    declared(s, &deny(&json!({})));
    declared(s, &delete(&json!(7)));
    s.ready();
}

/// A Producer with the profile, connected.
pub(super) fn controller(s: &mut Sketch) {
    s.producer();
    s.pics.actuator_profiles = vec![SLPF.to_owned()];
    s.connect();
    s.subscribe(&[("oc2/rsp", 1)]);
}

/// A rule with these arguments.
pub(super) fn deny(args: &Value) -> Value {
    with_args(json!({"action": "deny", "target": {"ipv4_net": "192.0.2.0/24"}}), args)
}

/// Another rule with these arguments.
pub(super) fn allow(args: &Value) -> Value {
    with_args(json!({"action": "allow", "target": {"ipv4_net": "198.51.100.0/24"}}), args)
}

/// The deletion of a rule.
pub(super) fn delete(number: &Value) -> Value {
    json!({"action": "delete", "target": {"slpf:rule_number": number}})
}

/// The update with a file of that name.
pub(super) fn update(name: &str) -> Value {
    json!({"action": "update", "target": {"file": {"name": name, "path": "/etc/firewall"}}})
}

/// A command with these arguments, if any.
pub(super) fn with_args(mut command: Value, args: &Value) -> Value {
    if args.as_object().is_some_and(|args| !args.is_empty()) {
        command["args"] = args.clone();
    }
    command
}

/// The answer to a rule that got this number.
pub(super) fn numbered(number: i64) -> Value {
    json!({"status": 200, "results": {"slpf": {"rule_number": number}}})
}
