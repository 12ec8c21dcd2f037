//! Requirements of Touchstone rules (of this program's version).

use super::Catalogue;

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "harness",
    title: "Touchstone rules",
    cite: "Touchstone",
    edition: "of this program's version",
    version: 1,
    requirements: &[],
    rows: include_str!("rows.txt"),
};
