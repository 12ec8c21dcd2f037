//! junit.xml, read by two parsers that nobody here wrote (a crate and Python's junitparser): both find in it what the
//! report says.

mod common;

use common::{IutFile, call, root, scratch, tools};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use touchstone_reports::model::{Report, Requirement, Scenario, State, Verdict};
use touchstone_reports::text::{visible, visible_block};
use touchstone_reports::{from_json, sample, to_junit};

/// What a report lets expect, in the form in which both parsers are asked. Texts below a failure are left out: they have
/// several lines, of which [`Expected::told`] says what must be in them.
struct Expected {
    suites: Value,
    /// Class, name, and a line that its text must have.
    told: Vec<(String, String, String)>,
}

fn expected(report: &Report) -> Expected {
    let mut told = Vec::new();
    let mut names: Vec<&str> = report.run.catalogues.iter().map(|c| c.id.as_str()).collect();
    names.extend(report.requirements.iter().map(|r| r.catalogue.as_str()));
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let package = format!("{}.{}", report.binding, report.role);
    let mut suites = Vec::new();
    for name in names {
        let class = format!("{package}.{name}");
        let of: Vec<&Requirement> = report.requirements.iter().filter(|r| r.catalogue == name).collect();
        for requirement in &of {
            let warned = (requirement.state, requirement.verdict) == (State::Applicable, Verdict::Warn);
            if how(requirement).is_some() || warned {
                let findings = requirement.findings.iter().take(50);
                told.extend(findings.map(|f| (class.clone(), requirement.id.clone(), below(&visible(&f.message)))));
                told.push((class.clone(), requirement.id.clone(), below(&visible(&requirement.statement))));
            }
        }
        suites.push(suite(report, name, of.iter().map(|r| of_requirement(&class, r)).collect()));
    }
    let mut cases: Vec<Value> =
        report.scenarios.iter().map(|s| of_scenario(&format!("{package}.scenarios"), s)).collect();
    for waiver in report.waivers.iter().filter(|w| !w.used) {
        let (class, name) = (format!("{package}.waivers"), format!("waiver of {}", visible(&waiver.requirement)));
        told.push((class.clone(), name.clone(), below(&format!("owner: {}", visible(&waiver.owner)))));
        let message = "It excuses something that did not happen. Remove it; until then the run is incomplete.";
        cases.push(json!({"class": class, "name": name, "millis": 0, "said": false,
            "ended": {"how": "error", "kind": "unused-waiver", "message": message}}));
    }
    suites.push(suite(report, "scenarios", cases));
    Expected { suites: suites.into(), told }
}

/// How text looks below an element: in CDATA, which nothing may end.
fn below(visible: &str) -> String {
    visible.replace("]]>", "]]\\u{3e}")
}

fn suite(report: &Report, name: &str, cases: Vec<Value>) -> Value {
    let count = |how: &str| cases.iter().filter(|case| case["ended"]["how"] == how).count();
    let millis: u64 = cases.iter().filter_map(|case| case["millis"].as_u64()).sum();
    let (iut, seed) = (&report.iut, report.run.seed.to_string());
    let properties = [
        ("iut.name", Some(iut.name.as_str())),
        ("iut.vendor", iut.vendor.as_deref()),
        ("iut.version", iut.version.as_deref()),
        ("binding", Some(report.binding.as_str())),
        ("role", Some(report.role.as_str())),
        ("policy", Some(report.policy.as_str())),
        ("verdict", Some(report.verdict.as_str())),
        ("tool", Some(report.run.tool.as_str())),
        ("seed", Some(seed.as_str())),
    ];
    let properties: Vec<Value> =
        properties.into_iter().filter_map(|(name, value)| Some(json!([name, visible(value?)]))).collect();
    json!({
        "name": name,
        "counts": [cases.len(), count("failure"), count("error"), count("skipped")],
        "millis": millis,
        "timestamp": report.run.started,
        "properties": properties,
        "said": below(&visible_block(report.sentence.trim_end())),
        "cases": cases,
    })
}

/// What a requirement comes to: element and type.
fn how(requirement: &Requirement) -> Option<(&'static str, &'static str)> {
    match (requirement.state, requirement.verdict) {
        (State::Applicable, Verdict::Pass | Verdict::Warn) => None,
        (State::Applicable, Verdict::Fail) => Some(("failure", "broken")),
        (State::Applicable, Verdict::Error) => Some(("error", "error")),
        (State::Applicable, _) if requirement.gating => Some(("error", "undecided")),
        (State::Applicable, _) => Some(("skipped", "undecided")),
        (state, _) => Some(("skipped", state.as_str())),
    }
}

