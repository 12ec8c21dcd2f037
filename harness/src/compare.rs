//! What two judgements of the same evidence differ in, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use touchstone_reports::model::{Report, Requirement, RunVerdict, State, Waiver};
use touchstone_reports::text::visible;
use touchstone_reports::wrap;

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
    /// What else the two judgements do not have in common: program, policy, catalogues, waivers, ... One line each.
    pub causes: Vec<String>,
    /// Requirements that stand otherwise, in catalogue order; those that are gone last.
    pub changes: Vec<Change>,
    /// How many stand as they did.
    pub same: usize,
    /// Whether anything else differs (a message, a witness, a count).
    pub details: bool,
}

impl Standing {
    fn of(requirement: &Requirement) -> Standing {
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
    let new: BTreeSet<&str> = after.requirements.iter().map(|r| r.id.as_str()).collect();
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
                    || versions(before, after, &requirement.catalogue, "new"),
                    |then| why(before, after, then, requirement),
                ),
                after: Some(now),
            }),
        }
    }
    for gone in before.requirements.iter().filter(|r| !new.contains(r.id.as_str())) {
        changes.push(Change {
            id: gone.id.clone(),
            before: Some(Standing::of(gone)),
            after: None,
            why: versions(before, after, &gone.catalogue, "gone"),
        });
    }
    Comparison {
        verdicts: (before.verdict, after.verdict),
        details: changes.is_empty() && comparable(before, before) != comparable(before, after),
        causes: causes(before, after),
        changes,
        same,
    }
}

/// The report after, as far as report.json holds it, without what says which program judged by which catalogues.
fn comparable(before: &Report, after: &Report) -> Report {
    let mut after = after.clone();
    after.run.tool.clone_from(&before.run.tool);
    after.run.catalogues.clone_from(&before.run.catalogues);
    for scenario in &mut after.scenarios {
        (scenario.trace, scenario.trace_omitted, scenario.printed) = (Vec::new(), 0, false);
    }
    after
}

/// What two judgements do not have in common besides their verdicts.
fn causes(before: &Report, after: &Report) -> Vec<String> {
    let mut causes = Vec::new();
    let mut note = |what: &str, then: &str, now: &str| {
        if then != now {
            causes.push(format!("{what}: {then} -> {now}"));
        }
    };
    note("program", &before.run.tool, &after.run.tool);
    note("policy", &before.policy, &after.policy);
    let narrowed = |report: &Report| if report.partial { "a part of the run" } else { "the whole run" };
    note("selection", narrowed(before), narrowed(after));
    let catalogues = |report: &Report| {
        let of = report.run.catalogues.iter();
        of.map(|c| (format!("catalogue {}", c.id), format!("version {}", c.version))).collect()
    };
    each(catalogues(before), catalogues(after), &mut note);
    let waivers = |report: &Report| {
        let said = |w: &Waiver| {
            let version = w.version.as_deref().map(|v| format!(", for version {v}")).unwrap_or_default();
            format!("until {}{version}, by {}: {}", w.expires, w.owner, w.reason)
        };
        report.waivers.iter().map(|w| (format!("waiver of {}", w.requirement), said(w))).collect()
    };
    each(waivers(before), waivers(after), &mut note);
    let declared = |report: &Report| {
        report.run.pics.iter().map(|(key, value)| (format!("declaration {key}"), value.clone())).collect()
    };
    each(declared(before), declared(after), &mut note);
    let ended =
        |report: &Report| report.scenarios.iter().map(|s| (format!("scenario {}", s.id), s.status.clone())).collect();
    each(ended(before), ended(after), &mut note);
    for catalogue in &after.run.catalogues {
        if rewritten(before, after, &catalogue.id) {
            causes.push(format!(
                "catalogue {}: version {} before and now, but another text",
                catalogue.id, catalogue.version
            ));
        }
    }
    let other = otherwise_recorded(before, after);
    if other > 0 {
        let s = if other == 1 { "" } else { "s" };
        causes.push(format!("evidence: {other} file{s} with another SHA-256"));
    }
    causes
}

/// Notes what differs between two lists of named texts.
fn each(before: BTreeMap<String, String>, after: BTreeMap<String, String>, note: &mut impl FnMut(&str, &str, &str)) {
    let of = |list: &BTreeMap<String, String>, name: &str| list.get(name).cloned().unwrap_or_else(|| "none".to_owned());
    for name in before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))) {
        note(name, &of(&before, name), &of(&after, name));
    }
}

/// Whether a catalogue has another text under the same version.
fn rewritten(before: &Report, after: &Report, catalogue: &str) -> bool {
    let find = |report: &Report| report.run.catalogues.iter().find(|c| c.id == catalogue).cloned();
    match (find(before), find(after)) {
        (Some(then), Some(now)) => then.version == now.version && then.sha256.is_some() && then.sha256 != now.sha256,
        _ => false,
    }
}

/// Whether a report does not say which text of a catalogue it goes by.
fn unhashed(report: &Report, catalogue: &str) -> bool {
    report.run.catalogues.iter().any(|c| c.id == catalogue && c.sha256.is_none())
}

/// How many files of the evidence are not the same in both.
fn otherwise_recorded(before: &Report, after: &Report) -> usize {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (before.run.hashes.iter().collect(), after.run.hashes.iter().collect());
    let paths: BTreeSet<&String> = before.symmetric_difference(&after).map(|(path, _)| path).collect();
    paths.len()
}

