//! Requirements of OpenC2 Language Specification (Version 1.0, CS02, 24 November 2019).

use super::Catalogue;

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "openc2",
    title: "OpenC2 Language Specification",
    cite: "LS",
    edition: "Version 1.0, CS02, 24 November 2019",
    version: 1,
    requirements: &[],
    rows: include_str!("rows.txt"),
};
