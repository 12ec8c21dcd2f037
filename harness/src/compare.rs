//! What two judgements of the same evidence differ in, and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use touchstone_reports::model::{Report, Requirement, RunVerdict};
use touchstone_reports::text::visible;

/// How a requirement stands in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// State, outcome and verdict, for people: `fail (broken)`, `not applicable`.
    words: String,
}

/// One requirement that stands otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// How it stood; `None` when it was not there.
    pub before: Option<Standing>,
    /// How it stands now; `None` when it is gone.
    pub after: Option<Standing>,
    /// Why, in words.
    pub why: String,
}

/// Everything that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Verdict of the run before and now.
    pub verdicts: (RunVerdict, RunVerdict),
    /// Requirements that stand otherwise, in catalogue order; those that are gone last.
    pub changes: Vec<Change>,
    /// How many stand as they did.
    pub same: usize,
    /// Whether anything else differs (a message, a witness, a count).
    pub details: bool,
}

impl Standing {
    fn of(requirement: &Requirement) -> Standing {
        use touchstone_reports::model::State;
        let words = match requirement.state {
            State::Applicable => format!("{} ({})", requirement.verdict.as_str(), requirement.outcome),
            state => state.words().to_owned(),
        };
        Standing { words }
    }
}

/// Compares two reports.
pub fn compare(before: &Report, after: &Report) -> Comparison {
    let old: BTreeMap<&str, &Requirement> = before.requirements.iter().map(|r| (r.id.as_str(), r)).collect();
    let mut changes = Vec::new();
    let mut same = 0;
    for requirement in &after.requirements {
        let now = Standing::of(requirement);
        let then = old.get(requirement.id.as_str());
        match then.map(|then| Standing::of(then)) {
            Some(standing) if standing == now => same += 1,
            standing => changes.push(Change {
                id: requirement.id.clone(),
                before: standing,
                why: then.map_or_else(
                    || versions(before, after, &requirement.catalogue, "it was not in"),
                    |then| why(before, after, then, requirement),
                ),
                after: Some(now),
            }),
        }
    }
    for gone in before.requirements.iter().filter(|r| !after.requirements.iter().any(|now| now.id == r.id)) {
        changes.push(Change {
            id: gone.id.clone(),
            before: Some(Standing::of(gone)),
            after: None,
            why: versions(before, after, &gone.catalogue, "it is no longer in"),
        });
    }
    Comparison {
        verdicts: (before.verdict, after.verdict),
        details: changes.is_empty() && comparable(before, before) != comparable(before, after),
        changes,
        same,
    }
}

/// The report after, as far as report.json holds it, without what says which program judged.
fn comparable(before: &Report, after: &Report) -> Report {
    let mut after = after.clone();
    after.run.tool.clone_from(&before.run.tool);
    for scenario in &mut after.scenarios {
        (scenario.trace, scenario.trace_omitted, scenario.printed) = (Vec::new(), 0, false);
    }
    after
}

/// Why a requirement that is in both stands otherwise.
fn why(before: &Report, after: &Report, then: &Requirement, now: &Requirement) -> String {
    let message = |r: &Requirement| r.findings.first().map(|f| f.message.clone());
    if then.outcome != now.outcome {
        let found = message(now).or_else(|| message(then).map(|said| format!("before: {said}")));
        let checked = versions(before, after, &now.catalogue, "it is judged otherwise by");
        return found.map_or(checked.clone(), |said| format!("{checked}: {said}"));
    }
    if then.state != now.state {
        let reason = now.reason.as_deref().or(then.reason.as_deref()).unwrap_or("waivers or declarations differ");
        return reason.to_owned();
    }
    let mut parts = Vec::new();
    if before.policy != after.policy {
        parts.push(format!("policy {} in place of {}", after.policy, before.policy));
    }
    if then.level != now.level {
        parts.push(format!("its level is {} in place of {}", now.level, then.level));
    }
    if then.interop != now.interop {
        let interop = if now.interop { "peers cannot interoperate without it" } else { "peers can do without it" };
        parts.push(format!("by the catalogue {interop} now"));
    }
    if then.contradiction != now.contradiction {
        parts.push("the catalogue takes the text otherwise where it contradicts itself".to_owned());
    }
    if parts.is_empty() { "the program judges it otherwise".to_owned() } else { parts.join(", ") }
}

