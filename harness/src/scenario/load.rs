//! Reads scenario files: ours, embedded in the program, and a vendor's own.

use super::model::{Key, Need, PROFILE, Scenario, Step};
use super::speech::Speech;
use super::verbs::Verb;
use crate::binding::{self, Binding, Side};
use crate::diagnostic::toml::{Document, Fields, Located};
use crate::diagnostic::{Problem, Problems, Source, instead, nearest};
use crate::iut::{Role, options};
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../scenarios");

/// Largest scenario file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The scenarios of a binding for one role, in the order of their ids: ours and, when `extra` is given, every
/// `*.toml` below that folder.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn load(binding: &'static Binding, role: Role, extra: Option<&Path>) -> Result<Vec<Arc<Scenario>>, Problems> {
    let mut problems = Problems::default();
    let mut found: BTreeMap<String, Arc<Scenario>> = BTreeMap::new();
    for source in embedded(binding, role) {
        match parse(source, binding, true) {
            // What a shared one could decide, this binding may not ask for.
            Ok(scenario) if scenario.exercises.is_empty() => {}
            Ok(scenario) => add(&mut found, scenario, &mut problems),
            Err(wrong) => problems.extend(wrong),
        }
    }
    let ours: BTreeSet<String> = found.keys().filter_map(|id| id.split('/').next()).map(str::to_owned).collect();
    if let Some(folder) = extra {
        match files(folder) {
            Ok(paths) if paths.is_empty() => problems.push(
                Problem::new(format!("there is no scenario in {}", folder.display()))
                    .help("scenarios are files whose names end in .toml"),
            ),
            Ok(paths) => {
                for path in paths {
                    let parsed = Source::read(&path, "the scenario")
                        .map_err(Problems::from)
                        .and_then(|source| parse(source, binding, false));
                    match parsed {
                        Ok(scenario) => {
                            check_prefix(&scenario, &ours, &mut problems);
                            if scenario.roles.contains(&role) {
                                add(&mut found, scenario, &mut problems);
                            }
                        }
                        Err(wrong) => problems.extend(wrong),
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    check_expansions(&found, &mut problems);
    // Problems of several files stay in the order of the files: `or` sorts, but by place within a file only.
    if problems.is_empty() { Ok(found.into_values().collect()) } else { Err(problems) }
}

/// A scenario that is run once for each command becomes `id-1`, `id-2`, ...: no other may be called that.
fn check_expansions(found: &BTreeMap<String, Arc<Scenario>>, problems: &mut Problems) {
    for scenario in found.values() {
        let Some((stem, number)) = scenario.id.rsplit_once('-') else { continue };
        if number.bytes().all(|b| b.is_ascii_digit()) && found.get(stem).is_some_and(|s| s.each_command) {
            problems.push(
                Problem::new(format!("`{}` is also what `{stem}` is called for one of its commands", scenario.id))
                    .help(format!("give the scenario in {} another id", scenario.file)),
            );
        }
    }
}

fn embedded(binding: &Binding, role: Role) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders: Vec<&Dir<'_>> = Vec::new();
    for folder in binding.scenarios {
        let side = binding.part(role).map(|part| part.side.as_str());
        let names = [Some(role.as_str()), side].into_iter().flatten();
        folders.extend(names.filter_map(|name| EMBEDDED.get_dir(format!("{folder}/{name}"))));
    }
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files().filter(|f| f.path().extension().is_some_and(|e| e == "toml")) {
            let text = file.contents_utf8().unwrap_or_default();
            sources.push(Source::new(format!("scenarios/{}", file.path().display()), text));
        }
    }
    sources.sort_by(|a, b| a.name().cmp(b.name()));
    sources
}

fn add(found: &mut BTreeMap<String, Arc<Scenario>>, scenario: Scenario, problems: &mut Problems) {
    if let Some(earlier) = found.get(&scenario.id) {
        problems.push(
            Problem::new(format!("two scenarios have the id `{}`", scenario.id))
                .help(format!("{} and {}; give one of them another id", earlier.file, scenario.file)),
        );
        return;
    }
    found.insert(scenario.id.clone(), Arc::new(scenario));
}

fn check_prefix(scenario: &Scenario, ours: &BTreeSet<String>, problems: &mut Problems) {
    let prefix = scenario.id.split('/').next().unwrap_or_default();
    if ours.contains(prefix) {
        let source = Source::new(scenario.file.clone(), scenario.text.clone());
        let at = source.text().find(&format!("\"{}\"", scenario.id)).unwrap_or(0);
        problems.push(
            Problem::new(format!("the prefix `{prefix}/` belongs to the scenarios that come with the program"))
                .at(&source, at..at + scenario.id.len() + 2, "")
                .help("give your scenarios a prefix of their own, as in `acme/...`"),
        );
    }
}

/// Every `*.toml` below a folder, sorted; symbolic links to folders are not followed.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error: std::io::Error| {
            Problem::new(format!("cannot read the scenario folder {}: {error}", folder.display()))
                .help("--scenarios takes a folder with *.toml files")
        };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                let size = std::fs::metadata(&path).map_err(unreadable)?.len();
                if size > LARGEST {
                    return Err(Problem::new(format!("{} is larger than 1 MiB", path.display()))
                        .help("no scenario is that long; is it the right folder?"));
                }
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Against whom a scenario is played.
#[derive(Clone, Copy, Debug)]
enum Against {
    Role(Role),
    Side(Side),
}

impl Against {
    fn roles(self, binding: &Binding) -> Vec<Role> {
        match self {
            Against::Role(role) => vec![role],
            Against::Side(side) => {
                binding.parts.iter().filter(|part| part.side == side).map(|part| part.role).collect()
            }
        }
    }
}

/// Reads one scenario. One for any role on a [`Side`] may name requirements and options of other bindings: what this one
/// does not have is nothing to it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(source: Source, binding: &'static Binding, embedded: bool) -> Result<Scenario, Problems> {
    let document = Document::new(source);
    let scenario = read(&document, binding, embedded);
    document.finish(scenario)
}

