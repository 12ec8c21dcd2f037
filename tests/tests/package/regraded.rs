//! Judging again: what differs is told verdict by verdict with its cause, and the run that is judged stays as it is.

use crate::common::{Ended, IutFile, call_in, scratch};
use crate::kit::{change_file, copied, pack, snapshot, told, verify};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use touchstone::iut::Role;

fn requirement<'r>(report: &'r mut Value, id: &str) -> &'r mut Value {
    let rows = report["requirements"].as_array_mut().expect("a list");
    rows.iter_mut().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} is in the report"))
}

fn judged(dir: &Path, further: &[&str]) -> Ended {
    let before = snapshot(&dir.join("run"));
    let ended = call_in(dir, ["judge", "run", "--out", "new", "--diff"].into_iter().chain(further.iter().copied()));
    assert!(snapshot(&dir.join("run")) == before, "the run was changed");
    ended
}

/// Version of a catalogue of this program.
fn version(id: &str) -> u32 {
    let binding = touchstone::binding::find("openc2-mqtt-wd04").expect("it exists");
    binding.catalogues.iter().find(|c| c.id == id).expect("it is one of its catalogues").version
}

/// What is said behind the summary, without what grows with the catalogues; no line is wider than a terminal.
fn difference(ended: &Ended) -> String {
    assert_eq!(ended.stderr, "");
    let (_, text) = ended.stdout.split_once("\nAgainst run:\n").unwrap_or_else(|| panic!("{}", ended.stdout));
    for line in ended.stdout.lines() {
        // A command is there to be copied: what it names is never broken.
        let fits = line.chars().count() <= 80 || line.contains(" touchstone run --iut ");
        assert!(fits && line.trim_end() == line, "{line:?}");
    }
    let (head, rest) = text.split_once('\n').unwrap_or_default();
    let (count, what) = head.split_once(" of ").unwrap_or_else(|| panic!("{head}"));
    let what = what.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.replace(&format!("version {}", version("wd04")), "version NOW");
    format!("{count} of{what}\n{rest}")
}