/// Why a requirement that is in both stands otherwise.
fn why(before: &Report, after: &Report, then: &Requirement, now: &Requirement) -> String {
    let message = |r: &Requirement| r.findings.first().map(|f| f.message.clone());
    if then.outcome != now.outcome {
        let found = message(now).or_else(|| message(then).map(|said| format!("before: {said}")));
        let checked = versions(before, after, &now.catalogue, "judged otherwise");
        return found.map_or(checked.clone(), |said| format!("{checked}: {said}"));
    }
    let mut parts = Vec::new();
    if then.state != now.state {
        let waiver = |report: &Report| report.waivers.iter().find(|w| w.requirement == now.id).cloned();
        parts.push(match (now.state, then.state, waiver(after)) {
            (State::Waived, _, Some(w)) => format!("waived until {} by {}: {}", w.expires, w.owner, w.reason),
            (_, State::Waived, None) => "its waiver is gone".to_owned(),
            _ => match now.reason.as_deref().or(then.reason.as_deref()) {
                Some(reason) => reason.to_owned(),
                None => versions(before, after, &now.catalogue, "taken otherwise"),
            },
        });
    }
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
    if parts.is_empty() { versions(before, after, &now.catalogue, "weighed otherwise") } else { parts.join("; ") }
}

/// Which of what two judgements go by can explain that one requirement stands otherwise, the strongest first; `what` says how.
fn versions(before: &Report, after: &Report, catalogue: &str, what: &str) -> String {
    let version = |report: &Report| report.run.catalogues.iter().find(|c| c.id == catalogue).map(|c| c.version);
    let cause = match (version(before), version(after)) {
        (Some(old), Some(new)) if old != new => format!("catalogue {catalogue} is at version {new}, was at {old}"),
        (None, Some(new)) => format!("catalogue {catalogue}, version {new}, was not applied before"),
        (Some(old), None) => format!("catalogue {catalogue}, version {old}, is not applied any more"),
        (Some(same), _) if rewritten(before, after, catalogue) => {
            format!("catalogue {catalogue} has another text, though its version is still {same}")
        }
        _ if before.run.tool != after.run.tool => {
            format!(
                "the program is at version {}, was at {}; the catalogue is the same",
                after.run.tool, before.run.tool
            )
        }
        _ if otherwise_recorded(before, after) > 0 => "the evidence is not the same".to_owned(),
        _ if before.run.pics != after.run.pics => "other declarations".to_owned(),
        _ if before.partial != after.partial => "another selection".to_owned(),
        _ if unhashed(before, catalogue) => {
            format!("the text of catalogue {catalogue} may be another one: the report of before names no hash of it")
        }
        _ => "program, catalogue and evidence are the same, so one of the reports is not what its evidence gives"
            .to_owned(),
    };
    format!("{what}: {cause}")
}

impl Comparison {
    /// Whether every verdict is the same.
    pub fn agrees(&self) -> bool {
        self.changes.is_empty() && self.verdicts.0 == self.verdicts.1
    }

    /// For people: lines of at most `width` columns, escaped.
    pub fn text(&self, width: usize) -> String {
        let mut text = String::new();
        let mut line = |indent: &str, hanging: &str, said: &str| {
            let mut lead = indent;
            for part in wrap(&visible(said), width.saturating_sub(hanging.len())) {
                let _ = writeln!(text, "{lead}{part}");
                lead = hanging;
            }
        };
        let (before, after) = (self.verdicts.0.as_str(), self.verdicts.1.as_str());
        let verdict =
            if before == after { format!("the verdict stays {after}") } else { format!("{before} becomes {after}") };
        line("", "", &format!("{verdict}; {} of {} requirements stand otherwise", self.changes.len(), self.total()));
        for cause in &self.causes {
            line("  ", "    ", cause);
        }
        for change in &self.changes {
            let words = |standing: &Option<Standing>| {
                standing.as_ref().map_or_else(|| "absent".to_owned(), |standing| standing.words.clone())
            };
            line("\n", "  ", &format!("{}: {} -> {}", change.id, words(&change.before), words(&change.after)));
            line("  ", "  ", &change.why);
        }
        if self.details {
            line("  ", "  ", "no verdict differs, but messages, witnesses, counts or what gates do");
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
        let mut before = sample::failing();
        for catalogue in &mut before.run.catalogues {
            catalogue.sha256 = Some("0".repeat(64));
        }
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
        insta::assert_snapshot!(compare(&before, &after).text(80));
    }

    /// A report of a program that hashed no catalogue: nothing is said to be the same that was not compared.
    #[test]
    fn a_text_without_a_hash_may_be_another_one() {
        let mut before = sample::failing();
        for catalogue in &mut before.run.catalogues {
            catalogue.sha256 = None;
        }
        let mut after = sample::failing();
        let last = after.requirements.last().expect("one").clone();
        after.requirements.push(Requirement { id: "wd04/quite-new".to_owned(), ..last });
        let text = compare(&before, &after).text(80);
        assert!(text.contains("names no hash of it") && !text.contains("are the same"), "{text}");
    }

    #[test]
    fn what_no_verdict_shows_is_told_too() {
        let before = sample::failing();
        let mut after = before.clone();
        after.requirements[0].met += 1;
        after.run.tool = "9.9.9".to_owned();
        let comparison = compare(&before, &after);
        assert!(comparison.agrees() && comparison.details);
        assert!(comparison.text(80).contains("no verdict differs, but"), "{}", comparison.text(80));
    }
}
