//! Requirements of MQTT 3.1.1 (OASIS Standard, 29 October 2014).

use super::Catalogue;

/// The catalogue.
pub static CATALOGUE: Catalogue = Catalogue {
    id: "mqtt311",
    title: "MQTT 3.1.1",
    cite: "MQTT 3.1.1",
    edition: "OASIS Standard, 29 October 2014",
    version: 1,
    requirements: &[],
    rows: include_str!("rows.txt"),
};
