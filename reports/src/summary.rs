//! The summary for a terminal: the verdict, what is wrong in one plain sentence each, and the counts.

use crate::model::{Finding, Report, Requirement, RunVerdict, Scenario, State, TracePacket, TraceWhat, Verdict};
use crate::text::{count, seconds, thousands, visible, wrap};
use std::fmt::Write as _;

/// Narrowest page that is laid out; below it lines are simply longer than asked for.
const NARROWEST: usize = 40;
/// Requirements named under a heading other than failures; the rest is counted.
const NAMED: usize = 12;
/// As many requirements, or scenarios, of which the same is to be said are told of together.
const ALIKE: usize = 3;
/// Ids named of such a group; the others are counted.
const NAMED_ALIKE: usize = 6;
/// Requirements under a heading that are shown with their bytes: the first ones.
const SHOWN: usize = 5;
/// Bytes in a row.
const ROW: usize = 16;
/// Room of the labels before the counts.
const LABEL: usize = 14;

/// Summarises a report for a terminal of `width` columns. Text from the implementation is escaped, so that
/// the only escape sequences are the colours of this function, and none when `colour` is false.
pub fn summarise(report: &Report, width: usize, colour: bool) -> String {
    let mut page = Page { out: String::new(), width: width.max(NARROWEST), colour };
    let (paint, mark) = match report.verdict {
        RunVerdict::Pass => (Paint::Green, "PASS"),
        RunVerdict::Advice => (Paint::Cyan, "ADVICE"),
        RunVerdict::Partial => (Paint::Cyan, "PARTIAL"),
        RunVerdict::Incomplete => (Paint::Magenta, "INCOMPLETE"),
        RunVerdict::Fail => (Paint::Red, "FAIL"),
        RunVerdict::Error => (Paint::Red, "ERROR"),
    };
    page.labelled(paint, mark, &report.sentence);
    page.wrapped(&subject(report), 0);
    let judged = |verdict: Verdict| move |r: &Requirement| r.state == State::Applicable && r.verdict == verdict;
    page.section(report, Paint::Red, "The test system failed", usize::MAX, judged(Verdict::Error));
    page.section(report, Paint::Red, "Failures", usize::MAX, judged(Verdict::Fail));
    page.section(report, Paint::Yellow, "Warnings", NAMED, judged(Verdict::Warn));
    page.undecided(report);
    page.section(report, Paint::Yellow, "Waived", NAMED, |r| r.state == State::Waived);
    page.unused_waivers(report);
    page.ended_early(report);
    page.counts(report);
    page.out
}

fn subject(report: &Report) -> String {
    let mut out = report.iut.name.clone();
    if let Some(version) = &report.iut.version {
        out.push(' ');
        out.push_str(version);
    }
    if let Some(vendor) = &report.iut.vendor {
        out.push_str(&format!(" ({vendor})"));
    }
    out.push_str(&format!(", {} of {}", report.role, report.binding));
    // The sentence names the policy, as a rule.
    if !report.sentence.contains(&format!("policy {}", report.policy)) {
        out.push_str(&format!(", policy {}", report.policy));
    }
    out
}

/// What is said of a requirement first: a finding that follows from no other, where there is one.
fn first(requirement: &Requirement) -> Option<&Finding> {
    requirement.findings.iter().find(|f| f.because.is_none()).or(requirement.findings.first())
}

/// Whether it broke only because another one did.
fn follows(requirement: &Requirement) -> bool {
    first(requirement).is_some_and(|finding| finding.because.is_some())
}

/// Why an undecided requirement is.
fn why(requirement: &Requirement) -> &str {
    first(requirement).map(|finding| finding.message.as_str()).or(requirement.reason.as_deref()).unwrap_or(NOTHING)
}

