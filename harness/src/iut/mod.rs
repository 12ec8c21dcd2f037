//! The implementation under test: its file, its process, its stimulation.

mod declared;
mod file;
mod load;
mod load_stimulus;
pub mod onem2m;
pub mod openc2;
mod output;
mod own_tls;
mod pics;
pub mod process;
mod reaper;
pub mod stimulus;
mod template;

pub use declared::{Declares, options};
pub use file::{Credentials, IutFile, Launch, Network, Per, Stimulus, mask};
pub use load::{address, load, parse};
pub use openc2::ACTIONS;
pub use output::{CAP, Sink};
pub use own_tls::OwnTls;
pub use pics::{Command, MessageFormat, Pics, Role, Serialization, Timing};
pub use reaper::own_all_children;
pub(crate) use reaper::sweep_all;
pub use template::{Placeholder, Template, Values};
