//! Touchstone's own rules: no specification says them, and none could do without them.

mod declared_qos;
mod one_response;
mod process;
mod survives;

use super::{Catalogue, Requirement};

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "harness",
    title: "Touchstone rules",
    cite: "Touchstone",
    edition: "of this program's version",
    version: 1,
    requirements: REQUIREMENTS,
    rows: include_str!("rows.txt"),
};

static REQUIREMENTS: &[&Requirement] = &[
    &survives::SURVIVES,
    &survives::SURVIVES_UNUSUAL,
    &one_response::ONE_FINAL_RESPONSE,
    &process::STOPS_WHEN_ASKED,
    &process::OUTPUT_BOUNDED,
    &declared_qos::PUBLISHES_AS_DECLARED,
    &declared_qos::SUBSCRIBES_AS_DECLARED,
];
