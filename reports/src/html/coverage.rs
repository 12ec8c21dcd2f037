//! Clause coverage: every requirement of the binding with its verdict or the reason why it has none.

use super::index::Index;
use super::parts::{Mark, Vis, choice, citation, filters, level, place, prose, search, shown};
use crate::model::{Report, Requirement, State, Verdict};
use crate::text::thousands;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Most places that are linked per requirement: where it was kept, and where it was not.
const WITNESSES: (usize, usize) = (1, 3);

pub(super) fn section(report: &Report, index: &Index<'_>) -> Markup {
    let mut seen = BTreeSet::new();
    let listed = report.run.catalogues.iter().map(|c| (c.id.as_str(), Some(c)));
    let unlisted = report.requirements.iter().map(|r| (r.catalogue.as_str(), None));
    let catalogues: Vec<_> = listed.chain(unlisted).filter(|(id, _)| seen.insert(*id)).collect();
    html! {
        section id="coverage" aria-labelledby="coverage-h" {
            h2 id="coverage-h" { "Clause coverage" }
            p.note { "Every requirement of the binding, also those that were not judged, each with its reason." }
            (choices())
            (shown(report.requirements.len(), "requirements"))
            div.scroll {
                table.coverage data-filter="coverage" {
                    colgroup { @for _ in 0..7 { col; } }
                    thead {
                        tr {
                            th scope="col" { "Verdict" } th scope="col" { "Requirement" } th scope="col" { "Clause" }
                            th scope="col" { "Level" } th.n scope="col" { "Kept" } th.n scope="col" { "Broken" }
                            th scope="col" { "Reason or evidence" }
                        }
                    }
                    @for (id, catalogue) in catalogues {
                        @let members: Vec<_> = report.requirements.iter().filter(|r| r.catalogue == id).collect();
                        @if !members.is_empty() {
                            tbody {
                                tr.catalogue {
                                    th scope="rowgroup" colspan="7" {
                                        @match catalogue {
                                            Some(c) => { (Vis(&c.title)) ", " (Vis(&c.edition)) },
                                            None => { (Vis(id)) },
                                        }
                                        " " span.quiet { (members.len()) " requirements" }
                                    }
                                }
                                @for requirement in members { (row(index, requirement)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn choices() -> Markup {
    let verdicts = [
        ("fail", "fail"),
        ("error", "error"),
        ("warn", "warn"),
        ("undecided", "undecided"),
        ("waived", "waived"),
        ("pass", "pass"),
        ("not-yet-tested", "not yet tested"),
        ("option-not-taken", "option not taken"),
        ("untestable", "untestable"),
        ("not-applicable", "not applicable"),
        ("not-selected", "not selected"),
    ];
    let levels = [("must", "MUST"), ("should", "SHOULD"), ("may", "MAY"), ("guidance", "GUIDANCE")];
    let fields = [
        choice("verdict", "v", "Verdict", &verdicts),
        choice("level", "l", "Level", &levels),
        citation("clause", "Clause"),
        search("text"),
    ];
    filters("coverage", "Filter the requirements", &fields)
}

fn row(index: &Index<'_>, requirement: &Requirement) -> Markup {
    let mark = Mark::of(requirement);
    let rows = requirement.rows.iter().filter(|row| !requirement.cite.contains(row.as_str()));
    let cited = std::iter::once(&requirement.cite).chain(rows.clone()).cloned().collect::<Vec<_>>().join("; ");
    let decided = requirement.state == State::Applicable || requirement.state == State::Waived;
    html! {
        tr.item id=[index.requirement(&requirement.id)] data-v=(mark.key) data-l=(Vis(&requirement.level)) data-c=(Vis(&cited)) {
            td { (mark) @if requirement.gating && requirement.verdict == Verdict::Undecided { br; span.quiet { "gating" } } }
            th scope="row" {
                span.id { (Vis(&requirement.id)) }
                p { (prose(&requirement.statement)) }
                @if let Some(contradiction) = &requirement.contradiction {
                    p.quiet { "The text contradicts itself: " (Vis(contradiction)) "." }
                }
            }
            td { span.cite { (Vis(&requirement.cite)) } @for row in rows { br; " " span.quiet { (Vis(row)) } } }
            td { (level(&requirement.level)) @if requirement.interop { br; span.quiet { "interop" } } }
            @if decided {
                td.n { (thousands(requirement.met)) }
                td.n { (thousands(requirement.broken)) }
            } @else {
                td.n { "\u{2013}" }
                td.n { "\u{2013}" }
            }
            td { (evidence(index, requirement)) }
        }
    }
}

fn evidence(index: &Index<'_>, requirement: &Requirement) -> Markup {
    // Notes decide nothing: beside them the requirement is still met or broken somewhere.
    let (notes, found): (Vec<_>, Vec<_>) = requirement.findings.iter().partition(|f| f.outcome == "note");
    let (places, most): (Vec<_>, usize) = if found.is_empty() {
        (requirement.witnesses.iter().collect(), WITNESSES.0)
    } else {
        (found.iter().map(|f| &f.at).filter(|at| !at.scenario.is_empty()).collect(), WITNESSES.1)
    };
    let undecided = requirement.state == State::Applicable && requirement.verdict == Verdict::Undecided;
    html! {
        @if let Some(reason) = &requirement.reason {
            p { (prose(reason)) }
        } @else if undecided && requirement.findings.is_empty() {
            p { "Nothing in this run decided it." }
        }
        @for note in notes.iter().take(WITNESSES.1) {
            p { (Vis(&note.message)) }
        }
        @if notes.len() > WITNESSES.1 { p.quiet { "and " (notes.len() - WITNESSES.1) " more like these" } }
        @if let Some(measured) = &requirement.measured {
            p {
                (measured.sentence()) ": shortest " (place(index, &measured.shortest.at, true)) ", longest "
                (place(index, &measured.longest.at, true))
            }
        }
        @if !places.is_empty() {
            ul.places {
                @for at in places.iter().take(most) { li { (place(index, at, true)) } }
                @if places.len() > most { li.quiet { "and " (places.len() - most) " more" } }
            }
        }
    }
}