fn versions(before: &Report, after: &Report, catalogue: &str, what: &str) -> String {
    let version = |report: &Report| report.run.catalogues.iter().find(|c| c.id == catalogue).map(|c| c.version);
    match (version(before), version(after)) {
        (Some(old), Some(new)) if old != new => format!("{what} version {old} of catalogue {catalogue} (now {new})"),
        (None, Some(new)) => format!("catalogue {catalogue} (version {new}) was not applied before"),
        (Some(old), None) => format!("catalogue {catalogue} (version {old}) is not applied any more"),
        _ if before.run.tool != after.run.tool => {
            format!("{what} {} (now {}), by the same version of the catalogue", before.run.tool, after.run.tool)
        }
        _ => "program and catalogue are the same, so one of the reports is not what its evidence gives".to_owned(),
    }
}

impl Comparison {
    /// Whether every verdict is the same.
    pub fn agrees(&self) -> bool {
        self.changes.is_empty() && self.verdicts.0 == self.verdicts.1
    }

    /// For people, one line for each change, escaped.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let (before, after) = (self.verdicts.0.as_str(), self.verdicts.1.as_str());
        let verdict =
            if before == after { format!("the verdict stays {before}") } else { format!("{before} becomes {after}") };
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{verdict}; {} of {} requirements stand otherwise", self.changes.len(), self.total());
        for change in &self.changes {
            let words = |standing: &Option<Standing>| {
                standing.as_ref().map_or_else(|| "absent".to_owned(), |standing| standing.words.clone())
            };
            let line = format!("{}: {} -> {}: {}", change.id, words(&change.before), words(&change.after), change.why);
            let _ = writeln!(text, "  {}", visible(&line));
        }
        if self.details {
            let _ = writeln!(text, "  no verdict differs, but messages, witnesses or counts do");
        }
        text
    }

    fn total(&self) -> usize {
        self.same + self.changes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchstone_reports::sample;

    #[test]
    fn the_same_report_agrees() {
        let report = sample::failing();
        let comparison = compare(&report, &report);
        assert!(comparison.agrees() && !comparison.details);
        assert_eq!(comparison.same, report.requirements.len());
    }

    /// Everything that a requirement can stand otherwise by, each with its reason.
    #[test]
    fn each_change_says_why() {
        let before = sample::failing();
        let mut after = before.clone();
        let mut broken =
            after.requirements.iter_mut().filter(|r| r.verdict == touchstone_reports::model::Verdict::Fail);
        let (outcome, policy) = (broken.next().expect("one"), broken.next().expect("two"));
        (outcome.outcome, outcome.verdict) = ("met".to_owned(), touchstone_reports::model::Verdict::Pass);
        outcome.findings.clear();
        policy.verdict = touchstone_reports::model::Verdict::Warn;
        policy.level = "should".to_owned();
        after.policy = "letter".to_owned();
        after.verdict = RunVerdict::Pass;
        let gone = after.requirements.pop().expect("a last one");
        after.requirements.push(Requirement { id: "wd04/quite-new".to_owned(), ..gone });
        for catalogue in after.run.catalogues.iter_mut().filter(|c| c.id == "wd04") {
            catalogue.version += 1;
        }
        insta::assert_snapshot!(compare(&before, &after).text());
    }

    #[test]
    fn what_no_verdict_shows_is_told_too() {
        let before = sample::failing();
        let mut after = before.clone();
        after.requirements[0].met += 1;
        after.run.tool = "9.9.9".to_owned();
        let comparison = compare(&before, &after);
        assert!(comparison.agrees() && comparison.details);
        assert!(comparison.text().contains("no verdict differs, but"), "{}", comparison.text());
    }
}
