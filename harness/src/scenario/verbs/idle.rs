//! `idle`: the IUT is sent nothing for a time.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::recording::{Event, WindowState};

/// A window without traffic of ours.
#[derive(Clone, Debug)]
pub struct Idle {
    time: Time,
}

#[derive(Clone, Debug)]
enum Time {
    Nanos(u64),
    KeepAlives(f64),
}

impl Idle {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Idle> {
        let duration = fields.duration("for");
        let keep_alives = fields.factor("keep_alives");
        let time = match (fields.has("for"), fields.has("keep_alives")) {
            (true, false) => Time::Nanos(duration?.value),
            (false, true) => Time::KeepAlives(keep_alives?.value),
            _ => {
                let span = fields.span.clone();
                fields.document.wrong(span, format!("{} needs either `for` or `keep_alives`", fields.name), "", None);
                return None;
            }
        };
        Some(Idle { time })
    }

    /// The time it takes, in nanoseconds, as far as it is known before; a keep alive nobody declared is at most 18 hours.
    fn longest(&self, keep_alive: Option<u16>) -> u64 {
        match self.time {
            Time::Nanos(nanos) => nanos,
            Time::KeepAlives(factor) => (f64::from(keep_alive.unwrap_or(u16::MAX)) * 1e9 * factor) as u64,
        }
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let nanos = match self.time {
            Time::Nanos(nanos) => nanos,
            Time::KeepAlives(factor) => {
                let observed = stage.view.readiness().keep_alive;
                match stage.iut.pics.keep_alive.or(observed).filter(|k| *k > 0) {
                    Some(keep_alive) => (f64::from(keep_alive) * 1e9 * factor) as u64,
                    None => return Ended::Failed("no keep alive is declared, and none was seen".to_owned()),
                }
            }
        };
        let window = |state| Event::Window { name: format!("idle-{}", stage.number), state };
        let (opened, full, short) =
            (window(WindowState::Opened), window(WindowState::ClosedFull), window(WindowState::CutShort));
        let mark = stage.recorder.record(opened);
        let deadline = stage.deadline(nanos);
        let found = stage.wait(deadline, true, |view| (view.closes_since(mark) > 0).then_some(())).await;
        match found {
            Err(Ended::TimedOut(_)) => {
                stage.recorder.record(full);
                Ended::Done(String::new())
            }
            Ok(()) => {
                stage.recorder.record(short);
                Ended::Done("the connection was closed".to_owned())
            }
            Err(ended) => {
                stage.recorder.record(short);
                ended
            }
        }
    }
}

impl Act for Idle {
    fn time(&self, pics: &Pics) -> Option<u64> {
        Some(self.longest(pics.keep_alive))
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
