//! Scenarios: model, loader, runner, verbs. A scenario stimulates; it never judges.

mod attach;
mod closing;
mod context;
mod corpus;
mod filter;
mod ids;
mod lag;
mod listener;
mod load;
mod model;
pub mod onem2m;
pub mod openc2;
mod pattern;
mod plan;
mod play;
mod ports;
mod run_all;
mod runner;
mod secure;
mod speech;
mod stage;
mod starter;
mod verbs;
mod view;

pub use attach::instructions;
pub use load::{load, parse};
pub use model::{Key, Need, Scenario, Step};
pub use plan::{LeftOut, Plan, Planned, declared, plan};
pub use play::Played;
pub use run_all::{Progress, cannot_listen, one_by_one, precheck, run_all, usual_jobs};
pub use runner::{Options, ScenarioResult, Status, Stimuli, evidence_folder, run_scenario};
pub use speech::Speech;
pub use verbs::{CommandKind, Verb};
