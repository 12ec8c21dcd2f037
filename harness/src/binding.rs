//! Bindings: which catalogues, roles, topics and scenarios belong together.

pub mod topics;

use crate::catalogue::{self, Catalogue, Requirement};
use crate::evidence::payload::Payload;
use crate::evidence::{onem2m, openc2};
use crate::iut::{self, Declares, Role};
use crate::scenario::{self, Played, Speech};
use std::collections::BTreeSet;
use std::fmt;
use topics::Topics;

/// A message language, spoken by one binding or several.
#[derive(Clone, Copy)]
pub struct Family {
    /// Id.
    pub id: &'static str,
    /// Reads the payload of a PUBLISH on a topic; nothing where it is none of its business. Total over any bytes.
    pub read: fn(topic: &str, payload: &[u8]) -> Option<Payload>,
    /// What vendors declare.
    pub declares: &'static Declares,
    /// How scenarios speak it.
    pub speech: &'static Speech,
}

/// OpenC2.
pub static OPENC2: Family = Family {
    id: "openc2",
    read: |topic, payload| openc2::read(topic, payload).map(Payload::OpenC2),
    declares: &iut::openc2::DECLARES,
    speech: &scenario::openc2::SPEECH,
};

/// OpenC2, where the text of the binding leaves open how messages stand in payloads.
pub static OPENC2_OPEN: Family = Family {
    read: |topic, payload| openc2::read_open(topic, payload).map(Payload::OpenC2),
    declares: &iut::openc2::DECLARES_WD01,
    ..OPENC2
};

/// oneM2M.
pub static ONEM2M: Family = Family {
    id: "onem2m",
    read: |topic, payload| onem2m::read(topic, payload).map(Payload::OneM2m),
    declares: &iut::onem2m::DECLARES,
    speech: &scenario::onem2m::SPEECH,
};

/// Who begins the exchanges that a role takes part in, as far as scenarios go that are shared between bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is sent requests and answers them.
    Answering,
    /// It is told to send requests, which are answered.
    Asking,
}

impl Side {
    /// Both.
    pub const ALL: [Side; 2] = [Side::Answering, Side::Asking];

    /// As shared scenarios name it, in place of a role.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Answering => "answering",
            Side::Asking => "asking",
        }
    }
}

/// A role of a binding, and what the harness has to know to test it.
pub struct Part {
    /// The role.
    pub role: Role,
    /// Which shared scenarios it is put through.
    pub side: Side,
    /// Whether requests reach it that it answers.
    pub answers: bool,
    /// Whether it does something of its own accord that it can be told to do.
    pub stimulated: bool,
    /// Whom the harness plays against it.
    pub play: Played,
}

/// One binding.
#[derive(Clone, Copy)]
pub struct Binding {
    /// Id, as IUT files name it.
    pub id: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// The language of its messages.
    pub family: &'static Family,
    /// Roles that can be tested.
    pub parts: &'static [Part],
    /// Catalogues that apply.
    pub catalogues: &'static [&'static Catalogue],
    /// Folders below `scenarios/`, its own and those that it shares with others: within each, that of a role holds what is
    /// played against this role, that of a [`Side`] what is played against any role on it.
    pub scenarios: &'static [&'static str],
    /// The topics of commands, where their destinations are named by these.
    pub topics: Option<&'static Topics>,
    /// Set where its text requires nothing: why not. All that is found is advice then, under every policy but `strict`, and
    /// no verdict says that anything conforms.
    pub advice: Option<&'static str>,
    /// Set where its text demands QoS 1 at least, so that nobody can declare to do without: where it does.
    pub acknowledged: Option<&'static str>,
}

/// OpenC2 over MQTT, Working Draft 04.
pub static OPENC2_MQTT_WD04: Binding = Binding {
    id: "openc2-mqtt-wd04",
    title: "OpenC2 over MQTT, Working Draft 04",
    family: &OPENC2,
    parts: &[
        Part {
            role: Role::Consumer,
            side: Side::Answering,
            answers: true,
            stimulated: false,
            play: scenario::openc2::CONSUMER,
        },
        Part {
            role: Role::Producer,
            side: Side::Asking,
            answers: false,
            stimulated: true,
            play: scenario::openc2::PRODUCER,
        },
    ],
    catalogues: &[
        &catalogue::wd04::CATALOGUE,
        &catalogue::openc2::CATALOGUE,
        &catalogue::slpf::CATALOGUE,
        &catalogue::mqtt311::CATALOGUE,
        &catalogue::tls::CATALOGUE,
        &catalogue::harness::CATALOGUE,
    ],
    scenarios: &["openc2-mqtt-wd04", "openc2", "mqtt311"],
    topics: Some(&topics::WD04),
    advice: None,
    acknowledged: Some("WD04 3.1.3 and 3.1.8 demand QoS 1 at least"),
};

