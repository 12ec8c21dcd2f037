//! Why a command of the profile cannot succeed.

use super::support::{denied_target, is_missing, obliging, parts};
use crate::catalogue::openc2::support::well_formed;
use crate::evidence::openc2::{Message, Node};
use crate::evidence::{Exchange, Setting};

/// Why a command cannot succeed, as far as declarations and earlier answers show. Each command has one reason at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// A direction, which the IUT declares not to support.
    Direction,
    /// An argument that no such command has.
    Argument,
    /// A target of allow or deny that the IUT declares not to support.
    Pair,
    /// The number of the rule to insert is in use.
    InUse,
    /// A delete that cannot be understood.
    DeleteMalformed,
    /// Deleting rules is declared not to be supported.
    DeleteUnsupported,
    /// The rule to delete is gone.
    Gone,
    /// An update that cannot be understood.
    UpdateMalformed,
    /// Updates are declared not to be supported.
    UpdateUnsupported,
    /// No such file.
    FileMissing,
}

impl Reason {
    /// How a sentence begins.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Reason::Direction => "A command with a direction, declared as not supported,",
            Reason::Argument => "A command with an argument that is not for it",
            Reason::Pair => "A command with a target that is declared as not supported",
            Reason::InUse => "A command that inserts a rule under a number in use",
            Reason::DeleteMalformed => "A malformed delete of a rule",
            Reason::DeleteUnsupported => "A delete of a rule, declared as not supported,",
            Reason::Gone => "A delete of a rule that had been deleted",
            Reason::UpdateMalformed => "A malformed update",
            Reason::UpdateUnsupported => "An update, declared as not supported,",
            Reason::FileMissing => "An update with a file that does not exist",
        }
    }

    /// Phrases of which the status text shall hold one, in lower case; the first is the clause's. None: nothing is said of it.
    pub(super) const fn phrases(self) -> &'static [&'static str] {
        match self {
            Reason::Direction | Reason::Argument => &["option not supported"],
            Reason::Pair => &["target type not supported"],
            Reason::InUse => &["rule number currently in use"],
            Reason::DeleteUnsupported => &["target not supported"],
            Reason::Gone => &["firewall rule not removed or updated"],
            // As Annex A.3 has it.
            Reason::UpdateUnsupported => &["command not supported", "update-file not implemented"],
            Reason::FileMissing => &["cannot access file"],
            Reason::DeleteMalformed | Reason::UpdateMalformed => &[],
        }
    }
}

/// Why the command of an exchange cannot succeed, by itself and by what is declared.
pub(super) fn reason(exchange: &Exchange, setting: &Setting) -> Option<Reason> {
    let message = obliging(exchange, setting)?;
    let parts = parts(message)?;
    let sound = well_formed(message);
    let elects = |option: &str| setting.pics.elects(option);
    if parts.is_rule() {
        if !sound {
            None
        } else if denied_target(parts.target).is_some_and(elects) {
            Some(Reason::Pair)
        } else if foreign_argument(message) {
            Some(Reason::Argument)
        } else if elects("slpf-no-direction") && one_way(message) {
            Some(Reason::Direction)
        } else {
            None
        }
    } else if parts.is_delete() {
        match (sound && parts.value.as_whole().is_some(), elects("slpf-no-delete")) {
            (false, false) => Some(Reason::DeleteMalformed),
            (true, true) => Some(Reason::DeleteUnsupported),
            _ => None,
        }
    } else if parts.is_update() {
        match (sound, elects("slpf-no-update")) {
            (false, false) => Some(Reason::UpdateMalformed),
            (true, true) => Some(Reason::UpdateUnsupported),
            (true, false) => {
                let name = parts.value.get("name").and_then(Node::as_text);
                name.is_some_and(is_missing).then_some(Reason::FileMissing)
            }
            (false, true) => None,
        }
    } else {
        None
    }
}

/// Names of the profile's arguments (Table 2.1.3-2).
pub(super) const OWN_ARGUMENTS: [&str; 4] = ["drop_process", "persistent", "direction", "insert_rule"];

/// Whether it has an argument under the NSID that the profile does not have, or not for this action.
fn foreign_argument(message: &Message) -> bool {
    let Some(parts) = parts(message) else { return false };
    let members = parts.own.and_then(Node::as_map).unwrap_or_default();
    members
        .iter()
        .filter_map(|(key, _)| key.as_text())
        .any(|name| !OWN_ARGUMENTS.contains(&name) || (name == "drop_process" && parts.action == "allow"))
}

/// Whether it has an argument under the NSID that the profile does not know at all.
pub(super) fn unknown_argument(message: &Message) -> bool {
    let members = parts(message).and_then(|p| p.own).and_then(Node::as_map).unwrap_or_default();
    members.iter().any(|(key, _)| !key.as_text().is_some_and(|name| OWN_ARGUMENTS.contains(&name)))
}

fn one_way(message: &Message) -> bool {
    let direction = parts(message).and_then(|p| p.own).and_then(|own| own.get("direction")).and_then(Node::as_text);
    matches!(direction, Some("ingress" | "egress"))
}
