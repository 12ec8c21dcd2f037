//! What must hold of every declaration: ids, rows, and that each check is seen to pass, to fail and to stay silent.

use super::{Catalogue, Judged, Requirement};
use crate::binding::ALL;
use crate::evidence::{observe, sketch::Sketch};
use crate::iut::Role;
use crate::judge::{Outcome, judge};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

fn catalogues() -> Vec<&'static Catalogue> {
    let mut seen = BTreeSet::new();
    ALL.iter().flat_map(|b| b.catalogues).copied().filter(|c| seen.insert(c.id)).collect()
}

fn requirements() -> impl Iterator<Item = (&'static Catalogue, &'static Requirement)> {
    catalogues().into_iter().flat_map(|c| c.requirements.iter().map(move |r| (c, *r)))
}

/// The requirements of a catalogue that bind a role, as a run judges them.
fn binding(catalogue: &'static Catalogue, role: Role) -> impl Iterator<Item = &'static Requirement> {
    catalogue.requirements.iter().copied().filter(move |r| r.binds(role))
}

#[test]
fn ids_are_unique_and_begin_with_their_catalogue() {
    let mut seen = BTreeSet::new();
    for (catalogue, requirement) in requirements() {
        let id = requirement.id;
        assert!(seen.insert(id), "{id} is declared twice");
        let (first, rest) = id.split_once('/').unwrap_or_else(|| panic!("{id} has no catalogue"));
        assert_eq!(first, catalogue.id, "{id}");
        assert!(
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{id} is no slug"
        );
    }
}

#[test]
fn implied_requirements_exist() {
    let ids: BTreeSet<&str> = requirements().map(|(_, r)| r.id).collect();
    for (_, requirement) in requirements() {
        for implied in requirement.implies {
            assert!(ids.contains(implied), "{} implies {implied}, which does not exist", requirement.id);
        }
    }
}

#[test]
fn every_declaration_says_what_it_must() {
    for (_, requirement) in requirements() {
        let id = requirement.id;
        assert!(!requirement.statement().is_empty(), "{id} has no statement");
        assert!(!requirement.clause.is_empty(), "{id} names no clause");
        assert!(!requirement.rows.is_empty() || id.starts_with("harness/"), "{id} claims no row");
        match requirement.judged {
            Judged::NotYet(reason) | Judged::Untestable(reason) => {
                assert!(!reason.trim().is_empty(), "{id} gives no reason");
            }
            _ => assert!(requirement.doc.contains("# Judged"), "{id} does not say how it is judged"),
        }
    }
}

/// Every row of the committed index is claimed, and nothing is claimed that is not in an index.
#[test]
fn rows_are_claimed_completely() {
    let mut claimed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, requirement) in requirements() {
        for row in requirement.rows {
            claimed.entry(row).or_default().push(requirement.id);
        }
    }
    let mut known = BTreeSet::new();
    let mut missing = Vec::new();
    for catalogue in catalogues() {
        for line in catalogue.rows.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let Some(row) = line.split_whitespace().next() else { continue };
            assert!(known.insert(row), "row {row} stands in two indexes");
            if !claimed.contains_key(row) {
                missing.push(row);
            }
        }
    }
    assert!(missing.is_empty(), "rows that no requirement claims: {missing:?}");
    let unknown: Vec<_> = claimed.iter().filter(|(row, _)| !known.contains(*row)).collect();
    assert!(unknown.is_empty(), "claimed rows that stand in no index: {unknown:?}");
}

