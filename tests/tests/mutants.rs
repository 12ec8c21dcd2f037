//! Proof that checks can fail: every mutant of the references, live, against the scenarios that exercise what it
//! exists to break. Broken must be at least the primary requirements, and at most what follows from them.

mod common;

use common::{Ended, IutFile, Subject, call, report, scratch};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use touchstone::binding;
use touchstone::iut::Role;
use touchstone::scenario::{Key, Scenario};
use touchstone_fixtures::mutant::{self, Mutant};

/// Runs at the same time: mostly waiting.
const AT_ONCE: usize = 10;

/// Scenarios run for each primary requirement.
const SCENARIOS: usize = 2;

/// Every role of every binding; further editions of a binding only where they are asked for by name.
fn subjects() -> Vec<Subject> {
    Subject::all().filter(|subject| binding::edition_of(subject.binding).is_none()).collect()
}

/// The mutants of a subject: those of its role that break something which is not proven elsewhere, unless they are made for
/// other bindings.
fn mutants(subject: Subject) -> Vec<&'static Mutant> {
    let bound = subject.own();
    let mut mutants = mutant::of_role(subject.role.as_str());
    mutants.retain(|m| m.serves(subject.binding.id) && m.primary.iter().any(|id| bound.contains_key(id)));
    mutants
}

/// What a mutant exists to break there: some of it may belong to other bindings or roles.
fn primary(subject: Subject, mutant: &Mutant) -> Vec<&'static str> {
    let bound = subject.requirements();
    mutant.primary.iter().copied().filter(|id| bound.contains_key(id)).collect()
}

fn scenarios(subject: Subject) -> Vec<Arc<Scenario>> {
    touchstone::scenario::load(subject.binding, subject.role, None).unwrap_or_else(|p| panic!("{p}"))
}

