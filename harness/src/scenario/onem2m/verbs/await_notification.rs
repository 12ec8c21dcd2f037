//! `await-notification`: a CSE notifies the AEs that the harness plays, which answer it.

use super::answer_notification::answer;
use crate::diagnostic::toml::Fields;
use crate::evidence::onem2m::topic::Leaf;
use crate::evidence::onem2m::{self, Operation, Primitive};
use crate::iut::Pics;
use crate::scenario::onem2m::address::level;
use crate::scenario::onem2m::blanks::{self, Blanks};
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::verbs::keys::captured_name;
use crate::scenario::verbs::{Act, Running};
use crate::scenario::view::Command;
use std::collections::BTreeMap;

/// Waits for notifications that no earlier step has waited for.
#[derive(Clone, Debug)]
pub struct AwaitNotification {
    name: Option<String>,
    /// The AE it is for; any of them when absent.
    to: Option<String>,
    /// Only those that ask whether an AE wants to be told, in place of those that tell it something.
    verification: bool,
    count: usize,
    optional: bool,
    /// The status it is answered with; 0: not at all.
    rsc: u64,
    within: Option<u64>,
}

impl AwaitNotification {
    pub(super) fn read(fields: &Fields<'_>) -> Option<AwaitNotification> {
        let name = captured_name(fields);
        let to = fields.string("to").map(|to| {
            blanks::check(fields, &to.span, &to.value);
            to.value
        });
        let verification = fields.boolean("verification").is_some_and(|v| v.value);
        let optional = fields.boolean("optional").is_some_and(|o| o.value);
        let within = fields.duration("within").map(|d| d.value);
        let count = match fields.has("count") {
            true => usize::try_from(fields.integer("count", 1, 1_000)?.value).ok()?,
            false => 1,
        };
        let rsc = match fields.has("rsc") {
            true => fields.integer("rsc", 0, 9_999)?.value,
            false => 2000,
        };
        Some(AwaitNotification { name, to, verification, count, optional, rsc, within })
    }

    /// Whether a request is one of them.
    fn fits(&self, command: &Command, to: Option<&str>, pics: &Pics) -> bool {
        let Some(primitive) = onem2m::read(command.topic(), command.payload()) else { return false };
        let asks = primitive.content().is_some_and(|(_, sgn)| sgn.get("vrq").is_some());
        primitive.operation() == Some(Operation::Notify)
            && asks == self.verification
            && to.is_none_or(|to| is_for(&primitive, to, pics))
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let to = match self.to.as_deref().map(|to| Blanks::of(stage, 0).fill(to)).transpose() {
            Ok(to) => to,
            Err(why) => return Ended::Failed(why),
        };
        let pics = stage.iut.pics.clone();
        let taken = stage.taken();
        let within = stage.scaled(self.within.unwrap_or(stage.iut.timing.response));
        let deadline = stage.after(within + within / 10 + 20_000_000);
        let found = stage
            .wait(deadline, true, |view| {
                let fresh = view.commands_since(0).filter(|command| !taken.contains(command));
                let found: Vec<Command> = fresh
                    .filter(|command| self.fits(command, to.as_deref(), &pics))
                    .take(self.count)
                    .cloned()
                    .collect();
                (found.len() == self.count).then_some(found)
            })
            .await;
        let found = match found {
            Ok(found) => found,
            Err(Ended::TimedOut(_)) if self.optional => return Ended::Done("none came".to_owned()),
            Err(Ended::TimedOut(_)) => {
                let what = if self.verification { "question whether it is wanted" } else { "notification" };
                return Ended::TimedOut(format!("waited for a {what}"));
            }
            Err(ended) => return ended,
        };
        let name = self.name.clone().unwrap_or_else(|| format!("step {}", stage.number));
        stage.commanded(&name, found);
        match self.rsc {
            0 => Ended::Done(String::new()),
            rsc => answer(stage, &name, rsc).await,
        }
    }
}

/// Whether a request is for that AE, by either form of its name.
fn is_for(primitive: &Primitive, stem: &str, pics: &Pics) -> bool {
    let Some(topic) = primitive.topic.as_ref().filter(|topic| topic.leaf == Leaf::Request) else { return false };
    let cse = pics.onem2m.cse_id.as_deref().unwrap_or_default();
    topic.receiver == level(stem) || topic.receiver == level(&format!("{cse}/{stem}"))
}

impl Act for AwaitNotification {
    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn refers(&self) -> Option<&str> {
        self.to.as_deref().and_then(blanks::refers)
    }

    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn caught(&self, stage: &Stage<'_>) -> BTreeMap<String, String> {
        let Some(name) = &self.name else { return BTreeMap::new() };
        let commands = stage.commands(name);
        let several = commands.len() > 1;
        let named = |n: usize| if several { format!("{name}.{}", n + 1) } else { name.clone() };
        commands.into_iter().enumerate().filter_map(|(n, command)| Some((named(n), command.request_id?))).collect()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
