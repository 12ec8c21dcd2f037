use super::args::{ListOptions, Listed};
use super::{Exit, Failure, output};
use crate::binding::{self, Binding};
use crate::catalogue::{Judged, Requirement, Trigger};
use crate::iut::Role;
use crate::scenario;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::mutant;

/// `touchstone list WHAT`
pub(super) fn list(options: &ListOptions) -> Result<Exit, Failure> {
    let bindings: Vec<&'static Binding> = match &options.binding {
        None => binding::ALL.to_vec(),
        Some(id) => vec![binding::find(id).ok_or_else(|| {
            let known: Vec<&str> = binding::ALL.iter().map(|b| b.id).collect();
            Failure::usage(format!("no binding is called {id:?}; there are: {}", known.join(", ")))
        })?],
    };
    let text = match options.what {
        Listed::Requirements => requirements(&bindings, options.json),
        Listed::Bindings => list_bindings(&bindings, options.json),
        Listed::Mutants => mutants(options.json),
        Listed::Scenarios => scenarios(&bindings, options.json)?,
    };
    output::print(&text);
    Ok(Exit::Conforms)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn trigger(requirement: &Requirement) -> String {
    match requirement.trigger {
        Trigger::Always => "always".to_owned(),
        Trigger::Tester => "tester".to_owned(),
        Trigger::IutOption(option) => format!("iut-option:{option}"),
        Trigger::Command(row) => format!("command:{row}"),
    }
}

/// `testable`, `not-yet-tested` or `untestable`, with the reason for the latter two.
pub(super) fn state(requirement: &Requirement) -> (&'static str, Option<&'static str>) {
    match requirement.judged {
        Judged::NotYet(reason) => ("not-yet-tested", Some(reason)),
        Judged::Untestable(reason) => ("untestable", Some(reason)),
        Judged::Packet(_) | Judged::Exchange(_) | Judged::Machine(_) => ("testable", None),
    }
}

fn requirements(bindings: &[&'static Binding], as_json: bool) -> String {
    let mut seen = BTreeSet::new();
    let all: Vec<&'static Requirement> =
        bindings.iter().flat_map(|b| b.requirements()).map(|(_, r)| r).filter(|r| seen.insert(r.id)).collect();
    if as_json {
        let rows: Vec<Value> = all
            .iter()
            .map(|r| {
                let (state, reason) = state(r);
                let mut row = json!({
                    "id": r.id,
                    "rows": r.rows,
                    "clause": r.clause,
                    "level": r.level.as_str(),
                    "interop": r.interop,
                    "roles": binding::bound(r).into_iter().map(Role::as_str).collect::<Vec<_>>(),
                    "trigger": trigger(r),
                    "state": state,
                    "statement": r.statement(),
                });
                if let (Some(reason), Value::Object(members)) = (reason, &mut row) {
                    let key = if state == "untestable" { "untestable" } else { "reason" };
                    members.insert(key.to_owned(), reason.into());
                }
                row
            })
            .collect();
        return pretty(&Value::Array(rows));
    }
    let width = all.iter().map(|r| r.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for requirement in &all {
        let (state, _) = state(requirement);
        text.push_str(&format!(
            "{:width$}  {:8}  {:14}  {}\n",
            requirement.id,
            requirement.level.as_str(),
            state,
            requirement.rows.join(" ")
        ));
    }
    text.push_str(&format!("{} requirements\n", all.len()));
    text
}

fn list_bindings(bindings: &[&'static Binding], as_json: bool) -> String {
    if as_json {
        let rows: Vec<Value> = bindings
            .iter()
            .map(|b| {
                json!({
                    "id": b.id,
                    "title": b.title,
                    "roles": b.roles().map(Role::as_str).collect::<Vec<_>>(),
                    "advice": b.advice,
                    "catalogues": b.catalogues.iter().map(|c| json!({"id": c.id, "title": c.title, "edition": c.edition, "version": c.version, "requirements": c.requirements.len()})).collect::<Vec<_>>(),
                })
            })
            .collect();
        return pretty(&Value::Array(rows));
    }
    let mut text = String::new();
    for binding in bindings {
        let roles: Vec<&str> = binding.roles().map(Role::as_str).collect();
        text.push_str(&format!("{}  {} (roles: {})\n", binding.id, binding.title, roles.join(", ")));
        if let Some(why) = binding.advice {
            text.push_str(&format!("    advice only: {why}\n"));
        }
        for catalogue in binding.catalogues {
            text.push_str(&format!(
                "    {:10} {}, {} ({} requirements)\n",
                catalogue.id,
                catalogue.title,
                catalogue.edition,
                catalogue.requirements.len()
            ));
        }
    }
    text
}

fn scenarios(bindings: &[&'static Binding], as_json: bool) -> Result<String, Failure> {
    let mut all = Vec::new();
    for binding in bindings {
        for role in binding.roles() {
            let loaded = scenario::load(binding, role, None).map_err(Failure::internal)?;
            all.extend(loaded.into_iter().map(|scenario| (*binding, role, scenario)));
        }
    }
    if as_json {
        let rows: Vec<Value> = all
            .iter()
            .map(|(binding, role, s)| {
                json!({
                    "id": s.id,
                    "binding": binding.id,
                    "role": role.as_str(),
                    "title": s.title,
                    "purpose": s.purpose,
                    "requires": s.requires.iter().map(|need| format!("{}{}", if need.absent { "not:" } else { "" }, need.key)).collect::<Vec<_>>(),
                    "exercises": s.exercises,
                })
            })
            .collect();
        return Ok(pretty(&Value::Array(rows)));
    }
    // One that several bindings share is one.
    let all: BTreeMap<&str, &str> = all.iter().map(|(_, _, s)| (s.id.as_str(), s.title.as_str())).collect();
    let width = all.keys().map(|id| id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (id, title) in &all {
        text.push_str(&format!("{id:width$}  {title}\n"));
    }
    text.push_str(&format!("{} scenarios\n", all.len()));
    Ok(text)
}

fn mutants(as_json: bool) -> String {
    let all = mutant::all();
    if as_json {
        let rows: Vec<Value> = all
            .iter()
            .map(|(role, m)| {
                json!({
                    "name": m.name,
                    "role": role,
                    "summary": m.summary,
                    "primary": m.primary,
                    "also": m.also.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
                    "elects": m.elects,
                    "declares": m.declares,
                    "reasons": m.also.iter().map(|(_, reason)| *reason).collect::<Vec<_>>(),
                    "policy": mildest(m.primary).map(|p| p.as_str()),
                })
            })
            .collect();
        return pretty(&Value::Array(rows));
    }
    let width = all.iter().map(|(_, m)| m.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (role, mutant) in &all {
        let policy = mildest(mutant.primary).map_or("-", |p| p.as_str());
        text.push_str(&format!("{:width$}  {:8}  {:8}  {}\n", mutant.name, role, policy, mutant.primary.join(" ")));
        text.push_str(&format!("{:width$}  {}\n", "", mutant.summary));
    }
    text.push_str(&format!("{} mutants; the policy named is the mildest that fails the mutant\n", all.len()));
    text
}

/// The mildest policy under which breaking one of `ids` fails.
fn mildest(ids: &[&str]) -> Option<crate::judge::Policy> {
    let requirements: Vec<&Requirement> =
        binding::ALL.iter().flat_map(|b| b.requirements()).map(|(_, r)| r).filter(|r| ids.contains(&r.id)).collect();
    crate::judge::Policy::ALL.into_iter().find(|policy| requirements.iter().any(|r| policy.fails_somewhere(r)))
}
