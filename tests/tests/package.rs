//! Evidence packages: the same run gives the same bytes, any changed byte shows, verdicts are derived again, and a redacted
//! package holds no secret and still gives them.

mod common;

use common::{Ended, IutFile, call, call_in, scratch};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use touchstone::iut::Role;

/// What the reference sends as its password.
const PASSWORD: &str = "proof";

/// Runs the reference Consumer through a few scenarios; answers the output directory.
fn run(dir: &Path, options: &[&str]) -> PathBuf {
    let mut file = IutFile::reference_of(Role::Consumer, None);
    file.options = options.iter().map(|o| (*o).to_owned()).collect();
    if options.contains(&"credentials") {
        file.network = format!("username = \"touchstone\"\npassword = \"{PASSWORD}\"\n");
        file.command.insert_str(
            file.command.len() - 1,
            &format!(r#", "--username", "touchstone", "--password", "{PASSWORD}""#),
        );
    }
    if options.contains(&"websocket") {
        file.command.insert_str(file.command.len() - 1, r#", "--websocket""#);
    }
    let iut = file.write(dir);
    let out = dir.join("out");
    let chosen = ["*/connection-refused-4", "*/session-cut-at-publish", "*/connack-withheld"];
    let mut arguments: Vec<&OsStr> = vec!["run".as_ref(), "--iut".as_ref(), iut.as_os_str()];
    arguments.extend(["--out".as_ref(), out.as_os_str()]);
    arguments.extend(chosen.iter().flat_map(|s| [OsStr::new("--scenario"), OsStr::new(s)]));
    let ended = call(arguments);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    out
}

fn pack(out: &Path, package: &Path, further: &[&str]) -> Ended {
    let mut arguments: Vec<&OsStr> = vec!["pack".as_ref(), out.as_os_str(), "-o".as_ref(), package.as_os_str()];
    arguments.extend(further.iter().map(OsStr::new));
    call(arguments)
}

fn packed(out: &Path, package: &Path, further: &[&str]) {
    let ended = pack(out, package, further);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

fn verify(package: &Path) -> Ended {
    call(["verify".as_ref(), package.as_os_str()])
}

/// Verifies what is damaged; answers what was said.
fn refused(package: &Path) -> String {
    let ended = verify(package);
    assert_eq!(ended.code, 2, "{}\n{}", ended.stdout, ended.stderr);
    format!("{}{}", ended.stdout, ended.stderr)
}

type Entries = Vec<(String, Vec<u8>)>;

fn unpacked(package: &Path) -> Entries {
    let decoder = zstd::Decoder::new(fs::File::open(package).expect("the package")).expect("zstd");
    let mut archive = tar::Archive::new(decoder);
    let entries = archive.entries().expect("an archive").map(|entry| {
        let mut entry = entry.expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        (entry.path().expect("a path").to_string_lossy().into_owned(), bytes)
    });
    entries.collect()
}

/// Packs entries as the program does, whatever they hold.
fn repacked(package: &Path, entries: &Entries) {
    let encoder = zstd::Encoder::new(fs::File::create(package).expect("a file"), 1).expect("zstd");
    let mut archive = tar::Builder::new(encoder);
    for (path, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, path, bytes.as_slice()).expect("appended");
    }
    archive.into_inner().and_then(|encoder| encoder.finish()).expect("finished");
}

#[test]
fn the_same_run_gives_the_same_bytes_and_its_verdicts_again() {
    let dir = scratch();
    let out = run(dir.path(), &[]);
    let (one, two) = (dir.path().join("one.tar.zst"), dir.path().join("two.tar.zst"));
    packed(&out, &one, &[]);
    // Times and owners of the files are none of its business.
    let copy = dir.path().join("copy");
    let copied = Command::new("cp").args(["-r".as_ref(), out.as_os_str(), copy.as_os_str()]).status();
    assert!(copied.expect("cp runs").success());
    fs::write(copy.join("notes.txt"), "mine").expect("written");
    let ended = pack(&copy, &two, &[]);
    assert!(ended.stdout.contains("Left out, as no part of the run: notes.txt"), "{}", ended.stdout);
    assert!(fs::read(&one).expect("one") == fs::read(&two).expect("two"), "the packages differ");
    let ended = verify(&one);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("all the same"), "{}", ended.stdout);
    let again = pack(&out, &one, &[]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
}

#[test]
fn any_changed_byte_is_told() {
    let dir = scratch();
    let package = dir.path().join("run.tar.zst");
    packed(&run(dir.path(), &[]), &package, &[]);
    let entries = unpacked(&package);
    let changed = dir.path().join("changed.tar.zst");
    // In each file, at its beginning, in its middle and at its end.
    for (number, (path, bytes)) in entries.iter().enumerate().filter(|(_, (_, bytes))| !bytes.is_empty()) {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut other = entries.clone();
            other[number].1[at] ^= 1;
            repacked(&changed, &other);
            let said = refused(&changed);
            let named = said.contains(path.as_str()) || path == "package.json";
            assert!(named, "byte {at} of {path}: {said}");
        }
    }
    // A file that is gone, one too many, one twice.
    let mut other = entries.clone();
    let (gone, _) = other.remove(1);
    repacked(&changed, &other);
    assert!(refused(&changed).contains(&gone));
    let mut other = entries.clone();
    other.push(("evidence/more.txt".to_owned(), b"more".to_vec()));
    repacked(&changed, &other);
    assert!(refused(&changed).contains("evidence/more.txt was added"));
    let mut other = entries.clone();
    other.push(entries[1].clone());
    repacked(&changed, &other);
    assert!(refused(&changed).contains("twice"));
    // The same content, compressed by somebody else.
    repacked(&changed, &entries);
    let said = refused(&changed);
    assert!(said.contains("the compressed bytes"), "{said}");
    // Bytes of the package itself, and its length.
    let whole = fs::read(&package).expect("the package");
    for at in (0..whole.len()).step_by(whole.len() / 24) {
        let mut other = whole.clone();
        other[at] ^= 0x10;
        fs::write(&changed, &other).expect("written");
        refused(&changed);
    }
    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        fs::write(&changed, &whole[..length]).expect("written");
        refused(&changed);
    }
    fs::write(&changed, [whole.as_slice(), b"x"].concat()).expect("written");
    refused(&changed);
}

