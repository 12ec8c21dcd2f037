//! OpenC2-Response (LS 3.3.2) and its results (LS 3.3.2.2).

use super::Defects;
use super::names::{ACTIONS, FEATURES, RESPONSE, STATUS, is_nsid, is_target, known};
use crate::evidence::openc2::{Node, Value};
use crate::evidence::show::quoted;
use touchstone_fixtures::wire::Defect;

/// `status` is there and has one of the nine values.
pub const STATUS_VALUE: &str = "L-040";
/// `status` is written as an integer.
pub const STATUS_INTEGER: &str = "LS-3.3.2.1-integer";
/// No members but the three.
pub const MEMBERS: &str = "LS-3.3.2";
/// `status_text` is a string.
pub const STATUS_TEXT: &str = "LS-3.3.2-status-text";
/// `results` is an object with a member.
pub const RESULTS: &str = "LS-3.3.2.2";
/// Members of `results`.
pub const RESULTS_MEMBERS: &str = "L-036";
/// `versions`.
pub const VERSIONS: &str = "LS-3.3.2.2-versions";
/// The form of one version.
pub const VERSION_FORM: &str = "LS-3.4.2.17";
/// `profiles`.
pub const PROFILES: &str = "LS-3.3.2.2-profiles";
/// `pairs`.
pub const PAIRS: &str = "LS-3.3.2.2-pairs";
/// Actions in `pairs`.
pub const PAIRS_ACTIONS: &str = "L-032";
/// Targets in `pairs`.
pub const PAIRS_TARGETS: &str = "L-033";
/// `rate_limit`.
pub const RATE_LIMIT: &str = "LS-3.3.2.2-rate-limit";

/// Everything that departs from the grammar.
pub fn check(response: &Node) -> Vec<Defect> {
    let mut defects = Defects::default();
    let Some(members) = response.as_map() else {
        defects.add(STATUS_VALUE, response.span, "a Response with a status", response.describe());
        return defects.found;
    };
    status(response, &mut defects);
    for (key, value) in members {
        match key.as_text() {
            Some("status_text") => {
                if value.as_text().is_none() {
                    defects.add(STATUS_TEXT, value.span, "status_text as a string", value.describe());
                }
            }
            Some("results") => results(value, &mut defects),
            Some(name) if known(&RESPONSE, name) => {}
            _ => {
                let actual = format!("member {}", key.describe());
                defects.add(MEMBERS, key.span, "no members but status, status_text, results", actual);
            }
        }
    }
    defects.found
}

fn status(response: &Node, defects: &mut Defects) {
    const EXPECTED: &str = "status 102, 200, 400, 401, 403, 404, 500, 501 or 503";
    let Some(status) = response.get("status") else {
        defects.add(STATUS_VALUE, response.span, EXPECTED, "no status");
        return;
    };
    match status.as_whole() {
        Some(code) if STATUS.contains(&code) => {
            if let Value::Float(_) = status.value {
                let actual = format!("{code} written with a fraction or an exponent");
                defects.add(STATUS_INTEGER, status.span, "status as an integer", actual);
            }
        }
        _ => defects.add(STATUS_VALUE, status.span, EXPECTED, format!("status {}", status.describe())),
    }
}

fn results(results: &Node, defects: &mut Defects) {
    let members = match results.as_map() {
        Some(members) if !members.is_empty() => members,
        _ => {
            defects.add(RESULTS, results.span, "results as an object with at least one member", results.describe());
            return;
        }
    };
    for (key, value) in members {
        match key.as_text() {
            Some("versions") => versions(value, defects),
            Some("profiles") => profiles(value, defects),
            Some("pairs") => pairs(value, defects),
            Some("rate_limit") => rate_limit(value, defects),
            Some(name) if is_nsid(name) => {
                if value.as_map().is_none() {
                    let actual = format!("{} = {}", quoted(name), value.describe());
                    let expected = "results of a profile as an object under its NSID";
                    defects.add(RESULTS_MEMBERS, value.span, expected, actual);
                }
            }
            _ => {
                debug_assert!(key.as_text().is_none_or(|name| !known(&FEATURES, name)));
                let expected = "members versions, profiles, pairs, rate_limit or an NSID of 1 to 16 characters";
                defects.add(RESULTS_MEMBERS, key.span, expected, format!("member {}", key.describe()));
            }
        }
    }
}

fn versions(value: &Node, defects: &mut Defects) {
    let items = match value.as_array() {
        Some(items) if !items.is_empty() => items,
        _ => {
            defects.add(VERSIONS, value.span, "versions as an array of one or more strings", value.describe());
            return;
        }
    };
    repeated(VERSIONS, items, defects);
    for item in items {
        match item.as_text() {
            None => defects.add(VERSIONS, item.span, "a version as a string", item.describe()),
            Some(text) if !is_major_minor(text) => {
                defects.add(VERSION_FORM, item.span, "a version as Major.Minor", quoted(text));
            }
            Some(_) => {}
        }
    }
}

fn is_major_minor(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
}

/// Every item of a `unique` array stands in it once.
fn repeated(row: &'static str, items: &[Node], defects: &mut Defects) {
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        if let Some(text) = item.as_text()
            && !seen.insert(text)
        {
            defects.add(row, item.span, "each item once", format!("{} again", quoted(text)));
        }
    }
}

fn profiles(value: &Node, defects: &mut Defects) {
    // An empty array is no departure: LS 3.1.3 leaves its meaning open, and a Consumer may have no profile to name.
    let Some(items) = value.as_array() else {
        defects.add(PROFILES, value.span, "profiles as an array of NSIDs", value.describe());
        return;
    };
    for item in items {
        if !item.as_text().is_some_and(is_nsid) {
            defects.add(PROFILES, item.span, "an NSID, a string of 1 to 16 characters", item.describe());
        }
    }
}

fn pairs(value: &Node, defects: &mut Defects) {
    let members = match value.as_map() {
        Some(members) if !members.is_empty() => members,
        _ => {
            defects.add(PAIRS, value.span, "pairs as an object with at least one action", value.describe());
            return;
        }
    };
    for (action, targets) in members {
        if !action.as_text().is_some_and(|name| known(&ACTIONS, name)) {
            defects.add(PAIRS_ACTIONS, action.span, "an action of LS 3.3.1.1", action.describe());
        }
        let items = match targets.as_array() {
            Some(items) if !items.is_empty() => items,
            _ => {
                let expected = "an array of one or more targets for each action";
                defects.add(PAIRS, targets.span, expected, targets.describe());
                continue;
            }
        };
        repeated(PAIRS, items, defects);
        for item in items {
            match item.as_text() {
                None => defects.add(PAIRS, item.span, "a target's name as a string", item.describe()),
                Some(name) if !is_target(name) => {
                    defects.add(PAIRS_TARGETS, item.span, "a target of LS 3.3.1.2, or nsid:name", quoted(name));
                }
                Some(_) => {}
            }
        }
    }
}

fn rate_limit(value: &Node, defects: &mut Defects) {
    let sound = match value.value {
        Value::Int(n) => n >= 0,
        Value::Float(f) => f >= 0.0,
        _ => false,
    };
    if !sound {
        defects.add(RATE_LIMIT, value.span, "rate_limit as a number, not negative", value.describe());
    }
}