fn read(document: &Document, binding: &'static Binding, embedded: bool) -> Option<Scenario> {
    let root = document.parse();
    if document.failed() {
        return None;
    }
    let fields = document.fields("the scenario", root.get_ref(), 0..0);
    let id = fields.required("id", "\"acme/my-test\"");
    if let Some(id) = &id {
        check_id(document, id);
    }
    let title = fields.required("title", "\"A few words\"");
    let purpose = fields.required("purpose", "\"One or two sentences.\"");
    if !fields.has("role") {
        fields.missing("role", "\"consumer\"");
    }
    let roles = binding.parts.iter().map(|part| (part.role.as_str(), Against::Role(part.role)));
    let sides = Side::ALL.map(|side| (side.as_str(), Against::Side(side)));
    let against = fields.choice("role", &roles.chain(sides).collect::<Vec<_>>()).map(|role| role.value);
    let shared = matches!(against, Some(Against::Side(_)));
    let requires = read_requires(&fields, binding, shared);
    let exercises = read_exercises(&fields, binding, shared);
    let each = fields.choice("for_each", &[("command", ())]);
    let steps = read_steps(&fields, binding.family.speech);
    fields.finish();
    if let Some(steps) = &steps {
        check_steps(&fields, steps, each.is_some());
    }
    let text = document.source().text().to_owned();
    Some(Scenario {
        id: id?.value,
        title: title?.value,
        purpose: purpose?.value,
        roles: against?.roles(binding),
        requires,
        exercises,
        each_command: each.is_some(),
        steps: steps?.into_iter().map(|(step, _)| step).collect(),
        sha256: Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
        text,
        file: document.source().name().to_owned(),
        embedded,
    })
}

