//! The last section: what the vendor declared, the tolerances in force, and lists too long for the sheet.

use super::parts::Vis;
use super::sheet::{ON_SHEET, hash_table, too_long, waivers};
use crate::model::Report;
use maud::{Markup, html};

pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="data" aria-labelledby="data-h" {
            h2 id="data-h" { "Declarations and evidence" }
            @if too_long(report) {
                h3 { "What was tested" }
                dl.facts {
                    @for (name, text) in [("Product", Some(&report.iut.name)), ("Version", report.iut.version.as_ref()), ("Vendor", report.iut.vendor.as_ref())] {
                        @if let Some(text) = text { div { dt { (name) } dd { (Vis(text)) } } }
                    }
                }
            }
            h3 { "What the vendor declares" }
            (pairs(&report.run.pics, "Key", "Value", "Nothing was declared."))
            h3 { "Tolerances in force" }
            (pairs(&report.run.tolerances, "Name", "Value", "None."))
            @if !report.waivers.is_empty() {
                h3 id="waivers" { "Waivers" }
                div.scroll { (waivers(report)) }
            }
            @if report.run.hashes.len() > ON_SHEET {
                h3 id="hashes" { "Files and their SHA-256" }
                div.scroll { (hash_table(report)) }
            }
        }
    }
}

fn pairs(pairs: &[(String, String)], key: &str, value: &str, none: &str) -> Markup {
    html! {
        @if pairs.is_empty() {
            p { (none) }
        } @else {
            table.pairs {
                thead { tr { th scope="col" { (key) } th scope="col" { (value) } } }
                tbody {
                    @for (key, value) in pairs { tr { th scope="row" { (Vis(key)) } td { (Vis(value)) } } }
                }
            }
        }
    }
}
