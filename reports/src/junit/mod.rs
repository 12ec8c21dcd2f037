//! junit.xml: one suite per catalogue with one test case per requirement, and one suite for the scenarios.
//!
//! What fails the run fails here, and only that: a warning is a success with a line in `system-out`, and what
//! was not judged is skipped with its reason, never green. A scenario that ended early is skipped: what it leaves
//! undecided is an error where it counts, at the requirement. Where nothing else says why a run did not end well
//! (nothing ran, recordings are missing), a case for the run does. So there is a failure or an error here exactly where
//! the exit code is not 0.
//!
//! Readers show different parts: GitLab the text below a failure but not its message, GitHub's actions and Jenkins both,
//! Azure and Jenkins what a case says. Whatever is not a plain success therefore has message and text. Classes begin with
//! binding and role, because GitLab drops all cases but the first of one class and name, and the runs of both roles
//! of a product are often one job.

mod complete;
mod write;

#[cfg(test)]
mod tests;

use crate::model::{Finding, Report, Requirement, RunVerdict, Scenario, State, Verdict, Waiver, Witness};
use crate::text::{count, cut, visible, visible_block};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use write::{Case, Ended, File, How, Suite};

/// How many findings of one requirement are told; report.json has all of them.
const FINDINGS: usize = 50;

/// How long the text of one case gets, in characters: GitHub takes 64 KiB for an annotation.
const LENGTH: usize = 16_000;

/// Writes junit.xml.
pub fn to_junit(report: &Report) -> String {
    let mut suites: Vec<Suite> = catalogues(report)
        .into_iter()
        .map(|catalogue| {
            let class = class(report, catalogue);
            let of = report.requirements.iter().filter(|r| r.catalogue == catalogue);
            suite(report, catalogue, of.map(|r| requirement(report, &class, r)).collect())
        })
        .collect();
    let (scenarios, waivers) = (class(report, "scenarios"), class(report, "waivers"));
    let ran = report.scenarios.iter().map(|s| scenario(&scenarios, s));
    let unused: Vec<&Waiver> = report.waivers.iter().filter(|w| !w.used).collect();
    let unused = unused.iter().enumerate().map(|(n, waiver)| {
        let earlier = unused[..n].iter().filter(|w| w.requirement == waiver.requirement).count();
        unused_waiver(&waivers, waiver, earlier)
    });
    suites.push(suite(report, "scenarios", ran.chain(unused).collect()));

    let name = [Some(report.iut.name.as_str()), report.iut.version.as_deref()].into_iter().flatten();
    let name = format!("{}: {} {}", name.collect::<Vec<_>>().join(" "), report.binding, report.role);
    let mut file = File { name: line(&name), ms: report.run.duration_ms, suites };
    let told = file.count(How::Failure) + file.count(How::Error) > 0;
    if !told && !report.verdict.is_success() {
        let case = whole(report);
        file.suites.last_mut().expect("the suite of the scenarios").cases.push(case);
    }
    file.write()
}

/// Catalogue ids in the order of the binding; one that only requirements name comes last.
fn catalogues(report: &Report) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let listed = report.run.catalogues.iter().map(|c| c.id.as_str());
    listed.chain(report.requirements.iter().map(|r| r.catalogue.as_str())).filter(|id| seen.insert(*id)).collect()
}

fn package(report: &Report) -> String {
    line(&format!("{}.{}", report.binding, report.role))
}

fn class(report: &Report, what: &str) -> String {
    format!("{}.{}", package(report), line(what))
}

fn suite(report: &Report, name: &str, cases: Vec<Case>) -> Suite {
    let iut = &report.iut;
    let properties = [
        ("iut.name", Some(line(&iut.name))),
        ("iut.vendor", iut.vendor.as_deref().map(line)),
        ("iut.version", iut.version.as_deref().map(line)),
        ("binding", Some(line(&report.binding))),
        ("role", Some(line(&report.role))),
        ("policy", Some(line(&report.policy))),
        ("verdict", Some(report.verdict.as_str().to_owned())),
        ("tool", Some(line(&report.run.tool))),
        ("seed", Some(report.run.seed.to_string())),
    ];
    Suite {
        name: line(name),
        package: package(report),
        timestamp: timestamp(&report.run.started).to_owned(),
        properties: properties.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        cases,
        out: block(&report.sentence),
    }
}

