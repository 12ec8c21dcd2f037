//! The certificate sheet: who was tested against what, the verdict as a sentence, and every count with its
//! denominator. It is page 1 in print, so the lists on it are short.

use super::parts::Vis;
use crate::model::{Report, RunVerdict, State, Verdict};
use crate::text::{count, cut, seconds, thousands};
use maud::{Markup, html};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Most waivers, and most hashes, that stand on the sheet itself. All waivers, and more hashes, are in the last section.
pub(super) const ON_SHEET: usize = 6;
/// Characters shown of a name, of a fact and of the reason of a waiver; the last section has longer ones whole.
const NAME: usize = 120;
const FACT: usize = 100;
const REASON: usize = 64;
/// Digits of a SHA-256.
const SHA256: usize = 64;

pub(super) fn section(report: &Report) -> Markup {
    html! {
        section.sheet id="certificate" aria-labelledby="title" {
            header {
                p.kind { (kind(report)) }
                h1 id="title" {
                    (brief(&report.iut.name, NAME))
                    @if let Some(version) = &report.iut.version { " " span.version { (brief(version, FACT)) } }
                }
            }
            (verdict(report))
            (facts(report))
            h2 { "Specifications" }
            (catalogues(report))
            h2 { "Requirements by level" }
            div.scroll { (matrix(report)) }
            (remarks(report))
            @if !report.waivers.is_empty() {
                h2 {
                    "Waivers "
                    span.quiet { "with their owners, versions and whole reasons in the " a href="#waivers" { "list at the end" } }
                }
                @if report.waivers.len() <= ON_SHEET {
                    div.scroll { (short_waivers(report)) }
                } @else {
                    p { (count(report.waivers.len() as u64, "waiver", "waivers")) " were given." }
                }
            }
            h2 { "Evidence" }
            (hashes(report))
        }
    }
}

/// What the whole report is. One on a text that requires nothing is no certificate.
pub(super) fn kind(report: &Report) -> &'static str {
    if report.advice.is_some() { "Advisory report, no certificate of conformance" } else { "Conformance report" }
}

fn verdict(report: &Report) -> Markup {
    let (class, symbol, word) = match report.verdict {
        RunVerdict::Pass => ("pass", "v-pass", "Pass"),
        RunVerdict::Advice => ("partial", "v-open", "Advice only"),
        RunVerdict::Partial => ("partial", "v-open", "Partial"),
        RunVerdict::Incomplete => ("undecided", "v-undecided", "Incomplete"),
        RunVerdict::Fail => ("fail", "v-fail", "Fail"),
        RunVerdict::Error => ("error", "v-error", "Error"),
    };
    html! {
        div class={ "verdict " (class) } {
            svg width="34" height="34" aria-hidden="true" { use href={ "#" (symbol) } {} }
            div {
                p.word { (word) }
                p.sentence { (brief(&report.sentence, 2 * NAME)) }
                @if report.partial {
                    p { "The run was narrowed to some scenarios or requirements: it cannot state conformance." }
                }
            }
        }
    }
}

fn facts(report: &Report) -> Markup {
    let policy = match report.policy.as_str() {
        "letter" | "certify" if report.advice.is_some() => "the text requires nothing, so what is broken warns",
        "letter" => "only a broken MUST fails",
        "certify" => "a broken MUST and broken guidance that peers depend on fail; the rest warns",
        "strict" => "every broken requirement fails",
        _ => "",
    };
    let date = report.run.started.replace('T', " ").replace('Z', " UTC");
    html! {
        dl.facts {
            (fact("Vendor", &report.iut.vendor.as_deref().map_or(html! { "not stated" }, |v| brief(v, FACT))))
            (fact("Role", &html! { (Vis(&report.role)) }))
            (fact("Binding", &html! { (Vis(&report.run.binding_title)) " " code { (Vis(&report.binding)) } }))
            (fact("Policy", &html! { (Vis(&report.policy)) @if !policy.is_empty() { ": " (policy) } }))
            (fact("Recorded", &html! { (Vis(&date)) ", " (seconds(report.run.duration_ms)) }))
            (fact("Test system", &html! { "Touchstone " (brief(&report.run.tool, FACT)) ", seed " (report.run.seed) }))
            (fact("Scope", &html! {
                @if report.partial { "narrowed, partial" } @else { "every scenario and requirement" }
                "; " (thousands(u64::from(report.counts.scenarios_completed))) " of "
                (count(u64::from(report.counts.scenarios), "scenario", "scenarios")) " completed"
            }))
        }
    }
}