#[test]
fn the_same_catalogue_gives_the_same() {
    let dir = scratch();
    copied(dir.path());
    let ended = judged(dir.path(), &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    insta::assert_snapshot!(difference(&ended), @"the verdict stays partial; 0 of requirements stand otherwise");
    assert!(
        fs::read(dir.path().join("run/report.json")).expect("one")
            == fs::read(dir.path().join("new/report.json")).expect("two")
    );
}

/// A run as an older catalogue left it: a version less, a requirement less, one that is gone since, one of another level, and one
/// that it judged otherwise.
#[test]
fn an_older_catalogue_is_explained() {
    let dir = scratch();
    let run = copied(dir.path());
    change_file(&run.join("manifest.json"), |manifest| {
        for catalogue in manifest["catalogues"].as_array_mut().expect("a list").iter_mut().filter(|c| c["id"] == "wd04")
        {
            catalogue["version"] = 0.into();
            catalogue["sha256"] = "0".repeat(64).into();
        }
    });
    change_file(&run.join("report.json"), |report| {
        for catalogue in
            report["run"]["catalogues"].as_array_mut().expect("a list").iter_mut().filter(|c| c["id"] == "wd04")
        {
            catalogue["version"] = 0.into();
        }
        let rows = report["requirements"].as_array_mut().expect("a list");
        rows.retain(|row| row["id"] != "wd04/publish-retain");
        let mut gone = rows[0].clone();
        gone["id"] = "wd04/of-old-times".into();
        gone["catalogue"] = "wd04".into();
        rows.push(gone);
        let judged = requirement(report, "wd04/connect-clean-session");
        (judged["outcome"], judged["verdict"]) = ("broken".into(), "fail".into());
        requirement(report, "wd04/connect-protocol-level")["state"] = "not-yet-tested".into();
        report["verdict"] = "fail".into();
    });
    // In place, an older judgement is not replaced.
    let ended = call_in(dir.path(), ["judge", "run"]);
    assert!(told(&ended).contains("catalogue wd04 has changed since the run (version 0 then,"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--out DIR2"), "{}", ended.stderr);
    let ended = judged(dir.path(), &[]);
    insta::assert_snapshot!("older_catalogue", difference(&ended));
    // What came of it is a run like any other.
    assert_eq!(call_in(dir.path(), ["judge", "new"]).code, 0);
    let package = dir.path().join("new.tar.zst");
    assert_eq!(pack(&dir.path().join("new"), &package, &[]).code, 0);
    assert_eq!(verify(&package).code, 0);
}

/// The same version, but another text; and verify says so of a package.
#[test]
fn another_text_of_the_same_version_is_told() {
    let dir = scratch();
    let run = copied(dir.path());
    for (file, pointer) in [("manifest.json", "/catalogues"), ("report.json", "/run/catalogues")] {
        change_file(&run.join(file), |value| {
            let catalogues = value.pointer_mut(pointer).and_then(Value::as_array_mut).expect("a list");
            catalogues.iter_mut().filter(|c| c["id"] == "mqtt311").for_each(|c| c["sha256"] = "0".repeat(64).into());
        });
    }
    let ended = call_in(dir.path(), ["judge", "run"]);
    assert!(told(&ended).contains("then and now, but another text"), "{}", ended.stderr);
    let package = dir.path().join("run.tar.zst");
    assert_eq!(pack(&run, &package, &[]).code, 0);
    let ended = verify(&package);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let said = ended.stdout.replace("\n      ", " ");
    assert!(
        said.contains("catalogue mqtt311: version ") && said.contains(" before and now, but another text"),
        "{said}"
    );
    change_file(&run.join("report.json"), |report| {
        let judged = requirement(report, "mqtt311/protocol-name");
        (judged["outcome"], judged["verdict"]) = ("broken".into(), "fail".into());
    });
    let ended = judged(dir.path(), &[]);
    let said = difference(&ended);
    assert!(said.contains("before and now, but another text"), "{said}");
    let why =
        "mqtt311/protocol-name: fail (broken) -> pass (met)\n  judged otherwise: catalogue mqtt311 has another text";
    assert!(said.contains(why), "{said}");
}

/// A product that leaves out what peers cannot do without, judged by the letter and by everything; and with waivers.
#[test]
fn another_policy_and_waivers_are_explained() {
    let dir = scratch();
    let mut file = IutFile::reference_of(Role::Consumer, Some("header-fixed-bits"));
    file.options.clear();
    let iut = file.write(dir.path());
    let scenarios = ["--scenario", "*/query-features-all", "--scenario", "*/connack-withheld"];
    let run = ["run", "--out", "run", "--iut", &iut.display().to_string()].map(str::to_owned);
    let ended = call_in(dir.path(), run.into_iter().chain(scenarios.map(str::to_owned)));
    assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
    for policy in ["letter", "strict"] {
        let ended = call_in(dir.path(), ["judge", "run", "--out", policy, "--diff", "--policy", policy]);
        insta::assert_snapshot!(format!("policy_{policy}"), difference(&ended));
    }
    // The same waived, for a while; the old report knows nothing of it.
    let waiver = |id: &str, expires: &str| json!({"requirement": id, "reason": "fixed in 2.0", "owner": "QA", "expires": expires});
    change_file(&dir.path().join("run/manifest.json"), |manifest| {
        manifest["waivers"] = json!([
            waiver("wd04/payload-header-fixed-bits", "2099-12-31"),
            waiver("wd04/publish-retain", "2099-12-31")
        ]);
    });
    let ended = judged(dir.path(), &[]);
    insta::assert_snapshot!("waivers_added", difference(&ended));
    // And taken back.
    change_file(&dir.path().join("new/manifest.json"), |manifest| manifest["waivers"] = json!([]));
    let ended = call_in(dir.path(), ["judge", "new", "--out", "newer", "--diff"]);
    let said = ended.stdout.replace('\n', " ");
    assert!(said.contains("waived -> fail (broken)   its waiver is gone"), "{}", ended.stdout);
}

/// Recordings cannot be made again: nothing that is there is replaced, and nothing is put among the evidence.
#[test]
fn nothing_is_overwritten() {
    let dir = scratch();
    let run = copied(dir.path());
    std::os::unix::fs::symlink(&run, dir.path().join("link")).expect("linked");
    crate::kit::copy_all(&run, &dir.path().join("another"));
    fs::create_dir(dir.path().join("foreign")).expect("created");
    fs::write(dir.path().join("foreign/thesis.txt"), "mine").expect("written");
    fs::write(dir.path().join("file"), "mine").expect("written");
    let before = snapshot(dir.path());
    for (out, expected) in [
        ("run", "is the directory that is judged"),
        ("link", "is the directory that is judged"),
        ("run/again", "lies within the directory that is judged"),
        ("link/a/b", "lies within the directory that is judged"),
        ("foreign/../run/again", "lies within"),
        (".", "holds the directory that is judged"),
        ("another", "holds a run already"),
        ("foreign", "is not empty and is no output directory of ours"),
        ("file", "Not a directory"),
    ] {
        let ended = call_in(dir.path(), ["judge", "run", "--out", out, "--diff"]);
        assert!(told(&ended).contains(expected), "{out}: {}", ended.stderr);
    }
    assert!(snapshot(dir.path()) == before, "something was written");
}