/// What lies behind a reason, whichever scenario and step of it met with it: that is the same for many.
fn cause(reason: &str) -> &str {
    const NOT_RUN: &str = "not run: ";
    if let Some(at) = reason.find(NOT_RUN) {
        return &reason[at..];
    }
    let step = if reason.starts_with("step ") { Some(0) } else { reason.find(": step ") };
    match step.and_then(|at| reason[at..].split_once("): ")) {
        Some((_, cause)) => cause,
        None => reason,
    }
}

/// Said of a requirement that nothing is said of.
const NOTHING: &str = "Nothing in this run decided it.";

/// Why a scenario ended early.
fn reason(scenario: &Scenario) -> &str {
    scenario.reason.as_deref().unwrap_or("no reason was recorded")
}

/// Puts what has the same `key` together, in the order in which the keys come first.
fn alike<'a, T>(all: &[&'a T], key: impl Fn(&'a T) -> &'a str) -> Vec<(&'a str, Vec<&'a T>)> {
    let mut groups: Vec<(&str, Vec<&T>)> = Vec::new();
    for one in all {
        let key = key(one);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(one),
            None => groups.push((key, vec![one])),
        }
    }
    groups
}

/// The packet that a finding is about.
fn packet<'a>(report: &'a Report, finding: &Finding) -> Option<&'a TracePacket> {
    let scenario = report.scenarios.iter().find(|s| s.id == finding.at.scenario)?;
    scenario.trace.iter().find_map(|row| match &row.what {
        TraceWhat::Packet(packet)
            if Some(packet.connection) == finding.at.connection && Some(packet.packet) == finding.at.packet =>
        {
            Some(packet)
        }
        _ => None,
    })
}

#[derive(Clone, Copy)]
enum Paint {
    Red,
    Green,
    Yellow,
    Magenta,
    Cyan,
}

struct Page {
    out: String,
    width: usize,
    colour: bool,
}

