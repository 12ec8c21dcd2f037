//! The implementation under test: its file, its process, its stimulation.

mod declared;
mod file;
mod load;
mod load_stimulus;
mod output;
mod pics;
pub mod process;
mod reaper;
pub mod stimulus;
mod template;

pub use declared::{ACTIONS, options};
pub use file::{Credentials, IutFile, Launch, Network, Per, Stimulus, mask};
pub use load::{address, load, parse};
pub use output::{CAP, Sink};
pub use pics::{Command, Pics, Role, Serialization, Timing};
pub use reaper::own_all_children;
pub(crate) use reaper::sweep_all;
pub use template::{Placeholder, Template, Values};
