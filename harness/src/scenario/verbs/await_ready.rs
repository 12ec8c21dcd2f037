//! `await-ready`: the IUT is connected and subscribed.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::filter::matches;
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::view::View;
use tokio::time::Instant;

/// How long an IUT that holds some subscription, but not all it should, is given to ask for more.
const QUIET: u64 = 100_000_000;

/// How long one that asks its party for something when it begins is quiet when it has done with that.
const SETTLED: u64 = 2 * QUIET;

/// Waits until commands can reach the IUT.
#[derive(Clone, Debug)]
pub struct AwaitReady {
    /// Its own deadline, in nanoseconds.
    pub within: Option<u64>,
}

impl AwaitReady {
    pub(in crate::scenario) fn read(fields: &Fields<'_>) -> AwaitReady {
        AwaitReady { within: fields.duration("within").map(|d| d.value) }
    }

    /// With the usual deadline.
    pub(in crate::scenario) fn usual() -> AwaitReady {
        AwaitReady { within: None }
    }

    pub(in crate::scenario) async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let deadline = stage.deadline(self.within.unwrap_or(stage.iut.timing.startup));
        loop {
            let topics = stage.due();
            // Whether everything is there, else the last time something happened on a connection that holds anything.
            let found = stage
                .wait(deadline, true, |view| {
                    let ready = view.readiness();
                    if !ready.accepted || ready.granted.is_empty() {
                        return None;
                    }
                    let complete = topics.iter().all(|topic| ready.granted.iter().any(|f| matches(f, topic)));
                    Some((complete, ready.last))
                })
                .await;
            let (complete, last) = match found {
                Ok(found) => found,
                unfound => {
                    return stage.ended(unfound.map(|_| ()), || {
                        let what = "waited for the implementation to connect and subscribe";
                        match stage.view.refused_handshake() {
                            Some(why) => format!("{what}; its last TLS handshake failed: {why}"),
                            None => what.to_owned(),
                        }
                    });
                }
            };
            let knows = stage.party.as_ref().map(|party| party.lock().knows());
            // What it asks its party for when it begins comes first. One that asks for nothing is ready all the same.
            let (last, window) = match knows {
                None if complete => return warmed_up(stage, deadline, String::new()).await,
                None => (last, QUIET),
                Some(knows) => {
                    let busy = stage.view.published_at().map_or(last, |at| at.max(last));
                    // An answer to what it asked for may be on its way, and its next request then follows that.
                    let rests = knows && stage.view.delivered_last();
                    (busy, if rests { SETTLED } else { stage.scaled(stage.iut.timing.response) })
                }
            };
            if stage.recorder.now().since(last) >= window {
                let note = match (complete, knows) {
                    (true, Some(false)) => "it has asked for nothing",
                    (true, _) => "",
                    (false, _) => "not every topic it is due to hold is subscribed",
                };
                return warmed_up(stage, deadline, note.to_owned()).await;
            }
            let until = deadline.min(stage.after(window.saturating_sub(stage.recorder.now().since(last))));
            let busy = |view: &View| view.published_at().max(Some(view.readiness().last)) > Some(last);
            let more = stage.wait(until, true, |view| busy(view).then_some(())).await;
            match more {
                Err(ended @ Ended::Failed(_)) => return ended,
                // Somebody who never rests is as ready as he will be.
                _ if Instant::now() >= deadline => return Ended::Done("it is busy".to_owned()),
                _ => {}
            }
        }
    }
}

/// Subscribed is not ready for everybody: after a start it may have to say that it is, and has the time that its vendor
/// asks for.
async fn warmed_up(stage: &mut Stage<'_>, deadline: Instant, note: String) -> Ended {
    if let Some(mut ready) = stage.ready.clone() {
        tokio::select! {
            // An error says that nothing is listened for any more.
            heard = ready.wait_for(|said| *said) => {
                if heard.is_err() {
                    return Ended::Failed("the output of the implementation is no longer listened to".to_owned());
                }
            }
            died = stage.wait(deadline, true, |_| None::<()>) => {
                return stage.ended(died, || "waited for the implementation to say that it is ready".to_owned());
            }
        }
    }
    let time = stage.iut.timing.warm_up;
    if time > 0 && stage.view.warms_up() {
        let until = stage.deadline(time);
        if let Err(ended @ Ended::Failed(_)) = stage.wait(until, true, |_| None::<()>).await {
            return ended;
        }
    }
    Ended::Done(note)
}

impl Act for AwaitReady {
    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
