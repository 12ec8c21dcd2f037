//! Touchstone: a conformance test harness for machine-to-machine command bindings over MQTT and HTTPS.
//!
//! One direction, no way back: scenarios stimulate, the edge records, and everything right of the
//! recording ([`evidence`], [`judge`], the reports) is a pure function of it. See `ARCHITECTURE.md`.

pub mod binding;
mod bounded;
pub mod catalogue;
pub mod cli;
pub mod compare;
pub mod diagnostic;
pub mod evidence;
pub mod iut;
pub mod judge;
pub mod manifest;
pub mod package;
pub mod run;
pub mod run_dir;
pub mod scenario;
