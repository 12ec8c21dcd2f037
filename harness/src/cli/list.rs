use super::args::{ListOptions, Listed};
use super::{Exit, Failure, output};
use crate::binding::{self, Binding};
use crate::catalogue::{Judged, Requirement, Trigger};
use crate::diagnostic::{Problem, instead};
use crate::iut::Role;
use crate::run::glob;
use crate::scenario;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use touchstone_fixtures::mutant;
use touchstone_reports::text::{columns, count, hanging};

/// `touchstone list WHAT`
pub(super) fn list(options: &ListOptions) -> Result<Exit, Failure> {
    let bindings: Vec<&'static Binding> = match &options.binding {
        None => binding::ALL.to_vec(),
        Some(id) => vec![binding::find(id).ok_or_else(|| {
            let known: Vec<&str> = binding::ALL.iter().map(|b| b.id).collect();
            Failure::wrong(Problem::new(format!("no binding is called {id:?}")).help_if(instead(id, &known)))
        })?],
    };
    let wanted = Wanted { pattern: options.pattern.as_deref().map(pattern), role: options.role };
    let page = output::page();
    let text = match options.what {
        Listed::Requirements => requirements(&bindings, &wanted, options.json, page),
        Listed::Bindings => list_bindings(&bindings, &wanted, options.json, page),
        Listed::Mutants => mutants(&wanted, options.json, page),
        Listed::Scenarios => scenarios(&bindings, &wanted, options.json, page)?,
    };
    output::print(&text);
    Ok(Exit::Conforms)
}

/// What of a list is asked for.
struct Wanted {
    pattern: Option<String>,
    role: Option<Role>,
}

impl Wanted {
    fn id(&self, id: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| glob(pattern, id))
    }

    fn role(&self, role: Role) -> bool {
        self.role.is_none_or(|wanted| wanted == role)
    }
}

/// A word without `*` stands for all that has it somewhere.
fn pattern(text: &str) -> String {
    if text.contains('*') { text.to_owned() } else { format!("*{text}*") }
}

/// What stands beside a name this narrow is better put below it.
const NARROW: usize = 30;

/// Lines of a name and what is to be said of it, `width` columns apart. On a terminal, what does not fit beside the name
/// is broken at words, or goes below the name.
fn table<'t>(rows: impl IntoIterator<Item = (String, &'t str)>, page: Option<usize>) -> String {
    let rows: Vec<(String, &str)> = rows.into_iter().collect();
    let indent = rows.iter().map(|(name, _)| columns(name)).max().unwrap_or(0) + 2;
    let long = rows.iter().filter(|(_, said)| page.is_some_and(|width| indent + columns(said) > width)).count();
    // A list that has some of both is harder to read than one of pairs.
    let pairs = 4 * long > rows.len();
    let mut text = String::new();
    for (name, said) in rows {
        let beside = format!("{name}{:1$}{said}", "", indent - columns(&name));
        text.push_str(&match page {
            Some(width) if width < indent + NARROW && (pairs || columns(&beside) > width) => {
                format!("{}\n    {}", name.trim_end(), hanging(said, 4, width))
            }
            Some(width) => format!("{name}{:1$}{2}", "", indent - columns(&name), hanging(said, indent, width)),
            None => beside,
        });
        text.push('\n');
    }
    text
}

