//! OpenC2-Command (LS 3.3.1).

use super::names::{ACTIONS, ARGS, COMMAND, RESPONSE_TYPES, is_nsid, is_target, known};
use super::{Checked, Defects, types};
use crate::evidence::openc2::Node;
use crate::evidence::show::quoted;

/// Which Command a target `command` names.
pub const NAMED: &str = "L-010";
/// One action of the list.
pub const ACTION: &str = "L-012";
/// One target.
pub const TARGET: &str = "L-013";
/// The structure of a Command.
pub const STRUCTURE: &str = "L-014";
/// Args hold at least one element.
pub const ARGS_EMPTY: &str = "L-011";
/// Args are elements of LS or extensions in the member that an NSID names.
pub const ARGS_MEMBERS: &str = "L-034";
/// Args hold an element of LS 3.3.1.4, beside those of profiles.
pub const ARGS_STANDARD: &str = "L-011-namespace";
/// The name of a target.
pub const TARGET_NAME: &str = "L-033";
/// At most two of the three times.
pub const TIMES: &str = "L-020";
/// The actuator is one member that an NSID names.
pub const ACTUATOR: &str = "L-035";

/// Everything that departs from the grammar.
pub fn check(command: &Node, integers: bool) -> Checked {
    let mut defects = Defects { integers, ..Defects::default() };
    defects.see(STRUCTURE);
    let Some(members) = command.as_map() else {
        defects.add(STRUCTURE, command.span, "a Command with action and target", command.describe());
        return defects.checked();
    };
    for (key, value) in members {
        match key.as_text() {
            Some("action") => action(value, &mut defects),
            Some("target") => target(command, value, &mut defects),
            Some("args") => args(value, &mut defects),
            Some("actuator") => actuator(value, &mut defects),
            Some("command_id") => types::command_id(value, &mut defects),
            _ => {
                let actual = format!("member {}", key.describe());
                debug_assert!(key.as_text().is_none_or(|name| !known(&COMMAND, name)));
                defects.add(STRUCTURE, key.span, "no members but action, target, args, actuator, command_id", actual);
            }
        }
    }
    for name in ["action", "target"] {
        if command.get(name).is_none() {
            defects.add(STRUCTURE, command.span, format!("member {}", quoted(name)), format!("no {name}"));
        }
    }
    defects.checked()
}

fn action(value: &Node, defects: &mut Defects) {
    match value.as_text() {
        None => defects.add(STRUCTURE, value.span, "action as a string", value.describe()),
        Some(name) if !known(&ACTIONS, name) => {
            defects.add(ACTION, value.span, "an action of LS 3.3.1.1", quoted(name));
        }
        Some(_) => defects.see(ACTION),
    }
}

fn target(command: &Node, value: &Node, defects: &mut Defects) {
    let Some(members) = value.as_map() else {
        defects.add(STRUCTURE, value.span, "target as an object with one member", value.describe());
        return;
    };
    defects.see(TARGET);
    let [(key, inner)] = members else {
        defects.add(TARGET, value.span, "exactly one target", format!("{} targets", members.len()));
        return;
    };
    match key.as_text() {
        Some(name) if is_target(name) => {
            defects.see(TARGET_NAME);
            if name == "command" && command.get("action").and_then(Node::as_text) == Some("query") {
                defects.see(NAMED);
            }
            types::target(name, inner, defects);
        }
        _ => defects.add(TARGET_NAME, key.span, "a target of LS 3.3.1.2, or nsid:name", key.describe()),
    }
}

fn args(value: &Node, defects: &mut Defects) {
    let Some(members) = value.as_map() else {
        defects.add(STRUCTURE, value.span, "args as an object", value.describe());
        return;
    };
    defects.see(ARGS_EMPTY);
    if members.is_empty() {
        defects.add(ARGS_EMPTY, value.span, "args with at least one element", "none");
    }
    for (key, inner) in members {
        match key.as_text() {
            Some("start_time" | "stop_time") => types::date_time(inner, defects),
            Some("duration") => types::duration(inner, defects),
            Some("response_requested") => {
                if inner.as_text().is_some_and(|name| known(&RESPONSE_TYPES, name)) {
                    defects.see(types::RESPONSE_TYPE);
                } else {
                    let expected = "response_requested none, ack, status or complete";
                    defects.add(types::RESPONSE_TYPE, inner.span, expected, inner.describe());
                }
            }
            Some(name) if is_nsid(name) => {
                defects.see(ARGS_MEMBERS);
                if inner.as_map().is_none() {
                    let actual = format!("{} = {}", quoted(name), inner.describe());
                    defects.add(ARGS_MEMBERS, inner.span, "arguments of a profile as an object under its NSID", actual);
                }
            }
            _ => {
                let actual = format!("member {}", key.describe());
                defects.add(ARGS_MEMBERS, key.span, "an argument of LS 3.3.1.4, or an NSID", actual);
            }
        }
    }
    let named = |name: &&(i128, &str)| value.get(name.1).is_some();
    let extended = members.iter().any(|(key, _)| key.as_text().is_some_and(|name| !known(&ARGS, name)));
    if extended && ARGS.iter().any(|name| named(&name)) {
        defects.see(ARGS_STANDARD);
    } else if extended {
        let expected = "an argument of LS 3.3.1.4 beside those of profiles";
        defects.add(ARGS_STANDARD, value.span, expected, "arguments of profiles only");
    }
    let times = ARGS.iter().filter(|(_, name)| *name != "response_requested").filter(named).count();
    if times > 0 {
        defects.see(TIMES);
    }
    if times == 3 {
        defects.add(TIMES, value.span, "at most two of start_time, stop_time, duration", "all three");
    }
}

fn actuator(value: &Node, defects: &mut Defects) {
    defects.see(ACTUATOR);
    let sound = match value.as_map() {
        Some([(key, inner)]) => key.as_text().is_some_and(is_nsid) && inner.as_map().is_some(),
        _ => false,
    };
    if !sound {
        let expected = "actuator as an object with one member, specifiers under an NSID";
        defects.add(ACTUATOR, value.span, expected, value.describe());
    }
}
