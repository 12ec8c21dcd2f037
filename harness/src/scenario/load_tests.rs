use super::*;
use crate::binding::{self, ONEM2M_TS0010, OPENC2_MQTT_WD04};

fn problems(text: &str) -> String {
    match parse(Source::new("acme/x.toml", text), &OPENC2_MQTT_WD04, false) {
        Ok(_) => panic!("accepted"),
        Err(problems) => problems.to_string(),
    }
}

const HEAD: &str = "id = \"acme/x\"\ntitle = \"t\"\npurpose = \"p\"\nrole = \"consumer\"\nexercises = []\n";

#[test]
fn a_scenario_is_read() {
    let text = format!(
        r#"{HEAD}requires = ["cbor", "not:wildcard"]
[[step]]
verb = "start"
[[step]]
verb = "await-ready"
[[step]]
verb = "request"
to = "device"
name = "a"
serialization = "cbor"
command = {{ action = "query", target = {{ features = ["pairs"] }} }}
[[step]]
verb = "await-response"
name = "a"
status = [200, 102]
[[step]]
verb = "await"
packet = "PUBLISH"
topic = "oc2/rsp"
dup = false
flags = "32"
"#
    );
    let scenario = parse(Source::new("x.toml", text), &OPENC2_MQTT_WD04, false).expect("sound");
    assert_eq!(scenario.steps.len(), 5);
    assert_eq!(scenario.steps[2].line, 11);
    assert_eq!(
        scenario.requires,
        [Need::of(Key::Own("cbor")), Need { key: Key::Option("wildcard".into()), absent: true }]
    );
    assert_eq!(scenario.sha256.len(), 64);
}

#[test]
fn unknown_names_are_shown_with_a_suggestion() {
    insta::assert_snapshot!(problems(
        r#"id = "acme/x"
title = "t"
purpose = "p"
role = "consumer"
exercises = ["nobody/knows"]
requires = ["cobr"]
timeout = 3

[[step]]
verb = "strat"

[[step]]
verb = "await"
packet = "PUBLSIH"

[[step]]
verb = "request"
too = "all"

[[step]]
verb = "await-response"
nmae = "a"
"#
    ));
}

#[test]
fn wrong_values_are_shown_in_place() {
    insta::assert_snapshot!(problems(&format!(
        r#"{HEAD}
[[step]]
verb = "await"
packet = "CONNECT"
topic = "x"
within = "5"

[[step]]
verb = "request"
to = "everybody"
qos = 3
command = "query"

[[step]]
verb = "deliver"
hex = "9"
name = "q"

[[step]]
verb = "withhold"
packet = "PUBACK"

[[step]]
verb = "cut"
after = true

[[step]]
verb = "idle"

[[step]]
verb = "restart"
state = "new"
"#
    )));
}

#[test]
fn names_must_be_captured_before_they_are_awaited() {
    insta::assert_snapshot!(problems(&format!(
        r#"{HEAD}for_each = "command"
[[step]]
verb = "request"
name = "first"
[[step]]
verb = "await-response"
name = "frist"
[[step]]
verb = "request"
name = "first"
"#
    )));
}

#[test]
fn an_empty_file_is_told_what_it_lacks() {
    insta::assert_snapshot!(problems(""));
}

#[test]
fn ids_are_safe_as_folders() {
    for id in ["x", "../x", "a/../b", "A/b", "a//b", "/a", "a/b/c/d/e", "a/-b", "a/b c"] {
        let text = HEAD.replace("acme/x", id) + "[[step]]\nverb = \"start\"\n";
        assert!(parse(Source::new("x.toml", text), &OPENC2_MQTT_WD04, false).is_err(), "{id}");
    }
}