fn fact(label: &str, text: &Markup) -> Markup {
    html! { div { dt { (label) } dd { (text) } } }
}

fn catalogues(report: &Report) -> Markup {
    html! {
        table.specifications {
            thead {
                tr {
                    th scope="col" { "Specification" } th scope="col" { "Edition" } th scope="col" { "Cited as" }
                    th scope="col" { "Catalogue" } th.n scope="col" { "Requirements" }
                }
            }
            tbody {
                @for catalogue in &report.run.catalogues {
                    tr {
                        th scope="row" { (Vis(&catalogue.title)) }
                        td { (Vis(&catalogue.edition)) }
                        td { (Vis(&catalogue.cite)) }
                        td.short { code { (Vis(&catalogue.id)) } " version " (catalogue.version) }
                        td.n { (report.requirements.iter().filter(|r| r.catalogue == catalogue.id).count()) }
                    }
                }
            }
        }
    }
}

/// Columns of the table of counts: a heading, and where its number comes from.
struct Column {
    heading: &'static str,
    class: &'static str,
    holds: fn(State, Verdict) -> bool,
    total: u32,
}

fn matrix(report: &Report) -> Markup {
    let counts = &report.counts;
    let column = |heading, class, holds, total| Column { heading, class, holds, total };
    let columns: [Column; 11] = [
        column("Pass", "pass", |s, v| s == State::Applicable && v == Verdict::Pass, counts.pass),
        column("Warn", "warn", |s, v| s == State::Applicable && v == Verdict::Warn, counts.warn),
        column("Fail", "fail", |s, v| s == State::Applicable && v == Verdict::Fail, counts.fail),
        column("Undecided", "undecided", |s, v| s == State::Applicable && v == Verdict::Undecided, counts.undecided),
        column("Error", "error", |s, v| s == State::Applicable && v == Verdict::Error, counts.error),
        column("Waived", "waived", |s, _| s == State::Waived, counts.waived),
        column("Not yet tested", "not-yet-tested", |s, _| s == State::NotYetTested, counts.not_yet_tested),
        column("Option not taken", "none", |s, _| s == State::OptionNotTaken, counts.option_not_taken),
        column("Untestable", "none", |s, _| s == State::Untestable, counts.untestable),
        column("Not applicable", "none", |s, _| s == State::NotApplicable, counts.not_applicable),
        column("Not selected", "none", |s, _| s == State::NotSelected, counts.not_selected),
    ];
    let cell = |column: &Column, n: u32, first: bool| {
        let class = if n == 0 { "zero" } else { column.class };
        html! { td class={ "n " (class) @if first { " edge" } } { (thousands(u64::from(n))) } }
    };
    html! {
        table.matrix {
            thead {
                tr {
                    td rowspan="2" {}
                    th.group scope="colgroup" colspan="5" { "Applicable" }
                    th.group.edge scope="colgroup" colspan="6" { "Without a verdict" }
                    th.n.edge.all rowspan="2" scope="col" { "All" }
                }
                tr {
                    @for (n, column) in columns.iter().enumerate() {
                        th class={ "n" @if n == 5 { " edge" } } scope="col" { (column.heading) }
                    }
                }
            }
            tbody {
                @for level in ["must", "should", "may", "guidance"] {
                    @let of_level: Vec<_> = report.requirements.iter().filter(|r| r.level == level).collect();
                    tr {
                        th scope="row" { (level.to_uppercase()) }
                        @for (n, column) in columns.iter().enumerate() {
                            @let number = of_level.iter().filter(|r| (column.holds)(r.state, r.verdict)).count();
                            (cell(column, u32::try_from(number).unwrap_or(u32::MAX), n == 5))
                        }
                        td.n.edge.all { (thousands(of_level.len() as u64)) }
                    }
                }
            }
            tfoot {
                tr {
                    th scope="row" { "All" }
                    @for (n, column) in columns.iter().enumerate() { (cell(column, column.total, n == 5)) }
                    td.n.edge.all { (thousands(u64::from(counts.requirements))) }
                }
            }
        }
    }
}

