//! Verbs of scenarios in oneM2M alone.

mod authorise;

use crate::scenario::verbs::{Table, boxed};

/// By name.
pub static VERBS: Table = &[("authorise", |f, _| boxed(authorise::Authorise::read(f)))];
