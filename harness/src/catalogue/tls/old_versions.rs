//! Versions a client must not speak.

use super::support::{OVER_TLS, Refusable, Refusals, broken_in, hello, witness};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting};
use crate::judge::{Check, Ledger};
use crate::requirement;
use touchstone_fixtures::recording::{TlsCertificate, TlsChange};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{self, version_name};

/// A server that knows no version after TLS 1.1.
static TLS11: Refusable = Refusable {
    is: |change| matches!(change, TlsChange::Answered { version: tls::TLS11, certificate: None, .. }),
    rest: |change| matches!(change, TlsChange::Answered { version: tls::TLS11, certificate: Some(_), .. }),
    // protocol_version
    alerts: &[70],
    what: "selected TLS 1.1",
    expected: "a connection that is refused",
};

/// It gets through to a server of today.
fn known(s: &mut Sketch) {
    s.open_tls(&Hello::of(&[tls::TLS13, tls::TLS12]));
    s.established(tls::TLS13, false);
    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
    s.cut();
}

fn answered(s: &mut Sketch) {
    known(s);
    unknown_answered(s);
}

fn unknown_answered(s: &mut Sketch) {
    s.open_tls(&Hello::of(&[tls::TLS13, tls::TLS12]));
    s.tls(TlsChange::Answered { version: tls::TLS11, suite: 0x002f, certificate: None });
}

fn rest(s: &mut Sketch) {
    answered(s);
    s.wait(500);
    let certificate = Some(TlsCertificate::Good);
    s.tls(TlsChange::Answered { version: tls::TLS11, suite: 0x002f, certificate });
}

requirement! {
    /// A client supports no version of TLS before 1.2.
    ///
    /// # Interpretation
    /// The text says MUST NOT. A client supports what it offers by name, and what it goes on with when a server
    /// selects it. A ClientHello without a list of versions says up to which one it goes, and nothing of those below.
    ///
    /// # Judged
    /// Broken by a ClientHello that lists TLS 1.0 or 1.1, or that goes up to one of them, and by going on with a
    /// server that selects TLS 1.1. Met when the server hello that selects TLS 1.1 arrives, alone, and the client sends an
    /// alert or closes, having sent MQTT to a server of a later version before. One that waits for more and refuses that
    /// decides nothing, unless by the alert protocol_version.
    OLD_VERSIONS {
        id: "tls/no-old-version",
        rows: &["H-014"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(OldVersions(Refusals::of(&TLS11)))),
        examples: Examples {
            conforming: &[
                |s| {
                    answered(s);
                    s.tls(TlsChange::Alert { code: 70 });
                    s.closed_by_iut();
                },
                |s| {
                    answered(s);
                    s.closed_by_iut();
                },
                |s| {
                    rest(s);
                    s.tls(TlsChange::Alert { code: 70 });
                    s.closed_by_iut();
                },
            ],
            violating: &[
                |s| {
                    rest(s);
                    s.tls(TlsChange::WentOn { message: 16 });
                },
                |s| s.open_tls(&Hello::of(&[tls::TLS12, tls::TLS11])),
                |s| {
                    let mut old = Hello::of(&[]);
                    (old.legacy_version, old.extensions) = (0x0301, Vec::new());
                    s.open_tls(&old);
                },
            ],
            silent: &[
                |s| s.open_tls(&Hello::of(&[tls::TLS12])),
                answered,
                |s| {
                    rest(s);
                    s.tls(TlsChange::Alert { code: 51 });
                    s.closed_by_iut();
                },
                |s| {
                    answered(s);
                    s.closed_by_iut();
                    s.exit(1, false);
                },
                |s| {
                    answered(s);
                    s.cut();
                },
                |s| {
                    unknown_answered(s);
                    s.tls(TlsChange::Alert { code: 70 });
                    s.closed_by_iut();
                },
            ],
        },
    }
}

struct OldVersions(Refusals);

impl Check for OldVersions {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        if let Some((seen, hello)) = hello(observation) {
            for version in hello.versions().iter().filter(|v| (0x0301..=tls::TLS11).contains(&v.value)) {
                let name = version_name(version.value);
                let said = format!("The ClientHello offers {name}");
                let ruling = broken_in(seen, version.span, said, "nothing before TLS 1.2", name);
                ledger.enter(witness(seen), ruling);
            }
        }
        self.0.observe(observation, ledger);
    }
}
