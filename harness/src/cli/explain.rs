use super::args::ExplainOptions;
use super::{Exit, Failure, list, output};
use crate::binding;
use crate::catalogue::{Catalogue, Requirement};
use crate::iut::Role;
use crate::judge::Policy;
use crate::scenario;
use std::collections::BTreeSet;
use touchstone_fixtures::mutant;

/// `touchstone explain ID`
pub(super) fn explain(options: &ExplainOptions) -> Result<Exit, Failure> {
    let mut seen = BTreeSet::new();
    let all: Vec<(&'static Catalogue, &'static Requirement)> =
        binding::ALL.iter().flat_map(|b| b.requirements()).filter(|(_, r)| seen.insert(r.id)).collect();
    let id = options.id.trim();
    let found: Vec<_> = all.iter().filter(|(_, r)| r.id == id || r.rows.contains(&id)).collect();
    if found.is_empty() {
        let known = all.iter().flat_map(|(_, r)| std::iter::once(r.id).chain(r.rows.iter().copied()));
        let hint = match crate::diagnostic::nearest(id, known) {
            Some(near) => format!("did you mean {near}?"),
            None => "`touchstone list requirements` names them all".to_owned(),
        };
        return Err(Failure::usage(format!("no requirement or row is called {id:?}; {hint}")));
    }
    for (position, (catalogue, requirement)) in found.iter().enumerate() {
        if position > 0 {
            output::print("\n");
        }
        output::print(&text(catalogue, requirement));
    }
    Ok(Exit::Conforms)
}

fn text(catalogue: &Catalogue, requirement: &Requirement) -> String {
    let mut lines = vec![requirement.id.to_owned(), String::new()];
    lines.extend(requirement.doc.lines().map(|line| {
        let line = line.strip_prefix(' ').unwrap_or(line);
        line.strip_prefix("# ").map_or_else(|| line.to_owned(), |heading| format!("{heading}:"))
    }));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.push(String::new());
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{name:<12} {value}"));
        }
    };
    fact("Text", format!("{}, {}", catalogue.title, catalogue.edition));
    fact("Clause", requirement.clause.to_owned());
    fact("Rows", requirement.rows.join(", "));
    let interop = if requirement.interop { ", peers cannot interoperate without it" } else { "" };
    fact("Level", format!("{}{interop}", requirement.level.as_str()));
    let policies: Vec<&str> =
        Policy::ALL.into_iter().filter(|p| p.fails_somewhere(requirement)).map(Policy::as_str).collect();
    fact("Fails under", policies.join(", "));
    fact("Contradiction", requirement.contradiction.unwrap_or_default().to_owned());
    fact("Roles", binding::bound(requirement).into_iter().map(Role::as_str).collect::<Vec<_>>().join(", "));
    fact("Bindings", requirement.bindings.join(", "));
    fact("Applies when", requirement.when.map(|(condition, _)| condition.to_owned()).unwrap_or_default());
    let flows: Vec<&str> = requirement.flows.iter().map(|flow| flow.words()).collect();
    let excused = "unless the IUT file declares otherwise (`qos`, `subscribe_qos`) and no packet contradicts that";
    fact("Binds who", if flows.is_empty() { String::new() } else { format!("{}; {excused}", flows.join(" or ")) });
    fact(
        "Occasion",
        match requirement.trigger {
            crate::catalogue::Trigger::Always => "every implementation gives it by itself".to_owned(),
            crate::catalogue::Trigger::Tester => "the tester provokes it".to_owned(),
            crate::catalogue::Trigger::IutOption(option) => {
                format!("only an implementation that elects {option:?} gives it")
            }
            crate::catalogue::Trigger::Command(_) => "a declared command that holds such a value gives it".to_owned(),
        },
    );
    let (state, reason) = list::state(requirement);
    fact("State", reason.map_or_else(|| state.to_owned(), |reason| format!("{state}: {reason}")));
    fact("Implies", requirement.implies.join(", "));
    fact("Scenarios", exercising(requirement.id).join("\n             "));
    let mutants: Vec<String> = mutant::all()
        .into_iter()
        .filter(|(_, m)| m.primary.contains(&requirement.id))
        .map(|(role, m)| format!("{role}: {} ({})", m.name, m.summary))
        .collect();
    fact("Mutants", mutants.join("\n             "));
    lines.push(String::new());
    lines.join("\n")
}

/// Ids of the built-in scenarios that promise to decide a requirement.
fn exercising(id: &str) -> Vec<String> {
    let mut scenarios: Vec<String> = binding::ALL
        .iter()
        .flat_map(|binding| binding.roles().map(move |role| (*binding, role)))
        .filter_map(|(binding, role)| scenario::load(binding, role, None).ok())
        .flatten()
        .filter(|scenario| scenario.exercises.iter().any(|e| e == id))
        .map(|scenario| scenario.id.clone())
        .collect();
    scenarios.sort();
    scenarios.dedup();
    scenarios
}
