//! Signatures: by one key, for one package, and nothing else passes for a key.

use crate::common::{call_in, scratch};
use crate::kit::{fitted, pack, packed, recorded, repacked, snapshot, told, unpacked};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const VALID: &str = "Signed by the holder of that key";
const WRONG: &str = "NOT SIGNED by the holder of that key";

/// Two pairs of keys, a signed package and an unsigned one.
fn laboratory() -> tempfile::TempDir {
    let dir = scratch();
    for key in ["ours", "other"] {
        assert_eq!(call_in(dir.path(), ["keygen", key]).code, 0);
    }
    packed(recorded(), &dir.path().join("run.tar.zst"), &["--sign", &dir.path().join("ours").display().to_string()]);
    packed(recorded(), &dir.path().join("unsigned.tar.zst"), &[]);
    dir
}

/// Exit code, and what was said.
fn verified(dir: &Path, package: &str, key: Option<&str>) -> (i32, String) {
    let arguments = ["verify", package].into_iter().chain(key.iter().flat_map(|key| ["--key", key]));
    let ended = call_in(dir, arguments);
    (ended.code, format!("{}{}", ended.stdout, ended.stderr))
}

#[test]
fn a_signature_is_by_one_key_and_for_one_package() {
    let dir = laboratory();
    let expect = |package: &str, key: Option<&str>, code: i32, words: &str| {
        let (ended, said) = verified(dir.path(), package, key);
        assert!(ended == code && said.contains(words), "{package}, {key:?}: {ended}\n{said}");
    };
    expect("run.tar.zst", Some("ours.pub"), 0, VALID);
    expect("run.tar.zst", Some("other.pub"), 2, WRONG);
    expect("run.tar.zst", None, 0, "the signature was NOT CHECKED: --key PUB");
    expect("unsigned.tar.zst", Some("ours.pub"), 2, "NOT SIGNED at all");
    expect("unsigned.tar.zst", None, 0, "Not signed");
    let whole = unpacked(&dir.path().join("run.tar.zst"));
    let forged = |change: &dyn Fn(&mut crate::kit::Entries)| {
        let mut entries = whole.clone();
        change(&mut entries);
        repacked(&dir.path().join("forged.tar.zst"), &entries);
    };
    assert_eq!(whole[1].0, "package.sig");
    for length in [0, 1, 63, 65, 4096] {
        forged(&|e| e[1].1.resize(length, 0));
        for key in [Some("ours.pub"), None] {
            expect("forged.tar.zst", key, 2, &format!("package.sig has {length} bytes, a signature has 64"));
        }
    }
    for at in 0..64 {
        forged(&|e| e[1].1[at] ^= 1);
        if at % 16 == 0 {
            expect("forged.tar.zst", Some("ours.pub"), 2, WRONG);
        }
    }
    // Anybody can write a new index; only the holder of the key can sign it. That of another package does not fit.
    forged(&|e| {
        let log = e.iter_mut().find(|(path, _)| path.ends_with("iut.err")).expect("it printed something");
        log.1.extend_from_slice(b"all is well\n");
        fitted(e);
    });
    expect("forged.tar.zst", None, 0, "NOT CHECKED");
    expect("forged.tar.zst", Some("ours.pub"), 2, WRONG);
    let marked = |e: &mut crate::kit::Entries| {
        let index = String::from_utf8(e[0].1.clone()).expect("text");
        let mark = "\"redacted\": {\n    \"passwords\": 1,\n    \"tls_secrets\": 0\n  },\n  \"files\"";
        e[0].1 = index.replacen("\"files\"", mark, 1).into_bytes();
    };
    forged(&marked);
    expect("forged.tar.zst", Some("ours.pub"), 2, WRONG);
}

