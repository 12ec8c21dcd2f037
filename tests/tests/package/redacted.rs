//! A redacted package holds no secret in any spelling, says so, and still gives its verdicts.

use crate::common::{IutFile, scratch};
use crate::kit::{Entries, change_file, copied, pack, packed, run, told, unpacked, verify};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use touchstone::iut::Role;
use touchstone_fixtures::recording::{Event, read};

/// What the reference sends as its password: something that each encoding writes otherwise.
const PASSWORD: &str = "Gr\u{fc}n & \"5/7\" <?> 'x'";
const LOG: &str = "evidence/mqtt311/answering/connack-withheld/iut.err";

/// Runs the reference Consumer with a user name and a password.
fn with_password(dir: &Path, password: &str, options: &[&str]) -> std::path::PathBuf {
    let mut file = IutFile::reference_of(Role::Consumer, None);
    file.options = options.iter().map(|o| (*o).to_owned()).collect();
    let quoted = serde_json::to_string(password).expect("text");
    file.network = format!("username = \"touchstone\"\npassword = {quoted}\n");
    let mut words = format!(r#", "--username", "touchstone", "--password", {quoted}"#);
    if options.contains(&"websocket") {
        words.push_str(r#", "--websocket""#);
    }
    file.command.insert_str(file.command.len() - 1, &words);
    run(dir, &file)
}

/// Spellings of a secret, made without what the program makes them with.
fn spelled(secret: &str) -> Vec<String> {
    let hex: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = |upper: bool, kept: &str| {
        let one = |byte: u8| match char::from(byte) {
            c if c.is_ascii_alphanumeric() || kept.contains(c) => c.to_string(),
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        secret.bytes().map(one).collect::<String>()
    };
    let json = serde_json::to_string(secret).expect("text").trim_matches('"').to_owned();
    let json = json.strip_suffix('\\').unwrap_or(&json).to_owned();
    vec![
        secret.to_owned(),
        hex.concat(),
        hex.concat().to_uppercase(),
        hex.join(" "),
        hex.join(":").to_uppercase(),
        percent(true, "-._~"),
        percent(false, "-._~"),
        percent(true, "-._~!*'()"),
        percent(true, "-._* ").replace(' ', "+"),
        json.replace('\u{fc}', "\\u00fc"),
        json.replace('/', "\\/"),
        serde_json::to_string(&json).expect("text").trim_matches('"').to_owned(),
        json,
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;"),
    ]
}

/// Base64 of texts that hold it, at each place within a group.
fn encoded(secret: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for before in ["", "u", "us", "touchstone:"] {
        for behind in ["", "v", "@host"] {
            let whole = format!("{before}{secret}{behind}");
            all.push((STANDARD.encode(&whole), whole.clone()));
            all.push((URL_SAFE_NO_PAD.encode(&whole), whole));
        }
    }
    all
}

/// In which files something stands.
fn holds(entries: &Entries, what: &[u8]) -> Vec<String> {
    let found = |bytes: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    entries.iter().filter(|(_, bytes)| found(bytes)).map(|(path, _)| path.clone()).collect()
}

/// What the streams of captures carry: as MQTT, as they were on the wire, and under the masks of WebSocket, each whole.
fn streams(entries: &Entries) -> Entries {
    let mut all = Entries::new();
    for (path, bytes) in entries.iter().filter(|(path, _)| path.ends_with(".pcapng")) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), bytes).expect("written");
        let mut streams: BTreeMap<_, Vec<u8>> = BTreeMap::new();
        for entry in read(file.path()).unwrap_or_else(|e| panic!("{path}: {e}")).entries {
            let (layer, conn, direction, data) = match entry.event {
                Event::Bytes { conn, direction, data } => ("mqtt", conn, direction, data),
                Event::TlsBytes { conn, direction, data } => ("tls", conn, direction, data),
                Event::WsBytes { conn, direction, data } => ("websocket", conn, direction, data),
                event => {
                    let text = serde_json::to_vec(&event).expect("it serializes");
                    all.push((format!("{path}: an event"), text));
                    continue;
                }
            };
            streams.entry((layer, conn, direction)).or_default().extend_from_slice(&data);
        }
        let frames: Vec<_> = streams
            .iter()
            .filter(|((layer, ..), _)| *layer == "websocket")
            .map(|((_, conn, direction), bytes)| (("frames", *conn, *direction), unmasked(bytes)))
            .collect();
        streams.extend(frames);
        all.extend(
            streams.into_iter().map(|((layer, conn, direction), bytes)| {
                (format!("{path}: {layer} of {conn:?}, {direction:?}"), bytes)
            }),
        );
    }
    all
}

