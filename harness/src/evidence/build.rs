use super::{Observation, Setting};
use touchstone_fixtures::recording::Recording;

/// Turns a recording into observations.
pub fn observe(recording: &Recording) -> (Setting, Vec<Observation>) {
    let _ = recording;
    unimplemented!()
}
