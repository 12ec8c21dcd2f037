//! Checks, the outcome algebra, policies, waivers: from evidence to a report.

mod assess;
#[cfg(test)]
mod assess_tests;
mod check;
mod flows;
#[cfg(test)]
mod flows_tests;
mod judged;
mod measured;
mod message;
mod outcome;
mod policy;
mod report;
mod run;
pub(crate) mod secrets;
mod stimulated;
mod trace;
pub mod waiver;

pub use assess::{Assessment, assess};
pub use check::{Check, Deviation, Finding, LISTED, Ledger, Ruling, Witness};
pub use flows::FlowsSeen;
pub use judged::{JudgedScenario, ScenarioStatus};
pub use measured::{Limit, Measured};
pub use outcome::Outcome;
pub use policy::Policy;
pub use run::judge;
pub use stimulated::Stimulated;
pub use trace::trace;