#[test]
fn a_folder_of_scenarios_is_read_and_ours_are_never_shadowed() {
    let folder = tempfile::tempdir().expect("directory");
    std::fs::create_dir(folder.path().join("sub")).expect("directory");
    let mine = format!("{HEAD}[[step]]\nverb = \"start\"\n");
    std::fs::write(folder.path().join("sub/a.toml"), &mine).expect("written");
    std::fs::write(folder.path().join("notes.txt"), "no scenario").expect("written");
    let loaded = load(&OPENC2_MQTT_WD04, Role::Consumer, Some(folder.path())).expect("sound");
    assert!(loaded.iter().any(|s| s.id == "acme/x" && !s.embedded));

    std::fs::write(folder.path().join("b.toml"), &mine).expect("written");
    let twice = load(&OPENC2_MQTT_WD04, Role::Consumer, Some(folder.path())).expect_err("twice the same id");
    assert!(twice.to_string().contains("two scenarios have the id `acme/x`"), "{twice}");

    let ours = loaded.iter().find(|s| s.embedded).map(|s| s.id.clone()).expect("embedded scenarios");
    let prefix = ours.split('/').next().unwrap_or_default();
    std::fs::write(folder.path().join("b.toml"), mine.replace("acme/x", &format!("{prefix}/x"))).expect("written");
    let shadow = load(&OPENC2_MQTT_WD04, Role::Consumer, Some(folder.path())).expect_err("our prefix");
    assert!(shadow.to_string().contains("give your scenarios a prefix of their own"), "{shadow}");
}

#[test]
fn a_scenario_for_each_command_keeps_its_ids_to_itself() {
    let folder = tempfile::tempdir().expect("directory");
    let step = "[[step]]\nverb = \"start\"\n";
    let each = format!("{HEAD}for_each = \"command\"\n{step}[[step]]\nverb = \"request\"\ndeclared = \"each\"\n");
    std::fs::write(folder.path().join("a.toml"), each).expect("written");
    std::fs::write(folder.path().join("b.toml"), HEAD.replace("acme/x", "acme/x-2") + step).expect("written");
    let problems = load(&OPENC2_MQTT_WD04, Role::Consumer, Some(folder.path())).expect_err("the same id");
    assert!(problems.to_string().contains("`acme/x-2` is also what `acme/x` is called"), "{problems}");
}

#[test]
fn a_folder_that_is_not_there_is_a_problem() {
    let problems = load(&OPENC2_MQTT_WD04, Role::Consumer, Some(Path::new("/nowhere"))).expect_err("missing");
    assert!(problems.to_string().contains("cannot read the scenario folder /nowhere"), "{problems}");
}

#[test]
fn every_embedded_scenario_is_sound() {
    for binding in binding::ALL {
        for role in binding.roles() {
            match load(binding, role, None) {
                Ok(scenarios) => assert!(!scenarios.is_empty(), "{} {role}", binding.id),
                Err(problems) => panic!("{problems}"),
            }
        }
    }
}

#[test]
fn every_testable_requirement_is_exercised_by_a_scenario_of_ours() {
    for binding in binding::ALL {
        for role in binding.roles() {
            let scenarios = load(binding, role, None).expect("sound");
            let exercised: BTreeSet<&str> = scenarios.iter().flat_map(|s| &s.exercises).map(String::as_str).collect();
            let missing: Vec<&str> = binding
                .requirements()
                .map(|(_, requirement)| requirement)
                .filter(|r| {
                    r.binds(role) && r.belongs_to(binding.id) && r.judged.testable() && !exercised.contains(r.id)
                })
                .map(|r| r.id)
                .collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    }
}

/// Of a shared scenario every binding keeps what it knows.
#[test]
fn a_shared_scenario_is_played_against_every_role_on_its_side() {
    let text = HEAD.replace("\"consumer\"", "\"answering\"").replace("exercises = []", SHARED)
        + "requires = [\"not:websocket\"]\n[[step]]\nverb = \"start\"\n";
    let of = |binding| {
        let scenario = parse(Source::new("x.toml", text.clone()), binding, false).expect("sound");
        (scenario.roles, scenario.exercises)
    };
    let (roles, exercises) = of(&OPENC2_MQTT_WD04);
    assert_eq!((roles, exercises.len()), (vec![Role::Consumer], 2));
    let (roles, exercises) = of(&ONEM2M_TS0010);
    assert_eq!((roles, exercises), (vec![Role::Cse], vec!["mqtt311/puback-length".to_owned()]));
    let wrong = text.replace("wd04/", "wd05/");
    let problems = parse(Source::new("x.toml", wrong), &ONEM2M_TS0010, false).expect_err("no such requirement");
    assert!(problems.to_string().contains("unknown requirement `wd05/puback-sent`"), "{problems}");
}

const SHARED: &str = "exercises = [\"wd04/puback-sent\", \"mqtt311/puback-length\"]";
