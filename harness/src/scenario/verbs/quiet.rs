//! `quiet`: what was sent to the IUT counts as delivered.

use super::{Act, Running};
use crate::scenario::stage::{Ended, Stage};

/// Waits for the quiet window.
#[derive(Clone, Debug)]
pub struct Quiet;

impl Act for Quiet {
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(async {
            stage.quiet().await;
            Ended::Done(String::new())
        })
    }
}
