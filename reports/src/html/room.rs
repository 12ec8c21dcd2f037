//! How much of what happened has room in the file, which stays small enough to be opened at once and sent by mail. All
//! numbers are bytes of markup, about.

use super::{findings, ladder};
use crate::model::{Report, TraceRow, TraceWhat};
use std::collections::BTreeSet;

/// The whole file aims at this.
const FILE: usize = 1_880_000;
/// Of it, for the bytes of packets.
const OCTETS: usize = 400_000;
/// What is there whatever happened: once, for each requirement, finding and scenario.
const PAGE: usize = 60_000;
const REQUIREMENT: usize = 700;
const FINDING: usize = 800;
const SCENARIO: usize = 2_600;
/// What findings may take, and what one takes with the packet that it points at, opened.
const FINDINGS: usize = 450_000;
const OPENED: usize = 2_300;
/// Of it, what the packet takes, and what is said of it there.
const PACKET: usize = 1_200;
const SENTENCE: usize = 350;
/// Rows have at least this, however long the rest is.
const ROWS: usize = 150_000;
/// A row of the table, and its part of the diagram, besides their text.
const ROW: usize = 165;
const DRAWN: usize = 170;

/// What the rows of one scenario would take, and how much it weighs against the others.
#[derive(Clone, Copy)]
pub(super) struct Need {
    pub(super) bytes: usize,
    pub(super) weight: usize,
}

/// What all rows together may take.
pub(super) fn for_rows(report: &Report) -> usize {
    let findings = told(report, for_findings(report));
    let rest = PAGE + REQUIREMENT * report.requirements.len() + FINDING * findings + SCENARIO * report.scenarios.len();
    FILE.saturating_sub(OCTETS + rest).max(ROWS)
}

/// What the bytes of packets without a finding may take; those with one take what they need.
pub(super) fn for_octets(report: &Report) -> usize {
    let limit = for_findings(report);
    let requirements = report.requirements.iter();
    let told: Vec<_> = requirements.flat_map(|r| findings::told(r, limit)).map(|f| &f.at).collect();
    // Several may point at one packet.
    let packets: BTreeSet<_> = told.iter().map(|at| (&at.scenario, at.connection, at.packet)).collect();
    OCTETS.saturating_sub(PACKET * packets.len() + SENTENCE * told.len())
}

/// How many findings of each requirement are told in words; of the others it is said how many there are.
pub(super) fn for_findings(report: &Report) -> usize {
    let most = report.requirements.iter().map(|r| r.findings.len()).max().unwrap_or(0);
    (2..=most).rev().find(|limit| told(report, *limit) * OPENED <= FINDINGS).unwrap_or(1)
}

fn told(report: &Report, limit: usize) -> usize {
    report.requirements.iter().map(|r| r.findings.len().min(limit)).sum()
}

pub(super) fn of_row(row: &TraceRow) -> usize {
    let text = match &row.what {
        TraceWhat::Packet(packet) => packet.summary.len(),
        TraceWhat::Note { text, .. } => text.len(),
    };
    ROW + text + if ladder::drawn(row) { DRAWN } else { 0 }
}

/// Everybody's part of `total`, by weight; what somebody does not need is for the others.
pub(super) fn shares(needs: &[Need], total: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|n| needs[*n].bytes / needs[*n].weight.max(1));
    let mut weights: usize = needs.iter().map(|need| need.weight).sum();
    let mut left = total;
    let mut shares = vec![0; needs.len()];
    for n in order {
        let need = needs[n];
        shares[n] = need.bytes.min(left * need.weight / weights.max(1));
        left -= shares[n];
        weights -= need.weight;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(needs: &[(usize, usize)], total: usize) -> Vec<usize> {
        let needs: Vec<Need> = needs.iter().map(|(bytes, weight)| Need { bytes: *bytes, weight: *weight }).collect();
        shares(&needs, total)
    }

    #[test]
    fn what_one_does_not_need_is_for_the_others() {
        assert_eq!(of(&[(10, 1), (1_000, 1), (1_000, 1)], 210), [10, 100, 100]);
        assert_eq!(of(&[(1_000, 3), (1_000, 1)], 200), [150, 50]);
        assert_eq!(of(&[(10, 1), (20, 1)], 1_000), [10, 20]);
        assert_eq!(of(&[], 1_000), Vec::<usize>::new());
    }

    proptest! {
        #[test]
        fn no_more_is_shared_than_there_is(
            needs in proptest::collection::vec((0usize..5_000, 1usize..4), 0..50), total in 0usize..100_000,
        ) {
            let shares = of(&needs, total);
            prop_assert!(shares.iter().sum::<usize>() <= total);
            prop_assert!(shares.iter().zip(&needs).all(|(share, (bytes, _))| share <= bytes));
        }
    }
}
