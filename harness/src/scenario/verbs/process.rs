//! `start`, `stop`, `restart`: the IUT's process.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::stage::{Ended, Stage};

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

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        match stop(stage).await {
            Ended::Done(_) => match stage.launch(self.fresh).await {
                Ok(()) => Ended::Done(String::new()),
                Err(why) => Ended::Failed(why),
            },
            ended => ended,
        }
    }
}

impl Act for Start {
    fn starts(&self) -> bool {
        true
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(start(stage))
    }
}

impl Act for Stop {
    fn needs(&self) -> Vec<Key> {
        vec![Key::Launch]
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(stop(stage))
    }
}

impl Act for Restart {
    fn needs(&self) -> Vec<Key> {
        vec![Key::Launch]
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

async fn start(stage: &mut Stage<'_>) -> Ended {
    stage.edge.admit();
    if stage.contact > 0 {
        let deadline = stage.deadline(stage.contact);
        let found = stage.wait(deadline, true, |view| (view.opens_since(0) > 0).then_some(())).await;
        return stage.ended(found, || "waited for the implementation to connect".to_owned());
    }
    match stage.launch(true).await {
        Ok(()) => Ended::Done(String::new()),
        Err(why) => Ended::Failed(why),
    }
}

async fn stop(stage: &mut Stage<'_>) -> Ended {
    if stage.iut.launch.is_none() {
        return Ended::Failed("the implementation is attached: it cannot be stopped".to_owned());
    }
    stage.end_process().await;
    Ended::Done(String::new())
}
