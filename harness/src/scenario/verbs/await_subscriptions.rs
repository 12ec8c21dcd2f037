//! `await-subscriptions`: everything a Consumer is due to subscribe to.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::filter::matches;
use crate::scenario::stage::{Ended, Stage};

/// Waits until the IUT has been granted a filter for `oc2/cmd/all`, its device and each declared profile. Gives up
/// only when the time to answer has passed since its last SUBSCRIBE (or CONNACK): then the absence says something.
#[derive(Clone, Debug)]
pub struct AwaitSubscriptions {
    /// Its own deadline, in nanoseconds.
    pub within: Option<u64>,
}

impl AwaitSubscriptions {
    pub(in crate::scenario) fn read(fields: &Fields<'_>) -> AwaitSubscriptions {
        AwaitSubscriptions { within: fields.duration("within").map(|d| d.value) }
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let window = stage.scaled(self.within.unwrap_or(stage.iut.timing.response));
        let window = window + window / 10;
        let latest = stage.deadline(stage.iut.timing.startup) + std::time::Duration::from_nanos(window);
        let mut deadline = stage.deadline(stage.iut.timing.startup);
        loop {
            let topics = stage.due();
            let held = |granted: &std::collections::BTreeSet<String>| {
                topics.iter().all(|topic| granted.iter().any(|filter| matches(filter, topic)))
            };
            let seen = stage.view.readiness().subscribed_at;
            if let Some(at) = seen {
                let passed = stage.recorder.now().since(at);
                deadline = latest.min(stage.after(window.saturating_sub(passed)));
            }
            let found = stage
                .wait(deadline, true, |view| {
                    let ready = view.readiness();
                    if ready.accepted && held(&ready.granted) {
                        return Some(true);
                    }
                    (ready.subscribed_at != seen).then_some(false)
                })
                .await;
            match found {
                Ok(true) => return Ended::Done(String::new()),
                Ok(false) => {}
                Err(ended) => {
                    return stage.ended(Err(ended), || format!("waited for subscriptions to {}", topics.join(", ")));
                }
            }
        }
    }
}

impl Act for AwaitSubscriptions {
    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
