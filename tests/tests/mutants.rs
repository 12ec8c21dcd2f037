//! Proof that checks can fail: every mutant of the references, live, against the scenarios that exercise what it
//! exists to break. Broken must be at least the primary requirements, and at most what follows from them.

mod common;

use common::{Ended, IutFile, call, report, scratch};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use touchstone::binding::OPENC2_MQTT_WD04;
use touchstone::catalogue::Requirement;
use touchstone::iut::Role;
use touchstone::scenario::{Key, Scenario};
use touchstone_fixtures::mutant::{self, Mutant};

/// Runs at the same time: mostly waiting.
const AT_ONCE: usize = 6;

/// Scenarios run for each primary requirement.
const SCENARIOS: usize = 2;

fn requirements() -> BTreeMap<&'static str, &'static Requirement> {
    OPENC2_MQTT_WD04.requirements().map(|(_, r)| (r.id, r)).collect()
}

/// The roles that have a reference.
const ROLES: [Role; 2] = [Role::Consumer, Role::Producer];

fn mutants(role: Role) -> Vec<&'static Mutant> {
    mutant::of_role(role.as_str())
}

fn scenarios(role: Role) -> Vec<Arc<Scenario>> {
    touchstone::scenario::load(&OPENC2_MQTT_WD04, role, None).unwrap_or_else(|p| panic!("{p}"))
}

