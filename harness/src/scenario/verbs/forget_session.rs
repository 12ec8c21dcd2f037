//! `forget-session`: the server has lost the session that the IUT comes back to.

use super::{Act, Running};
use crate::scenario::stage::{Ended, Stage};

/// The next CONNECT that would take up a stored session finds it deleted.
#[derive(Clone, Debug)]
pub struct ForgetSession;

impl Act for ForgetSession {
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(async {
            let fault = stage.edge.faults().forget_session();
            stage.take_back_later(fault);
            Ended::Done(String::new())
        })
    }
}