/// What the frames of a WebSocket carry under their masks.
fn unmasked(stream: &[u8]) -> Vec<u8> {
    let head = stream.windows(4).position(|window| window == b"\r\n\r\n").map_or(stream.len(), |at| at + 4);
    let (mut plain, mut rest) = (Vec::new(), &stream[head..]);
    while let [_, second, ..] = rest {
        let (size, begin) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes([rest[2], rest[3]])), 4),
            127 => panic!("a frame of more than 64 KiB"),
            size => (usize::from(size), 2),
        };
        let (mask, begin) = match second & 0x80 {
            0 => ([0; 4], begin),
            _ => ([rest[begin], rest[begin + 1], rest[begin + 2], rest[begin + 3]], begin + 4),
        };
        let end = (begin + size).min(rest.len());
        plain.extend(rest[begin..end].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        rest = &rest[end..];
    }
    plain
}

#[test]
fn a_redacted_package_holds_no_secret_and_still_verifies() {
    for options in [&["credentials"][..], &["credentials", "websocket"], &["credentials", "tls", "websocket"]] {
        let dir = scratch();
        let out = with_password(dir.path(), PASSWORD, options);
        // What an implementation prints is packed, too, however it spells what it prints.
        let mut text = fs::read(out.join(LOG)).expect("what it printed");
        for spelling in spelled(PASSWORD) {
            text.extend_from_slice(format!("connecting with {spelling}\n").as_bytes());
        }
        for (word, _) in encoded(PASSWORD) {
            text.extend_from_slice(format!("Authorization: Basic {word} ...\n").as_bytes());
        }
        let secret = "0123456789abcdef".repeat(4);
        for label in ["CLIENT_RANDOM", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "EXPORTER_SECRET"] {
            text.extend_from_slice(format!("keylog: {label} {} {secret}\n", "ab".repeat(32)).as_bytes());
        }
        fs::write(out.join(LOG), &text).expect("written");
        // And a vendor may quote it in a waiver, say.
        change_file(&out.join("manifest.json"), |manifest| {
            manifest["iut"]["vendor"] = format!("V {PASSWORD} V").into()
        });
        let (open, closed) = (dir.path().join("open.tar.zst"), dir.path().join("closed.tar.zst"));
        packed(&out, &open, &[]);
        // The reports say what the manifest said before: made again with it.
        let again = crate::common::call(["judge".as_ref(), out.as_os_str()]);
        assert_eq!(again.code, 0, "{}", again.stderr);
        packed(&out, &closed, &["--redact"]);
        let (open, redacted) = (unpacked(&open), unpacked(&closed));
        let (within, under) = (streams(&open), streams(&redacted));
        assert!(!holds(&open, PASSWORD.as_bytes()).is_empty(), "{options:?}: the password was never there");
        assert!(holds(&within, PASSWORD.as_bytes()).iter().any(|place| place.contains(": mqtt of")));
        assert_eq!(
            options.contains(&"websocket"),
            holds(&within, PASSWORD.as_bytes()).iter().any(|place| place.contains(": frames of")),
        );
        for entries in [&redacted, &under] {
            for spelling in spelled(PASSWORD) {
                assert_eq!(holds(entries, spelling.as_bytes()), Vec::<String>::new(), "{options:?}: {spelling}");
            }
            for (word, whole) in encoded(PASSWORD) {
                assert_eq!(holds(entries, word.as_bytes()), Vec::<String>::new(), "{options:?}: {whole} as {word}");
            }
        }
        // Nothing of it can be decoded again either.
        let (_, log) = redacted.iter().find(|(path, _)| path == LOG).expect("it is packed");
        assert_eq!(log.len(), text.len(), "asterisks are as many");
        for word in String::from_utf8_lossy(log).split(' ').filter(|word| word.len() > 20) {
            for part in word.split('*') {
                let part = &part[..part.len() / 4 * 4];
                let plain = STANDARD.decode(part).or_else(|_| URL_SAFE_NO_PAD.decode(part)).unwrap_or_default();
                let secret = PASSWORD.as_bytes();
                assert!(!plain.windows(3).any(|w| secret.windows(3).any(|s| s == w)), "{word} tells of the password");
            }
        }
        assert_eq!(holds(&redacted, secret.as_bytes()), Vec::<String>::new());
        let secrets = || ["_TRAFFIC_SECRET_0 ", "CLIENT_RANDOM "].into_iter();
        let captures = |entries: &Entries| -> Entries {
            entries.iter().filter(|(path, _)| path.ends_with(".pcapng")).cloned().collect()
        };
        assert!(secrets().all(|what| holds(&captures(&redacted), what.as_bytes()).is_empty()));
        assert_eq!(
            options.contains(&"tls"),
            secrets().any(|what| !holds(&captures(&open), what.as_bytes()).is_empty())
        );
        let ended = verify(&closed);
        assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("Redacted: "), "{}", ended.stdout);
        // The same again gives the same.
        let second = dir.path().join("second.tar.zst");
        packed(&out, &second, &["--redact"]);
        assert!(fs::read(&closed).expect("one") == fs::read(&second).expect("two"), "redacting is not deterministic");
    }
}

