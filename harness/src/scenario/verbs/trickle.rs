//! `trickle`: the IUT is sent the same message again and again.

use super::deliver::Deliver;
use super::idle::{enough, keep_alives, longest, pings};
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::model::Key;
use crate::scenario::speech::Speech;
use crate::scenario::stage::{Ended, Stage};

/// How often, as a part of the keep alive, when nothing is said.
const EVERY: f64 = 0.3;

/// A message, again and again.
#[derive(Clone, Debug)]
pub struct Trickle {
    message: Deliver,
    /// How long, and how often, in keep alives.
    keep_alives: f64,
    every: f64,
    /// Over once the IUT has sent that many PINGREQs, too.
    pings: Option<u64>,
}

impl Trickle {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Trickle> {
        let message = Deliver::read(fields, speech);
        let every = fields.factor("every").map_or(EVERY, |f| f.value);
        let pings = pings(fields);
        let Some(keep_alives) = fields.factor("keep_alives") else {
            fields.missing("keep_alives", "5");
            return None;
        };
        Some(Trickle { message: message?, keep_alives: keep_alives.value, every, pings })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let (time, every) = match (keep_alives(stage, self.keep_alives), keep_alives(stage, self.every)) {
            (Ok(time), Ok(every)) => (time, every),
            (Err(ended), _) | (_, Err(ended)) => return ended,
        };
        let mark = stage.recorder.log().len();
        let pings = self.pings.unwrap_or(u64::MAX);
        let end = stage.deadline(time).max(stage.after(time));
        loop {
            match self.message.carry_out(stage).await {
                Ended::Done(_) => {}
                ended => return ended,
            }
            let next = stage.after(every);
            match stage.wait(next.min(end), true, |view| enough(view, mark, pings).then_some(())).await {
                Ok(()) => return Ended::Done("PINGREQs enough were sent".to_owned()),
                Err(Ended::TimedOut(_)) if next < end => {}
                Err(Ended::TimedOut(_)) => return Ended::Done(String::new()),
                Err(ended) => return ended,
            }
        }
    }
}

impl Act for Trickle {
    fn needs(&self) -> Vec<Key> {
        self.message.needs()
    }

    fn time(&self, pics: &Pics) -> Option<u64> {
        Some(longest(pics, self.keep_alives))
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