/// What the numbers mean, with their denominators.
fn remarks(report: &Report) -> Markup {
    let counts = &report.counts;
    let n = |n: u32| thousands(u64::from(n));
    html! {
        ul.remarks {
            li {
                b { (n(counts.applicable)) " of " (n(counts.requirements)) } " requirements were applicable: they bind this implementation, a check for them "
                "exists, and they were selected. " b { (n(counts.gating)) " of " (n(counts.applicable)) }
                @if report.advice.is_some() {
                    " gate the verdict."
                } @else {
                    " gate the verdict: one of these left undecided makes the run incomplete."
                }
            }
            li {
                b { (n(counts.not_yet_tested)) " of " (n(counts.requirements)) } " requirements are "
                b { "not yet tested" } ": no check for them exists in this version, and the verdict says nothing about them."
            }
            @for requirement in report.requirements.iter().filter(|r| r.measured.is_some()) {
                @if let Some(measured) = &requirement.measured {
                    li { code { (Vis(&requirement.id)) } ": " (measured.sentence()) "." }
                }
            }
            @if counts.untestable > 0 {
                li {
                    b { (n(counts.untestable)) " of " (n(counts.requirements)) }
                    " requirements are untestable: no observer outside the implementation can decide them."
                }
            }
        }
    }
}

/// The waivers on a line each: what is waived, why and until when.
fn short_waivers(report: &Report) -> Markup {
    html! {
        table.brief {
            thead {
                tr {
                    th scope="col" { "Requirement" } th scope="col" { "Reason" } th scope="col" { "Expires" }
                    th scope="col" { "Used" }
                }
            }
            tbody {
                @for waiver in &report.waivers {
                    tr {
                        th.id scope="row" { (brief(&waiver.requirement, REASON)) }
                        td { (brief(&waiver.reason, REASON)) }
                        td.short { (brief(&waiver.expires, REASON)) }
                        td.short { @if waiver.used { "yes" } @else { "not needed" } }
                    }
                }
            }
        }
    }
}

/// The table of waivers, for the last section.
pub(super) fn waivers(report: &Report) -> Markup {
    html! {
        table.waivers {
            thead {
                tr {
                    th scope="col" { "Requirement" } th scope="col" { "Reason" } th scope="col" { "Owner" }
                    th scope="col" { "Expires" } th scope="col" { "For version" } th scope="col" { "Used" }
                }
            }
            tbody {
                @for waiver in &report.waivers {
                    tr {
                        th.id scope="row" { (Vis(&waiver.requirement)) }
                        td { (Vis(&waiver.reason)) }
                        td { (Vis(&waiver.owner)) }
                        td { (Vis(&waiver.expires)) }
                        td { (Vis(waiver.version.as_deref().unwrap_or("any"))) }
                        td { @if waiver.used { "yes" } @else { "not needed" } }
                    }
                }
            }
        }
    }
}

fn hashes(report: &Report) -> Markup {
    let all = &report.run.hashes;
    html! {
        @if all.is_empty() {
            p { "No hashes were given." }
        } @else if all.len() <= ON_SHEET {
            div.scroll { (hash_table(report)) }
        } @else {
            dl.hash {
                div { dt { "SHA-256 of the list of hashes" } dd { code { (list_digest(all)) } } }
            }
            p.note {
                "The list of " a href="#hashes" { (count(all.len() as u64, "file", "files")) }
                " is at the end of this report; its lines are as " code { "sha256sum" } " prints them."
            }
        }
    }
}

/// Text on the sheet, which has one page.
fn brief(text: &str, most: usize) -> Markup {
    let (shown, more) = cut(text, most);
    html! { (Vis(shown)) @if more { "\u{2026}" } }
}

/// Whether a text is cut on the sheet.
pub(super) fn too_long(report: &Report) -> bool {
    let iut = &report.iut;
    let more = |text: &Option<String>| text.as_ref().is_some_and(|text| cut(text, FACT).1);
    cut(&iut.name, NAME).1 || more(&iut.version) || more(&iut.vendor)
}

/// The table of hashes; also used by the last section when there are many.
pub(super) fn hash_table(report: &Report) -> Markup {
    html! {
        table.hashes {
            thead { tr { th scope="col" { "File" } th scope="col" { "SHA-256" } } }
            tbody {
                @for (path, hash) in &report.run.hashes {
                    tr { th scope="row" { (Vis(path)) } td { code { (brief(hash, SHA256)) } } }
                }
            }
        }
    }
}

/// One digest for all files: that of the lines `sha256sum` would print for them.
fn list_digest(hashes: &[(String, String)]) -> String {
    let mut digest = Sha256::new();
    for (path, hash) in hashes {
        digest.update(format!("{hash}  {path}\n"));
    }
    digest.finalize().iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
        out
    })
}