fn of_requirement(class: &str, requirement: &Requirement) -> Value {
    let first = requirement.findings.iter().find(|f| f.because.is_none()).or(requirement.findings.first());
    let first = first.map(|finding| visible(&finding.message));
    let ended = how(requirement).map(|(how, kind)| {
        let message = match (how, kind) {
            ("skipped", "undecided") => match first {
                Some(first) => format!("Not decided, and not gating. {first}").trim_end().to_owned(),
                None => "Not decided, and not gating.".to_owned(),
            },
            ("skipped", _) => visible(requirement.reason.as_deref().expect("a state has a reason")).into_owned(),
            _ => first.expect("a verdict has a finding").into_owned(),
        };
        json!({"how": how, "kind": kind, "message": message})
    });
    let warned = (requirement.state, requirement.verdict) == (State::Applicable, Verdict::Warn);
    json!({"class": class, "name": visible(&requirement.id), "millis": 0, "ended": ended, "said": warned})
}

fn of_scenario(class: &str, scenario: &Scenario) -> Value {
    let reason = scenario.reason.as_deref().map(visible);
    let ended = match scenario.status.as_str() {
        "completed" => None,
        "aborted" => Some(json!({"how": "skipped", "kind": "aborted", "message": reason})),
        _ => Some(json!({"how": "error", "kind": "error", "message": reason})),
    };
    json!({"class": class, "name": visible(&scenario.id), "millis": scenario.duration_ms, "ended": ended, "said": false})
}

/// What the crate reads.
fn by_rust(xml: &str) -> Value {
    let whole = junit_parser::from_reader(xml.as_bytes()).expect("junit-parser reads it");
    let suites: Vec<Value> = whole.suites.iter().map(suite_by_rust).collect();
    json!({"name": whole.name, "counts": [whole.tests, whole.failures, whole.errors], "suites": suites})
}

fn suite_by_rust(suite: &junit_parser::TestSuite) -> Value {
    let cases: Vec<Value> = suite.cases.iter().map(case_by_rust).collect();
    json!({
        "name": suite.name,
        "counts": [suite.tests, suite.failures, suite.errors, suite.skipped],
        "millis": millis(suite.time),
        "timestamp": suite.timestamp,
        "properties": suite.properties.vec,
        "said": suite.system_out.clone().unwrap_or_default(),
        "cases": cases,
    })
}

fn case_by_rust(case: &junit_parser::TestCase) -> Value {
    use junit_parser::TestStatus::{Error, Failure, Skipped, Success};
    let ended = |how, kind: &str, message: &str, text: &str| json!({"how": how, "kind": kind, "message": message, "text": text});
    let ended = match &case.status {
        Success => Value::Null,
        Failure(f) => ended("failure", &f.failure_type, &f.message, &f.text),
        Error(e) => ended("error", &e.error_type, &e.message, &e.text),
        Skipped(s) => ended("skipped", &s.skipped_type, &s.message, &s.text),
    };
    json!({
        "class": case.classname,
        "name": case.original_name,
        "millis": millis(case.time),
        "ended": ended,
        "said": case.system_out,
    })
}

fn millis(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

/// What junitparser reads; nothing where it is not installed.
fn by_python(xml: &Path) -> Option<Value> {
    let python = tools::python("junitparser")?;
    let script = root().join("tests/tests/junit/read.py");
    let output = Command::new(python).arg(script).arg(xml).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("the script prints JSON"))
}

/// Holds what both parsers read against each other, and against the report.
fn agree(report: &Report, xml: &str) {
    let dir = scratch();
    let path = dir.path().join("junit.xml");
    fs::write(&path, xml).expect("written");
    let mut read = by_rust(xml);
    if let Some(python) = by_python(&path) {
        same(&python, &read, "junit.xml");
    }
    let Expected { suites, told } = expected(report);
    for (class, name, line) in told {
        let case = case(&read, &class, &name);
        let text = case["ended"]["text"].as_str().or(case["said"].as_str()).unwrap_or_default();
        assert!(text.contains(&line), "{class} {name} tells {line:?}: {text}");
    }
    for suite in read["suites"].as_array_mut().expect("suites") {
        for case in suite["cases"].as_array_mut().expect("cases") {
            case["said"] = (!case["said"].is_null()).into();
            if let Some(ended) = case["ended"].as_object_mut() {
                let text = ended.remove("text");
                assert!(text.is_some_and(|text| text.as_str().is_some_and(|text| !text.is_empty())), "{ended:?}");
            }
        }
    }
    let total = |n: usize| -> u64 {
        suites.as_array().expect("suites").iter().filter_map(|suite| suite["counts"][n].as_u64()).sum()
    };
    assert_eq!(read["counts"], json!([total(0), total(1), total(2)]));
    same(&read["suites"], &suites, "suites");
}

