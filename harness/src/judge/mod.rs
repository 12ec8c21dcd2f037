//! Checks, the outcome algebra, policies and waivers.

mod check;
mod outcome;

pub use check::{Check, Deviation, Finding, Ledger, Ruling, Witness};
pub use outcome::Outcome;
