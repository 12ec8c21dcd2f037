//! `start`, `stop`, `restart`: the IUT's process.

use crate::diagnostic::toml::Fields;
use crate::scenario::stage::{Ended, FIRST_CONTACT, Stage};

/// Starts the IUT with a fresh state directory; waits for nothing. One that is attached is waited for in the first
/// scenario.
#[derive(Clone, Debug)]
pub struct Start;

/// Ends the IUT and waits for its exit.
#[derive(Clone, Debug)]
pub struct Stop;

/// Ends the IUT and starts it again.
#[derive(Clone, Debug)]
pub struct Restart {
    /// Whether it loses its state directory.
    pub fresh: bool,
}

impl Restart {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Restart> {
        let fresh = match fields.has("state") {
            true => fields.choice("state", &[("kept", false), ("fresh", true)])?.value,
            false => false,
        };
        Some(Restart { fresh })
    }

    pub(super) async fn run(&self, stage: &mut Stage<'_>) -> Ended {
        match stop(stage).await {
            Ended::Done(_) => match stage.launch(self.fresh).await {
                Ok(()) => Ended::Done(String::new()),
                Err(why) => Ended::Failed(why),
            },
            ended => ended,
        }
    }
}

pub(super) async fn start(stage: &mut Stage<'_>) -> Ended {
    if stage.patient {
        let deadline = stage.deadline(FIRST_CONTACT);
        let found = stage.wait(deadline, true, |view| (view.opens_since(0) > 0).then_some(())).await;
        return stage.ended(found, || "waited for somebody to start the implementation".to_owned());
    }
    match stage.launch(true).await {
        Ok(()) => Ended::Done(String::new()),
        Err(why) => Ended::Failed(why),
    }
}

pub(super) async fn stop(stage: &mut Stage<'_>) -> Ended {
    if stage.iut.launch.is_none() {
        return Ended::Failed("the implementation is attached: it cannot be stopped".to_owned());
    }
    stage.end_process().await;
    Ended::Done(String::new())
}
