//! report.html: one self-contained file that needs no network, no script and no style to be read.
//!
//! One module per part of the page, in page order: [`sheet`], [`findings`], [`coverage`], [`scenarios`] (its
//! diagrams are [`ladder`], which pairs packets by [`pairs`], its tables of packets [`trace`], the bytes of one packet [`octets`]) and [`data`]. [`index`] knows
//! what is where and is made once, as far as there is [`room`]; [`parts`] are the small pieces that all of them use. Another view of a scenario is a
//! module beside [`trace`], called in [`scenarios`]: it finds rows, anchors and findings in the index.
//!
//! The markup is well-formed XML apart from void elements, and has no element or attribute from outside: text from
//! the implementation only ever becomes text or an escaped attribute value.

mod coverage;
mod data;
mod findings;
mod index;
mod ladder;
mod octets;
mod pairs;
mod parts;
mod room;
mod scenarios;
mod sheet;
mod trace;

use crate::model::Report;
use index::Index;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use parts::Vis;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");
const SYMBOLS: &str = include_str!("../../templates/symbols.svg");

/// Nothing may be loaded from anywhere, whatever stands in the page.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes report.html.
pub fn to_html(report: &Report) -> String {
    let index = Index::new(report);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (sheet::kind(report)) ": " (Vis(&report.iut.name)) ", " (report.verdict.as_str()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#failures" { "Skip to the findings" }
                (PreEscaped(SYMBOLS))
                (ladder::arrows())
                (contents(report, &index))
                main {
                    (sheet::section(report))
                    (findings::sections(report, &index))
                    (coverage::section(report, &index))
                    (scenarios::section(report, &index))
                    (data::section(report))
                }
                footer {
                    p { "Written by Touchstone " (Vis(&report.run.tool)) " from the recording of " (Vis(&report.run.started)) "." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

fn contents(report: &Report, index: &Index) -> Markup {
    html! {
        nav.contents aria-label="Contents" {
            ul {
                li { a href="#certificate" { "Certificate sheet" } }
                @for group in findings::groups(report) {
                    li { a href={ "#" (group.id) } { (group.heading) } " (" (group.requirements.len()) ")" }
                }
                li { a href="#coverage" { "Clause coverage" } " (" (report.requirements.len()) ")" }
                li { a href="#scenarios" { "Scenarios" } " (" (index.scenarios()) ")" }
                li { a href="#data" { "Declarations and evidence" } }
            }
        }
    }
}

#[cfg(test)]
mod tests;
