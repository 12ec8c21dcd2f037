//! A hash over what a catalogue says: whoever compares two judgements sees whether they went by the same text, also where
//! nobody raised the version.

use super::{Catalogue, Judged, Requirement, Trigger};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What is hashed of a catalogue, as JSON in this order.
#[derive(Serialize)]
struct Text {
    id: &'static str,
    title: &'static str,
    cite: &'static str,
    edition: &'static str,
    version: u32,
    requirements: Vec<Entry>,
}

/// What is hashed of a requirement: everything that decides whom it binds, what it asks for and what a break of it means,
/// as far as it is data. How a check is programmed is not; the version stands for that.
#[derive(Serialize)]
struct Entry {
    id: &'static str,
    rows: &'static [&'static str],
    clause: &'static str,
    level: &'static str,
    interop: bool,
    contradiction: Option<&'static str>,
    roles: Vec<&'static str>,
    bindings: &'static [&'static str],
    when: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flows: Vec<&'static str>,
    trigger: [&'static str; 2],
    implies: &'static [&'static str],
    doc: &'static str,
    judged: [&'static str; 2],
}

impl Entry {
    fn of(requirement: &Requirement) -> Entry {
        Entry {
            id: requirement.id,
            rows: requirement.rows,
            clause: requirement.clause,
            level: requirement.level.as_str(),
            interop: requirement.interop,
            contradiction: requirement.contradiction,
            roles: requirement.roles.iter().map(|role| role.as_str()).collect(),
            bindings: requirement.bindings,
            when: requirement.when.map(|(words, _)| words),
            flows: requirement.flows.iter().map(|flow| flow.words()).collect(),
            trigger: match requirement.trigger {
                Trigger::Always => ["always", ""],
                Trigger::Tester => ["tester", ""],
                Trigger::IutOption(option) => ["option", option],
                Trigger::Command(row) => ["command", row],
            },
            implies: requirement.implies,
            doc: requirement.doc,
            judged: match requirement.judged {
                Judged::Packet(_) => ["packet", ""],
                Judged::Exchange(_) => ["exchange", ""],
                Judged::Machine(_) => ["machine", ""],
                Judged::NotYet(why) => ["not-yet", why],
                Judged::Untestable(why) => ["untestable", why],
            },
        }
    }
}

impl Catalogue {
    /// SHA-256 over its text, in hex: the same for every build of the same catalogue.
    pub fn sha256(&self) -> String {
        let text = Text {
            id: self.id,
            title: self.title,
            cite: self.cite,
            edition: self.edition,
            version: self.version,
            requirements: self.requirements.iter().map(|requirement| Entry::of(requirement)).collect(),
        };
        let text = serde_json::to_vec(&text).expect("texts and numbers serialize");
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Flow, Level};
    use crate::iut::Role;

    const ONE: Requirement = Requirement {
        id: "fake/one",
        rows: &["F-1"],
        clause: "1.2",
        level: Level::Should,
        doc: " Says something.\n",
        ..Requirement::TEMPLATE
    };
    static SAME: Requirement = ONE;

    fn hash(requirements: &[&'static Requirement]) -> String {
        let requirements = Box::leak(requirements.to_vec().into_boxed_slice());
        let (id, title, cite, edition, version, rows) = ("fake", "A fake", "FAKE", "today", 1, "");
        Catalogue { id, title, cite, edition, version, requirements, rows }.sha256()
    }

    /// Packages that exist name it: it must not change by itself.
    #[test]
    fn it_is_the_same_in_every_build() {
        assert_eq!(hash(&[&SAME]), "3406427ac9abefc3d3fd63857dd8323ea99ee8f1a6d1ed6dcdbec6397e230418");
    }

    #[test]
    fn it_changes_with_whatever_decides() {
        static OTHERS: [Requirement; 14] = [
            Requirement { id: "fake/two", ..ONE },
            Requirement { rows: &["F-1", "F-2"], ..ONE },
            Requirement { clause: "1.3", ..ONE },
            Requirement { level: Level::Must, ..ONE },
            Requirement { interop: true, ..ONE },
            Requirement { contradiction: Some("1.2 and 1.3"), ..ONE },
            Requirement { roles: &[Role::Consumer], ..ONE },
            Requirement { bindings: &["fake"], ..ONE },
            Requirement { when: Some(("it has a keep alive", |pics| pics.keep_alive.is_some())), ..ONE },
            Requirement { flows: &[Flow::Receives], ..ONE },
            Requirement { trigger: Trigger::IutOption("disconnect"), ..ONE },
            Requirement { implies: &["fake/two"], ..ONE },
            Requirement { doc: " Says something else.\n", ..ONE },
            Requirement { judged: Judged::Untestable("nobody sees it"), ..ONE },
        ];
        let mut seen = vec![hash(&[]), hash(&[&SAME]), hash(&[&SAME, &SAME])];
        for other in &OTHERS {
            let hash = hash(&[other]);
            assert!(!seen.contains(&hash), "{}: it has the hash of another", other.id);
            seen.push(hash);
        }
    }
}
