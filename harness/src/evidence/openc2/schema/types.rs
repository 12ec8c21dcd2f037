//! Types of LS 3.4, as values of targets and arguments.
//!
//! Types that only the checks of Producers need join [`target`] there; until then their values pass.

use super::Defects;
use super::command::STRUCTURE;
use super::names::{FEATURES, known};
use crate::evidence::openc2::Node;
use crate::evidence::openc2::show::quoted;

/// Features are not repeated (LS 3.4.1.5).
pub const FEATURES_UNIQUE: &str = "L-050";

/// Most features in a list (LS 3.4.1.5).
const MOST_FEATURES: usize = 10;
/// Longest Command-ID (LS 3.4.2.16).
const COMMAND_ID: usize = 36;

/// The value of a target of that type.
pub(super) fn target(name: &str, value: &Node, defects: &mut Defects) {
    match name {
        "features" => features(value, defects),
        "command" => command_id(value, STRUCTURE, defects),
        _ => {}
    }
}

/// Features: names, each once (LS 3.4.1.5).
fn features(value: &Node, defects: &mut Defects) {
    let Some(items) = value.as_array() else {
        defects.add(STRUCTURE, value.span, "features as an array", value.describe());
        return;
    };
    if items.len() > MOST_FEATURES {
        let actual = format!("{} features", items.len());
        defects.add(STRUCTURE, value.span, "at most 10 features", actual);
    }
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        match item.as_text() {
            Some(name) if known(&FEATURES, name) => {
                if !seen.insert(name) {
                    defects.add(FEATURES_UNIQUE, item.span, "each feature once", format!("{} again", quoted(name)));
                }
            }
            _ => defects.add(STRUCTURE, item.span, "a feature of LS 3.4.2.4", item.describe()),
        }
    }
}

/// Date-Time: a whole number of milliseconds since 1970 (LS 3.4.2.2).
pub(super) fn date_time(value: &Node, row: &'static str, defects: &mut Defects) {
    if value.as_whole().is_none_or(|n| n < 0) {
        defects.add(row, value.span, "a Date-Time, a non-negative integer", value.describe());
    }
}

/// Duration: a whole number of milliseconds (LS 3.4.2.3).
pub(super) fn duration(value: &Node, row: &'static str, defects: &mut Defects) {
    if value.as_whole().is_none_or(|n| n < 0) {
        defects.add(row, value.span, "a Duration, a non-negative integer", value.describe());
    }
}

/// Command-ID: at most 36 characters, no white space (LS 3.4.2.16).
pub(super) fn command_id(value: &Node, row: &'static str, defects: &mut Defects) {
    let sound =
        value.as_text().is_some_and(|text| text.chars().count() <= COMMAND_ID && !text.contains(char::is_whitespace));
    if !sound {
        defects.add(row, value.span, "a Command-ID, at most 36 characters without white space", value.describe());
    }
}