/// What must be declared for a scenario.
pub(super) fn requires(scenario: &scenario::Scenario) -> Vec<String> {
    let need = |need: &scenario::Need| format!("{}{}", if need.absent { "not:" } else { "" }, need.key);
    scenario.requires.iter().map(need).collect()
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

fn requirements(bindings: &[&'static Binding], wanted: &Wanted, as_json: bool, page: Option<usize>) -> String {
    let mut seen = BTreeSet::new();
    let all: Vec<&'static Requirement> =
        bindings.iter().flat_map(|b| b.requirements()).map(|(_, r)| r).filter(|r| seen.insert(r.id)).collect();
    let all: Vec<&Requirement> = all
        .into_iter()
        .filter(|r| wanted.id(r.id) && binding::bound(r).into_iter().any(|role| wanted.role(role)))
        .collect();
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
    let rows: Vec<String> = all.iter().map(|r| r.rows.join(" ")).collect();
    let names = all.iter().map(|r| format!("{:width$}  {:8}  {:14}", r.id, r.level.as_str(), state(r).0));
    let mut text = table(names.zip(rows.iter().map(String::as_str)), page);
    text.push_str(&format!("{}\n", count(all.len() as u64, "requirement", "requirements")));
    text
}

fn list_bindings(bindings: &[&'static Binding], wanted: &Wanted, as_json: bool, page: Option<usize>) -> String {
    let bindings: Vec<&&Binding> =
        bindings.iter().filter(|b| wanted.id(b.id) && b.roles().any(|role| wanted.role(role))).collect();
    let laid = |indent: usize, text: &str| page.map_or_else(|| text.to_owned(), |width| hanging(text, indent, width));
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
        let head = format!("{}  {} (roles: {})", binding.id, binding.title, roles.join(", "));
        text.push_str(&format!("{}\n", laid(2, &head)));
        if let Some(why) = binding.advice {
            text.push_str(&format!("    {}\n", laid(4, &format!("advice only: {why}"))));
        }
        for catalogue in binding.catalogues {
            let number = catalogue.requirements.len();
            let said = format!("{}, {} ({number} requirements)", catalogue.title, catalogue.edition);
            text.push_str(&format!("    {:10} {}\n", catalogue.id, laid(15, &said)));
        }
    }
    text
}

fn scenarios(
    bindings: &[&'static Binding],
    wanted: &Wanted,
    as_json: bool,
    page: Option<usize>,
) -> Result<String, Failure> {
    let mut all = Vec::new();
    for binding in bindings {
        for role in binding.roles().filter(|role| wanted.role(*role)) {
            let loaded = scenario::load(binding, role, None).map_err(Failure::internal)?;
            all.extend(loaded.into_iter().filter(|s| wanted.id(&s.id)).map(|scenario| (*binding, role, scenario)));
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
                    "requires": requires(s),
                    "exercises": s.exercises,
                })
            })
            .collect();
        return Ok(pretty(&Value::Array(rows)));
    }
    // One that several bindings share is one.
    let all: BTreeMap<&str, &str> = all.iter().map(|(_, _, s)| (s.id.as_str(), s.title.as_str())).collect();
    let mut text = table(all.iter().map(|(id, title)| ((*id).to_owned(), *title)), page);
    text.push_str(&format!("{}\n", count(all.len() as u64, "scenario", "scenarios")));
    Ok(text)
}

fn mutants(wanted: &Wanted, as_json: bool, page: Option<usize>) -> String {
    let role = |role: &str| wanted.role.is_none_or(|wanted| wanted.as_str() == role);
    let all: Vec<_> = mutant::all().into_iter().filter(|(r, m)| wanted.id(m.name) && role(r)).collect();
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
        let primary = mutant.primary.join(" ");
        let name = format!("{:width$}  {role:8}  {policy:8}", mutant.name);
        match page {
            None => text.push_str(&format!("{name}  {primary}\n{:width$}  {}\n", "", mutant.summary)),
            Some(columns) => {
                let [primary, summary] = [&primary, mutant.summary].map(|said| hanging(said, 4, columns));
                text.push_str(&format!("{}\n    {summary}\n    {primary}\n", name.trim_end()));
            }
        }
    }
    text.push_str(&format!(
        "{}; the policy named is the mildest that fails it\n",
        count(all.len() as u64, "mutant", "mutants")
    ));
    text
}

/// The mildest policy under which breaking one of `ids` fails.
fn mildest(ids: &[&str]) -> Option<crate::judge::Policy> {
    let requirements: Vec<&Requirement> =
        binding::ALL.iter().flat_map(|b| b.requirements()).map(|(_, r)| r).filter(|r| ids.contains(&r.id)).collect();
    crate::judge::Policy::ALL.into_iter().find(|policy| requirements.iter().any(|r| policy.fails_somewhere(r)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_beside_a_name_goes_below_it() {
        let rows = || [("wd04/a".to_owned(), "one two three"), ("wd04/bcd".to_owned(), "four")];
        assert_eq!(table(rows(), None), "wd04/a    one two three\nwd04/bcd  four\n");
        assert_eq!(table(rows(), Some(80)), table(rows(), None));
        assert_eq!(table(rows(), Some(20)), "wd04/a\n    one two three\nwd04/bcd\n    four\n");
        let long = "a word and then some more words that go on";
        assert_eq!(
            table([("wd04/a".to_owned(), long)], Some(40)),
            "wd04/a  a word and then some more words\n        that go on\n"
        );
    }

    #[test]
    fn lists_fit_a_terminal() {
        let all = Wanted { pattern: None, role: None };
        for width in [80, 140] {
            let lists = [
                requirements(binding::ALL, &all, false, Some(width)),
                list_bindings(binding::ALL, &all, false, Some(width)),
                mutants(&all, false, Some(width)),
                scenarios(binding::ALL, &all, false, Some(width)).unwrap_or_else(|f| panic!("{f:?}")),
            ];
            for list in lists {
                assert!(list.lines().all(|line| columns(line) <= width), "{width}:\n{list}");
            }
        }
    }

    #[test]
    fn a_list_is_narrowed_by_words_patterns_and_roles() {
        let with = |text: &str, role| {
            let wanted = Wanted { pattern: Some(pattern(text)), role };
            requirements(binding::ALL, &wanted, false, None).lines().count() - 1
        };
        assert_eq!(with("wd04/publish-retain", None), 1);
        assert_eq!(with("wd04/publish-retain", Some(Role::Cse)), 0);
        assert!(with("publish", None) > with("wd04/*publish*", None));
    }
}
