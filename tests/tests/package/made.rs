//! What is packed: always the same bytes for the same run, and nothing dropped in silence.

use crate::common::{call_in, program, report, scratch};
use crate::kit::{copied, pack, packed, recorded, told, unpacked, verify};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "evidence/mqtt311/answering/connack-withheld";

fn files_of(dir: &Path) -> Vec<PathBuf> {
    let listed = Command::new("find").arg(dir).args(["-type", "f"]).output().expect("find runs");
    String::from_utf8_lossy(&listed.stdout).lines().map(PathBuf::from).collect()
}

/// The same run, copied file by file in another order, with other times and permissions.
fn otherwise_copied(to: &Path) {
    let mut files = files_of(recorded());
    files.sort();
    for (number, path) in files.iter().rev().enumerate() {
        let target = to.join(path.strip_prefix(recorded()).expect("below the run"));
        fs::create_dir_all(target.parent().expect("it has one")).expect("created");
        fs::copy(path, &target).expect("copied");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o400 + number as u32 % 8)).expect("allowed");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(number as u64 * 86_400);
        File::open(&target).and_then(|file| file.set_modified(time)).expect("dated");
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let dir = scratch();
    let one = dir.path().join("one.tar.zst");
    packed(recorded(), &one, &[]);
    let bytes = fs::read(&one).expect("the package");
    let copy = dir.path().join("copy");
    otherwise_copied(&copy);
    symlink(&copy, dir.path().join("link")).expect("linked");
    let within = copy.join("evidence");
    let spelled: [(&Path, &str); 6] = [
        (dir.path(), "copy"),
        (dir.path(), "./copy/"),
        (dir.path(), "copy/../copy//."),
        (dir.path(), "link"),
        (&copy, "."),
        (&within, ".."),
    ];
    for (number, (place, run)) in spelled.into_iter().enumerate() {
        let package = dir.path().join(format!("{number}.tar.zst"));
        // Whatever surrounds the program, and whatever it may write.
        let script = format!("umask {}; exec \"$@\"", ["000", "022", "077"][number % 3]);
        let made = Command::new("sh")
            .args(["-c", &script, "sh", program(), "pack", run, "-o"])
            .arg(&package)
            .current_dir(place)
            .env("SOURCE_DATE_EPOCH", "1")
            .env("LC_ALL", ["C", "tr_TR.UTF-8"][number % 2])
            .env("TZ", "Pacific/Kiritimati")
            .env("ZSTD_CLEVEL", "3")
            .output()
            .expect("it runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        assert!(fs::read(&package).expect("a package") == bytes, "{run} gives other bytes");
    }
    let ended = verify(&one);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("all the same"), "{}", ended.stdout);
    let again = pack(recorded(), &one, &[]);
    assert!(told(&again).contains("is there already"), "{}", again.stderr);
    assert!(fs::read(&one).expect("the package") == bytes, "it was overwritten");
}

/// Who looks no further than the index learns what run it is, and by what it was judged.
#[test]
fn the_index_says_what_run_it_is() {
    let dir = scratch();
    let package = dir.path().join("run.tar.zst");
    packed(recorded(), &package, &[]);
    let entries = unpacked(&package);
    assert_eq!(entries[0].0, "package.json");
    let index: Value = serde_json::from_slice(&entries[0].1).expect("JSON");
    let manifest: Value =
        serde_json::from_slice(&fs::read(recorded().join("manifest.json")).expect("it")).expect("JSON");
    for key in ["tool", "binding", "role", "iut", "iut_file", "pics", "catalogues", "policy", "waivers"] {
        assert!(!index[key].is_null() && index[key] == manifest[key], "{key}: {}", index[key]);
    }
    assert_eq!(index["compressor"]["name"], "zstd");
    assert_eq!((&index["compressor"]["level"], &index["compressor"]["threads"]), (&9.into(), &1.into()));
    let hash =
        |value: &Value| value.as_str().is_some_and(|h| h.len() == 64 && h.bytes().all(|b| b.is_ascii_hexdigit()));
    let binding = touchstone::binding::find("openc2-mqtt-wd04").expect("it exists");
    for catalogue in binding.catalogues {
        let named = index["catalogues"].as_array().expect("a list").iter().find(|c| c["id"] == catalogue.id);
        assert_eq!(named.expect("it is named")["sha256"], catalogue.sha256().as_str());
        let reported = report(recorded())["run"]["catalogues"].clone();
        assert!(reported.as_array().expect("a list").iter().any(|c| c["sha256"] == catalogue.sha256().as_str()));
    }
    for list in ["scenarios", "files"] {
        let list = index[list].as_array().expect("a list");
        assert!(list.len() >= 3 && list.iter().all(|file| hash(&file["sha256"])), "{list:?}");
    }
    let named: Vec<_> = index["files"].as_array().expect("a list").iter().filter_map(|f| f["path"].as_str()).collect();
    assert!(entries.iter().skip(1).map(|(path, _)| path.as_str()).eq(named), "the files are in the order of the index");
}

