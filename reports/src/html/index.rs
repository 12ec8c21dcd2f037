//! What is where on the page: anchors, and the findings of each scenario and packet.

use super::{findings, room};
use crate::model::{Finding, Report, Requirement, Scenario, TracePacket, TraceRow, TraceWhat, Witness};
use std::collections::{BTreeMap, BTreeSet};

/// A finding with the requirement that it breaks.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) requirement: &'a Requirement,
    pub(super) finding: &'a Finding,
    /// Whether there is room to tell it in words.
    pub(super) told: bool,
}

/// A packet: scenario (from 0), connection, ordinal.
type PacketKey = (usize, u32, u32);

/// Made once per report.
pub(super) struct Index<'a> {
    scenarios: BTreeMap<&'a str, usize>,
    count: usize,
    requirements: BTreeMap<&'a str, String>,
    shown: BTreeSet<PacketKey>,
    /// Places of the rows that are shown, of each scenario.
    rows: Vec<Vec<usize>>,
    by_scenario: BTreeMap<usize, Vec<Found<'a>>>,
    by_packet: BTreeMap<PacketKey, Vec<Found<'a>>>,
    limit: usize,
}

impl<'a> Index<'a> {
    pub(super) fn new(report: &'a Report) -> Index<'a> {
        let mut index = Index {
            scenarios: BTreeMap::new(),
            count: report.scenarios.len(),
            requirements: BTreeMap::new(),
            shown: BTreeSet::new(),
            rows: Vec::new(),
            by_scenario: BTreeMap::new(),
            by_packet: BTreeMap::new(),
            limit: room::for_findings(report),
        };
        for (n, scenario) in report.scenarios.iter().enumerate() {
            index.scenarios.entry(&scenario.id).or_insert(n);
        }
        for (n, requirement) in report.requirements.iter().enumerate() {
            index.requirements.entry(&requirement.id).or_insert_with(|| anchor(&requirement.id, n));
            let told = findings::told(requirement, index.limit);
            for finding in &requirement.findings {
                let found = Found { requirement, finding, told: told.iter().any(|told| std::ptr::eq(*told, finding)) };
                let Some(&scenario) = index.scenarios.get(finding.at.scenario.as_str()) else { continue };
                index.by_scenario.entry(scenario).or_default().push(found);
                if let (Some(connection), Some(packet)) = (finding.at.connection, finding.at.packet) {
                    index.by_packet.entry((scenario, connection, packet)).or_default().push(found);
                }
            }
        }
        let needs: Vec<room::Need> = report.scenarios.iter().enumerate().map(|(n, s)| index.need(n, s)).collect();
        let shares = room::shares(&needs, room::for_rows(report));
        for ((n, scenario), share) in report.scenarios.iter().enumerate().zip(shares) {
            let rows = index.pick(n, scenario, share);
            for row in rows.iter().filter_map(|at| scenario.trace.get(*at)) {
                if let TraceWhat::Packet(packet) = &row.what {
                    index.shown.insert((n, packet.connection, packet.packet));
                }
            }
            index.rows.push(rows);
        }
        index
    }

    /// What a scenario would take, and what it weighs: people read first where something is wrong.
    fn need(&self, n: usize, scenario: &Scenario) -> room::Need {
        let broken =
            self.in_scenario(n).iter().any(|found| matches!(found.finding.outcome.as_str(), "broken" | "error"));
        room::Need { bytes: scenario.trace.iter().map(room::of_row).sum(), weight: if broken { 3 } else { 1 } }
    }

    /// The rows there is room for: those that a finding points at always, if it is told, then what the implementation said and was told,
    /// then events, then what peers and broker said to each other, then the test system's own state, each in order.
    fn pick(&self, n: usize, scenario: &Scenario, share: usize) -> Vec<usize> {
        let rank = |row: &TraceRow| match &row.what {
            TraceWhat::Packet(p) if self.told_at(n, p) => 0,
            TraceWhat::Packet(p) if p.direction.ends_with("-iut") => 1,
            // How late the test system was.
            TraceWhat::Note { kind, .. } if kind == "tester" => 4,
            TraceWhat::Note { .. } => 2,
            TraceWhat::Packet(_) => 3,
        };
        let mut order: Vec<(usize, usize)> =
            scenario.trace.iter().enumerate().map(|(at, row)| (rank(row), at)).collect();
        order.sort_unstable();
        let mut left = share;
        let mut rows = Vec::new();
        for (rank, at) in order {
            match left.checked_sub(room::of_row(&scenario.trace[at])) {
                Some(rest) => left = rest,
                None if rank > 0 => break,
                None => left = 0,
            }
            rows.push(at);
        }
        rows.sort_unstable();
        rows
    }

    /// The rows of a scenario that are shown.
    pub(super) fn rows<'s>(&self, n: usize, scenario: &'s Scenario) -> Vec<&'s TraceRow> {
        self.rows.get(n).into_iter().flatten().filter_map(|at| scenario.trace.get(*at)).collect()
    }

    /// Where in its trace the rows of a scenario are that are shown.
    pub(super) fn places(&self, n: usize) -> &[usize] {
        self.rows.get(n).map_or(&[], Vec::as_slice)
    }

    /// How many rows of a scenario are not shown.
    pub(super) fn left_out(&self, n: usize, scenario: &Scenario) -> u64 {
        let shown = self.rows.get(n).map_or(0, Vec::len);
        scenario.trace_omitted + (scenario.trace.len() - shown) as u64
    }

    /// Most findings of a requirement that are told in words.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Whether a finding that is told in words points at a packet.
    pub(super) fn told_at(&self, n: usize, packet: &TracePacket) -> bool {
        self.at_packet(n, packet.connection, packet.packet).iter().any(|found| found.told)
    }

    /// Number of scenarios.
    pub(super) fn scenarios(&self) -> usize {
        self.count
    }

    /// Anchor of a requirement, if the report has it.
    pub(super) fn requirement(&self, id: &str) -> Option<&str> {
        self.requirements.get(id).map(String::as_str)
    }

    /// Anchor of the nearest thing on the page: the packet when its row is there, otherwise the scenario.
    pub(super) fn place(&self, at: &Witness) -> Option<String> {
        let scenario = *self.scenarios.get(at.scenario.as_str())?;
        if let (Some(connection), Some(packet)) = (at.connection, at.packet)
            && self.shown.contains(&(scenario, connection, packet))
        {
            return Some(packet_anchor(scenario, connection, packet));
        }
        Some(scenario_anchor(scenario))
    }

    /// Findings in a scenario, in the order of requirements.
    pub(super) fn in_scenario(&self, scenario: usize) -> &[Found<'a>] {
        self.by_scenario.get(&scenario).map_or(&[], Vec::as_slice)
    }

    /// Findings that point at a packet.
    pub(super) fn at_packet(&self, scenario: usize, connection: u32, packet: u32) -> &[Found<'a>] {
        self.by_packet.get(&(scenario, connection, packet)).map_or(&[], Vec::as_slice)
    }
}

/// Anchor of the scenario at this place of the report.
pub(super) fn scenario_anchor(scenario: usize) -> String {
    format!("s{}", scenario + 1)
}

/// Anchor of a packet's row.
pub(super) fn packet_anchor(scenario: usize, connection: u32, packet: u32) -> String {
    format!("s{}-c{connection}-p{packet}", scenario + 1)
}

/// A requirement's id is its anchor, so that links to it can be written by hand; unless it has characters that
/// mean something in a fragment.
fn anchor(id: &str, n: usize) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    // Without a slash it could be mistaken for an anchor of the page.
    if id.contains('/') && id.chars().all(plain) { id.to_owned() } else { format!("r{}", n + 1) }
}