/// OpenC2 over MQTT, Working Draft 01: a topic tree of its own.
pub static OPENC2_MQTT_WD01: Binding = Binding {
    id: "openc2-mqtt-wd01",
    title: "OpenC2 over MQTT, Working Draft 01 (topic profile)",
    family: &OPENC2_OPEN,
    catalogues: &[
        &catalogue::wd01::CATALOGUE,
        &catalogue::openc2::CATALOGUE,
        &catalogue::slpf::CATALOGUE,
        &catalogue::mqtt311::CATALOGUE,
        &catalogue::tls::CATALOGUE,
        &catalogue::harness::CATALOGUE,
    ],
    scenarios: &["openc2-mqtt-wd01", "openc2", "mqtt311"],
    topics: Some(&topics::WD01),
    advice: Some("Working Draft 01 holds no requirement, only guidance"),
    acknowledged: None,
    ..OPENC2_MQTT_WD04
};

/// oneM2M over MQTT, text B.
pub static ONEM2M_TS0010: Binding = Binding {
    id: "onem2m-ts0010-v2.4.1",
    title: "oneM2M over MQTT, TS-0010 V2.4.1",
    family: &ONEM2M,
    parts: &[
        Part { role: Role::Ae, side: Side::Asking, answers: true, stimulated: true, play: scenario::onem2m::AE },
        Part { role: Role::Cse, side: Side::Answering, answers: true, stimulated: false, play: scenario::onem2m::CSE },
    ],
    catalogues: &[
        &catalogue::ts0010::CATALOGUE,
        &catalogue::onem2m::CATALOGUE,
        &catalogue::mqtt311::CATALOGUE,
        &catalogue::harness::CATALOGUE,
    ],
    scenarios: &["onem2m-ts0010", "mqtt311"],
    topics: None,
    advice: None,
    acknowledged: None,
};

/// oneM2M over MQTT, text A: an earlier draft of nearly the same, without a version. What differs is said by the requirements
/// that are part of one text only.
pub static ONEM2M_TS0010_EARLY: Binding =
    Binding { id: "onem2m-ts0010-early", title: "oneM2M over MQTT, TS-0010 before V2.4.1", ..ONEM2M_TS0010 };

/// Every binding.
pub static ALL: &[&Binding] = &[&OPENC2_MQTT_WD04, &OPENC2_MQTT_WD01, &ONEM2M_TS0010, &ONEM2M_TS0010_EARLY];

/// Editions of one binding: what is proven of the second is proven of the first, since it has the same scenarios and no
/// check that the other has not.
const EDITIONS: [(&str, &str); 1] = [("onem2m-ts0010-early", "onem2m-ts0010-v2.4.1")];

/// The binding of which this one is another edition.
pub fn edition_of(binding: &Binding) -> Option<&'static Binding> {
    EDITIONS.iter().find(|(id, _)| *id == binding.id).and_then(|(_, other)| find(other))
}

/// The binding of that id.
pub fn find(id: &str) -> Option<&'static Binding> {
    ALL.iter().copied().find(|b| b.id == id)
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Binding").field(&self.id).finish()
    }
}

/// The bindings that a requirement is part of.
pub fn having(requirement: &Requirement) -> impl Iterator<Item = &'static Binding> {
    let has = |binding: &&Binding| {
        requirement.belongs_to(binding.id) && binding.requirements().any(|(_, r)| r.id == requirement.id)
    };
    ALL.iter().copied().filter(has)
}

/// The roles that a requirement binds, in whichever binding.
pub fn bound(requirement: &Requirement) -> BTreeSet<Role> {
    having(requirement).flat_map(Binding::roles).filter(|role| requirement.binds(*role)).collect()
}

impl Binding {
    /// Roles that can be tested.
    pub fn roles(&self) -> impl Iterator<Item = Role> + use<> {
        self.parts.iter().map(|part| part.role)
    }

    /// What there is to know of a role; nothing where it cannot be tested.
    pub fn part(&self, role: Role) -> Option<&'static Part> {
        self.parts.iter().find(|part| part.role == role)
    }

    /// Its requirements with their catalogues, in catalogue order.
    pub fn requirements(&self) -> impl Iterator<Item = (&'static Catalogue, &'static Requirement)> + use<> {
        self.catalogues.iter().flat_map(|c| c.requirements.iter().map(|r| (*c, *r)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(binding: &Binding, testable: bool) -> BTreeSet<&'static str> {
        let of = |(_, r): &(_, &'static Requirement)| r.belongs_to(binding.id) && (!testable || r.judged.testable());
        binding.requirements().filter(of).map(|(_, r)| r.id).collect()
    }

    #[test]
    fn what_is_tested_of_an_edition_is_tested_of_the_other() {
        for (id, other) in EDITIONS {
            let (edition, other) = (find(id).expect("it exists"), find(other).expect("it exists"));
            assert_eq!(edition_of(edition).map(|b| b.id), Some(other.id));
            assert_eq!((edition.scenarios, edition.family.id), (other.scenarios, other.family.id));
            assert!(edition.roles().eq(other.roles()));
            let more: Vec<_> = ids(edition, true).difference(&ids(other, true)).copied().collect();
            assert!(more.is_empty(), "{more:?}");
        }
    }

    /// TS-0010, Part by part: what only one of its two texts says.
    #[test]
    fn the_texts_of_ts_0010_differ_in_what_only_one_of_them_says() {
        let (early, later) = (ids(&ONEM2M_TS0010_EARLY, false), ids(&ONEM2M_TS0010, false));
        insta::assert_debug_snapshot!(later.symmetric_difference(&early).collect::<Vec<_>>());
    }
}
