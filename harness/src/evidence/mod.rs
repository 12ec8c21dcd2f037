//! From a recording to typed observations, in order.
//!
//! A pure function of the recording: no clock, no socket, no other file. Checks see [`Observation`]s and nothing else.

mod build;
mod connection;
mod exchange;
#[cfg(test)]
mod exchange_onem2m_tests;
#[cfg(test)]
mod exchange_tests;
pub mod json;
mod node;
mod observe;
pub mod onem2m;
pub mod openc2;
pub mod payload;
#[cfg(test)]
mod properties;
mod show;
pub mod sketch;
pub mod sketch_onem2m;
pub mod sketch_wd01;
mod stream;
mod tls;
mod websocket;
pub mod xml;

pub use build::{Evidence, EvidenceError, TimelineItem, observe};
pub use node::{Node, Value};
pub use observe::*;
pub(crate) use show::quoted;
pub use tls::{TlsSeen, TlsWhat};
pub use websocket::WsSeen;
