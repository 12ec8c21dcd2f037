//! A changed byte anywhere is told: in the package, in a file of it, and in what somebody put together anew.

use crate::common::scratch;
use crate::kit::{
    Entries, against, changed_json, checked, compressed, fitted, packed, recorded, refused, repacked, unpacked,
};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn small() -> (TempDir, PathBuf, Entries) {
    let dir = scratch();
    let package = dir.path().join("run.tar.zst");
    packed(recorded(), &package, &[]);
    let entries = unpacked(&package);
    (dir, package, entries)
}

/// Places in `length` bytes: both ends, and others by chance, always the same.
fn places(length: usize, many: usize) -> impl Iterator<Item = usize> {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64 ^ length as u64;
    let chosen = (0..many).map(move |_| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % length as u64).unwrap_or(0)
    });
    [0, length - 1].into_iter().chain(chosen)
}

#[test]
fn any_changed_byte_of_a_package_is_told() {
    let (dir, package, _) = small();
    assert_eq!(against(&package), "");
    let whole = fs::read(&package).expect("the package");
    let changed = dir.path().join("changed.tar.zst");
    // All of the head of the frame, all of its checksum, and many between.
    let ends = (0..24).chain(whole.len() - 24..whole.len());
    for (number, at) in ends.chain(places(whole.len(), 250)).enumerate() {
        let mut other = whole.clone();
        other[at] ^= 1 << (number % 8);
        fs::write(&changed, &other).expect("written");
        assert_ne!(against(&changed), "", "byte {at} of {}", whole.len());
    }
    for length in (0..16).chain(whole.len() - 16..whole.len()).chain(places(whole.len(), 40)) {
        fs::write(&changed, &whole[..length]).expect("written");
        assert_ne!(against(&changed), "", "{length} bytes of {}", whole.len());
    }
    for behind in [&b"\0"[..], b"x", &whole, b"\x50\x2a\x4d\x18\x01\0\0\0x"] {
        fs::write(&changed, [&whole, behind].concat()).expect("written");
        let said = refused(&changed);
        assert!(said.contains("bytes stand behind its end"), "{said}");
    }
}

/// With the index as it was, the file is named; with one that fits, whatever the captures do not give.
#[test]
fn any_changed_byte_of_a_file_is_named() {
    let (dir, _, entries) = small();
    let changed = dir.path().join("changed.tar.zst");
    for (number, (path, bytes)) in entries.iter().enumerate().filter(|(_, (_, bytes))| !bytes.is_empty()) {
        for at in places(bytes.len(), 6) {
            let mut other = entries.clone();
            other[number].1[at] ^= 1;
            repacked(&changed, &other);
            let said = against(&changed);
            let named = said.contains(path.as_str()) || path == "package.json" && !said.is_empty();
            assert!(named, "byte {at} of {path}: {said}");
            // What an implementation prints is no evidence: that it is the same, only a signature tells.
            if number > 0 && path != "manifest.json" && !path.contains("/iut.") {
                fitted(&mut other);
                repacked(&changed, &other);
                let said = against(&changed);
                assert!(said.contains(path.as_str()) || said.contains("report.json"), "byte {at} of {path}: {said:?}");
            }
        }
    }
}

#[test]
fn files_that_come_and_go_are_named() {
    let (dir, _, entries) = small();
    let changed = dir.path().join("changed.tar.zst");
    let capture = entries.iter().position(|(path, _)| path.ends_with("capture.pcapng")).expect("there is one");
    let path = entries[capture].0.clone();
    let with = |change: &dyn Fn(&mut Entries)| {
        let mut other = entries.clone();
        change(&mut other);
        repacked(&changed, &other);
        against(&changed)
    };
    for (number, (path, _)) in entries.iter().enumerate().skip(1) {
        let said = with(&|e| drop(e.remove(number)));
        assert!(said.contains(&format!("{path} is missing")), "{said}");
    }
    let said = with(&|e| e.push(("evidence/more.txt".to_owned(), b"more".to_vec())));
    assert!(said.contains("evidence/more.txt was added"), "{said}");
    let said = with(&|e| e[capture].0.push('x'));
    assert!(said.contains(&format!("{path}x was added")) && said.contains(&format!("{path} is missing")), "{said}");
    let said = with(&|e| e.push(e[capture].clone()));
    assert!(said.contains("twice"), "{said}");
    let said = with(&|e| e.swap(1, 2));
    assert!(said.contains("stands before"), "{said}");
    let said = with(&|e| e[capture].1.truncate(100));
    assert!(said.contains(&format!("{path}: 100 bytes")), "{said}");
    assert_eq!(with(&|_| ()), "", "as it was");
}

