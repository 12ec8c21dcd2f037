//! What is no package, or meant to do harm: one line that says so, exit code 2, nothing written, little memory.

use crate::common::{Ended, call_in, program, scratch};
use crate::kit::{change_file, compressed, copied, pack, packed, recorded, snapshot, told, unpacked};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Memory that the program may take for it, in KiB of address space.
const MEMORY: u64 = 1_500_000;

/// Verifies `package` with little memory and a place of its own for temporary files, where nothing may stay.
fn refused(package: &Path) -> String {
    let place = scratch();
    let script = format!("ulimit -v {MEMORY}; exec \"$@\"");
    let output = Command::new("timeout")
        .args(["60", "sh", "-c", &script, "sh", program(), "verify"])
        .arg(package)
        .env("TMPDIR", place.path())
        .current_dir(place.path())
        .output()
        .expect("it runs");
    let ended = Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert_eq!(fs::read_dir(place.path()).expect("it").count(), 0, "something was left: {}", ended.stderr);
    told(&ended).to_owned()
}

#[test]
fn what_is_no_package_is_told() {
    let dir = scratch();
    let file = dir.path().join("run.tar.zst");
    assert!(refused(&file).contains("No such file"));
    assert!(refused(dir.path()).contains("it is no file"));
    nix::unistd::mkfifo(&dir.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
    assert!(refused(&dir.path().join("pipe")).contains("it is no file"));
    let plain = [header(b'0', b"package.json", 2), block(b"{}"), vec![0; 1024]].concat();
    let zstd = |archive: &[u8]| zstd::encode_all(archive, 1).expect("zstd");
    let cases: [(Vec<u8>, &str); 15] = [
        (Vec::new(), "an empty file"),
        (b"no package\n".to_vec(), "something else"),
        (vec![0x28], "something else"),
        (plain.clone(), "an archive that is not compressed"),
        (b"\x1f\x8b\x08\0".to_vec(), "a gzip file"),
        (b"PK\x03\x04".to_vec(), "a zip file"),
        (b"{}".to_vec(), "JSON"),
        (fs::read(capture(recorded())).expect("a capture"), "a capture (pcapng)"),
        ([b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(), zstd(&plain)].concat(), "a skippable frame"),
        (zstd(b""), "it is an empty archive"),
        (zstd(b"hello"), "it is damaged"),
        (zstd(&[0; 4096]), "it is an empty archive"),
        (
            zstd(&[header(b'0', b"README", 2), block(b"hi"), vec![0; 1024]].concat()),
            "its first entry is not package.json",
        ),
        (zstd(&[header(b'5', b"./", 0), vec![0; 1024]].concat()), "its first entry is not package.json"),
        (zstd(&plain), "states no format"),
    ];
    for (bytes, expected) in cases {
        fs::write(&file, &bytes).expect("written");
        let said = refused(&file);
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let nested = "[".repeat(100_000);
    for (index, expected) in [
        (r#"{"format": "touchstone-package/9"}"#, "touchstone-package/9"),
        (r#"{"format": "touchstone-package/1"}"#, "cannot be read"),
        (r#"{"format": 1}"#, "cannot be read"),
        (nested.as_str(), "cannot be read"),
        ("\0\0", "cannot be read"),
    ] {
        compressed(
            &file,
            &[header(b'0', b"package.json", index.len() as u64), block(index.as_bytes()), vec![0; 1024]].concat(),
        );
        let said = refused(&file);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

fn capture(run: &Path) -> std::path::PathBuf {
    run.join("evidence/mqtt311/answering/connack-withheld/capture.pcapng")
}

/// A header of an archive, with any name.
fn header(kind: u8, name: &[u8], size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.as_gnu_mut().expect("gnu").name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// Bytes as an archive holds them.
fn block(bytes: &[u8]) -> Vec<u8> {
    let mut block = bytes.to_vec();
    block.resize(bytes.len().next_multiple_of(512), 0);
    block
}

/// The index of a real package, as the first entry of an archive.
fn beginning(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let dir = scratch();
    let package = dir.path().join("run.tar.zst");
    packed(recorded(), &package, &[]);
    let index = crate::kit::changed_json(&unpacked(&package)[0].1, change);
    [header(b'0', b"package.json", index.len() as u64), block(&index)].concat()
}

/// Nothing is written outside the place where it is unpacked, and nothing but files inside.
#[test]
fn entries_that_lead_elsewhere_are_refused() {
    let dir = scratch();
    let file = dir.path().join("run.tar.zst");
    let begin = beginning(|_| ());
    let named = ["../escaped", "/tmp/escaped", "a/../../b", "a//b", "./a", "a/.", "a/", "..", ".", "/", ""];
    let kinds = (b'1'..=b'7').chain(*b"xgKSVMDN");
    let entries = named.iter().map(|name| (b'0', name.as_bytes())).chain(kinds.map(|kind| (kind, &b"report.json"[..])));
    for (kind, name) in entries.chain([(b'0', &b"caf\xe9"[..])]) {
        compressed(&file, &[begin.clone(), header(kind, name, 1), block(b"x"), vec![0; 1024]].concat());
        let said = refused(&file);
        let expected = ["is not a file within it", "no name in UTF-8"];
        assert!(expected.iter().any(|words| said.contains(words)), "{kind} {name:?}: {said}");
    }
    let path = "../".repeat(60) + "escaped";
    let long = [header(b'L', b"././@LongLink", path.len() as u64 + 1), block(format!("{path}\0").as_bytes())].concat();
    compressed(&file, &[begin.clone(), long, header(b'0', b"x", 1), block(b"x"), vec![0; 1024]].concat());
    assert!(refused(&file).contains("is not a file within it"));
}

/// A frame of zstd that unpacks to `head`, `zeros` times 0, and nothing else. Four bytes for 128 KiB.
fn bomb(head: &[u8], zeros: u64) -> Vec<u8> {
    const BLOCK: u64 = 128 * 1024;
    // No checksum, no size; a window of 1 MiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    let mut push = |kind: u32, size: u64, bytes: &[u8]| {
        let header = u32::try_from(size).expect("a block") << 3 | kind << 1;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend_from_slice(bytes);
    };
    head.chunks(100_000).for_each(|chunk| push(0, chunk.len() as u64, chunk));
    for _ in 0..zeros / BLOCK {
        push(1, BLOCK, &[0]);
    }
    // The last block, empty.
    frame.extend_from_slice(&[1, 0, 0]);
    frame
}

#[test]
fn bombs_do_no_harm() {
    const GIB: u64 = 1024 * 1024 * 1024;
    let dir = scratch();
    let file = dir.path().join("run.tar.zst");
    let begin = beginning(|_| ());
    let announced = |bytes: u64, many: usize| {
        beginning(move |index| {
            let files =
                (0..many).map(|n| serde_json::json!({"path": format!("f{n:06}"), "bytes": bytes, "sha256": ""}));
            index["files"] = files.collect();
        })
    };
    let after = |kind: u8, name: &[u8], size: u64| [begin.clone(), header(kind, name, size)].concat();
    let cases: [(Vec<u8>, &str); 10] = [
        (header(b'0', b"package.json", 8 * GIB), "package.json is larger than any of ours"),
        (header(b'0', b"package.json", u64::MAX), "it is damaged"),
        (after(b'0', b"package.sig", 8 * GIB), "package.sig is larger than any of ours"),
        (after(b'L', b"././@LongLink", 8 * GIB), "it holds a path of 8589934592 bytes"),
        (after(b'0', b"report.json", 8 * GIB), "it holds more than its package.json names: \"report.json\""),
        (after(b'0', b"unnamed", 8 * GIB), "it holds more than its package.json names: \"unnamed\""),
        (after(b'S', b"report.json", 8 * GIB), "is not a file within it"),
        (begin.clone(), "it is damaged: it holds more than its index names"),
        (announced(u64::MAX, 1), "no file of a run is larger"),
        (announced(GIB, 20_000), "no package holds more than"),
    ];
    for (head, expected) in cases {
        fs::write(&file, bomb(&head, 2 * GIB)).expect("written");
        let said = refused(&file);
        assert!(said.contains(expected), "{expected}: {said}");
    }
    // A frame that asks for a window of 2 GiB.
    fs::write(&file, [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8][..], &[0x03, 0, 0x04, 0]].concat()).expect("written");
    assert!(refused(&file).contains("it is damaged"), "{}", refused(&file));
}

/// Directories that are no run of ours, or a damaged one: nothing in them is changed, and nothing is made of them.
#[test]
fn foreign_directories_are_left_alone() {
    let pcap = [b"\xd4\xc3\xb2\xa1\x02\0\x04\0".to_vec(), vec![0; 16]].concat();
    // As dumpcap begins one.
    let pcapng =
        b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0".to_vec();
    let whole = fs::read(recorded().join("manifest.json")).expect("the manifest");
    let text = String::from_utf8(whole.clone()).expect("text");
    let manifests: [(Vec<u8>, &str); 10] = [
        (Vec::new(), "not JSON"),
        (whole[..whole.len() / 2].to_vec(), "manifest.json"),
        (vec![0; 4096], "not JSON"),
        (vec![0xff; 10], "no text"),
        (b"[1, 2]".to_vec(), "no manifest of ours"),
        (b"{}".to_vec(), "states no format"),
        (b"{\"format\": \"touchstone-manifest/9\"}".to_vec(), "touchstone-manifest/9"),
        (format!("{{\"a\": {}", "[".repeat(1_000_000)).into_bytes(), "no manifest of ours"),
        (text.replace("\"evidence/", "\"../evidence/").into_bytes(), "is not below this directory"),
        (text.replace("connection-refused-4\"", "connack-withheld\"").into_bytes(), "is that of another scenario"),
    ];
    let captures: [(Vec<u8>, &str); 5] = [
        (Vec::new(), "its capture is damaged"),
        (b"hello\n".to_vec(), "its capture is damaged"),
        (pcap, "its capture is damaged"),
        (pcapng, "does not carry our mark"),
        (
            fs::read(recorded().join("evidence/mqtt311/answering/connection-refused-4/capture.pcapng")).expect("it"),
            "is of scenario",
        ),
    ];
    for (file, cases) in [("manifest.json", &manifests[..]), ("capture", &captures[..])] {
        for (bytes, expected) in cases {
            let dir = scratch();
            let run = copied(dir.path());
            let path = if file == "capture" { capture(&run) } else { run.join(file) };
            fs::write(&path, bytes).expect("written");
            left_alone(dir.path(), expected);
        }
    }
    // A report of another version, or none: only --diff and --redact ask for it.
    for report in [&b"{\"format\": \"touchstone-report/9\"}"[..], b"", b"\0", b"{\"format\":"] {
        let dir = scratch();
        let run = copied(dir.path());
        fs::write(run.join("report.json"), report).expect("written");
        let before = snapshot(dir.path());
        let ended = call_in(dir.path(), ["judge", "run", "--out", "new", "--diff"]);
        assert!(told(&ended).contains("run/report.json: "), "{}", ended.stderr);
        let ended = pack(&run, &dir.path().join("x.tar.zst"), &["--redact"]);
        assert!(told(&ended).contains("report.json: "), "{}", ended.stderr);
        assert!(snapshot(dir.path()) == before, "something was written");
    }
    // A pipe in place of a capture is waited for by nobody.
    let dir = scratch();
    let run = copied(dir.path());
    fs::remove_file(capture(&run)).expect("removed");
    nix::unistd::mkfifo(&capture(&run), nix::sys::stat::Mode::S_IRWXU).expect("made");
    left_alone(dir.path(), "not a regular file");
    // A binding of another version.
    let dir = scratch();
    change_file(&copied(dir.path()).join("manifest.json"), |manifest| manifest["binding"] = "openc2-mqtt-v9".into());
    left_alone(dir.path(), "this program does not know");
}

fn left_alone(dir: &Path, expected: &str) {
    let before = snapshot(dir);
    let judges: [&[&str]; 3] =
        [&["judge", "run"], &["judge", "run", "--out", "new"], &["judge", "run", "--policy", "strict", "--out", "new"]];
    for arguments in judges {
        let ended = call_in(dir, arguments);
        assert!(told(&ended).contains(expected), "{arguments:?} {expected}: {}", ended.stderr);
    }
    for further in [&[][..], &["--redact"]] {
        let ended = call_in(dir, ["pack", "run", "-o", "x.tar.zst"].into_iter().chain(further.iter().copied()));
        let refused = told(&ended);
        // One of another binding cannot be judged here; that its captures are of this one, they say themselves.
        assert!(
            refused.contains(expected) || refused.contains("is of scenario") || refused.contains("is a pipe"),
            "{refused}"
        );
    }
    assert!(snapshot(dir) == before, "{expected}: something was written");
}
