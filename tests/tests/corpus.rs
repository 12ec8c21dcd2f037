//! The robustness corpus: findings carry the seed and the bytes, and a seed gives the same inputs again.

mod common;

use common::{IutFile, call, report, row, scratch};
use std::collections::BTreeMap;
use std::path::Path;
use touchstone_fixtures::recording::{ConnectionId, Direction, Event, read};

fn run(mutant: Option<&str>, dir: &Path, out: &str, seed: &str, scenario: &str) -> i32 {
    let iut = IutFile::reference(mutant).write(dir);
    let out = dir.join(out);
    let path = |p: &Path| p.display().to_string();
    let ended = call(["run", "--iut", &path(&iut), "--out", &path(&out), "--seed", seed, "--scenario", scenario]);
    assert!(ended.code < 2, "{}\n{}", ended.stdout, ended.stderr);
    ended.code
}

#[test]
fn a_finding_names_the_seed_and_the_bytes_it_followed() {
    let dir = scratch();
    let code = run(Some("deaf-after-malformed-json"), dir.path(), "out", "11", "openc2/answering/corpus-truncations");
    assert_eq!(code, 1);
    let report = report(&dir.path().join("out"));
    assert_eq!(report["run"]["seed"], 11);
    let survives = row(&report, "harness/survives");
    assert_eq!(survives["outcome"], "broken");
    let actual = survives["findings"][0]["actual"].as_str().expect("a text");
    assert!(actual.contains("seed 11") && actual.contains("payload 9"), "{actual}");
}

/// Everything the peer sent that publishes: it says most.
fn inputs(out: &Path, scenario: &str) -> Vec<u8> {
    let recording = read(&out.join("evidence").join(scenario).join("capture.pcapng")).expect("a recording");
    let mut said: BTreeMap<ConnectionId, Vec<u8>> = BTreeMap::new();
    for entry in &recording.entries {
        if let Event::Bytes { conn, direction: Direction::FromPeer, data } = &entry.event {
            said.entry(*conn).or_default().extend_from_slice(data);
        }
    }
    said.into_values().max_by_key(Vec::len).expect("peers say something")
}

#[test]
fn a_seed_gives_the_same_inputs_again() {
    let dir = scratch();
    let scenario = "wd04/consumer/corpus-headers";
    for (out, seed) in [("a", "5"), ("b", "5"), ("c", "6")] {
        assert_eq!(run(None, dir.path(), out, seed, scenario), 0);
    }
    // Good commands are dated: what differs is as long as a date.
    let [a, b, c] = ["a", "b", "c"].map(|out| inputs(&dir.path().join(out), scenario));
    assert_eq!(a.len(), b.len());
    let differing = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    assert!(differing < 13 * 20, "{differing} bytes differ");
    assert_ne!(a.len(), c.len());
}