fn requirement(report: &Report, class: &str, requirement: &Requirement) -> Case {
    let first = requirement.findings.iter().find(|f| f.because.is_none()).or(requirement.findings.first());
    let message = |fallback: &str| line(first.map_or(fallback, |finding| &finding.message));
    let skipped = |kind, fallback: &str| {
        let message = line(requirement.reason.as_deref().unwrap_or(fallback));
        Some((How::Skipped, kind, message))
    };
    let ended = match (requirement.state, requirement.verdict) {
        (State::Applicable, Verdict::Pass | Verdict::Warn) => None,
        (State::Applicable, Verdict::Fail) => Some((How::Failure, "broken", message("The requirement was broken."))),
        (State::Applicable, Verdict::Error) => Some((How::Error, "error", message("The test system failed."))),
        (State::Applicable, Verdict::Undecided) if requirement.gating => {
            Some((How::Error, "undecided", message("Not decided.")))
        }
        (State::Applicable, Verdict::Undecided | Verdict::None) => {
            let message = format!("Not decided, and not gating. {}", message(""));
            Some((How::Skipped, "undecided", message.trim_end().to_owned()))
        }
        (State::Waived, _) => skipped("waived", "Broken, and waived."),
        (state, _) => skipped(state.as_str(), &format!("The requirement is {}.", state.words())),
    };
    let warned = requirement.state == State::Applicable && requirement.verdict == Verdict::Warn;
    Case {
        class: class.to_owned(),
        name: line(&requirement.id),
        ms: 0,
        ended: ended.map(|(how, kind, message)| {
            // What the findings say says the message, too.
            let told = requirement.findings.iter().any(|f| line(&f.message) == message);
            let text = about(report, requirement, (!told).then_some(&message));
            Ended { how, kind, message, text }
        }),
        out: warned.then(|| {
            let about = about(report, requirement, None);
            format!("warning: broken, and the policy only warns\n{about}")
        }),
    }
}

/// A requirement with its findings, one paragraph each.
fn about(report: &Report, requirement: &Requirement, reason: Option<&String>) -> String {
    let mut out = format!(
        "{id}, {level}, {cite}\n{statement}\n",
        id = visible(&requirement.id),
        level = requirement.level.to_uppercase(),
        cite = visible(&requirement.cite),
        statement = visible(&requirement.statement),
    );
    if matches!(requirement.state, State::Applicable | State::Waived) {
        let met = count(requirement.met, "instance", "instances");
        out.push_str(&format!("{met} kept, {broken} broken\n", broken = requirement.broken));
    }
    if let Some(reason) = reason {
        out.push_str(&format!("\n{reason}\n"));
    }
    for finding in requirement.findings.iter().take(FINDINGS) {
        out.push('\n');
        out.push_str(&one_finding(finding));
    }
    if let Some(more) = requirement.findings.len().checked_sub(FINDINGS).filter(|more| *more > 0) {
        out.push_str(&format!("\nand {more} more, see report.json\n"));
    }
    let first = requirement.findings.first().map(|finding| &finding.at.scenario);
    if let Some(scenario) = first.and_then(|id| report.scenarios.iter().find(|s| s.id == *id)) {
        out.push_str(&format!("\n{}", again(scenario)));
    }
    block(&out)
}

fn one_finding(finding: &Finding) -> String {
    let mut out =
        format!("{}: {}\n  in {}\n", visible(&finding.outcome), visible(&finding.message), place(&finding.at));
    for (label, text) in
        [("expected", &finding.expected), ("actual", &finding.actual), ("because of", &finding.because)]
    {
        if let Some(text) = text {
            out.push_str(&format!("  {label}: {}\n", visible(text)));
        }
    }
    out
}

