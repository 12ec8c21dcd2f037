use super::args::ExplainOptions;
use super::{Exit, Failure, list, output};
use crate::binding;
use crate::catalogue::{Catalogue, Requirement, Trigger};
use crate::diagnostic::Problem;
use crate::iut::Role;
use crate::judge::Policy;
use crate::scenario::{self, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use touchstone_fixtures::mutant::{self, Mutant};
use touchstone_reports::text::{hanging, visible, wrap};

/// Room of the labels.
const LABEL: usize = 14;

/// Scenarios by id, with the bindings and roles that they are played in.
type Scenarios = BTreeMap<String, (Arc<Scenario>, BTreeSet<(&'static str, Role)>)>;

/// `touchstone explain ID`
pub(super) fn explain(options: &ExplainOptions) -> Result<Exit, Failure> {
    let id = options.id.trim();
    let width = output::width();
    let scenarios = scenarios();
    let mut told: Vec<String> = Vec::new();
    for (catalogue, requirement) in requirements() {
        if named(requirement, id) {
            told.push(told_requirement(catalogue, requirement, &scenarios, width));
        }
    }
    if let Some((scenario, played)) = scenarios.get(id).or_else(|| scenarios.get(without_number(id))) {
        told.push(told_scenario(scenario, played, width));
    }
    let mutants: Vec<_> = mutant::all().into_iter().filter(|(_, m)| m.name == id).collect();
    if let Some((_, mutant)) = mutants.first() {
        let roles: Vec<&str> = mutants.iter().map(|(role, _)| *role).collect();
        told.push(told_mutant(mutant, &roles, width));
    }
    if told.is_empty() {
        return Err(unknown(id, &scenarios));
    }
    output::print(&told.join("\n"));
    Ok(Exit::Conforms)
}

fn requirements() -> impl Iterator<Item = (&'static Catalogue, &'static Requirement)> {
    let mut seen = BTreeSet::new();
    binding::ALL.iter().flat_map(|b| b.requirements()).filter(move |(_, r)| seen.insert(r.id))
}

/// Whether `id` is its id, the part of it behind the catalogue's name, or one of its rows.
fn named(requirement: &Requirement, id: &str) -> bool {
    requirement.id == id
        || requirement.id.rsplit('/').next() == Some(id)
        || requirement.rows.iter().any(|row| row.eq_ignore_ascii_case(id))
}

/// The id of a scenario that is run for each declared command, without the number of the command.
fn without_number(id: &str) -> &str {
    match id.rsplit_once('-') {
        Some((scenario, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => scenario,
        _ => id,
    }
}

fn scenarios() -> Scenarios {
    let mut all = Scenarios::new();
    for binding in binding::ALL {
        for role in binding.roles() {
            // Those that come with the program are sound: tests load them all.
            for scenario in scenario::load(binding, role, None).unwrap_or_default() {
                let entry = all.entry(scenario.id.clone()).or_insert_with(|| (scenario, BTreeSet::new()));
                entry.1.insert((binding.id, role));
            }
        }
    }
    all
}

fn unknown(id: &str, scenarios: &Scenarios) -> Failure {
    let known = requirements().flat_map(|(_, r)| std::iter::once(r.id).chain(r.rows.iter().copied()));
    let known = known.chain(scenarios.keys().map(String::as_str)).chain(mutant::all().into_iter().map(|(_, m)| m.name));
    let known: BTreeSet<&str> = known.collect();
    // A name without its catalogue is compared with names without theirs.
    let bare = |name: &'_ str| name.rsplit('/').next().map(str::to_owned).unwrap_or_default();
    let near = crate::diagnostic::nearest(id, known.iter().copied()).map(str::to_owned).or_else(|| {
        let bares: BTreeMap<String, &str> = known.iter().map(|name| (bare(name), *name)).collect();
        let near = crate::diagnostic::nearest(id, bares.keys().map(String::as_str))?;
        bares.get(near).map(|name| (*name).to_owned())
    });
    let word = id.to_ascii_lowercase();
    let holding = |names: &mut dyn Iterator<Item = &str>| names.filter(|name| name.contains(&word)).count();
    let plain = word.len() >= 3 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.".contains(&b));
    let help = if let Some(near) = near {
        format!("did you mean `{near}`?")
    } else if plain && holding(&mut requirements().map(|(_, r)| r.id)) > 0 {
        format!("`touchstone list requirements {word}` names those that have it in their id")
    } else if plain && holding(&mut scenarios.keys().map(String::as_str)) > 0 {
        format!("`touchstone list scenarios {word}` names those that have it in their id")
    } else {
        "`touchstone list requirements` names them all; so do `list scenarios` and `list mutants`".to_owned()
    };
    Failure::wrong(Problem::new(format!("no requirement, row, scenario or mutant is called {id:?}")).help(help))
}

/// A page: a name, what it is in paragraphs, facts.
struct Page {
    lines: Vec<String>,
    width: usize,
}

impl Page {
    fn new(name: &str, width: usize) -> Page {
        Page { lines: vec![name.to_owned(), String::new()], width }
    }

    /// Paragraphs, lists and headings, as doc comments have them, laid out anew.
    fn prose(&mut self, text: &str) {
        let mut paragraphs: Vec<String> = vec![String::new()];
        for line in text.lines().map(str::trim) {
            let begins = line.is_empty() || line.starts_with("# ") || line.starts_with("- ");
            match paragraphs.last_mut() {
                // A heading is followed by its text on a line of its own.
                Some(open) if !begins && !open.is_empty() && !open.starts_with("# ") => {
                    open.push(' ');
                    open.push_str(line);
                }
                _ => paragraphs.push(line.to_owned()),
            }
        }
        paragraphs.dedup_by(|a, b| a.is_empty() && b.is_empty());
        for paragraph in paragraphs.iter().skip_while(|p| p.is_empty()) {
            self.lines.push(match (paragraph.strip_prefix("# "), paragraph.strip_prefix("- ")) {
                (Some(heading), _) => format!("{heading}:"),
                (_, Some(item)) => format!("- {}", hanging(item, 2, self.width)),
                _ => hanging(paragraph, 0, self.width),
            });
        }
        while self.lines.last().is_some_and(String::is_empty) {
            self.lines.pop();
        }
        self.lines.push(String::new());
    }

    fn fact(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let lead = value.len() - value.trim_start().len();
            let text = hanging(value.trim_start(), LABEL + lead, self.width);
            self.lines.push(format!("{name:LABEL$}{:lead$}{text}", ""));
        }
    }

    /// One fact with a line for each value.
    fn list(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        for (n, value) in values.into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            let lines = wrap(&value, self.width.saturating_sub(LABEL + 2));
            self.lines.push(format!("{name:LABEL$}{}", lines.join(&format!("\n{:1$}", "", LABEL + 2))));
        }
    }

    fn text(self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

fn told_requirement(catalogue: &Catalogue, requirement: &Requirement, scenarios: &Scenarios, width: usize) -> String {
    let mut page = Page::new(requirement.id, width);
    page.prose(requirement.doc);
    page.fact("Text", &format!("{}, {}", catalogue.title, catalogue.edition));
    page.fact("Clause", requirement.clause);
    page.fact("Rows", &requirement.rows.join(", "));
    let interop = if requirement.interop { ", peers cannot interoperate without it" } else { "" };
    page.fact("Level", &format!("{}{interop}", requirement.level.as_str()));
    let policies: Vec<&str> =
        Policy::ALL.into_iter().filter(|p| p.fails_somewhere(requirement)).map(Policy::as_str).collect();
    page.fact("Fails under", &policies.join(", "));
    page.fact("Contradiction", requirement.contradiction.unwrap_or_default());
    let roles: Vec<&str> = binding::bound(requirement).into_iter().map(Role::as_str).collect();
    page.fact("Roles", &roles.join(", "));
    page.fact("Bindings", &requirement.bindings.join(", "));
    page.fact("Applies when", requirement.when.map(|(condition, _)| condition).unwrap_or_default());
    let flows: Vec<&str> = requirement.flows.iter().map(|flow| flow.words()).collect();
    if !flows.is_empty() {
        let excused = "unless the IUT file declares otherwise (`qos`, `subscribe_qos`) and no packet contradicts that";
        page.fact("Binds who", &format!("{}; {excused}", flows.join(" or ")));
    }
    let occasion = match requirement.trigger {
        Trigger::Always => "every implementation gives it by itself".to_owned(),
        Trigger::Tester => "the tester provokes it".to_owned(),
        Trigger::IutOption(option) => format!("only an implementation that elects {option:?} gives it"),
        Trigger::Command(_) => "a declared command that holds such a value gives it".to_owned(),
    };
    page.fact("Occasion", &occasion);
    let (state, reason) = list::state(requirement);
    page.fact("State", &reason.map_or_else(|| state.to_owned(), |reason| format!("{state}: {reason}")));
    page.fact("Implies", &requirement.implies.join(", "));
    let exercising = scenarios.iter().filter(|(_, (s, _))| s.exercises.iter().any(|e| e == requirement.id));
    page.list("Scenarios", exercising.map(|(id, _)| id.clone()));
    // One that several roles can show is one.
    let mut mutants: Vec<(&Mutant, Vec<&str>)> = Vec::new();
    for (role, mutant) in mutant::all().into_iter().filter(|(_, m)| m.primary.contains(&requirement.id)) {
        match mutants.iter_mut().find(|(other, _)| other.name == mutant.name) {
            Some((_, roles)) => roles.push(role),
            None => mutants.push((mutant, vec![role])),
        }
    }
    page.list("Mutants", mutants.iter().map(|(m, roles)| format!("{}: {} ({})", m.name, m.summary, roles.join(", "))));
    page.text()
}

fn told_scenario(scenario: &Scenario, played: &BTreeSet<(&'static str, Role)>, width: usize) -> String {
    let mut page = Page::new(&scenario.id, width);
    page.prose(&visible(&format!("{}.", scenario.title)));
    page.prose(&visible(&scenario.purpose));
    let bindings: BTreeSet<&str> = played.iter().map(|(binding, _)| *binding).collect();
    let roles: BTreeSet<&str> = played.iter().map(|(_, role)| role.as_str()).collect();
    page.fact("Roles", &roles.into_iter().collect::<Vec<_>>().join(", "));
    page.list("Bindings", bindings.into_iter().map(str::to_owned));
    page.fact("Requires", &list::requires(scenario).join(", "));
    if scenario.each_command {
        page.fact("Run", "once for each declared command, with its number behind the id");
    }
    let steps: Vec<&str> = scenario.steps.iter().map(|step| step.verb.name()).collect();
    page.fact("Steps", &steps.join(", "));
    page.list("Exercises", scenario.exercises.iter().cloned());
    // A shell takes it as it stands here.
    page.fact("Run it", "touchstone run --iut FILE --out DIR \\");
    page.fact("", &format!("  --scenario {}", scenario.id));
    page.text()
}

fn told_mutant(mutant: &Mutant, roles: &[&str], width: usize) -> String {
    let mut page = Page::new(mutant.name, width);
    page.prose("A deviation of the reference implementation, to prove checks with.");
    page.prose(mutant.summary);
    page.fact("Roles", &roles.join(", "));
    page.fact("Elects", &mutant.elects.join(", "));
    page.list("Breaks", mutant.primary.iter().map(|id| (*id).to_owned()));
    page.list("Breaks, too", mutant.also.iter().map(|(id, reason)| format!("{id}: {reason}")));
    let role = roles.first().copied().unwrap_or_default();
    page.list("Run it", [format!("touchstone reference {role} --server HOST:PORT --mutant {}", mutant.name)]);
    page.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchstone_reports::text::columns;

    fn explained(id: &str, width: usize) -> String {
        let scenarios = scenarios();
        let (catalogue, requirement) = requirements().find(|(_, r)| r.id == id).expect("it is there");
        told_requirement(catalogue, requirement, &scenarios, width)
    }

    #[test]
    fn a_requirement_fits_a_terminal() {
        insta::assert_snapshot!(explained("wd04/pingreq-interval", 80));
    }

    #[test]
    fn a_scenario_and_a_mutant_fit_a_terminal() {
        let scenarios = scenarios();
        let (scenario, played) = &scenarios["openc2/answering/query-features-empty"];
        insta::assert_snapshot!("scenario", told_scenario(scenario, played, 80));
        let (_, mutant) = mutant::all().into_iter().find(|(_, m)| m.name == "never-pings").expect("it is there");
        insta::assert_snapshot!("mutant", told_mutant(mutant, &["consumer", "producer"], 80));
    }

    /// Commands are not broken, and neither are words longer than the line: there are none but ids.
    #[test]
    fn nothing_that_is_explained_is_wider_than_the_terminal() {
        let scenarios = scenarios();
        for (catalogue, requirement) in requirements() {
            for width in [60, 80] {
                let text = told_requirement(catalogue, requirement, &scenarios, width);
                assert!(text.lines().all(|line| columns(line) <= width), "{width}:\n{text}");
            }
        }
        for (scenario, played) in scenarios.values() {
            let text = told_scenario(scenario, played, 80);
            assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
        }
    }

    #[test]
    fn ids_are_found_as_people_write_them() {
        let find = |id: &str| requirements().filter(|(_, r)| named(r, id)).map(|(_, r)| r.id).collect::<Vec<_>>();
        assert_eq!(find("wd04/publish-retain"), ["wd04/publish-retain"]);
        assert_eq!(find("publish-retain"), ["wd04/publish-retain", "ts0010/publish-retain"]);
        assert_eq!(find("w4-017"), ["wd04/publish-retain"]);
        assert_eq!(without_number("openc2/answering/declared-command-12"), "openc2/answering/declared-command");
        assert_eq!(without_number("wd04/x"), "wd04/x");
    }
}