impl Page {
    fn painted(&self, paint: Paint, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Red => 31,
            Paint::Green => 32,
            Paint::Yellow => 33,
            Paint::Magenta => 35,
            Paint::Cyan => 36,
        };
        format!("\u{1b}[1;{code}m{text}\u{1b}[0m")
    }

    /// A bold word and a sentence behind it; further lines hang below the sentence.
    fn labelled(&mut self, paint: Paint, label: &str, text: &str) {
        let indent = label.len() + 2;
        let lines = wrap(&visible(text), self.width.saturating_sub(indent));
        let label = self.painted(paint, label);
        self.out.push_str(&label);
        for (i, line) in lines.iter().enumerate() {
            self.out.push_str(&" ".repeat(if i == 0 { 2 } else { indent }));
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    fn wrapped(&mut self, text: &str, indent: usize) {
        for line in wrap(&visible(text), self.width.saturating_sub(indent)) {
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    fn heading(&mut self, paint: Paint, heading: &str, number: &str) {
        let heading = self.painted(paint, heading);
        self.out.push_str(&format!("\n{heading} ({number})\n"));
    }

    fn section(
        &mut self,
        report: &Report,
        paint: Paint,
        heading: &str,
        named: usize,
        wanted: impl Fn(&Requirement) -> bool,
    ) {
        let mut wanted: Vec<&Requirement> = report.requirements.iter().filter(|r| wanted(r)).collect();
        if wanted.is_empty() {
            return;
        }
        // What follows from something else comes behind it.
        wanted.sort_by_key(|r| follows(r));
        self.heading(paint, heading, &wanted.len().to_string());
        for (n, requirement) in wanted.iter().take(named).enumerate() {
            self.requirement(report, requirement, n < SHOWN);
        }
        if wanted.len() > named {
            self.wrapped(&format!("... and {} more; all are in the report.", wanted.len() - named), 2);
        }
    }

    fn requirement(&mut self, report: &Report, requirement: &Requirement, bytes: bool) {
        let gating = if requirement.verdict == Verdict::Undecided && requirement.gating { ", gating" } else { "" };
        self.wrapped(
            &format!("{} [{}, {}{gating}]", requirement.id, requirement.level.to_uppercase(), requirement.cite),
            2,
        );
        let Some(first) = first(requirement) else {
            let said =
                if requirement.verdict == Verdict::Undecided { why(requirement) } else { &requirement.statement };
            self.wrapped(requirement.reason.as_deref().unwrap_or(said), 4);
            return;
        };
        self.wrapped(&first.message, 4);
        if let Some(because) = &first.because {
            self.wrapped(&format!("Follows from {because}."), 4);
        } else if bytes {
            self.bytes(report, first);
        }
        // What concerns the run as a whole has no place.
        let mut place = match first.at.scenario.as_str() {
            "" => String::new(),
            scenario => format!("in {scenario}"),
        };
        if let Some(frame) = first.at.frame {
            place.push_str(&format!(", frame {frame}"));
        }
        if requirement.findings.len() > 1 {
            let more = requirement.findings.len() - 1;
            place.push_str(&if place.is_empty() { format!("{more} more") } else { format!("; {more} more") });
        }
        if !place.is_empty() {
            self.wrapped(&place, 4);
        }
    }

    /// The row of a packet in which the bytes begin that a finding is about, and carets below them.
    fn bytes(&mut self, report: &Report, finding: &Finding) {
        let Some([from, to]) = finding.at.bytes.map(|range| range.map(|at| at as usize)) else { return };
        let Some(packet) = packet(report, finding) else { return };
        let row = if self.width >= 64 { ROW } else { ROW / 2 };
        let start = from / row * row;
        // A long packet may be cut in the report, before what is wrong with it.
        let Some(shown) = packet.bytes.get(start..packet.bytes.len().min(start + row)).filter(|s| !s.is_empty()) else {
            return;
        };
        let (mut hex, mut carets) = (String::new(), String::new());
        for (at, byte) in (start..).zip(shown) {
            let _ = write!(hex, " {byte:02x}");
            carets.push_str(if (from..to.max(from + 1)).contains(&at) { " ^^" } else { "   " });
        }
        let more = if start + shown.len() < packet.length as usize { " ..." } else { "" };
        let carets = self.painted(Paint::Red, carets.trim_end());
        let _ = writeln!(self.out, "    {start:>5} {hex}{more}");
        let _ = writeln!(self.out, "    {:>5} {carets}", "");
    }

    fn undecided(&mut self, report: &Report) {
        let wanted = |r: &&Requirement| r.state == State::Applicable && r.verdict == Verdict::Undecided;
        let mut undecided: Vec<&Requirement> = report.requirements.iter().filter(wanted).collect();
        if undecided.is_empty() {
            return;
        }
        undecided.sort_by_key(|r| !r.gating);
        let gating = undecided.iter().filter(|r| r.gating).count();
        let all = undecided.len();
        self.heading(Paint::Magenta, "Undecided", &format!("{all}, {gating} of them gating"));
        // A group takes the room of one.
        let (mut room, mut told) = (NAMED, 0);
        for (cause, group) in alike(&undecided, |r| cause(why(r))) {
            if room == 0 {
                break;
            }
            if group.len() < ALIKE {
                for requirement in group.iter().take(room) {
                    self.requirement(report, requirement, false);
                    room -= 1;
                    told += 1;
                }
            } else {
                self.alike(&format!("{} requirements: {cause}", group.len()), group.iter().map(|r| r.id.as_str()));
                room -= 1;
                told += group.len();
            }
        }
        if told < all {
            self.wrapped(&format!("... and {} more; all are in the report.", all - told), 2);
        }
    }

    /// What is to be said of several, and the first of their ids.
    fn alike<'a>(&mut self, said: &str, ids: impl ExactSizeIterator<Item = &'a str>) {
        self.wrapped(said, 2);
        let more = ids.len().saturating_sub(NAMED_ALIKE);
        let mut named = ids.take(NAMED_ALIKE).collect::<Vec<_>>().join(", ");
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        self.wrapped(&named, 4);
    }

    fn unused_waivers(&mut self, report: &Report) {
        let unused: Vec<_> = report.waivers.iter().filter(|w| !w.used).collect();
        if unused.is_empty() {
            return;
        }
        self.heading(Paint::Magenta, "Waivers that were not needed", &unused.len().to_string());
        for waiver in unused {
            self.wrapped(&waiver.requirement, 2);
        }
    }

    fn ended_early(&mut self, report: &Report) {
        let early: Vec<_> = report.scenarios.iter().filter(|s| s.status != "completed").collect();
        if early.is_empty() {
            return;
        }
        let number = format!("{} of {}", early.len(), report.scenarios.len());
        self.heading(Paint::Yellow, "Scenarios that ended early", &number);
        let groups = alike(&early, |s| cause(reason(s)));
        for (cause, group) in groups.iter().take(NAMED) {
            if group.len() < ALIKE {
                for scenario in group {
                    self.wrapped(&format!("{}: {}, {}", scenario.id, scenario.status, reason(scenario)), 2);
                }
            } else {
                self.alike(&format!("{} scenarios: {cause}", group.len()), group.iter().map(|s| s.id.as_str()));
            }
        }
        let more: usize = groups.iter().skip(NAMED).map(|(_, group)| group.len()).sum();
        if more > 0 {
            self.wrapped(&format!("... and {more} more"), 2);
        }
    }

    fn counts(&mut self, report: &Report) {
        let counts = &report.counts;
        let list = |parts: &[(u32, &str)]| {
            let parts: Vec<String> = parts
                .iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, what)| format!("{} {what}", thousands(u64::from(*n))))
                .collect();
            if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
        };
        let judged = list(&[
            (counts.pass, "pass"),
            (counts.warn, "warn"),
            (counts.fail, "fail"),
            (counts.undecided, "undecided"),
            (counts.error, "error"),
        ]);
        let others = list(&[
            (counts.waived, "waived"),
            (counts.option_not_taken, "option not taken"),
            (counts.not_applicable, "not applicable"),
            (counts.not_selected, "not selected"),
            (counts.untestable, "untestable"),
        ]);
        let of = |n: u32, all: u32| format!("{} of {}", thousands(u64::from(n)), thousands(u64::from(all)));
        self.out.push('\n');
        self.count("Requirements", &format!("{} of the binding", thousands(u64::from(counts.requirements))));
        self.count("  applicable", &format!("{}: {judged}", of(counts.applicable, counts.requirements)));
        self.count("  gating", &format!("{} applicable", of(counts.gating, counts.applicable)));
        if counts.not_yet_tested > 0 {
            self.count(
                "  not tested",
                &format!("{} have no check yet", of(counts.not_yet_tested, counts.requirements)),
            );
        }
        self.count("  others", &others);
        self.count("Scenarios", &format!("{} completed", of(counts.scenarios_completed, counts.scenarios)));
        if report.partial {
            let left = count(u64::from(counts.not_selected), "requirement was", "requirements were");
            self.wrapped(&format!("The run was narrowed: {left} not selected."), 0);
        }
        let measured = report.requirements.iter().filter_map(|r| Some((r, r.measured.as_ref()?)));
        for (n, (requirement, measured)) in measured.enumerate() {
            let label = if n == 0 { "Measured" } else { "" };
            // Tolerance and lag stand in the report.
            let [shortest, longest, limit] =
                [measured.shortest.ms, measured.longest.ms, measured.limit_ms].map(seconds);
            let shortest = shortest.trim_end_matches(" s");
            let said = format!("{shortest} to {longest}, allowed {limit} ({}x)", thousands(measured.count));
            self.count(label, &format!("{}: {said}", requirement.id));
        }
    }

    fn count(&mut self, label: &str, text: &str) {
        for (i, line) in wrap(&visible(text), self.width.saturating_sub(LABEL)).iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            self.out.push_str(&format!("{label:LABEL$}{line}\n"));
        }
    }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
