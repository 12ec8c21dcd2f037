//! Requirements of the OpenC2 profile for Stateless Packet Filtering (Version 1.0, CS01, 11 July 2019).
//!
//! It applies to implementations that declare the profile `slpf`. The harness invents no command that a firewall could
//! carry out: what a requirement needs to be seen, a declared command has to bring (`when`).

mod codes;
mod contradictions;
mod form;
mod numbers;
mod producer;
mod reason;
mod refusals;
mod requested;
mod rules;
mod support;
mod untestable;
mod update;

use super::{Catalogue, Requirement};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "slpf",
    title: "OpenC2 profile for Stateless Packet Filtering",
    cite: "SLPF",
    edition: "Version 1.0, CS01, 11 July 2019",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &numbers::UNIQUE,
    &untestable::IMMUTABLE,
    &refusals::DIRECTION,
    &untestable::DIRECTION_ABSENT,
    &untestable::DROP_PROCESS_ABSENT,
    &requested::RESPONSE,
    &refusals::ARGUMENT,
    &untestable::CANNOT_IMPLEMENT,
    &numbers::RETURNED,
    &numbers::FORM,
    &numbers::ASSIGNED,
    &refusals::IN_USE,
    &untestable::TRAFFIC,
    &refusals::PAIR,
    &requested::QUERY_FEATURES,
    &refusals::DELETE_MALFORMED,
    &refusals::DELETE_UNSUPPORTED,
    &refusals::DELETE_STATUS,
    &refusals::DELETE_FAILED,
    &refusals::UPDATE_MALFORMED,
    &refusals::UPDATE_UNSUPPORTED,
    &refusals::FILE_MISSING,
    &untestable::UPDATE_DONE,
    &codes::NOT_IMPLEMENTED,
    &codes::BAD_REQUEST,
    &codes::TEXT,
    &requested::VALID,
    &requested::NONE,
    &contradictions::NONE_ON_QUERY,
    &requested::ABSENT,
    &requested::BASELINE,
    &untestable::BASELINE_PRODUCER,
    &untestable::TRANSFER,
    &producer::INSERT_RULE,
    &producer::QUERY_FEATURES,
    &producer::DELETE_ONE_RULE,
    &producer::DELETE_ARGS,
    &contradictions::DELETE_TIMES,
    &contradictions::DELETE_REQUESTED,
    &update::NAME,
    &update::PATH,
    &update::REQUESTED,
    &update::ARGS,
    &contradictions::UPDATE_START,
    &contradictions::ICMP,
    &form::ARGUMENTS,
    &form::SPECIFIERS,
    &form::PAIRS,
    &form::MATRIX,
];
