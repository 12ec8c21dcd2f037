//! `quiet`: what was sent to the IUT counts as delivered.

use crate::scenario::stage::{Ended, Stage};

/// Waits for the quiet window.
#[derive(Clone, Debug)]
pub struct Quiet;

pub(super) async fn run(stage: &mut Stage<'_>) -> Ended {
    stage.quiet().await;
    Ended::Done(String::new())
}