/// What breaks with `ids` by nature.
fn closure(subject: Subject, ids: &[&'static str]) -> BTreeSet<&'static str> {
    let all = subject.requirements();
    let mut closed: BTreeSet<&'static str> = BTreeSet::new();
    let mut open: Vec<&'static str> = ids.to_vec();
    while let Some(id) = open.pop() {
        if closed.insert(id) {
            open.extend(all.get(id).map(|r| r.implies).unwrap_or_default());
        }
    }
    closed
}

/// Whether what a scenario asks for, or asks not to be declared, fits what the IUT file of the mutant says.
fn can_run(subject: Subject, scenario: &Scenario, mutant: &Mutant) -> bool {
    let elects = |option: &str| mutant.elects.contains(&option);
    let declares = |key: &Key| match key {
        Key::Option(option) => elects(option),
        Key::Tls => elects("tls"),
        Key::Publishes | Key::Receives => !elects("qos0-only"),
        Key::Own(name) if subject.role == Role::Ae && ["ae_id", "credential_id"].contains(name) => {
            elects("credential_id") == (*name == "credential_id")
        }
        _ => true,
    };
    scenario.requires.iter().all(|need| declares(&need.key) != need.absent)
}

fn scenarios_for(subject: Subject, mutant: &Mutant) -> BTreeSet<String> {
    let scenarios = scenarios(subject);
    let name = |s: &Arc<Scenario>| if s.each_command { format!("{}-*", s.id) } else { s.id.clone() };
    let mut chosen: BTreeSet<String> =
        scenarios.iter().filter(|s| mutant.shows_in.contains(&s.id.as_str())).map(name).collect();
    if chosen.is_empty() {
        for id in &primary(subject, mutant) {
            let exercising =
                scenarios.iter().filter(|s| s.exercises.iter().any(|e| e == id) && can_run(subject, s, mutant));
            chosen.extend(exercising.take(SCENARIOS).map(name));
        }
    }
    chosen
}

/// Runs a mutant in these scenarios, in all of them where none is named: how it ended, and its report unless it has none.
fn play(subject: Subject, mutant: &Mutant, scenarios: &BTreeSet<String>) -> (Ended, Option<Value>) {
    let dir = scratch();
    // What breaks a rule of the packet filtering profile has that profile, and its commands.
    let filters = mutant.primary.iter().any(|id| id.starts_with("slpf/"));
    let mut file = if filters { IutFile::filtering } else { IutFile::subject }(subject, Some(mutant.name));
    // Longer than what is granted after DISCONNECT: who does not close then is seen not to, before it is killed.
    file.timing = "startup = \"4s\"\nresponse = \"1s\"\nstop = \"3s\"\n".to_owned();
    file.options = mutant.elects.iter().map(|o| (*o).to_owned()).collect();
    if let Some(command) = mutant.declares {
        file.commands = format!("[[pics.command]]\n{command}");
    }
    if mutant.elects.contains(&"credentials") {
        // Those of the reference, so that the judge knows them.
        file.network = "username = \"touchstone\"\npassword = \"proof\"\n".to_owned();
    }
    let iut = file.write(dir.path());
    let out = dir.path().join("out");
    let mut arguments: Vec<String> =
        ["run", "--iut"].map(str::to_owned).into_iter().chain([iut.display().to_string()]).collect();
    arguments.extend(["--out".to_owned(), out.display().to_string()]);
    for scenario in scenarios {
        arguments.extend(["--scenario".to_owned(), scenario.clone()]);
    }
    let ended = call(&arguments);
    let report = matches!(ended.code, 0 | 1 | 3).then(|| report(&out));
    (ended, report)
}

fn broken_in(report: &Value) -> BTreeSet<String> {
    let requirements = report["requirements"].as_array().expect("a list").iter();
    requirements.filter(|r| r["outcome"] == "broken").filter_map(|r| r["id"].as_str().map(str::to_owned)).collect()
}

/// What a mutant broke, by its report; and what is wrong with that.
fn run(subject: Subject, mutant: &Mutant) -> (BTreeSet<String>, Vec<String>) {
    let name = format!("{subject} {}", mutant.name);
    let bound = subject.requirements();
    let primary = primary(subject, mutant);
    let scenarios = scenarios_for(subject, mutant);
    if scenarios.is_empty() {
        return (BTreeSet::new(), vec![format!("{name}: no scenario exercises {primary:?}")]);
    }
    let (ended, report) = play(subject, mutant, &scenarios);
    let Some(report) = report else {
        return (BTreeSet::new(), vec![format!("{name}: exit {}\n{}", ended.code, ended.stderr)]);
    };
    let broken = broken_in(&report);
    let mut wrong = Vec::new();
    for id in &primary {
        if !broken.contains(*id) {
            let row = common::row(&report, id);
            wrong.push(format!(
                "{name}: {id} is {}, not broken (scenarios {scenarios:?}) {}",
                row["outcome"], row["findings"]
            ));
        }
    }
    let allowed = closure(subject, &primary);
    for id in &broken {
        let also = mutant.also.iter().any(|(other, _)| other == id);
        let elected = mutant::ELECTED.iter().any(|(o, other, _)| mutant.elects.contains(o) && other == id);
        if !allowed.contains(id.as_str()) && !also && !elected {
            wrong.push(format!("{name}: {id} breaks too: {}", common::row(&report, id)["findings"][0]["message"]));
        }
    }
    for (id, _) in mutant.also {
        if bound.contains_key(id) && !broken.contains(*id) {
            wrong.push(format!("{name}: lists {id} under `also`, which does not break"));
        }
    }
    // The verdict must follow: some policy fails what the mutant breaks.
    let fails = ended.code == 1;
    let certify_fails = broken
        .iter()
        .filter_map(|id| bound.get(id.as_str()).copied())
        .any(|r| touchstone::judge::Policy::Certify.fails_in(subject.binding, r));
    if fails != certify_fails {
        wrong.push(format!("{name}: exit {} although the broken requirements say otherwise", ended.code));
    }
    (broken, wrong)
}

/// Mutants whose `BINDING-ROLE/NAME` contains this, where it is set.
fn only() -> Option<String> {
    std::env::var("TOUCHSTONE_MUTANT").ok()
}

/// What each mutant broke, by subject and name.
type Results = BTreeMap<(String, &'static str), BTreeSet<String>>;

/// Tries every mutant, several at a time; what they broke, and what is wrong with that.
fn each(try_one: impl Fn(Subject, &Mutant) -> (BTreeSet<String>, Vec<String>) + Sync) -> (Results, Vec<String>) {
    let only = only();
    let subjects = if only.is_some() { Subject::all().collect() } else { subjects() };
    let mutants: Vec<(Subject, &'static Mutant)> = subjects
        .into_iter()
        .flat_map(|subject| mutants(subject).into_iter().map(move |mutant| (subject, mutant)))
        .filter(|(subject, m)| only.as_deref().is_none_or(|only| format!("{subject}/{}", m.name).contains(only)))
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<Results> = Mutex::default();
    let wrong: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((subject, mutant)) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (broken, problems) = try_one(*subject, mutant);
                    let key = (subject.to_string(), mutant.name);
                    results.lock().expect("no test panics while it holds this").insert(key, broken);
                    wrong.lock().expect("no test panics while it holds this").extend(problems);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("all threads are done");
    wrong.sort();
    (results.into_inner().expect("all threads are done"), wrong)
}

/// Every mutant in every scenario: whatever else follows from its deviation, what it exists to break is broken.
#[test]
#[ignore = "the full live matrix takes about half an hour; README.md gives the command"]
fn every_mutant_is_caught_by_a_complete_run() {
    let (results, wrong) = each(|subject, mutant| {
        let (ended, report) = play(subject, mutant, &BTreeSet::new());
        let Some(report) = report else {
            let wrong = format!("{subject} {}: exit {}\n{}", mutant.name, ended.code, ended.stderr);
            return (BTreeSet::new(), vec![wrong]);
        };
        let broken = broken_in(&report);
        let primary = primary(subject, mutant);
        let missed = primary.iter().filter(|id| !broken.contains(**id));
        let wrong = missed.map(|id| {
            let row = common::row(&report, id);
            format!("{subject} {}: {id} is {}, not broken: {}", mutant.name, row["outcome"], row["findings"])
        });
        let wrong = wrong.collect();
        (broken, wrong)
    });
    for ((subject, name), broken) in &results {
        println!("{subject} {name}\t{}", broken.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_mutant_breaks_what_it_should_and_nothing_else() {
    let (results, wrong) = each(run);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    if only().is_none() {
        let stale: Vec<String> = subjects().into_iter().filter_map(|subject| stale_ledger(subject, &results)).collect();
        assert!(
            stale.is_empty(),
            "{} differs from what the mutants showed; after a deliberate change write it anew (README.md)",
            stale.join(" and ")
        );
    }
}

/// The committed ledger of a subject, when it does not say what these runs have shown.
fn stale_ledger(subject: Subject, results: &Results) -> Option<String> {
    let mut text = String::from("# requirement\tbroken as primary by\tbroken beside another by\n");
    for (id, requirement) in subject.own() {
        if !requirement.judged.testable() {
            continue;
        }
        let mut primary = Vec::new();
        let mut also = Vec::new();
        for mutant in mutants(subject) {
            if !results.get(&(subject.to_string(), mutant.name)).is_some_and(|broken| broken.contains(id)) {
                continue;
            }
            if mutant.primary.contains(&id) {
                primary.push(mutant.name);
            } else if mutant.also.iter().any(|(other, _)| *other == id) {
                also.push(mutant.name);
            }
        }
        text.push_str(&format!("{id}\t{}\t{}\n", primary.join(" "), also.join(" ")));
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("ledger/{subject}.tsv"));
    if std::env::var_os("TOUCHSTONE_UPDATE_LEDGER").is_some() {
        fs::write(&path, &text).expect("the ledger can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    (committed != text).then(|| path.display().to_string())
}

#[test]
fn every_testable_requirement_has_a_mutant() {
    let mut without = Vec::new();
    for subject in subjects() {
        let proven: BTreeSet<&str> = mutants(subject).iter().flat_map(|m| m.primary.iter().copied()).collect();
        let unproven = subject.own().into_iter().filter(|(id, r)| r.judged.testable() && !proven.contains(id));
        without.extend(unproven.map(|(id, _)| format!("{subject} {id}")));
    }
    assert!(without.is_empty(), "{} checks that no mutant fails: {without:#?}", without.len());
}

#[test]
fn every_testable_requirement_is_exercised() {
    let mut without = Vec::new();
    for subject in subjects() {
        let scenarios = scenarios(subject);
        let unexercised = subject
            .requirements()
            .into_iter()
            .filter(|(id, r)| r.judged.testable() && !scenarios.iter().any(|s| s.exercises.iter().any(|e| e == id)));
        without.extend(unexercised.map(|(id, _)| format!("{subject} {id}")));
    }
    assert!(without.is_empty(), "{} requirements that no scenario exercises: {without:#?}", without.len());
}

#[test]
fn mutants_name_requirements_that_exist() {
    let all: Vec<(Subject, BTreeMap<&str, _>)> =
        Subject::all().map(|subject| (subject, subject.requirements())).collect();
    for (role, mutant) in mutant::all() {
        let Mutant { name, primary, also, shows_in, .. } = mutant;
        // What it breaks may bind some of those that it serves, and not others.
        let served: Vec<&(Subject, _)> = all
            .iter()
            .filter(|(s, _)| mutant.roles.contains(&s.role.as_str()) && mutant.serves(s.binding.id))
            .collect();
        // A role that no binding has yet.
        if !all.iter().any(|(s, _)| s.role.as_str() == role) {
            continue;
        }
        for id in primary.iter().chain(also.iter().map(|(id, _)| id)) {
            assert!(
                served.iter().any(|(_, bound)| bound.get(id).is_some_and(|r| r.judged.testable())),
                "{role} {name} names {id}, which has no check for those whom it serves"
            );
        }
        let of_role = |(subject, bound): &&(Subject, BTreeMap<&str, _>)| {
            subject.role.as_str() == role && primary.iter().any(|id| bound.contains_key(id))
        };
        assert!(served.iter().any(of_role), "{role} {name} breaks nothing that binds that role");
        for id in *shows_in {
            let shows = |s: &Arc<Scenario>| s.id == *id && primary.iter().any(|p| s.exercises.iter().any(|e| e == p));
            let known = served.iter().any(|(subject, _)| scenarios(*subject).iter().any(shows));
            assert!(known, "{name} shows in {id}, which exercises none of {primary:?}");
        }
        for (id, reason) in *also {
            assert!(!reason.trim().is_empty(), "{name} gives no reason for {id}");
        }
    }
}
