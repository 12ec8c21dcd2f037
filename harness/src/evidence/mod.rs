//! From a recording to typed observations, in order.
//!
//! A pure function of the recording: no clock, no socket, no other file. Checks see [`Observation`]s and nothing else.

mod build;
mod observe;
pub mod openc2;
pub mod sketch;

pub use build::observe;
pub use observe::*;
