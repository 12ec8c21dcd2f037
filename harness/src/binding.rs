//! Bindings: which catalogues, roles, topics and scenarios belong together.

use crate::catalogue::{self, Catalogue, Requirement};
use crate::iut::Role;

/// One binding.
pub struct Binding {
    /// Id, as IUT files name it.
    pub id: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// Roles that can be tested.
    pub roles: &'static [Role],
    /// Catalogues that apply.
    pub catalogues: &'static [&'static Catalogue],
    /// Folder below `scenarios/`.
    pub scenarios: &'static str,
}

/// OpenC2 over MQTT, Working Draft 04.
pub static OPENC2_MQTT_WD04: Binding = Binding {
    id: "openc2-mqtt-wd04",
    title: "OpenC2 over MQTT, Working Draft 04",
    roles: &[Role::Consumer, Role::Producer],
    catalogues: &[
        &catalogue::wd04::CATALOGUE,
        &catalogue::openc2::CATALOGUE,
        &catalogue::slpf::CATALOGUE,
        &catalogue::mqtt311::CATALOGUE,
        &catalogue::harness::CATALOGUE,
    ],
    scenarios: "openc2-mqtt-wd04",
};

/// Every binding.
pub static ALL: &[&Binding] = &[&OPENC2_MQTT_WD04];

/// The binding of that id.
pub fn find(id: &str) -> Option<&'static Binding> {
    ALL.iter().copied().find(|b| b.id == id)
}

impl Binding {
    /// Its requirements with their catalogues, in catalogue order.
    pub fn requirements(&self) -> impl Iterator<Item = (&'static Catalogue, &'static Requirement)> + use<> {
        self.catalogues.iter().flat_map(|c| c.requirements.iter().map(|r| (*c, *r)))
    }
}