/// The same bytes are signed in the same way: a package is deterministic with its signature, too.
#[test]
fn signing_is_deterministic_and_ordinary() {
    let dir = laboratory();
    let again = dir.path().join("again.tar.zst");
    packed(recorded(), &again, &["--sign", &dir.path().join("ours").display().to_string()]);
    assert!(fs::read(&again).expect("one") == fs::read(dir.path().join("run.tar.zst")).expect("two"));
    // As README says, others can check it, too.
    let entries = unpacked(&again);
    fs::write(dir.path().join("package.json"), &entries[0].1).expect("written");
    fs::write(dir.path().join("package.sig"), &entries[1].1).expect("written");
    let openssl = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-inkey", "ours.pub", "-rawin", "-in", "package.json"])
        .args(["-sigfile", "package.sig"])
        .current_dir(dir.path())
        .output();
    match openssl {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("skipped: openssl is not installed"),
    }
}

#[test]
fn what_is_no_key_is_told() {
    let dir = laboratory();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).expect("written");
    write("empty", b"");
    write("binary", &[0xff; 300]);
    write("text", b"hello\n");
    write("openssh.pub", b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8 me@here\n");
    write("openssh", b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n");
    write("certificate", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    write("rsa", b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n");
    write("damaged", b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----\n");
    let before = snapshot(dir.path());
    let cases = [
        ("empty", "it is empty"),
        ("binary", "it is no text"),
        ("text", "no"),
        ("openssh.pub", "a key of OpenSSH"),
        ("openssh", "a key of OpenSSH"),
        ("certificate", "it is a certificate"),
        ("rsa", "another kind of key"),
        ("damaged", ""),
        ("absent", "No such file"),
        (".", "directory"),
    ];
    for (key, expected) in cases.into_iter().chain([("ours", "it is a private key")]) {
        let ended = call_in(dir.path(), ["verify", "run.tar.zst", "--key", key]);
        assert!(told(&ended).contains(expected) && ended.stderr.contains(key), "{key}: {}", ended.stderr);
        assert!([".", "absent"].contains(&key) || ended.stderr.contains("FILE.pub"), "{key}: {}", ended.stderr);
    }
    let package = dir.path().join("none.tar.zst");
    for (key, expected) in cases.into_iter().chain([("ours.pub", "it is a public key")]) {
        let ended = pack(recorded(), &package, &["--sign", &dir.path().join(key).display().to_string()]);
        assert!(told(&ended).contains(expected), "{key}: {}", ended.stderr);
        assert!(!package.exists());
    }
    assert!(snapshot(dir.path()) == before, "something was written");
}

#[test]
fn a_key_is_never_overwritten_and_its_owner_s_alone() {
    let dir = scratch();
    let script = format!("umask 000; exec {} keygen ours", crate::common::program());
    let made = Command::new("sh").args(["-c", &script]).current_dir(dir.path()).output().expect("it runs");
    assert!(made.status.success());
    let mode = |name: &str| fs::metadata(dir.path().join(name)).expect("a key").permissions().mode() & 0o777;
    assert_eq!((mode("ours"), mode("ours.pub")), (0o600, 0o644));
    let text = |name: &str| fs::read_to_string(dir.path().join(name)).expect("a key");
    assert!(text("ours").starts_with("-----BEGIN PRIVATE KEY-----"));
    assert!(text("ours.pub").starts_with("-----BEGIN PUBLIC KEY-----"));
    let before = snapshot(dir.path());
    assert!(told(&call_in(dir.path(), ["keygen", "ours"])).contains("overwritten is lost"));
    fs::rename(dir.path().join("ours"), dir.path().join("away")).expect("moved");
    assert!(told(&call_in(dir.path(), ["keygen", "ours"])).contains("ours.pub is there already"));
    fs::rename(dir.path().join("away"), dir.path().join("ours")).expect("moved");
    std::os::unix::fs::symlink("nowhere", dir.path().join("dangling")).expect("linked");
    assert!(told(&call_in(dir.path(), ["keygen", "dangling"])).contains("is there already"));
    assert!(told(&call_in(dir.path(), ["keygen", "no/such/place"])).contains("No such file"));
    assert!(snapshot(dir.path()) == before, "something was written");
}
