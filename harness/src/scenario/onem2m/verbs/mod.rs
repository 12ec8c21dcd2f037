//! Verbs of scenarios in oneM2M alone.

mod authorise;

use super::notify::Notify;
use crate::scenario::verbs::request::Request;
use crate::scenario::verbs::{Table, boxed};
use std::sync::Arc;

/// By name.
pub static VERBS: Table = &[
    ("authorise", |f, _| boxed(authorise::Authorise::read(f))),
    ("notify", |f, _| boxed(Notify::read(f).map(|notify| Request::of(Arc::new(notify))))),
];
