//! The implementation under test: its file, its process, its stimulation.

mod pics;

pub use pics::{Command, Pics, Role, Serialization, Timing};