#[test]
fn every_check_is_seen_to_pass_to_fail_and_to_stay_silent() {
    let mut wrong = Vec::new();
    for (_, requirement) in requirements().filter(|(_, r)| r.judged.testable()) {
        let examples = &requirement.examples;
        for (name, list, expected) in [
            ("conforming", examples.conforming, Outcome::Met),
            ("violating", examples.violating, Outcome::Broken),
            ("silent", examples.silent, Outcome::None),
        ] {
            if list.is_empty() {
                wrong.push(format!("{}: no {name} example", requirement.id));
            }
            for (number, example) in list.iter().enumerate() {
                let evidence = match observe(&Sketch::of(*example)) {
                    Ok(evidence) => evidence,
                    Err(error) => {
                        wrong.push(format!("{}: {name} example {number}: {error}", requirement.id));
                        continue;
                    }
                };
                if !requirement.binds(evidence.setting.role) {
                    wrong.push(format!("{}: {name} example {number} is about the other role", requirement.id));
                }
                let ledgers = judge(&evidence, [requirement]);
                let outcome = ledgers.get(requirement.id).map_or(Outcome::None, |l| l.outcome(false));
                if outcome != expected {
                    wrong.push(format!("{}: {name} example {number} gives {outcome:?}", requirement.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the strict decoder can report of a client's packets is judged by somebody.
#[test]
fn every_statement_the_decoder_reports_is_claimed() {
    // Duties of the server alone: the fixture's, not the implementation's.
    const SERVER: [&str; 10] = [
        "MQTT-2.3.1-4",
        "MQTT-2.3.1-7",
        "MQTT-3.11.1",
        "MQTT-3.13.1",
        "MQTT-3.2.1",
        "MQTT-3.2.2-4",
        "MQTT-3.2.2-6",
        "MQTT-3.2.2.1",
        "MQTT-3.8.4-5",
        "MQTT-3.9.3-2",
    ];
    let claimed: BTreeSet<&str> = requirements().flat_map(|(_, r)| r.rows.iter().copied()).collect();
    let unclaimed: Vec<&str> = touchstone_fixtures::wire::mqtt311::CLAUSES
        .iter()
        .map(|(clause, _)| *clause)
        .filter(|clause| !SERVER.contains(clause) && !claimed.contains(clause))
        .collect();
    assert!(unclaimed.is_empty(), "reported by the decoder, judged by nobody: {unclaimed:?}");
}

/// What the findings of every violating example say, and what else in the catalogue breaks with it.
fn told(catalogue: &'static Catalogue) -> String {
    let mut told = String::new();
    for requirement in catalogue.requirements {
        for (number, example) in requirement.examples.violating.iter().enumerate() {
            let evidence = observe(&Sketch::of(*example)).expect("sketches have a context");
            let ledgers = judge(&evidence, binding(catalogue, evidence.setting.role));
            let _ = writeln!(told, "{} [{number}]", requirement.id);
            for finding in ledgers.get(requirement.id).into_iter().flat_map(|l| l.findings(false)) {
                let at = &finding.witness;
                let packet = at.packet.map_or_else(String::new, |p| format!(" packet {p}"));
                let bytes = at.bytes.map_or_else(String::new, |b| format!(" bytes {}..{}", b.start, b.end));
                let bits = if at.bits == 0 { String::new() } else { format!(" bits {:08b}", at.bits) };
                let _ = writeln!(told, "    {}:{packet}{bytes}{bits}", finding.said);
                let _ = writeln!(told, "    expected {}; was {}", finding.expected, finding.actual);
            }
            let also: Vec<&str> = ledgers
                .iter()
                .filter(|(id, ledger)| **id != requirement.id && ledger.outcome(false) == Outcome::Broken)
                .map(|(id, _)| *id)
                .collect();
            if !also.is_empty() {
                let _ = writeln!(told, "    with {}", also.join(", "));
            }
        }
    }
    told
}

#[test]
fn violations_are_told_plainly() {
    for catalogue in catalogues() {
        insta::assert_snapshot!(format!("violations_of_{}", catalogue.id), told(catalogue));
    }
}

/// Examples that keep one requirement and break another, both on purpose.
const CONTRARY: [(&str, &str); 5] = [
    ("ts0010/expired-request", "ts0010/expired-status"),
    ("wd04/connect-keep-alive", "wd04/connect-keep-alive-300"),
    ("wd04/connect-keep-alive-300", "wd04/connect-keep-alive"),
    ("wd01/subscribe-action-targets", "wd01/action-target-spelling"),
    ("wd04/subscribe-all", "wd04/subscribe-topics"),
];

/// What one requirement calls conforming breaks no other of its catalogue.
#[test]
fn conforming_examples_break_nothing() {
    let mut wrong = Vec::new();
    for (catalogue, requirement) in requirements() {
        for (number, example) in requirement.examples.conforming.iter().enumerate() {
            let evidence = observe(&Sketch::of(*example)).expect("sketches have a context");
            for (id, ledger) in judge(&evidence, binding(catalogue, evidence.setting.role)) {
                if ledger.outcome(false) > Outcome::Met && !CONTRARY.contains(&(requirement.id, id)) {
                    let said: Vec<&str> = ledger.findings(false).map(|f| f.said.as_str()).collect();
                    wrong.push(format!("{} [{number}] breaks {id}: {said:?}", requirement.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Checks are total: whatever both sides send, in whatever order, none of them fails.
    #[test]
    fn checks_take_anything(steps in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let all: Vec<_> = requirements()
            .flat_map(|(_, r)| [r.examples.conforming, r.examples.violating, r.examples.silent].concat())
            .collect();
        let mut sketch = Sketch::new();
        for (which, noise) in steps {
            which.get(&all)(&mut sketch);
            if noise < 64 {
                sketch.iut([noise, noise / 2, noise, 0, 1, noise]);
            }
        }
        let evidence = observe(&sketch.finish()).expect("sketches have a context");
        for (id, ledger) in judge(&evidence, requirements().map(|(_, r)| r)) {
            prop_assert!(ledger.outcome(true) < Outcome::Error, "{} fails", id);
        }
    }
}