/// Passwords that are words of runs, too: what can be redacted still verifies, and what cannot is refused and said.
#[test]
fn ordinary_words_as_passwords() {
    let dir = scratch();
    let mut refused = BTreeSet::new();
    for (number, password) in ["password", "abc", "connect", "openc2", "a*****", "zulu"].into_iter().enumerate() {
        let dir = dir.path().join(number.to_string());
        fs::create_dir(&dir).expect("created");
        let out = with_password(&dir, password, &["credentials"]);
        let package = dir.join("x.tar.zst");
        let ended = pack(&out, &package, &["--redact"]);
        if ended.code == 0 {
            let ended = verify(&package);
            assert_eq!(ended.code, 0, "{password}: {}\n{}", ended.stdout, ended.stderr);
            let field = [&[0, u8::try_from(password.len()).expect("short")], password.as_bytes()].concat();
            assert!(
                holds(&streams(&unpacked(&package)), &field).iter().all(|place| !place.contains(": mqtt of")),
                "{password}"
            );
        } else {
            assert_eq!(ended.code, 2, "{password}: {}", ended.stderr);
            assert!(ended.stderr.contains("another one"), "{password}: {}", ended.stderr);
            assert!(!package.exists());
            refused.insert(password);
        }
    }
    assert!(refused.contains("openc2"), "{refused:?}");
    assert!(!refused.contains("password") && !refused.contains("abc"), "{refused:?}");
}

#[test]
fn a_damaged_run_is_not_redacted() {
    let dir = scratch();
    let run = copied(dir.path());
    let capture = run.join("evidence/mqtt311/answering/connack-withheld/capture.pcapng");
    let package = dir.path().join("x.tar.zst");
    fs::write(&capture, "hello").expect("written");
    let ended = pack(&run, &package, &["--redact"]);
    assert!(told(&ended).contains("capture.pcapng"), "{}", ended.stderr);
    assert!(!package.exists());
}
