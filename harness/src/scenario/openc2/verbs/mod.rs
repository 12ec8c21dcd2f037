//! The verbs that only scenarios in OpenC2 have.

pub(super) mod command;
mod respond;
mod stimulate;

use crate::scenario::verbs::{Table, boxed};

/// Every one of them, by name.
pub(super) static VERBS: Table =
    &[("respond", |f, _| boxed(respond::Respond::read(f))), ("stimulate", |f, _| boxed(stimulate::Stimulate::read(f)))];
