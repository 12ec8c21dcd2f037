//! TLS for operation, no TLS for tests (section 4).

use crate::catalogue::tls::{OVER_TLS, change, witness};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting, TlsSeen, TlsWhat};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{ConnectionId, TlsChange};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{TLS11, TLS12, TLS13, version_name};

/// Connections followed at the same time; more are not looked at.
const FOLLOWED: usize = 4096;

fn secured(s: &mut Sketch) {
    s.open_tls(&Hello::of(&[TLS13, TLS12]));
    s.established(TLS13, false);
}

fn plain(s: &mut Sketch) {
    s.pics.tls = true;
    s.open();
    s.iut_tls(build::connect("k3vq9x2m").build());
}

fn plain_words(seen: &TlsSeen) -> Option<Ruling> {
    match &seen.what {
        TlsWhat::Foreign { mqtt: true } => Some(Ruling::Broken(Deviation {
            witness: None,
            said: "MQTT sent without TLS".to_owned(),
            expected: "a ClientHello".to_owned(),
            actual: "CONNECT".to_owned(),
        })),
        _ => None,
    }
}

requirement! {
    /// In operation, client and broker talk over TLS 1.2 or higher.
    ///
    /// # Interpretation
    /// What an implementation does in operation is what its IUT file declares: `tls = true` says that it is operated
    /// over TLS, and then it is tested over TLS. Without that declaration the run is a test over plain TCP, as the text
    /// allows for tests, and shows nothing of how the implementation is operated: the requirement does not apply.
    ///
    /// # Judged
    /// Met by a connection in TLS 1.2 or higher that carries MQTT. Broken by an MQTT CONNECT sent without TLS, and by
    /// going on with a server that selects an older version.
    TLS {
        id: "wd04/tls",
        rows: &["W4-037"],
        clause: "4",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        implies: &["wd04/unsecured-tests-only"],
        judged: Judged::Machine(over_tls),
        examples: Examples {
            conforming: &[|s| {
                secured(s);
                s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
            }],
            violating: &[plain, |s| {
                s.open_tls(&Hello::of(&[TLS12]));
                s.tls(TlsChange::Answered { version: TLS11, suite: 0x002f, certificate: None });
                s.tls(TlsChange::WentOn { message: 16 });
            }],
            silent: &[secured, |s| {
                s.pics.tls = true;
                s.open();
                s.iut_tls(b"GET / HTTP/1.1\r\n");
            }],
        },
    }
}

requirement! {
    /// MQTT without TLS is used for tests only.
    ///
    /// # Interpretation
    /// As with `wd04/tls`, the declaration decides. An implementation whose IUT file does not declare `tls = true` is
    /// tested over plain TCP, which is what the text allows: the requirement does not apply. One that declares TLS and
    /// sends MQTT without it does so where it should be secured.
    ///
    /// # Judged
    /// On the first bytes of each connection to a TLS listener: met by a ClientHello, broken by an MQTT CONNECT.
    UNSECURED_TESTS_ONLY {
        id: "wd04/unsecured-tests-only",
        rows: &["W4-038"],
        clause: "4",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        judged: Judged::Machine(|| Box::new(Unsecured)),
        examples: Examples {
            conforming: &[|s| s.open_tls(&Hello::of(&[TLS13, TLS12]))],
            violating: &[plain],
            silent: &[|s| s.ready(), |s| {
                s.pics.tls = true;
                s.open();
                s.iut_tls(b"GET / HTTP/1.1\r\n");
            }],
        },
    }
}

/// The check, for whichever draft.
pub(in crate::catalogue) fn over_tls() -> Box<dyn Check> {
    Box::<OverTls>::default()
}

#[derive(Default)]
struct OverTls {
    /// Versions of connections that have not carried MQTT so far.
    established: BTreeMap<ConnectionId, u16>,
    /// Versions servers selected.
    selected: BTreeMap<ConnectionId, u16>,
}

impl Check for OverTls {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Tls(seen) => {
                if let Some(ruling) = plain_words(seen) {
                    ledger.enter(witness(seen), ruling);
                }
            }
            Observation::Packet(packet) if packet.from_iut() => {
                let version = self.established.remove(&packet.conn);
                if version.is_some_and(|version| version >= TLS12) {
                    ledger.enter(Witness::packet(packet), Ruling::Met);
                }
            }
            Observation::Closed { conn, .. } => {
                self.established.remove(conn);
                self.selected.remove(conn);
            }
            _ => {}
        }
        match change(observation) {
            Some((seen, TlsChange::Established { version, .. })) if self.established.len() < FOLLOWED => {
                self.established.insert(seen.conn, *version);
            }
            Some((seen, TlsChange::Answered { version, .. })) if self.selected.len() < FOLLOWED => {
                self.selected.insert(seen.conn, *version);
            }
            Some((seen, TlsChange::WentOn { .. })) => {
                let Some(version) = self.selected.remove(&seen.conn).filter(|version| *version < TLS12) else { return };
                let ruling = Ruling::Broken(Deviation {
                    witness: None,
                    said: format!("It went on with a server that selected {}", version_name(version)),
                    expected: "TLS 1.2 or higher".to_owned(),
                    actual: version_name(version),
                });
                ledger.enter(witness(seen), ruling);
            }
            _ => {}
        }
    }
}

struct Unsecured;

impl Check for Unsecured {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Observation::Tls(seen) = observation else { return };
        match (&seen.what, plain_words(seen)) {
            (_, Some(ruling)) => ledger.enter(witness(seen), ruling),
            (TlsWhat::Hello(_), None) => ledger.enter(witness(seen), Ruling::Met),
            _ => {}
        }
    }
}