/// Where a finding is, in words.
fn place(at: &Witness) -> String {
    let mut out = if at.scenario.is_empty() { "the run".to_owned() } else { visible(&at.scenario).into_owned() };
    for (label, number) in [("connection", at.connection), ("packet", at.packet), ("frame", at.frame)] {
        if let Some(number) = number {
            out.push_str(&format!(", {label} {number}"));
        }
    }
    if let Some([start, end]) = at.bytes {
        out.push_str(&format!(", bytes {start}..{end}"));
    }
    out
}

/// Where the bytes are, and how to get others.
fn again(scenario: &Scenario) -> String {
    let (evidence, rerun) = (visible(&scenario.evidence), visible(&scenario.rerun));
    format!("evidence: {evidence}/capture.pcapng\nrun it again: {rerun}\n")
}

fn scenario(class: &str, scenario: &Scenario) -> Case {
    let (how, kind, fallback) = match scenario.status.as_str() {
        "completed" => (None, "", ""),
        "aborted" => (Some(How::Skipped), "aborted", "It ended early."),
        _ => (Some(How::Error), "error", "The test system failed."),
    };
    let message = scenario.reason.as_deref().unwrap_or(fallback);
    let text = format!("{}\n{}\n\n{}", visible(&scenario.title), visible(message), again(scenario));
    Case {
        class: class.to_owned(),
        name: line(&scenario.id),
        ms: scenario.duration_ms,
        ended: how.map(|how| Ended { how, kind, message: line(message), text: block(&text) }),
        out: None,
    }
}

/// A waiver that excused nothing makes the run incomplete, and no requirement says so.
fn unused_waiver(class: &str, waiver: &Waiver, earlier: usize) -> Case {
    let message = "It excuses something that did not happen. Remove it; until then the run is incomplete.";
    let Waiver { requirement, reason, owner, .. } = waiver;
    let number = if earlier == 0 { String::new() } else { format!(" ({})", earlier + 1) };
    let text =
        format!("{}\nreason: {}\nowner: {}\n\n{message}\n", visible(requirement), visible(reason), visible(owner));
    Case {
        class: class.to_owned(),
        name: line(&format!("waiver of {requirement}{number}")),
        ms: 0,
        ended: Some(Ended { how: How::Error, kind: "unused-waiver", message: message.to_owned(), text: block(&text) }),
        out: None,
    }
}

/// A run that did not end well, which nothing else says.
fn whole(report: &Report) -> Case {
    let how = if report.verdict == RunVerdict::Fail { How::Failure } else { How::Error };
    let text = block(&report.sentence);
    Case {
        class: class(report, "run"),
        name: "verdict".to_owned(),
        ms: 0,
        ended: Some(Ended { how, kind: report.verdict.as_str(), message: line(&report.sentence), text }),
        out: None,
    }
}

/// When the run began; the epoch where it does not say so in RFC 3339 (there is no other clock to ask).
fn timestamp(started: &str) -> &str {
    if OffsetDateTime::parse(started, &Rfc3339).is_ok() { started } else { "1970-01-01T00:00:00Z" }
}

/// Text for attributes, where line breaks do not survive.
fn line(text: &str) -> String {
    visible(text).into_owned()
}

/// Text of several lines and bounded length, for CDATA sections, which nothing in it may end. Whoever asks a CI system to attach files (`[[ATTACHMENT|path]]` in what a
/// case says, for GitLab and Jenkins), it is not the implementation under test.
fn block(text: &str) -> String {
    // Some readers trim what ends in line breaks.
    let text = visible_block(text.trim_end());
    let (kept, more) = cut(&text, LENGTH);
    let kept = kept.replace("[[ATTACHMENT", "[\\u{5b}ATTACHMENT").replace("]]>", "]]\\u{3e}");
    if more { format!("{kept}\n... cut here, see report.json") } else { kept }
}