/// Whoever puts a package together anew makes the index fit. What is in it has to follow from the captures all the same.
#[test]
fn what_the_captures_do_not_give_is_named() {
    let (dir, _, entries) = small();
    let forged = dir.path().join("forged.tar.zst");
    let at = |path: &str| entries.iter().position(|(p, _)| p == path).unwrap_or_else(|| panic!("{path} is packed"));
    let with = |change: &dyn Fn(&mut Entries)| {
        let mut other = entries.clone();
        change(&mut other);
        fitted(&mut other);
        repacked(&forged, &other);
        against(&forged)
    };
    assert_eq!(with(&|_| ()), "", "as it was");
    let captures: Vec<usize> = (0..entries.len()).filter(|n| entries[*n].0.ends_with("capture.pcapng")).collect();
    let said = with(&|e| {
        let first = std::mem::take(&mut e[captures[0]].1);
        e[captures[0]].1 = std::mem::replace(&mut e[captures[1]].1, first);
    });
    for capture in &captures[..2] {
        assert!(said.contains(&format!("{}: its capture is of scenario", entries[*capture].0)), "{said}");
    }
    let said = with(&|e| e[captures[0]].1 = b"\x0a\x0d\x0d\x0a of something else".to_vec());
    assert!(said.contains(&format!("{}: its capture is damaged", entries[captures[0]].0)), "{said}");
    for (report, instead) in [("junit.xml", "<testsuites/>"), ("report.html", "<p>Conforms.</p>")] {
        let said = with(&|e| e[at(report)].1 = instead.into());
        assert!(said.contains(&format!("{report} is not what the captures give")), "{said}");
    }
    let said = with(&|e| e[at("report.json")].1 = b"{}".to_vec());
    assert!(said.contains("report.json: "), "{said}");
    // One verdict in the report, in JSON as the program writes it.
    let mut id = String::new();
    let text = changed_json(&entries[at("report.json")].1, |report| {
        let rows = report["requirements"].as_array_mut().expect("a list");
        let met = rows.iter_mut().find(|r| r["outcome"] == "met").expect("something is met");
        (met["outcome"], met["verdict"]) = ("broken".into(), "fail".into());
        met["id"].as_str().expect("an id").clone_into(&mut id);
    });
    let said = with(&|e| e[at("report.json")].1.clone_from(&text));
    assert!(said.contains(&format!("{id}: fail (broken) -> pass (met)")), "{said}");
    assert!(said.contains("report.json is not what the captures give"), "{said}");
}

