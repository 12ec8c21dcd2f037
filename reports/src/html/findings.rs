//! What is wrong, one plain sentence each: failures first, then warnings, undecided, and what was waived.

use super::index::{Found, Index};
use super::parts::{Mark, Vis, because, expected_actual, level, place, prose, requirement_link};
use crate::model::{Finding, Report, Requirement, State, Verdict};
use crate::text::{count, thousands};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// So many requirements that one sentence holds for are one item.
const ALIKE: usize = 3;

/// Said of a requirement without a finding.
const UNSEEN: &str = "Nothing in this run decided it.";

/// Requirements under one heading.
pub(super) struct Group<'a> {
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    /// Said when there are none.
    empty: &'static str,
    /// What being under this heading means.
    note: String,
    pub(super) requirements: Vec<&'a Requirement>,
}

/// The groups, in page order; `Waived` only where there is one.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    let pick = |wanted: &dyn Fn(&Requirement) -> bool| -> Vec<&Requirement> {
        report.requirements.iter().filter(|r| wanted(r)).collect()
    };
    let judged = |verdict: Verdict| pick(&|r| r.state == State::Applicable && r.verdict == verdict);
    // Errors of the test system lead: they put the rest in doubt. What follows from another failure comes last.
    let mut failures = judged(Verdict::Error);
    let errors = count(failures.len() as u64, "is an error", "are errors");
    let doubt = if failures.is_empty() {
        String::new()
    } else {
        format!("{errors} of the test system, not of the implementation; they put the rest in doubt.")
    };
    let (consequences, roots): (Vec<_>, Vec<_>) = judged(Verdict::Fail).into_iter().partition(|r| cascade(r));
    failures.extend(roots);
    failures.extend(consequences);
    let (gating, others): (Vec<_>, Vec<_>) = judged(Verdict::Undecided).into_iter().partition(|r| r.gating);
    let undecided = gating.into_iter().chain(others).collect();
    let waived = pick(&|r| r.state == State::Waived);

    let mut groups = vec![
        Group {
            id: "failures",
            heading: "Failures",
            empty: "No requirement was broken that fails under this policy.",
            note: doubt,
            requirements: failures,
        },
        Group {
            id: "warnings",
            heading: "Warnings",
            empty: "No requirement was broken that only warns under this policy.",
            note: "Broken, but the policy does not fail them.".into(),
            requirements: judged(Verdict::Warn),
        },
        Group {
            id: "undecided",
            heading: "Undecided",
            empty: "Every applicable requirement was decided.",
            note: match report.advice {
                Some(_) => "Nothing, or not enough, was seen to decide them.".into(),
                None => {
                    "Nothing, or not enough, was seen to decide them. A gating one makes the run incomplete.".into()
                }
            },
            requirements: undecided,
        },
    ];
    if !waived.is_empty() {
        groups.push(Group {
            id: "waived",
            heading: "Waived",
            empty: "",
            note: "Broken, and excused by a waiver. A waiver never makes a pass.".into(),
            requirements: waived,
        });
    }
    groups
}

fn cascade(requirement: &Requirement) -> bool {
    !requirement.findings.is_empty() && requirement.findings.iter().all(|f| f.because.is_some())
}