/// A package whose index fits, and whose report claims what the captures do not give.
#[test]
fn a_verdict_that_the_captures_do_not_give_is_named() {
    let dir = scratch();
    let out = run(dir.path(), &[]);
    let report = out.join("report.json");
    let text = fs::read_to_string(&report).expect("a report");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rows = value["requirements"].as_array_mut().expect("a list");
    let met = rows.iter_mut().find(|r| r["outcome"] == "met").expect("something is met");
    met["outcome"] = "broken".into();
    met["verdict"] = "fail".into();
    let id = met["id"].as_str().expect("an id").to_owned();
    fs::write(&report, serde_json::to_string_pretty(&value).expect("JSON")).expect("written");
    let package = dir.path().join("run.tar.zst");
    packed(&out, &package, &[]);
    let said = refused(&package);
    assert!(said.contains(&format!("{id}: fail (broken) -> pass (met)")), "{said}");
    assert!(said.contains("report.json is not what the captures give"), "{said}");
}

#[test]
fn what_is_no_package_is_told() {
    let dir = scratch();
    let file = dir.path().join("x.tar.zst");
    assert!(refused(&file).contains("No such file"));
    fs::write(&file, "no package").expect("written");
    assert!(refused(&file).contains("no package of ours"));
    let foreign = vec![("README".to_owned(), b"hello".to_vec())];
    repacked(&file, &foreign);
    assert!(refused(&file).contains("its first entry is not package.json"));
    let newer = vec![("package.json".to_owned(), br#"{"format": "touchstone-package/9"}"#.to_vec())];
    repacked(&file, &newer);
    assert!(refused(&file).contains("touchstone-package/9"));
    // Nothing is written outside.
    let mut escaping =
        tar::Builder::new(zstd::Encoder::new(fs::File::create(&file).expect("a file"), 1).expect("zstd"));
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    header.as_gnu_mut().expect("gnu").name[..12].copy_from_slice(b"package.json");
    header.set_cksum();
    escaping.append(&header, b"{}".as_slice()).expect("appended");
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    header.as_gnu_mut().expect("gnu").name[..10].copy_from_slice(b"../escaped");
    header.set_cksum();
    escaping.append(&header, b"x".as_slice()).expect("appended");
    escaping.into_inner().and_then(|encoder| encoder.finish()).expect("finished");
    assert!(refused(&file).contains("is not a file within it"));
    let ended = pack(dir.path(), &dir.path().join("y.tar.zst"), &[]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("manifest.json"), "{}", ended.stderr);
}

#[test]
fn a_signature_is_by_one_key_and_for_one_package() {
    let dir = scratch();
    let out = run(dir.path(), &[]);
    for key in ["ours", "other"] {
        assert_eq!(call_in(dir.path(), ["keygen", key]).code, 0);
    }
    let again = call_in(dir.path(), ["keygen", "ours"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("overwritten is lost"), "{}", again.stderr);
    let package = dir.path().join("run.tar.zst");
    let ours = dir.path().join("ours");
    packed(&out, &package, &["--sign", &ours.display().to_string()]);
    let by = |key: &str| call_in(dir.path(), ["verify", "run.tar.zst", "--key", key]);
    let ended = by("ours.pub");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("Signed by the holder of that key"), "{}", ended.stdout);
    let ended = by("other.pub");
    assert_eq!(ended.code, 2);
    assert!(ended.stdout.contains("NOT SIGNED by the holder of that key"), "{}", ended.stdout);
    for wrong in ["ours", "iut.toml", "none.pub"] {
        let ended = by(wrong);
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.contains(wrong), "{}", ended.stderr);
    }
    // Anybody can write a new index; only the holder of the key can sign it.
    let mut entries = unpacked(&package);
    let index = String::from_utf8(entries[0].1.clone())
        .expect("text")
        .replace("\"policy\": \"certify\"", "\"policy\": \"letter\"");
    entries[0].1 = index.into_bytes();
    repacked(&package, &entries);
    assert!(by("ours.pub").stdout.contains("NOT SIGNED by the holder"));
    // The private key is its owner's, and an ordinary one.
    let mode = fs::metadata(&ours).map(|m| std::os::unix::fs::PermissionsExt::mode(&m.permissions())).expect("the key");
    assert_eq!(mode & 0o777, 0o600);
    assert!(fs::read_to_string(&ours).expect("the key").starts_with("-----BEGIN PRIVATE KEY-----"));
    let unsigned = dir.path().join("unsigned.tar.zst");
    packed(&out, &unsigned, &[]);
    let ended = call_in(dir.path(), ["verify", "unsigned.tar.zst", "--key", "ours.pub"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stdout.contains("NOT SIGNED at all"), "{}", ended.stdout);
}

fn holds(entries: &Entries, what: &[u8]) -> Vec<String> {
    let found = |bytes: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    entries.iter().filter(|(_, bytes)| found(bytes)).map(|(path, _)| path.clone()).collect()
}

#[test]
fn a_redacted_package_holds_no_secret_and_still_verifies() {
    for options in [&["credentials"][..], &["credentials", "websocket"], &["credentials", "tls"]] {
        let dir = scratch();
        let out = run(dir.path(), options);
        // What an implementation prints is packed, too.
        let printed = out.join("evidence/mqtt311/answering/connack-withheld/iut.err");
        let mut text = fs::read(&printed).expect("what it printed");
        text.extend_from_slice(b"\nconnecting with proof\n");
        fs::write(&printed, text).expect("written");
        let (open, closed) = (dir.path().join("open.tar.zst"), dir.path().join("closed.tar.zst"));
        packed(&out, &open, &[]);
        packed(&out, &closed, &["--redact"]);
        let (open, redacted) = (unpacked(&open), unpacked(&closed));
        assert!(!holds(&open, PASSWORD.as_bytes()).is_empty(), "{options:?}: the password was never there");
        assert_eq!(holds(&redacted, PASSWORD.as_bytes()), Vec::<String>::new(), "{options:?}");
        for what in [&b"CLIENT_RANDOM"[..], b"_TRAFFIC_SECRET"] {
            assert_eq!(holds(&redacted, what), Vec::<String>::new(), "{options:?}");
        }
        assert_eq!(options.contains(&"tls"), !holds(&open, b"_TRAFFIC_SECRET").is_empty(), "{options:?}");
        let printed =
            redacted.iter().find(|(path, _)| path.ends_with("connack-withheld/iut.err")).expect("it is packed");
        assert!(printed.1.ends_with(b"\nconnecting with *****\n"));
        if options.contains(&"websocket") {
            assert_eq!(passwords_in_frames(&redacted), ["*****"]);
            assert_eq!(passwords_in_frames(&open), [PASSWORD]);
        }
        let ended = verify(&closed);
        assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("Redacted: "), "{}", ended.stdout);
    }
}

/// The passwords that the frames of a WebSocket carry under their masks, each once.
fn passwords_in_frames(entries: &Entries) -> Vec<String> {
    use touchstone_fixtures::recording::{Event, read};
    use touchstone_fixtures::wire::websocket;
    let mut found = std::collections::BTreeSet::new();
    for (path, bytes) in entries.iter().filter(|(path, _)| path.ends_with(".pcapng")) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), bytes).expect("written");
        let mut readers = std::collections::BTreeMap::new();
        for entry in read(file.path()).unwrap_or_else(|e| panic!("{path}: {e}")).entries {
            let Event::WsBytes { conn, direction, data } = entry.event else { continue };
            let reader: &mut websocket::Reader = readers.entry((conn, direction)).or_default();
            for item in reader.push(&data) {
                // A CONNECT ends with the password, whose length the two bytes before it give.
                if let websocket::What::Frame(frame) = item.what
                    && frame.begins.first() == Some(&0x10)
                {
                    let end = &frame.begins[frame.begins.len() - PASSWORD.len()..];
                    found.insert(String::from_utf8_lossy(end).into_owned());
                }
            }
        }
    }
    found.into_iter().collect()
}
