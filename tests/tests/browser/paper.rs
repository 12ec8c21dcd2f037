//! On paper, A4 and Letter: page 1 is the certificate sheet and nothing else, and verdicts are words.

use super::common::{scratch, tools};
use super::driver::{Tab, in_tab};
use super::pages::Page;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::fs;
use std::process::Command;
use touchstone_reports::model::{Report, RunVerdict, State, Verdict, Waiver};
use touchstone_reports::sample;

/// Width and height in inches.
const SIZES: [(&str, f64, f64); 2] = [("A4", 8.27, 11.69), ("Letter", 8.5, 11.0)];

/// The text of each page of a page's print.
fn printed(tab: &Tab<'_>, width: f64, height: f64, pdftotext: &std::path::Path) -> Vec<String> {
    let paper = json!({ "paperWidth": width, "paperHeight": height, "landscape": false, "printBackground": false });
    let pdf = tab.devtools("Page.printToPDF", paper);
    let pdf = STANDARD.decode(pdf["data"].as_str().expect("a document")).expect("base64");
    let dir = scratch();
    let path = dir.path().join("report.pdf");
    fs::write(&path, pdf).expect("written");
    let output = Command::new(pdftotext).arg("-layout").arg(&path).arg("-").output().expect("pdftotext runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
}

fn first_line(page: &str) -> &str {
    page.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// One line of a text, however it was broken.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn incomplete() -> Report {
    let mut report = sample::passing();
    let requirement = report.requirements.iter_mut().find(|r| r.gating).expect("one gates");
    (requirement.verdict, requirement.outcome) = (Verdict::Undecided, "undecided".to_owned());
    report.verdict = RunVerdict::Incomplete;
    report.sentence = "Incomplete: 1 gating requirement was not decided.".to_owned();
    report
}

/// More of everything that stands on the sheet than anybody is likely to have, and longer.
fn crowded() -> Report {
    let mut report = sample::failing();
    report.iut.name = "Industrial Perimeter Enforcement Gateway with Redundant Actuators, Series 9000 ".repeat(2);
    report.iut.vendor = Some("Gesellschaft fuer angewandte Nachrichtentechnik und Fernwirktechnik mbH & Co. KG".into());
    report.iut.version = Some("2026.11.21-rc.7+build.20261121.deadbeefcafe".into());
    let waiver = |n: usize| Waiver {
        requirement: format!("wd04/a-requirement-with-a-rather-long-identifier-{n}"),
        reason: "The firmware that is deployed cannot be changed before the maintenance window of next year; \
                 tracked as ticket HW-311, agreed with the operators of the plant and the customer."
            .into(),
        owner: "conformance-and-certification@subsidiary.example.org".into(),
        expires: "2027-12-31".into(),
        version: report.iut.version.clone(),
        used: n.is_multiple_of(2),
    };
    report.waivers = (0..6).map(waiver).collect();
    report
}

/// As many catalogues and hashes as oneM2M has, and more waivers than fit.
fn wide() -> Report {
    let mut report = sample::failing();
    let again = report.run.catalogues.clone();
    report.run.catalogues.extend(again.into_iter().map(|mut catalogue| {
        catalogue.id = format!("onem2m-{}", catalogue.id);
        catalogue.title = format!("{}, Security Solutions and Service Layer Core Protocol", catalogue.title);
        catalogue
    }));
    let waiver = report.waivers[0].clone();
    report.waivers = (0..40).map(|n| Waiver { owner: format!("owner {n}"), ..waiver.clone() }).collect();
    let (path, hash) = report.run.hashes[0].clone();
    report.run.hashes = (0..150).map(|n| (format!("evidence/{n}/{path}"), hash.clone())).collect();
    report
}

#[test]
fn page_1_is_the_sheet_and_page_2_begins_with_the_failures() {
    let Some(pdftotext) = tools::program("pdftotext") else { return };
    let reports = [
        ("passing", sample::passing()),
        ("failing", sample::failing()),
        ("advisory", sample::advisory()),
        ("incomplete", incomplete()),
        ("crowded", crowded()),
        ("wide", wide()),
    ];
    for (name, report) in reports {
        let page = Page::of(&report);
        in_tab(|tab| {
            tab.goto(&page.at(""));
            for (size, width, height) in SIZES {
                let pages = printed(tab, width, height, &pdftotext);
                let sheet = joined(&pages[0]);
                for wanted in [report.sentence.as_str(), "Specifications", "Requirements by level", "Evidence"] {
                    assert!(
                        sheet.contains(&joined(wanted)),
                        "{name}, {size}: {wanted:?} is not on page 1:\n{}",
                        pages[0]
                    );
                }
                assert!(!sheet.contains("Failures ("), "{name}, {size}: page 1 is the sheet alone:\n{}", pages[0]);
                let second = first_line(&pages[1]);
                assert!(second.starts_with("Failures ("), "{name}, {size}: page 2 begins with {second:?}");
            }
        });
    }
}

/// Whatever the printer does to colours: every verdict is a word, on paper as well.
#[test]
fn verdicts_are_words_on_paper() {
    let Some(pdftotext) = tools::program("pdftotext") else { return };
    let report = sample::failing();
    let page = Page::of(&report);
    in_tab(|tab| {
        tab.goto(&page.at(""));
        let (_, width, height) = SIZES[0];
        let text = printed(tab, width, height, &pdftotext).concat();
        assert!(joined(&text).contains("Fail Does not conform"), "the verdict of the run is a word");
        let coverage = &text[text.find("Clause coverage").expect("it is printed")..];
        let coverage = &coverage[..coverage.find("Scenarios (").unwrap_or(coverage.len())];
        let lines = |word: &str| coverage.lines().filter(|line| line.trim_start().starts_with(word)).count();
        for (word, state, verdict) in [
            ("Pass", State::Applicable, Verdict::Pass),
            ("Fail", State::Applicable, Verdict::Fail),
            ("Warn", State::Applicable, Verdict::Warn),
            ("Undecided", State::Applicable, Verdict::Undecided),
            ("Waived", State::Waived, Verdict::Fail),
        ] {
            let expected = report.requirements.iter().filter(|r| (r.state, r.verdict) == (state, verdict)).count();
            assert!(expected > 0 && lines(word) >= expected, "{word}: {} of {expected}\n{coverage}", lines(word));
        }
        // Nothing tells a verdict by colour alone: each mark has its word, and it is printed.
        tab.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" }));
        assert!(tab.holds(
            "[...document.querySelectorAll('.item')].every(i => [...i.querySelectorAll('.v')] \
             .every(v => v.textContent.trim() && (!i.checkVisibility() || v.closest('details:not([open])') || v.checkVisibility())))"
        ));
        assert!(tab.holds("![...document.querySelectorAll('form')].some(f => f.checkVisibility())"));
    });
}
