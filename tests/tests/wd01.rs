//! The topic profile of Working Draft 01: both references follow it, and whatever is found is advice.

mod common;

use common::{IutFile, Subject, call, report, root, row, scratch};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use touchstone::binding::OPENC2_MQTT_WD01;
use touchstone::iut::Role;

fn run(iut: &Path, out: &Path, more: &[&str]) -> i32 {
    let mut arguments: Vec<String> = ["run", "--iut"].map(str::to_owned).to_vec();
    arguments.extend([iut.display().to_string(), "--out".to_owned(), out.display().to_string()]);
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    call(&arguments).code
}

fn bundled(role: Role) -> PathBuf {
    root().join(format!("fixtures/iuts/reference-wd01-{role}.toml"))
}

/// A complete run of the bundled reference: everything followed, nothing required, and no report says otherwise.
fn follows_all_of_it(role: Role) {
    let dir = scratch();
    let out = dir.path().join("out");
    assert_eq!(run(&bundled(role), &out, &[]), 0);
    let report = report(&out);
    assert_eq!(report["verdict"], "advice", "{}", report["sentence"]);
    assert_eq!(report["counts"]["gating"], 0);
    assert_eq!(report["counts"]["scenarios"], report["counts"]["scenarios_completed"]);
    for requirement in report["requirements"].as_array().expect("a list").iter().filter(|r| r["state"] == "applicable")
    {
        assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
    }
    let html = fs::read_to_string(out.join("report.html")).expect("report.html");
    let junit = fs::read_to_string(out.join("junit.xml")).expect("junit.xml");
    assert!(html.contains("Advisory report, no certificate of conformance"));
    for text in [&html, &junit] {
        assert!(text.contains("Working Draft 01 holds no requirement, only guidance: this states no conformance."));
        assert!(!text.contains("Conforms: ") && !text.contains("Does not conform"));
    }
}

/// One after the other: two complete runs at once would only measure the machine.
#[test]
fn the_references_follow_all_of_it() {
    follows_all_of_it(Role::Consumer);
    follows_all_of_it(Role::Producer);
}

/// The reference of that role with a deviation, in one scenario, under a policy: exit code and report.
fn deviating(role: Role, mutant: &str, scenario: &str, policy: &str) -> (i32, Value) {
    let dir = scratch();
    let file = IutFile::subject(Subject { binding: &OPENC2_MQTT_WD01, role }, Some(mutant));
    let out = dir.path().join("out");
    let code = run(&file.write(dir.path()), &out, &["--scenario", scenario, "--policy", policy]);
    (code, report(&out))
}

/// Not even a MUST of what the draft builds on fails there, unless everything is asked to.
#[test]
fn what_is_broken_warns_and_fails_under_strict_alone() {
    let scenario = "*/connect-and-subscribe";
    for policy in ["letter", "certify"] {
        let (code, report) = deviating(Role::Consumer, "connect-level-3", scenario, policy);
        assert_eq!((code, &report["verdict"]), (0, &Value::from("partial")), "{}", report["sentence"]);
        for id in ["mqtt311/protocol-level", "wd01/mqtt-version"] {
            assert_eq!(row(&report, id)["outcome"], "broken");
            assert_eq!((&row(&report, id)["verdict"], &row(&report, id)["gating"]), (&"warn".into(), &false.into()));
        }
    }
    let (code, report) = deviating(Role::Consumer, "connect-level-3", scenario, "strict");
    assert_eq!((code, &report["verdict"]), (1, &Value::from("fail")));
    let sentence = report["sentence"].as_str().expect("a sentence");
    assert!(
        sentence.starts_with("Does not follow all of the guidance: ") && !sentence.contains("conform:"),
        "{sentence}"
    );
}

/// The spelling of pairs is left open: what is declared counts, and another spelling is a matter of its own.
#[test]
fn a_pair_in_another_spelling_is_subscribed_to_and_named() {
    let scenario = "wd01/consumer/connect-and-subscribe";
    let (_, report) = deviating(Role::Consumer, "subscribes-to-respelled-pairs", scenario, "certify");
    assert_eq!(row(&report, "wd01/subscribe-action-targets")["outcome"], "met");
    let spelling = row(&report, "wd01/action-target-spelling");
    assert_eq!((&spelling["outcome"], spelling["contradiction"].is_string()), (&"broken".into(), true));
    let said = spelling["findings"][0]["message"].as_str().expect("a sentence");
    assert!(
        said.contains("`oc2/cmd/action_target/query:features` spells a pair in another way than declared"),
        "{said}"
    );
}

/// A Consumer that is declared to take messages behind a header is asked that way, and one that is not blamed for what
/// nobody sent.
#[test]
fn messages_are_framed_as_declared() {
    let dir = scratch();
    let subject = Subject { binding: &OPENC2_MQTT_WD01, role: Role::Consumer };
    let path = IutFile::subject(subject, None).write(dir.path());
    let text = fs::read_to_string(&path).expect("the IUT file");
    let headed = text.replace("message_format = \"record\"", "message_format = \"header\"");
    assert_ne!(text, headed);
    fs::write(&path, headed).expect("the IUT file can be written");
    let out = dir.path().join("out");
    run(&path, &out, &["--scenario", "openc2/answering/query-features-empty"]);
    // The reference reads bare records only, so what it declared here is not true of it.
    let report = report(&out);
    assert_eq!(row(&report, "openc2/query-features-implemented")["outcome"], "broken");
    assert_eq!(row(&report, "openc2/query-features-implemented")["verdict"], "warn");
}