/// The manifest says by what a run was judged; nothing in it is believed that the captures or the reports gainsay.
#[test]
fn a_changed_manifest_is_told() {
    let (dir, _, entries) = small();
    let forged = dir.path().join("forged.tar.zst");
    let manifest = entries.iter().position(|(path, _)| path == "manifest.json").expect("it is packed");
    let other = "0".repeat(64);
    let cases: [(&str, &str, Value); 16] = [
        ("/policy", "report.json says otherwise", "strict".into()),
        ("/iut/version", "report.json says otherwise", "2.0".into()),
        ("/iut/name", "report.json says otherwise", "another".into()),
        ("/iut_file/sha256", "report.json is not", other.clone().into()),
        ("/pics/keep_alive", "made with other declarations", 60.into()),
        ("/pics/device_id", "made with other declarations", "yankee".into()),
        ("/seed", "another seed", 7.into()),
        ("/scale", "another seed or scale", 2.0.into()),
        ("/tool", "another version", "0.0.9".into()),
        ("/role", "its capture is of scenario", "producer".into()),
        ("/scenarios/0/sha256", "another text of the scenario", other.clone().into()),
        ("/scenarios/0/exercises/0", "report.json", "wd04/publish-retain".into()),
        ("/scenarios/0/evidence", "report.json", "evidence/none".into()),
        ("/catalogues/0/version", "names other catalogues", 99.into()),
        ("/catalogues/0/sha256", "names other catalogues", other.into()),
        (
            "/waivers",
            "report.json says otherwise",
            serde_json::json!([{"requirement": "wd04/publish-retain", "reason": "r", "owner": "o", "expires": "2099-01-01"}]),
        ),
    ];
    for (pointer, expected, instead) in cases {
        let mut entries = entries.clone();
        entries[manifest].1 = changed_json(&entries[manifest].1, |value| {
            *value.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = instead;
        });
        repacked(&forged, &entries);
        let said = against(&forged);
        assert!(said.contains("manifest.json: ") && said.contains("SHA-256"), "{pointer}: {said}");
        fitted(&mut entries);
        repacked(&forged, &entries);
        let said = against(&forged);
        assert!(said.contains(expected), "{pointer}: {said}");
    }
    let mut spaced = entries.clone();
    spaced[manifest].1.push(b' ');
    fitted(&mut spaced);
    repacked(&forged, &spaced);
    assert!(against(&forged).contains("manifest.json is not written as"), "{}", against(&forged));
    // What another version judged is compared by its verdicts, and that is said.
    let mut older = entries.clone();
    let report = older.iter().position(|(path, _)| path == "report.json").expect("it is packed");
    older[report].1 = changed_json(&older[report].1, |value| value["run"]["tool"] = "0.0.9".into());
    fitted(&mut older);
    repacked(&forged, &older);
    let checked = checked(&forged).expect("it can be checked");
    assert!(
        checked.sound() && checked.notes.iter().any(|note| note.contains("judged by version 0.0.9")),
        "{checked:?}"
    );
}

#[test]
fn the_archive_itself_is_looked_at() {
    let (dir, package, entries) = small();
    let changed = dir.path().join("changed.tar.zst");
    let mut archive = Vec::new();
    let file = fs::File::open(&package).expect("the package");
    zstd::stream::copy_decode(file, &mut archive).expect("zstd");
    compressed(&changed, &archive);
    assert_eq!(against(&changed), "", "as it was");
    // Owner, time, mode, what fills the last block of the index, and what stands behind the last file.
    let filling = 512 + entries[0].1.len();
    assert!(!filling.is_multiple_of(512), "there is something to change");
    let summed = |archive: &mut [u8]| {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes().copy_from_slice(&archive[..512]);
        header.set_cksum();
        archive[..512].copy_from_slice(header.as_bytes());
    };
    for at in [104, 112, 120, 140, 265, 300, filling, archive.len() - 600, archive.len() - 1] {
        let mut other = archive.clone();
        other[at] ^= 1;
        summed(&mut other);
        compressed(&changed, &other);
        assert_ne!(against(&changed), "", "byte {at}");
    }
    let mut longer = archive.clone();
    longer.extend([0; 512]);
    compressed(&changed, &longer);
    assert!(against(&changed).contains("the archive around the files"), "{}", against(&changed));
    compressed(&changed, &archive[..archive.len() - 512]);
    assert!(against(&changed).contains("the archive around the files"), "{}", against(&changed));
    let mut other = fs::File::create(&changed).expect("a file");
    zstd::stream::copy_encode(archive.as_slice(), &mut other, 3).expect("zstd");
    assert!(against(&changed).contains("the compressed bytes"), "{}", against(&changed));
}
