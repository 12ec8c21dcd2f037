//! The verbs that only scenarios in oneM2M have.

mod answer_notification;
mod authorise;
mod await_notification;

use super::notify::Notify;
use crate::scenario::verbs::request::Request;
use crate::scenario::verbs::{Table, boxed};
use std::sync::Arc;

/// Every one of them, by name.
pub(super) static VERBS: Table = &[
    ("answer-notification", |f, _| boxed(answer_notification::AnswerNotification::read(f))),
    ("authorise", |f, _| boxed(authorise::Authorise::read(f))),
    ("await-notification", |f, _| boxed(await_notification::AwaitNotification::read(f))),
    ("notify", |f, _| boxed(Notify::read(f).map(|notify| Request::of(Arc::new(notify))))),
];