/// Equal; where they are not, only what differs is printed.
fn same(left: &Value, right: &Value, place: &str) {
    match (left, right) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(n, (a, b))| same(a, b, &format!("{place}[{n}]")));
        }
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().for_each(|(key, value)| same(value, &b[key], &format!("{place}.{key}")));
        }
        _ => assert_eq!(left, right, "{place}"),
    }
}

fn case<'v>(read: &'v Value, class: &str, name: &str) -> &'v Value {
    let suites = read["suites"].as_array().expect("suites").iter();
    let mut cases = suites.flat_map(|suite| suite["cases"].as_array().expect("cases"));
    cases.find(|case| case["class"] == class && case["name"] == name).expect("the case is there")
}

#[test]
fn both_parsers_read_what_sample_reports_say() {
    let samples = [sample::passing(), sample::failing(), sample::hostile(), sample::advisory(), sample::large(100, 1)];
    for report in samples.into_iter().chain(hostile_texts().map(sample::saying)) {
        agree(&report, &to_junit(&report));
    }
}

/// What XML, its attributes, its readers and CI systems might stumble over.
fn hostile_texts() -> impl Iterator<Item = &'static str> {
    [
        "]]>",
        "<![CDATA[ x ]]>",
        "&amp;lt; &#10; &nbsp; %s {0}",
        "</failure></testcase><testcase name='forged'/>",
        "\u{0}\u{1}\u{1b}[31m\u{7f}\u{9b}\u{fffe}\u{ffff}\u{2028}",
        "two\r\nlines\tand a tab",
        "\u{202e}right to left, \u{1f4a1} beyond the first plane, \u{feff}",
        "'single' \"double\"",
    ]
    .into_iter()
}

/// A run of a reference, as told, in some scenarios: its exit code and what it left.
fn run(file: &IutFile, more: &[&str]) -> (i32, Report, String) {
    let dir = scratch();
    let out = dir.path().join("out");
    let iut = file.write(dir.path());
    let mut arguments = vec!["run".to_owned(), "--iut".to_owned(), iut.display().to_string()];
    arguments.extend(["--out".to_owned(), out.display().to_string()]);
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    let ended = call(&arguments);
    let read =
        |name: &str| fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}\n{}", ended.stderr));
    (ended.code, from_json(&read("report.json")).expect("a report"), read("junit.xml"))
}

/// A case is red exactly where the exit code is not 0.
fn red_unless_it_ended_well(code: i32, xml: &str) {
    let read = by_rust(xml);
    let red = read["counts"][1].as_u64().zip(read["counts"][2].as_u64()).map(|(failures, errors)| failures + errors);
    assert_eq!(red > Some(0), code != 0, "exit code {code}, {red:?} red");
}

#[test]
fn both_parsers_read_what_a_run_that_conforms_says() {
    let (code, report, xml) = run(&IutFile::reference(None), &["--scenario", "*/query-features-*"]);
    assert_eq!(code, 0, "{}", report.sentence);
    agree(&report, &xml);
    red_unless_it_ended_well(code, &xml);
}

#[test]
fn both_parsers_read_what_a_run_that_fails_says() {
    let (code, report, xml) = run(&IutFile::reference(Some("publish-retained")), &["--scenario", "*/query-features-*"]);
    assert_eq!(code, 1, "{}", report.sentence);
    agree(&report, &xml);
    red_unless_it_ended_well(code, &xml);
}

#[test]
fn both_parsers_read_what_an_incomplete_run_says() {
    let command = "[\"sleep\", \"60\"]".to_owned();
    let file = IutFile { command, timing: "startup = \"500ms\"\n".to_owned(), ..IutFile::reference(None) };
    let (code, report, xml) = run(&file, &["--scenario", "*/query-features-all"]);
    assert_eq!(code, 3, "{}", report.sentence);
    agree(&report, &xml);
    red_unless_it_ended_well(code, &xml);
}
