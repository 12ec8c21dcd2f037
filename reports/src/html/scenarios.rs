//! One folding block per scenario: what it is for, what was found in it, its packets, and how to run it again.

use super::index::{Found, Index, scenario_anchor};
use super::parts::{Mark, Vis, choice, citation, file_href, filters, place, requirement_link, search, shown};
use super::{ladder, octets, room, trace};
use crate::model::{Report, Requirement, Scenario, TraceWhat};
use crate::text::{count, seconds, thousands};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Markup that annotated packets of one scenario may take, of what there is for all. Packets with a finding are
/// annotated whatever they take.
const SHARE: (usize, usize) = (800, 60_000);

pub(super) fn section(report: &Report, index: &Index<'_>) -> Markup {
    let share = (room::for_octets(report) / report.scenarios.len().max(1)).clamp(SHARE.0, SHARE.1);
    html! {
        section id="scenarios" aria-labelledby="scenarios-h" {
            h2 id="scenarios-h" { "Scenarios" }
            p.note {
                "Each opens to its packets, and each packet to its bytes. Times are seconds since the recording began; "
                "frame numbers are those Wireshark shows for the capture."
            }
            (again_and_again(report, index))
            p.note.printed { "Scenarios and packets are printed open where they are open on the page." }
            (choices(report))
            (shown(report.scenarios.len(), "scenarios"))
            div data-filter="scenarios" {
                @for (n, scenario) in report.scenarios.iter().enumerate() { (one(index, n, scenario, share)) }
            }
        }
    }
}

/// A requirement that is broken very often has its first findings only; other scenarios may have broken it, too.
fn again_and_again(report: &Report, index: &Index<'_>) -> Markup {
    let kept = |r: &Requirement| r.findings.iter().filter(|finding| finding.outcome == "broken").count() as u64;
    let cut: Vec<&Requirement> = report.requirements.iter().filter(|r| r.broken > kept(r)).collect();
    html! {
        @if !cut.is_empty() {
            p.note {
                "Broken more often than there are findings of it, and so perhaps in scenarios that show none: "
                @for (n, requirement) in cut.iter().enumerate() {
                    @if n > 0 { ", " }
                    (requirement_link(index, &requirement.id)) " (" (thousands(kept(requirement))) " of " (thousands(requirement.broken)) ")"
                }
                "."
            }
        }
    }
}

fn choices(report: &Report) -> Markup {
    let verdicts = [
        ("fail", "with a failure"),
        ("error", "with an error"),
        ("warn", "with a warning"),
        ("undecided", "with something undecided"),
        ("waived", "with something waived"),
        ("note", "with a note"),
        ("clean", "without findings"),
    ];
    let states = [("completed", "completed"), ("aborted", "aborted"), ("error", "error")];
    let types: BTreeSet<&str> = report.scenarios.iter().flat_map(packet_types).collect();
    let types: Vec<(&str, &str)> = types.into_iter().map(|name| (name, name)).collect();
    let fields = [
        choice("found", "v", "Findings", &verdicts),
        choice("status", "l", "Status", &states),
        choice("packet", "p", "Packet", &types),
        citation("at", "Clause of findings"),
        search("words"),
    ];
    filters("scenarios", "Filter the scenarios", &fields)
}

/// The types of packets that occur in a scenario, rows without room on the page included.
fn packet_types(scenario: &Scenario) -> BTreeSet<&str> {
    let packets = scenario.trace.iter().filter_map(|row| match &row.what {
        TraceWhat::Packet(packet) => Some(packet.name.as_str()),
        TraceWhat::Note { .. } => None,
    });
    packets.collect()
}

/// How many findings of each mark, strongest first.
fn tally(found: &[Found<'_>]) -> Vec<(Mark, u64)> {
    Mark::STRONGEST
        .into_iter()
        .map(|mark| (mark, found.iter().filter(|f| Mark::of_finding(**f) == mark).count() as u64))
        .filter(|(_, n)| *n > 0)
        .collect()
}

fn one(index: &Index<'_>, n: usize, scenario: &Scenario, share: usize) -> Markup {
    let found = index.in_scenario(n);
    let marks = tally(found);
    let keys: Vec<&str> =
        if marks.is_empty() { vec!["clean"] } else { marks.iter().map(|(mark, _)| mark.key).collect() };
    let cited: BTreeSet<&str> = found.iter().map(|found| found.requirement.cite.as_str()).collect();
    let cited = cited.into_iter().collect::<Vec<_>>().join("; ");
    let types = packet_types(scenario).into_iter().collect::<Vec<_>>().join(" ");
    html! {
        details.scenario.item id=(scenario_anchor(n)) data-v=(keys.join(" ")) data-l=(Vis(&scenario.status))
            data-p=(Vis(&types)) data-c=(Vis(&cited)) {
            summary {
                h3 { (Vis(&scenario.id)) }
                " " span.title { (Vis(&scenario.title)) }
                span.tally {
                    @for (mark, n) in &marks { (mark) " " span.times { (n) } " " }
                    @if scenario.status != "completed" { b { (Vis(&scenario.status)) } " " }
                    span.quiet { (seconds(scenario.duration_ms)) }
                }
            }
            p { (Vis(&scenario.purpose)) }
            @if let Some(reason) = &scenario.reason {
                p { b { "It did not complete: " } (Vis(reason)) }
            }
            dl.facts {
                div { dt { "Run it again" } dd { code.command { (Vis(&scenario.rerun)) } } }
                div { dt { "Evidence" } dd { (files(scenario)) } }
                @if !scenario.exercises.is_empty() {
                    div {
                        dt { "Exercises" }
                        dd { @for (n, id) in scenario.exercises.iter().enumerate() { @if n > 0 { ", " } (requirement_link(index, id)) } }
                    }
                }
            }
            @if !found.is_empty() {
                h4 { (count(found.len() as u64, "finding", "findings")) }
                ul.found {
                    @for found in found.iter().filter(|found| found.told) {
                        li { (Mark::of_finding(*found)) " " (Vis(&found.finding.message)) " " (place(index, &found.finding.at, false)) }
                    }
                }
            }
            (octets::untold(found))
            (ladder::diagram(index, n, scenario))
            (trace::table(index, n, scenario, share))
        }
    }
}

/// Links to the evidence. What the implementation printed is linked, never quoted.
fn files(scenario: &Scenario) -> Markup {
    let path = |name: &str| format!("{}/{name}", scenario.evidence.trim_end_matches('/'));
    let printed = if scenario.printed { &["iut.out", "iut.err"][..] } else { &[] };
    html! {
        a href=(file_href(&path("capture.pcapng"))) { "capture.pcapng" }
        @for name in printed {
            ", " a href=(file_href(&path(name))) { (name) }
        }
    }
}
