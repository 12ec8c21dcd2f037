//! `stimulate`: the implementation is made to send a request, or to leave.

use super::keys::captured_name;
use super::{Act, CommandKind, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::stimulus::Object;
use crate::iut::{Pics, Stimulus};
use crate::scenario::model::Key;
use crate::scenario::speech::{Order, Speech};
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::view::{Command, View};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use touchstone_fixtures::recording::{Event, WindowState};

/// Stimuli, one right after another, and the requests that follow them.
#[derive(Clone, Debug)]
pub struct Stimulate {
    order: Arc<dyn Order>,
    name: Option<String>,
    count: u32,
    /// One that sends nothing is no failure.
    optional: bool,
    /// Its own deadline, in nanoseconds.
    within: Option<u64>,
}

impl Stimulate {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Stimulate> {
        let order = (speech.order)(fields);
        let name = captured_name(fields);
        let count = match fields.has("count") {
            true => fields.integer("count", 1, 1000).and_then(|n| u32::try_from(n.value).ok())?,
            false => 1,
        };
        let optional = fields.boolean("optional").is_some_and(|optional| optional.value);
        let within = fields.duration("within").map(|d| d.value);
        Some(Stimulate { order: order?, name, count, optional, within })
    }

    fn objects(&self, stage: &Stage<'_>) -> Result<Vec<Object>, String> {
        let label = self.label(stage.number);
        let id = |n: u32| if self.count == 1 { label.clone() } else { format!("{label}.{n}") };
        (1..=self.count).map(|n| self.order.object(stage, id(n))).collect()
    }

    fn label(&self, number: u32) -> String {
        self.name.clone().unwrap_or_else(|| format!("s{number}"))
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let objects = match self.objects(stage) {
            Ok(objects) => objects,
            Err(why) => return Ended::Failed(why),
        };
        let begun = stage.begun();
        let expected = self.order.expected(stage);
        stage.hold(&expected);
        let watched = stage.iut.stimulus == Stimulus::None;
        let window = |state| Event::Window { name: self.label(stage.number), state };
        if watched {
            stage.recorder.record(window(WindowState::Opened));
            stage.stimuli.accepted += 1;
        } else {
            for object in &objects {
                if let Err(why) = stage.stimulate(object).await {
                    stage.release(&[]).await;
                    return refused(stage, &why).await;
                }
            }
        }
        if self.order.leaves() {
            return self.left(stage, begun).await;
        }
        let usual = if watched { stage.iut.stimulus_within } else { stage.iut.timing.response };
        let together = self.within.unwrap_or(0).max(usual);
        let wanted = objects.len();
        // Of several the first has to come in the usual time: what sends nothing at all needs no more of it.
        let first = if wanted > 1 { usual } else { together };
        let (first, together) = (Times::new(stage, first), Times::new(stage, together));
        let fits = |command: &&Command| expected(command.topic(), command.payload());
        let fits = &fits;
        let at_least =
            |count: usize| move |view: &View| view.commands_since(begun).filter(fits).nth(count - 1).map(|_| ());
        let mut found = stage.wait(first.deadline, true, at_least(1)).await;
        if found.is_ok() && wanted > 1 {
            found = stage.wait(together.deadline, true, at_least(wanted)).await;
        }
        if watched {
            let state = if found.is_ok() { WindowState::CutShort } else { WindowState::ClosedFull };
            stage.recorder.record(Event::Window { name: self.label(stage.number), state });
        }
        let sent: Vec<_> = stage.view.commands_since(begun).filter(fits).take(wanted).cloned().collect();
        let missing = wanted - sent.len();
        stage.release(&sent).await;
        let label = self.label(stage.number);
        stage.commanded(&label, sent);
        let milliseconds = if missing == wanted { first.milliseconds } else { together.milliseconds };
        if self.optional && matches!(found, Err(Ended::TimedOut(_))) {
            return Ended::Done(format!("{missing} of {wanted} commands did not come, which is no failure"));
        }
        stage.ended(found, || match (watched, wanted) {
            (true, _) => format!("no command came in {milliseconds} ms; nothing is told to send one"),
            (false, 1) => format!("the stimulus was accepted, and no command came in {milliseconds} ms"),
            (false, _) => {
                format!("{wanted} stimuli were accepted, and {missing} commands did not come in {milliseconds} ms")
            }
        })
    }

    /// Waits until it has taken leave: a connection with Clean Session 1 that it has ended in order.
    async fn left(&self, stage: &mut Stage<'_>, begun: u64) -> Ended {
        let times = Times::new(stage, self.within.unwrap_or(0).max(stage.iut.timing.startup));
        let found = stage.wait(times.deadline, true, |view| view.left_since(begun).then_some(())).await;
        stage.release(&[]).await;
        stage.ended(found, || {
            let milliseconds = times.milliseconds;
            format!(
                "the stimulus was accepted, and in {milliseconds} ms no connection with Clean Session 1 was opened and \
                 ended with DISCONNECT"
            )
        })
    }
}

/// How long a command is waited for.
struct Times {
    milliseconds: u64,
    deadline: Instant,
}

impl Times {
    /// From now on; a little longer than is said, so that what comes in time is seen.
    fn new(stage: &Stage<'_>, nanos: u64) -> Times {
        let within = stage.scaled(nanos);
        Times { milliseconds: within / 1_000_000, deadline: stage.after(within + within / 10 + 20_000_000) }
    }
}

/// A refusal speaks of the way of stimulating, unless the IUT has just ended.
async fn refused(stage: &mut Stage<'_>, why: &str) -> Ended {
    let soon = stage.after(Duration::from_millis(200).as_nanos() as u64);
    match stage.wait(soon, true, |_| None::<()>).await {
        Err(ended @ Ended::Failed(_)) => ended,
        _ => {
            let via = stage.iut.stimulus.via();
            Ended::Failed(format!("the stimulus was not accepted via {via}: {why} (see [stimulus] in the IUT file)"))
        }
    }
}

impl Act for Stimulate {
    fn needs(&self) -> Vec<Key> {
        self.order.needs()
    }

    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn each_command(&self) -> bool {
        self.order.each_command()
    }

    fn stimuli(&self) -> u32 {
        self.count
    }

    fn asks(&self) -> Option<CommandKind> {
        (!self.order.leaves()).then(|| self.order.kind())
    }

    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn caught(&self, stage: &Stage<'_>) -> BTreeMap<String, String> {
        let Some(name) = &self.name else { return BTreeMap::new() };
        let sent = stage.commands(name).into_iter().enumerate();
        let label = |n: usize| if self.count == 1 { name.clone() } else { format!("{name}.{}", n + 1) };
        sent.filter_map(|(n, command)| Some((label(n), command.request_id?))).collect()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
