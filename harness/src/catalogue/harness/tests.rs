//! How the violating examples of this catalogue read to a vendor, and what else breaks with them.

use super::CATALOGUE;
use crate::evidence::observe;
use crate::evidence::sketch::Sketch;
use crate::judge::{Outcome, judge};
use proptest::prelude::*;
use std::fmt::Write;

/// The findings of every violating example, with everything else in the catalogue that breaks with it.
#[test]
fn violations_are_told_plainly() {
    let mut told = String::new();
    for requirement in CATALOGUE.requirements {
        for (number, example) in requirement.examples.violating.iter().enumerate() {
            let evidence = observe(&Sketch::of(*example)).unwrap();
            let ledgers = judge(&evidence, CATALOGUE.requirements.iter().copied());
            let _ = writeln!(told, "{} [{number}]", requirement.id);
            for finding in ledgers[requirement.id].findings(false) {
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
    insta::assert_snapshot!(told);
}

/// What one requirement calls conforming breaks none of this catalogue.
#[test]
fn conforming_examples_break_nothing() {
    for requirement in CATALOGUE.requirements {
        for (number, example) in requirement.examples.conforming.iter().enumerate() {
            let evidence = observe(&Sketch::of(*example)).unwrap();
            let ledgers = judge(&evidence, CATALOGUE.requirements.iter().copied());
            let broken: Vec<&str> =
                ledgers.iter().filter(|(_, ledger)| ledger.outcome(false) > Outcome::Met).map(|(id, _)| *id).collect();
            assert!(broken.is_empty(), "{} [{number}] breaks {broken:?}", requirement.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Checks are total: whatever both sides send, in whatever order, none of them fails.
    #[test]
    fn checks_take_anything(steps in proptest::collection::vec((0_usize..EXAMPLES, any::<u8>()), 1..8)) {
        let mut sketch = Sketch::new();
        let all: Vec<_> = CATALOGUE
            .requirements
            .iter()
            .flat_map(|r| [r.examples.conforming, r.examples.violating, r.examples.silent].concat())
            .collect();
        for (which, noise) in steps {
            all[which % all.len()](&mut sketch);
            if noise < 64 {
                sketch.iut([noise, noise / 2, noise, 0, 1, noise]);
            }
        }
        let evidence = observe(&sketch.finish()).unwrap();
        for (id, ledger) in judge(&evidence, CATALOGUE.requirements.iter().copied()) {
            prop_assert!(ledger.outcome(true) < Outcome::Error, "{} fails", id);
        }
    }
}

/// More than there are examples: which one is meant is taken modulo their number.
const EXAMPLES: usize = 1_000;