/// What breaks with `ids` by nature.
fn closure(ids: &[&'static str]) -> BTreeSet<&'static str> {
    let all = requirements();
    let mut closed: BTreeSet<&'static str> = BTreeSet::new();
    let mut open: Vec<&'static str> = ids.to_vec();
    while let Some(id) = open.pop() {
        if closed.insert(id) {
            open.extend(all.get(id).map(|r| r.implies).unwrap_or_default());
        }
    }
    closed
}

/// Whether the options that a scenario asks for, or asks not to be elected, fit those of the mutant.
fn can_run(scenario: &Scenario, mutant: &Mutant) -> bool {
    scenario.requires.iter().all(|need| match &need.key {
        Key::Option(option) => mutant.elects.contains(&option.as_str()) != need.absent,
        _ => true,
    })
}

fn scenarios_for(role: Role, mutant: &Mutant) -> BTreeSet<String> {
    let scenarios = scenarios(role);
    let name = |s: &Arc<Scenario>| if s.each_command { format!("{}-*", s.id) } else { s.id.clone() };
    let mut chosen: BTreeSet<String> =
        scenarios.iter().filter(|s| mutant.shows_in.contains(&s.id.as_str())).map(name).collect();
    if chosen.is_empty() {
        for id in mutant.primary {
            let exercising = scenarios.iter().filter(|s| s.exercises.iter().any(|e| e == id) && can_run(s, mutant));
            chosen.extend(exercising.take(SCENARIOS).map(name));
        }
    }
    chosen
}

/// Runs a mutant in these scenarios, in all of them where none is named: how it ended, and its report unless it has none.
fn play(role: Role, mutant: &Mutant, scenarios: &BTreeSet<String>) -> (Ended, Option<Value>) {
    let dir = scratch();
    // What breaks a rule of the packet filtering profile has that profile, and its commands.
    let filters = mutant.primary.iter().any(|id| id.starts_with("slpf/"));
    let mut file = if filters { IutFile::filtering } else { IutFile::reference_of }(role, Some(mutant.name));
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
fn run(role: Role, mutant: &Mutant) -> (BTreeSet<String>, Vec<String>) {
    let scenarios = scenarios_for(role, mutant);
    if scenarios.is_empty() {
        return (BTreeSet::new(), vec![format!("{role} {}: no scenario exercises {:?}", mutant.name, mutant.primary)]);
    }
    let (ended, report) = play(role, mutant, &scenarios);
    let Some(report) = report else {
        return (BTreeSet::new(), vec![format!("{role} {}: exit {}\n{}", mutant.name, ended.code, ended.stderr)]);
    };
    let broken = broken_in(&report);
    let mut wrong = Vec::new();
    for id in mutant.primary {
        if !broken.contains(*id) {
            let row = common::row(&report, id);
            wrong.push(format!(
                "{role} {}: {id} is {}, not broken (scenarios {scenarios:?}) {}",
                mutant.name, row["outcome"], row["findings"]
            ));
        }
    }
    let allowed = closure(mutant.primary);
    for id in &broken {
        let also = mutant.also.iter().any(|(other, _)| other == id);
        if !allowed.contains(id.as_str()) && !also {
            wrong.push(format!(
                "{role} {}: {id} breaks too: {}",
                mutant.name,
                common::row(&report, id)["findings"][0]["message"]
            ));
        }
    }
    for (id, _) in mutant.also {
        let binds = requirements().get(id).is_some_and(|requirement| requirement.binds(role));
        if binds && !broken.contains(*id) {
            wrong.push(format!("{role} {}: lists {id} under `also`, which does not break", mutant.name));
        }
    }
    // The verdict must follow: some policy fails what the mutant breaks.
    let fails = ended.code == 1;
    let certify_fails = broken
        .iter()
        .filter_map(|id| requirements().get(id.as_str()).copied())
        .any(|r| touchstone::judge::Policy::Certify.fails(r));
    if fails != certify_fails {
        wrong.push(format!(
            "{role} {}: exit {} although the broken requirements say otherwise",
            mutant.name, ended.code
        ));
    }
    (broken, wrong)
}

/// Mutants whose `ROLE/NAME` contains this, where it is set.
fn only() -> Option<String> {
    std::env::var("TOUCHSTONE_MUTANT").ok()
}

/// What each mutant broke.
type Results = BTreeMap<(Role, &'static str), BTreeSet<String>>;

/// Tries every mutant, several at a time; what they broke, and what is wrong with that.
fn each(try_one: impl Fn(Role, &Mutant) -> (BTreeSet<String>, Vec<String>) + Sync) -> (Results, Vec<String>) {
    let only = only();
    let mutants: Vec<(Role, &'static Mutant)> = ROLES
        .into_iter()
        .flat_map(|role| mutants(role).into_iter().map(move |mutant| (role, mutant)))
        .filter(|(role, m)| only.as_deref().is_none_or(|only| format!("{role}/{}", m.name).contains(only)))
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<Results> = Mutex::default();
    let wrong: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((role, mutant)) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (broken, problems) = try_one(*role, mutant);
                    results.lock().expect("no test panics while it holds this").insert((*role, mutant.name), broken);
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
    let (results, wrong) = each(|role, mutant| {
        let (ended, report) = play(role, mutant, &BTreeSet::new());
        let Some(report) = report else {
            return (BTreeSet::new(), vec![format!("{role} {}: exit {}\n{}", mutant.name, ended.code, ended.stderr)]);
        };
        let broken = broken_in(&report);
        let missed = mutant.primary.iter().filter(|id| !broken.contains(**id));
        let wrong = missed.map(|id| {
            let row = common::row(&report, id);
            format!("{role} {}: {id} is {}, not broken: {}", mutant.name, row["outcome"], row["findings"])
        });
        let wrong = wrong.collect();
        (broken, wrong)
    });
    for ((role, name), broken) in &results {
        println!("{role} {name}\t{}", broken.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_mutant_breaks_what_it_should_and_nothing_else() {
    let (results, wrong) = each(run);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    if only().is_none() {
        let stale: Vec<String> = ROLES.into_iter().filter_map(|role| stale_ledger(role, &results)).collect();
        assert!(
            stale.is_empty(),
            "{} differs from what the mutants showed; after a deliberate change write it anew (README.md)",
            stale.join(" and ")
        );
    }
}

/// The committed ledger of a role, when it does not say what these runs have shown.
fn stale_ledger(role: Role, results: &Results) -> Option<String> {
    let mut text = String::from("# requirement\tbroken as primary by\tbroken beside another by\n");
    for (id, requirement) in requirements() {
        if !requirement.judged.testable() || !requirement.binds(role) {
            continue;
        }
        let mut primary = Vec::new();
        let mut also = Vec::new();
        for mutant in mutants(role) {
            if !results.get(&(role, mutant.name)).is_some_and(|broken| broken.contains(id)) {
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
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("ledger/{}-{role}.tsv", OPENC2_MQTT_WD04.id));
    if std::env::var_os("TOUCHSTONE_UPDATE_LEDGER").is_some() {
        fs::write(&path, &text).expect("the ledger can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    (committed != text).then(|| path.display().to_string())
}

#[test]
fn every_testable_requirement_has_a_mutant() {
    let mut without = Vec::new();
    for role in ROLES {
        let proven: BTreeSet<&str> = mutants(role).iter().flat_map(|m| m.primary.iter().copied()).collect();
        let unproven =
            requirements().into_iter().filter(|(id, r)| r.judged.testable() && r.binds(role) && !proven.contains(id));
        without.extend(unproven.map(|(id, _)| format!("{role} {id}")));
    }
    assert!(without.is_empty(), "{} checks that no mutant fails: {without:#?}", without.len());
}

#[test]
fn every_testable_requirement_is_exercised() {
    let mut without = Vec::new();
    for role in ROLES {
        let scenarios = scenarios(role);
        let unexercised = requirements().into_iter().filter(|(id, r)| {
            r.judged.testable() && r.binds(role) && !scenarios.iter().any(|s| s.exercises.iter().any(|e| e == id))
        });
        without.extend(unexercised.map(|(id, _)| format!("{role} {id}")));
    }
    assert!(without.is_empty(), "{} requirements that no scenario exercises: {without:#?}", without.len());
}

#[test]
fn mutants_name_requirements_that_exist() {
    let known = requirements();
    for (role, mutant) in ROLES.into_iter().flat_map(|role| mutants(role).into_iter().map(move |m| (role, m))) {
        assert!(!mutant.primary.is_empty(), "{} breaks nothing", mutant.name);
        // What breaks with a mutant of both roles may bind one of them.
        let binds_one = |id: &str| {
            known
                .get(id)
                .is_some_and(|r| mutant.roles.iter().any(|of| Role::named(of).is_some_and(|role| r.binds(role))))
        };
        let elsewhere = |id: &str| !mutant.primary.contains(&id) && binds_one(id);
        for id in mutant.primary.iter().copied().chain(mutant.also.iter().map(|(id, _)| *id)) {
            assert!(
                known.get(id).is_some_and(|r| r.judged.testable() && (r.binds(role) || elsewhere(id))),
                "{role} {} names {id}, which has no check for that role",
                mutant.name
            );
        }
        for id in mutant.shows_in {
            let known = ROLES
                .into_iter()
                .flat_map(scenarios)
                .any(|s| s.id == *id && mutant.primary.iter().any(|primary| s.exercises.iter().any(|e| e == primary)));
            assert!(known, "{} shows in {id}, which exercises none of {:?}", mutant.name, mutant.primary);
        }
        for (id, reason) in mutant.also {
            assert!(!reason.trim().is_empty(), "{} gives no reason for {id}", mutant.name);
        }
    }
}
