//! `expect-silence`: lets the time to answer pass.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::recording::{Event, WindowState};

/// A window in which a named request should stay unanswered. An answer ends it early; the judge decides.
#[derive(Clone, Debug)]
pub struct ExpectSilence {
    /// The request.
    pub name: String,
    /// Its own deadline, in nanoseconds.
    pub within: Option<u64>,
}

impl ExpectSilence {
    pub(super) fn read(fields: &Fields<'_>) -> Option<ExpectSilence> {
        let within = fields.duration("within").map(|d| d.value);
        Some(ExpectSilence { name: fields.required("name", "\"a\"")?.value, within })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let ids = stage.ids(&self.name);
        let mark = stage.mark;
        let window = |state| Event::Window { name: self.name.clone(), state };
        stage.recorder.record(window(WindowState::Opened));
        let within = stage.scaled(self.within.unwrap_or(stage.iut.timing.response));
        let deadline = stage.after(within + within / 10 + 20_000_000);
        let found = stage
            .wait(deadline, true, |view| {
                if view.closes_since(mark) > 0 {
                    return Some("the connection was closed");
                }
                ids.iter().any(|id| !view.answers(id).is_empty()).then_some("it was answered")
            })
            .await;
        match found {
            Err(Ended::TimedOut(_)) => {
                stage.recorder.record(window(WindowState::ClosedFull));
                Ended::Done(String::new())
            }
            Ok(why) => {
                stage.recorder.record(window(WindowState::CutShort));
                Ended::Done(why.to_owned())
            }
            Err(ended) => {
                stage.recorder.record(window(WindowState::CutShort));
                ended
            }
        }
    }
}

impl Act for ExpectSilence {
    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn refers(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
