//! The summary for a terminal: the verdict, what is wrong in one plain sentence each, and the counts.

use crate::model::{Report, Requirement, RunVerdict, State, Verdict};
use crate::text::{count, thousands, visible};

/// Narrowest page that is laid out; below it lines are simply longer than asked for.
const NARROWEST: usize = 40;
/// Requirements named under a heading other than failures; the rest is counted.
const NAMED: usize = 12;
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
    page.section(report, Paint::Magenta, "Undecided", NAMED, judged(Verdict::Undecided));
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
    format!("{out}, {} of {}, policy {}", report.role, report.binding, report.policy)
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

    fn heading(&mut self, paint: Paint, heading: &str, number: usize) {
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
        let wanted: Vec<&Requirement> = report.requirements.iter().filter(|r| wanted(r)).collect();
        if wanted.is_empty() {
            return;
        }
        self.heading(paint, heading, wanted.len());
        for requirement in wanted.iter().take(named) {
            self.requirement(requirement);
        }
        if wanted.len() > named {
            self.wrapped(&format!("... and {} more; all are in the report.", wanted.len() - named), 2);
        }
    }

    fn requirement(&mut self, requirement: &Requirement) {
        let gating = if requirement.verdict == Verdict::Undecided && requirement.gating { ", gating" } else { "" };
        self.wrapped(
            &format!("{} [{}, {}{gating}]", requirement.id, requirement.level.to_uppercase(), requirement.cite),
            2,
        );
        let Some(first) = requirement.findings.iter().find(|f| f.because.is_none()).or(requirement.findings.first())
        else {
            let fallback = if requirement.verdict == Verdict::Undecided {
                "Nothing in this run decided it."
            } else {
                &requirement.statement
            };
            self.wrapped(requirement.reason.as_deref().unwrap_or(fallback), 4);
            return;
        };
        self.wrapped(&first.message, 4);
        if let Some(because) = &first.because {
            self.wrapped(&format!("Follows from {because}."), 4);
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

    fn unused_waivers(&mut self, report: &Report) {
        let unused: Vec<_> = report.waivers.iter().filter(|w| !w.used).collect();
        if unused.is_empty() {
            return;
        }
        self.heading(Paint::Magenta, "Waivers that were not needed", unused.len());
        for waiver in unused {
            self.wrapped(&waiver.requirement, 2);
        }
    }

    fn ended_early(&mut self, report: &Report) {
        let early: Vec<_> = report.scenarios.iter().filter(|s| s.status != "completed").collect();
        if early.is_empty() {
            return;
        }
        self.heading(Paint::Yellow, "Scenarios that ended early", early.len());
        for scenario in early.iter().take(NAMED) {
            let reason = scenario.reason.as_deref().unwrap_or("no reason was recorded");
            self.wrapped(&format!("{}: {}, {reason}", scenario.id, scenario.status), 2);
        }
        if early.len() > NAMED {
            self.wrapped(&format!("... and {} more", early.len() - NAMED), 2);
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
        self.count("  not tested", &format!("{} have no check yet", of(counts.not_yet_tested, counts.requirements)));
        self.count("  others", &others);
        for requirement in &report.requirements {
            if let Some(measured) = &requirement.measured {
                self.wrapped(&format!("{}: {}", requirement.id, measured.sentence()), 0);
            }
        }
        self.count("Scenarios", &format!("{} completed", of(counts.scenarios_completed, counts.scenarios)));
        if report.partial {
            let left = count(u64::from(counts.not_selected), "requirement was", "requirements were");
            self.wrapped(&format!("The run was narrowed: {left} not selected."), 0);
        }
    }

    fn count(&mut self, label: &str, text: &str) {
        for (i, line) in wrap(&visible(text), self.width.saturating_sub(LABEL)).iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            self.out.push_str(&format!("{label:LABEL$}{line}\n"));
        }
    }
}

/// Breaks a line at spaces; a word longer than the line is broken inside.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let mut word = word;
        let mut length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while length > width {
            let at = word.char_indices().nth(width).map_or(word.len(), |(at, _)| at);
            lines.push(word[..at].to_owned());
            word = &word[at..];
            length -= width;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::text::is_hidden;
    use proptest::prelude::*;

    #[test]
    fn rich_report() {
        insta::assert_snapshot!(summarise(&sample::failing(), 80, false));
    }

    #[test]
    fn advisory_report() {
        insta::assert_snapshot!(summarise(&sample::advisory(), 80, false));
    }

    #[test]
    fn clean_report() {
        insta::assert_snapshot!(summarise(&sample::passing(), 80, false));
    }

    #[test]
    fn hostile_report() {
        insta::assert_snapshot!(summarise(&sample::hostile(), 60, false));
    }

    #[test]
    fn colour_only_adds_escape_sequences() {
        let report = sample::failing();
        let mut coloured = summarise(&report, 80, true);
        assert!(coloured.contains("\u{1b}[1;31mFAIL\u{1b}[0m"));
        for code in ["1;31", "1;32", "1;33", "1;35", "1;36", "0"] {
            coloured = coloured.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(coloured, summarise(&report, 80, false));
    }

    #[test]
    fn long_lists_are_counted() {
        let mut report = sample::failing();
        let undecided = report.requirements.iter().find(|r| r.verdict == Verdict::Undecided).expect("one").clone();
        report.requirements.extend(std::iter::repeat_n(undecided, 40));
        assert!(summarise(&report, 80, false).contains("... and "));
    }

    proptest! {
        #[test]
        fn fits_and_hides_nothing(text in any::<String>(), width in 40usize..120) {
            let summary = summarise(&sample::saying(&text), width, false);
            prop_assert!(!summary.chars().any(|c| is_hidden(c) && c != '\n'));
            for line in summary.lines() {
                prop_assert!(line.chars().count() <= width, "{}", line);
            }
        }

        #[test]
        fn wrapping_loses_no_word(text in "[a-z ]{0,80}", width in 8usize..30) {
            let joined: String = wrap(&text, width).concat();
            prop_assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        }
    }
}