/// Beside the run: told, and no part of it. In the folders of its evidence: packed.
#[test]
fn other_files_are_packed_or_told() {
    let dir = scratch();
    let (run, plain) = (copied(dir.path()), dir.path().join("plain.tar.zst"));
    packed(&run, &plain, &[]);
    let long = "n".repeat(255);
    for name in ["notes.txt", ".report.json.swp", "evidence/notes~", &long] {
        fs::write(run.join(name), "mine").expect("written");
    }
    fs::write(run.join(OsStr::from_bytes(b"caf\xe9")), "mine").expect("written");
    symlink("/etc/passwd", run.join("link")).expect("linked");
    nix::unistd::mkfifo(&run.join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
    fs::create_dir_all(run.join("empty/deep/nested")).expect("created");
    let socket = UnixListener::bind(run.join("socket")).expect("bound");
    let package = dir.path().join("with.tar.zst");
    let ended = pack(&run, &package, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = ended.stdout.replace(char::is_whitespace, "");
    for name in ["notes.txt", ".report.json.swp", "evidence/notes~", &long, "caf\u{fffd}", "link", "pipe", "socket"] {
        assert!(said.contains(name), "{name}: {}", ended.stdout);
    }
    assert!(said.contains("empty/deep/nested/"), "{}", ended.stdout);
    assert!(fs::read(&plain).expect("one") == fs::read(&package).expect("two"), "what is no part of the run matters");
    drop(socket);
    let folder = run.join(FOLDER);
    fs::write(folder.join("notes of the laboratory.txt"), "mine").expect("written");
    fs::write(folder.join(&long), "mine").expect("written");
    let package = dir.path().join("more.tar.zst");
    packed(&run, &package, &[]);
    let entries = unpacked(&package);
    assert!(entries.iter().any(|(path, bytes)| *path == format!("{FOLDER}/{long}") && bytes == b"mine"));
    assert!(entries.iter().any(|(path, _)| path.ends_with("notes of the laboratory.txt")));
    assert_eq!(verify(&package).code, 0);
}

#[test]
fn what_cannot_be_packed_is_refused() {
    let dir = scratch();
    let package = dir.path().join("run.tar.zst");
    type Spoil = fn(&Path);
    let capture: Spoil = |run| {
        let path = run.join(FOLDER).join("capture.pcapng");
        fs::rename(&path, run.join("elsewhere.pcapng")).expect("moved");
        symlink(run.join("elsewhere.pcapng"), path).expect("linked");
    };
    let cases: [(&str, &str, Spoil); 8] = [
        ("capture.pcapng is a symbolic link", "", capture),
        ("pipe is a pipe", "", |run| {
            nix::unistd::mkfifo(&run.join(FOLDER).join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        }),
        ("socket is a socket", "", |run| drop(UnixListener::bind(run.join(FOLDER).join("s.socket")).expect("bound"))),
        ("is a file whose name is no UTF-8", "", |run| {
            fs::write(run.join(FOLDER).join(OsStr::from_bytes(b"caf\xe9")), "mine").expect("written");
        }),
        ("answering is a symbolic link", "", |run| {
            let folder = run.join("evidence/mqtt311/answering");
            fs::rename(&folder, run.join("elsewhere")).expect("moved");
            symlink(run.join("elsewhere"), folder).expect("linked");
        }),
        ("connack-withheld is no directory", "", |run| {
            fs::remove_dir_all(run.join(FOLDER)).expect("removed");
            fs::write(run.join(FOLDER), "mine").expect("written");
        }),
        ("report.html is a directory", "", |run| {
            fs::remove_file(run.join("report.html")).expect("removed");
            fs::create_dir(run.join("report.html")).expect("created");
        }),
        ("has no junit.xml", "touchstone judge", |run| fs::remove_file(run.join("junit.xml")).expect("removed")),
    ];
    for (expected, advice, spoil) in cases {
        let dir = scratch();
        let run = copied(dir.path());
        spoil(&run);
        for further in [&[][..], &["--redact"]] {
            let ended = pack(&run, &package, further);
            assert!(told(&ended).contains(expected) && ended.stderr.contains(advice), "{expected}: {}", ended.stderr);
            assert!(!package.exists(), "{expected}: it was packed");
        }
    }
    let ended = call_in(dir.path(), ["pack", "nothing", "-o", "run.tar.zst"]);
    assert!(told(&ended).contains("Is nothing the output directory of a run?"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(dir.path()).expect("it").count(), 0, "nothing is left behind");
}