/// Ids become folders: parts of lower-case letters, digits and hyphens, at least two, joined by slashes.
fn check_id(document: &Document, id: &Located<String>) {
    let sound = |part: &str| {
        !part.is_empty()
            && part.len() <= 80
            && !part.starts_with('-')
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let parts: Vec<&str> = id.value.split('/').collect();
    if !(2..=4).contains(&parts.len()) || !parts.into_iter().all(sound) {
        document.wrong(
            id.span.clone(),
            format!("`id` cannot be {:?}", id.value),
            "",
            Some("two to four parts joined by `/`, each of lower-case letters, digits and hyphens".to_owned()),
        );
    }
}

fn read_requires(fields: &Fields<'_>, binding: &'static Binding, shared: bool) -> Vec<Need> {
    let mut known = options(Some(binding));
    if shared {
        known.extend(binding::ALL.iter().flat_map(|other| options(Some(other))));
    }
    let mut needs = Vec::new();
    for written in fields.strings("requires").map(|l| l.value).unwrap_or_default() {
        let (name, absent) = match written.value.strip_prefix("not:") {
            Some(name) => (name, true),
            None => (written.value.as_str(), false),
        };
        let profile = name.strip_prefix(PROFILE).filter(|profile| !profile.is_empty());
        let named = profile.map(|profile| Key::Profile(profile.to_owned()));
        let named = named.or_else(|| Key::NAMED.iter().find(|(known, _)| *known == name).map(|(_, key)| key.clone()));
        let own = || binding.family.declares.need(name).map(|need| Key::Own(need.name));
        match named.or_else(own).or_else(|| known.contains(name).then(|| Key::Option(name.to_owned()))) {
            Some(key) => needs.push(Need { key, absent }),
            None => {
                let own = binding.family.declares.needs.iter().map(|need| need.name);
                let mut names: Vec<&str> = Key::NAMED.iter().map(|(n, _)| *n).chain(own).collect();
                names.extend(known.iter().copied());
                let help = instead(name, &names);
                fields.document.wrong(written.span, format!("unknown PICS key `{name}`"), "", help);
            }
        }
    }
    needs
}

fn read_exercises(fields: &Fields<'_>, binding: &'static Binding, shared: bool) -> Vec<String> {
    if !fields.has("exercises") {
        fields.missing("exercises", "[\"wd04/publish-retain\"]");
    }
    let ids =
        |binding: &Binding| binding.requirements().map(|(_, requirement)| requirement.id).collect::<BTreeSet<_>>();
    let known = ids(binding);
    let elsewhere: BTreeSet<&str> = binding::ALL.iter().copied().filter(|_| shared).flat_map(ids).collect();
    let mut exercises = Vec::new();
    for id in fields.strings("exercises").map(|l| l.value).unwrap_or_default() {
        if elsewhere.contains(id.value.as_str()) && !known.contains(id.value.as_str()) {
            continue;
        }
        if !known.contains(id.value.as_str()) {
            let help = match nearest(&id.value, known.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`touchstone list requirements` names them all".to_owned(),
            };
            fields.document.wrong(id.span, format!("unknown requirement `{}`", id.value), "", Some(help));
        } else if exercises.contains(&id.value) {
            fields.document.wrong(id.span, format!("`{}` is listed twice", id.value), "", None);
        } else {
            exercises.push(id.value);
        }
    }
    exercises
}

type Placed<'d> = (Step, Fields<'d>);

fn read_steps<'d>(fields: &Fields<'d>, speech: &Speech) -> Option<Vec<Placed<'d>>> {
    if !fields.has("step") {
        fields.document.wrong(0..0, "the scenario has no steps", "", Some("add [[step]] tables".to_owned()));
        return None;
    }
    let mut steps = Vec::new();
    let mut sound = true;
    for step in fields.tables("step", |n| format!("step {n}")) {
        let line = fields.document.source().line(step.span.start);
        let Some(name) = step.required("verb", "\"start\"") else {
            sound = false;
            continue;
        };
        match Verb::read(&name.value, &step, speech) {
            Some(verb) => {
                step.finish();
                steps.push((Step { verb, line }, step));
            }
            None => {
                if super::verbs::exists(&name.value, speech) {
                    step.finish();
                }
                sound = false;
            }
        }
    }
    sound.then_some(steps)
}

/// What must hold between steps.
fn check_steps(scenario: &Fields<'_>, steps: &[Placed<'_>], each: bool) {
    let document = scenario.document;
    if !steps.iter().any(|(step, _)| step.verb.starts()) {
        let help = Some("add `[[step]]` with `verb = \"start\"`".to_owned());
        document.wrong(0..0, "no step starts the implementation", "", help);
    }
    let mut names: Vec<String> = Vec::new();
    for (step, fields) in steps {
        if let Some(name) = step.verb.refers()
            && !names.iter().any(|known| known == name)
        {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            document.wrong(
                fields.key_span(["about", "name"].into_iter().find(|key| fields.has(key)).unwrap_or("to")),
                format!("no earlier step captures the name `{name}`"),
                "",
                instead(name, &known).or_else(|| Some("give an earlier step that `name`".to_owned())),
            );
        }
        if let Some(name) = step.verb.captures() {
            if names.iter().any(|known| known == name) {
                document.wrong(fields.key_span("name"), format!("the name `{name}` is taken"), "", None);
            }
            names.push(name.to_owned());
        }
    }
    let sends_each = steps.iter().find(|(step, _)| step.verb.each_command());
    match (sends_each, each) {
        (Some((_, fields)), false) => document.wrong(
            fields.key_span("declared"),
            "`declared = \"each\"` needs `for_each = \"command\"`",
            "",
            Some("add `for_each = \"command\"` above the steps".to_owned()),
        ),
        (None, true) => document.wrong(
            scenario.key_span("for_each"),
            "`for_each = \"command\"`, but no step sends `declared = \"each\"`",
            "",
            None,
        ),
        _ => {}
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
