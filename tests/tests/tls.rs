//! Implementations that connect over TLS, those that should and do not, and certificates of the vendor's own.

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Ended, IutFile, call, report, root, row, scratch, tools};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use touchstone::iut::Role;
use touchstone_fixtures::pki::{Identity, Pki};
use touchstone_fixtures::recording::{Event, TlsCertificate, TlsChange, read};

fn run(iut: &Path, out: &Path, scenarios: &[&str]) -> Ended {
    let mut arguments = vec!["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()];
    arguments.extend(scenarios.iter().flat_map(|scenario| ["--scenario".as_ref(), OsStr::new(*scenario)]));
    call(arguments)
}

/// A complete run against a reference: it conforms, and nothing that applies is left undecided, TLS included.
fn conforms(role: Role) -> tempfile::TempDir {
    let dir = scratch();
    let iut = root().join(format!("fixtures/iuts/reference-tls-{role}.toml"));
    let out = dir.path().join("out");
    let ended = run(&iut, &out, &[]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    let mut guided = 0;
    for requirement in report["requirements"].as_array().expect("a list") {
        if requirement["state"] == "applicable" {
            assert_eq!(requirement["outcome"], "met", "{}: {}", requirement["id"], requirement["findings"]);
            guided += usize::from(requirement["id"].as_str().is_some_and(|id| id.starts_with("tls/")));
        }
    }
    assert_eq!(guided, 12, "the whole guidance applies");
    dir
}

#[test]
fn the_reference_producer_conforms() {
    conforms(Role::Producer);
}

#[test]
fn the_reference_consumer_conforms_and_wireshark_opens_what_it_said() {
    let dir = conforms(Role::Consumer);
    let tshark = tools::program("tshark");
    for version in ["1-2", "1-3"] {
        let capture = dir.path().join(format!("out/evidence/mqtt311/answering/tls-{version}/capture.pcapng"));
        let recording = read(&capture).expect("a recording");
        let presented = recording.entries.iter().any(|entry| {
            let Event::Tls { change: TlsChange::Established { client, .. }, .. } = &entry.event else { return false };
            client.as_ref().is_some_and(|client| client.subject == "Touchstone test client")
        });
        assert!(presented, "a client certificate");
        let Some(tshark) = &tshark else { continue };
        let filter = "mqtt && tls && frame.interface_name == \"touchstone-tls\"";
        let output = Command::new(tshark)
            .arg("-r")
            .arg(&capture)
            .args(["-Y", filter, "-T", "fields", "-e", "mqtt.msgtype"])
            .output()
            .expect("tshark runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let unwrapped: Vec<&str> = text.split([',', '\n']).filter(|t| !t.is_empty()).collect();
        // CONNECT, CONNACK, SUBSCRIBE, SUBACK, PUBLISH, PUBACK are among them.
        for wanted in ["1", "2", "8", "9", "3", "4"] {
            assert!(unwrapped.contains(&wanted), "TLS {version}: {wanted} in {unwrapped:?}");
        }
    }
}

/// Without TLS none of it applies, and nothing of it is left open.
#[test]
fn who_declares_no_tls_is_not_judged_by_it() {
    let dir = scratch();
    let iut = IutFile::reference(None).write(dir.path());
    let out = dir.path().join("out");
    let ended = run(&iut, &out, &["mqtt311/answering/connect-and-subscribe"]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    for requirement in report["requirements"].as_array().expect("a list") {
        let id = requirement["id"].as_str().expect("an id");
        if id.starts_with("tls/") || matches!(id, "wd04/tls" | "wd04/unsecured-tests-only") {
            assert_eq!(requirement["state"], "not-applicable", "{id}");
        }
    }
}

/// A product that trusts somebody else gets through to nobody: all of it stays undecided, refusals included.
#[test]
fn who_refuses_every_server_has_shown_nothing() {
    let dir = scratch();
    let stranger = dir.path().join("stranger.pem");
    fs::write(&stranger, Pki::make(&["127.0.0.1".to_owned()]).expect("a PKI").ca).expect("written");
    let mut file = IutFile::reference(None);
    file.options = vec!["tls".to_owned()];
    file.timing = "startup = \"1s\"\nresponse = \"1s\"\nstop = \"2s\"\n".to_owned();
    let iut = file.write(dir.path());
    let text = fs::read_to_string(&iut).expect("written before");
    fs::write(&iut, text.replace("{ca}", &stranger.display().to_string())).expect("written");
    let out = dir.path().join("out");
    let ended = run(&iut, &out, &["mqtt311/answering/tls-*", "mqtt311/answering/connect-and-subscribe"]);
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("its last TLS handshake failed"), "{}", ended.stderr);
    let report = report(&out);
    for id in ["refuses-untrusted", "refuses-expired", "refuses-wrong-name", "no-old-version", "accepts-tls12"] {
        assert_eq!(row(&report, &format!("tls/{id}"))["outcome"], "undecided", "{id}");
    }
}

/// What connects and sends MQTT without TLS is a finding, and leaves the rest undecided.
#[test]
fn who_speaks_something_else_is_told_so() {
    let dir = scratch();
    let mut file = IutFile::reference_of(Role::Producer, Some("forgets-tls"));
    file.options = vec!["tls".to_owned()];
    file.timing = "startup = \"1s\"\nresponse = \"1s\"\nstop = \"2s\"\n".to_owned();
    let iut = file.write(dir.path());
    let out = dir.path().join("out");
    let ended = run(&iut, &out, &["mqtt311/asking/tls-*", "mqtt311/asking/connect-and-subscribe"]);
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("what the client sends is no TLS"), "{}", ended.stderr);
    let report = report(&out);
    assert_eq!(row(&report, "wd04/tls")["outcome"], "broken");
    assert_eq!(row(&report, "wd04/tls")["verdict"], "warn");
    assert_eq!(row(&report, "tls/accepts-tls12")["outcome"], "undecided");
}

fn pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<String> =
        STANDARD.encode(der).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A vendor's files, with one of them wrong.
struct Own {
    dir: tempfile::TempDir,
    pki: Pki,
}

impl Own {
    fn new() -> Own {
        let own = Own { dir: scratch(), pki: Pki::make(&["127.0.0.1".to_owned()]).expect("a PKI") };
        own.put("ca.pem", &own.pki.ca);
        own.present(TlsCertificate::Good);
        own
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).expect("the file can be written");
    }

    fn identity(&self, kind: TlsCertificate) -> &Identity {
        &self.pki.certificates.kinds[&kind]
    }

    fn present(&self, kind: TlsCertificate) {
        let identity = self.identity(kind);
        let chain: String = identity.chain.iter().map(|certificate| pem("CERTIFICATE", certificate)).collect();
        self.put("broker.pem", &chain);
        self.put("broker.key", &pem("PRIVATE KEY", identity.key.secret_der()));
    }

    fn iut(&self) -> PathBuf {
        let mut file = IutFile::reference(None);
        file.options = vec!["tls".to_owned()];
        let iut = file.write(self.dir.path());
        let text = fs::read_to_string(&iut).expect("written before");
        let table = "\n[tls]\nca = \"ca.pem\"\ncert = \"broker.pem\"\nkey = \"broker.key\"\n";
        fs::write(&iut, format!("{text}{table}")).expect("written");
        iut
    }

    /// Exit code and message of a run that must not begin.
    fn refused(&self) -> String {
        let out = self.dir.path().join("out");
        let ended = run(&self.iut(), &out, &[]);
        assert!(!out.exists());
        let text = ended.stderr.replace(&self.dir.path().display().to_string(), "DIR");
        format!("exit {}\n{text}", ended.code)
    }
}

#[test]
fn own_certificates_serve_a_run() {
    let own = Own::new();
    let out = own.dir.path().join("out");
    let ended = run(&own.iut(), &out, &["mqtt311/answering/tls-*"]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report = report(&out);
    let scenarios = report["scenarios"].as_array().expect("a list");
    // Nobody here can make a wrong certificate of that authority.
    assert!(scenarios.iter().all(|s| s["id"] != "mqtt311/answering/tls-expired"), "{scenarios:?}");
    for id in ["refuses-untrusted", "accepts-tls12", "accepts-tls13", "no-old-version"] {
        assert_eq!(row(&report, &format!("tls/{id}"))["outcome"], "met", "{id}");
    }
}

#[test]
fn own_certificates_that_have_expired() {
    let own = Own::new();
    own.present(TlsCertificate::Expired);
    insta::assert_snapshot!(own.refused());
}

#[test]
fn own_certificates_for_another_host() {
    let own = Own::new();
    own.present(TlsCertificate::WrongName);
    insta::assert_snapshot!(own.refused());
}

#[test]
fn own_certificates_of_another_authority() {
    let own = Own::new();
    own.present(TlsCertificate::Untrusted);
    insta::assert_snapshot!(own.refused());
}

#[test]
fn own_certificates_with_the_key_of_another() {
    let own = Own::new();
    own.put("broker.key", &pem("PRIVATE KEY", own.identity(TlsCertificate::Expired).key.secret_der()));
    insta::assert_snapshot!(own.refused());
}

#[test]
fn own_certificates_that_are_missing_or_no_pem() {
    let own = Own::new();
    fs::remove_file(own.dir.path().join("broker.key")).expect("it was there");
    own.put("broker.pem", "not a certificate");
    own.put("ca.pem", "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
    insta::assert_snapshot!("own_certificates_missing", own.refused());
    own.put("broker.key", "not a key");
    insta::assert_snapshot!("own_certificates_no_pem", own.refused());
}