pub(super) fn sections(report: &Report, index: &Index<'_>) -> Markup {
    html! {
        @for group in groups(report) {
            section id=(group.id) aria-labelledby={ (group.id) "-h" } {
                h2 id={ (group.id) "-h" } { (group.heading) " (" (group.requirements.len()) ")" }
                @if group.requirements.is_empty() {
                    p { (group.empty) }
                } @else {
                    @if !group.note.is_empty() { p.note { (group.note) } }
                    ol.findings {
                        @for alike in alike(&group.requirements) {
                            @match alike.as_slice() {
                                [requirement] => { (item(index, requirement)) },
                                requirements => { (many(index, requirements)) },
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is undecided for one and the same reason belongs together, where the reason holds for many; all else stands
/// for itself. In order of the first of each.
fn alike<'r>(requirements: &[&'r Requirement]) -> Vec<Vec<&'r Requirement>> {
    // What gates the verdict stays apart from what does not.
    let reason = |r: &'r Requirement| (r.gating, headline(r).map_or(UNSEEN, |f| f.message.as_str()));
    let mut times: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for requirement in requirements {
        *times.entry(reason(requirement)).or_default() += 1;
    }
    let mut places: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    let mut items: Vec<Vec<&Requirement>> = Vec::new();
    for requirement in requirements {
        let reason = reason(requirement);
        let undecided = requirement.state == State::Applicable && requirement.verdict == Verdict::Undecided;
        if !undecided || times.get(&reason).is_none_or(|times| *times < ALIKE) {
            items.push(vec![requirement]);
        } else if let Some(item) = places.get(&reason).and_then(|at| items.get_mut(*at)) {
            item.push(requirement);
        } else {
            places.insert(reason, items.len());
            items.push(vec![requirement]);
        }
    }
    items
}

/// The finding that says why a requirement stands here. A note says something else.
fn headline(requirement: &Requirement) -> Option<&Finding> {
    told(requirement, 1).first().copied().filter(|finding| finding.outcome != "note")
}

/// The findings that are told in words: those of its outcome first, roots before consequences, notes last.
pub(super) fn told(requirement: &Requirement, limit: usize) -> Vec<&Finding> {
    let rank = |f: &Finding| (f.outcome == "note", f.outcome != requirement.outcome, f.because.is_some());
    let mut order: Vec<&Finding> = requirement.findings.iter().collect();
    order.sort_by_key(|finding| rank(finding));
    order.truncate(limit);
    order
}

/// Many requirements that are undecided for the same reason.
fn many(index: &Index<'_>, requirements: &[&Requirement]) -> Markup {
    let said = requirements.first().and_then(|r| headline(r)).map_or(UNSEEN, |f| f.message.as_str());
    let gating = requirements.first().is_some_and(|r| r.gating);
    html! {
        li class=(Mark::UNDECIDED.key) {
            (Mark::UNDECIDED)
            div {
                p.say { (Vis(said)) }
                @if gating { p.meta { b { "gating" } } }
                details {
                    summary { (count(requirements.len() as u64, "requirement", "requirements")) " for this reason" }
                    ul.more {
                        @for requirement in requirements {
                            li {
                                (requirement_link(index, &requirement.id)) " " (level(&requirement.level)) " " (Vis(&requirement.cite))
                                " \u{2013} " (prose(&requirement.statement))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn item(index: &Index<'_>, requirement: &Requirement) -> Markup {
    let mark = Mark::of(requirement);
    let first = headline(requirement);
    let told: Vec<&Finding> = told(requirement, index.limit()).into_iter().skip(usize::from(first.is_some())).collect();
    let others = requirement.findings.len() - usize::from(first.is_some());
    let decided = requirement.met.saturating_add(requirement.broken);
    html! {
        li class=(mark.key) {
            (mark)
            div {
                p.say {
                    @match first {
                        Some(finding) => { (Vis(&finding.message)) },
                        None => { (Vis(requirement.reason.as_deref().unwrap_or(UNSEEN))) },
                    }
                }
                @if let Some(finding) = first {
                    (expected_actual(finding))
                    (because(index, finding))
                } @else {
                    p.note { (prose(&requirement.statement)) }
                }
                p.meta {
                    (requirement_link(index, &requirement.id)) " "
                    (level(&requirement.level)) " "
                    span { (Vis(&requirement.cite)) }
                    @if requirement.gating && requirement.verdict == Verdict::Undecided { " " b { "gating" } }
                    @if requirement.broken > 0 {
                        " " span { "broken in " (thousands(requirement.broken)) " of " (count(decided, "instance", "instances")) }
                    }
                    @if let Some(finding) = first { " " (place(index, &finding.at, true)) }
                }
                @if requirement.state == State::Waived {
                    @if let Some(reason) = &requirement.reason { p.note { "Waived: " (Vis(reason)) } }
                }
                @if others > 0 {
                    details {
                        summary { (count(others as u64, "more finding", "more findings")) }
                        ol.more {
                            @for finding in &told {
                                li {
                                    p { (Mark::of_finding(Found { requirement, finding, told: true })) " " (Vis(&finding.message)) " " (place(index, &finding.at, true)) }
                                    (expected_actual(finding))
                                    (because(index, finding))
                                }
                            }
                        }
                        @if others > told.len() {
                            p.note { (count((others - told.len()) as u64, "more is", "more are")) " in report.json." }
                        }
                    }
                }
            }
        }
    }
}
