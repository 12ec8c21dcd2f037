//! Requirements of OpenC2 over MQTT (Working Draft 04, 15 September 2020).

use super::Catalogue;

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "wd04",
    title: "OpenC2 over MQTT",
    cite: "WD04",
    edition: "Working Draft 04, 15 September 2020",
    version: 1,
    requirements: &[],
    rows: include_str!("rows.txt"),
};
