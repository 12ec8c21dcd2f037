//! The implementation under test: its file, its process, its stimulation.

mod declared;
mod file;
mod load;
mod pics;
mod template;

pub use declared::options;
pub use file::{Credentials, IutFile, Launch, Network, Per, Stimulus, mask};
pub use load::address;
pub use load::{load, parse};
pub use pics::{Command, Pics, Role, Serialization, Timing};
pub use template::{Placeholder, Template, Values};
