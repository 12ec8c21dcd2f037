//! Certificates that a client must not take.

use super::support::{OVER_TLS, Refusable, Refusals};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting};
use crate::judge::{Check, Ledger};
use crate::requirement;
use touchstone_fixtures::recording::{TlsCertificate, TlsChange};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{TLS12, TLS13};

const REFUSED: &str = "a connection that is refused before any byte of MQTT";

static UNTRUSTED_SERVER: Refusable = Refusable {
    is: |c| matches!(c, TlsChange::Answered { certificate: Some(TlsCertificate::Untrusted), .. }),
    rest: |_| false,
    alerts: &[],
    what: "a certificate of an authority it was never told of",
    expected: REFUSED,
};
static EXPIRED_SERVER: Refusable = Refusable {
    is: |c| matches!(c, TlsChange::Answered { certificate: Some(TlsCertificate::Expired), .. }),
    rest: |_| false,
    alerts: &[],
    what: "a certificate whose time is over",
    expected: REFUSED,
};
static MISNAMED_SERVER: Refusable = Refusable {
    is: |c| matches!(c, TlsChange::Answered { certificate: Some(TlsCertificate::WrongName), .. }),
    rest: |_| false,
    alerts: &[],
    what: "a certificate for another host",
    expected: REFUSED,
};

/// It gets through to a server that is in order.
fn known(s: &mut Sketch) {
    s.open_tls(&Hello::of(&[TLS13, TLS12]));
    s.presented(TlsCertificate::Good);
    s.established(TLS13, false);
    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
    s.cut();
}

fn presented(s: &mut Sketch, certificate: TlsCertificate) {
    known(s);
    s.open_tls(&Hello::of(&[TLS13, TLS12]));
    s.presented(certificate);
}

fn alerted(s: &mut Sketch, certificate: TlsCertificate, code: u8) {
    presented(s, certificate);
    s.tls(TlsChange::Alert { code });
    s.closed_by_iut();
}

/// The handshake ends, and then it has second thoughts.
fn left(s: &mut Sketch, certificate: TlsCertificate) {
    presented(s, certificate);
    s.established(TLS13, false);
    s.closed_by_iut();
}

fn accepted(s: &mut Sketch, certificate: TlsCertificate) {
    presented(s, certificate);
    s.established(TLS13, false);
    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
}

fn waiting(s: &mut Sketch, certificate: TlsCertificate) {
    presented(s, certificate);
    s.wait(2_000);
    s.cut();
}

/// It refuses whoever is there.
fn refused_unknown(s: &mut Sketch, certificate: TlsCertificate) {
    s.open_tls(&Hello::of(&[TLS13, TLS12]));
    s.presented(certificate);
    s.tls(TlsChange::Alert { code: 48 });
    s.closed_by_iut();
}

/// It crashes: that is no refusal.
fn crashed(s: &mut Sketch, certificate: TlsCertificate) {
    presented(s, certificate);
    s.closed_by_iut();
    s.exit(1, false);
}

requirement! {
    /// A client refuses a server whose certificate comes from an authority that it does not trust.
    ///
    /// # Interpretation
    /// The text says SHOULD, of the current guidance for TLS (RFC 7525), which rests on certificates being checked. A
    /// client that takes any certificate talks to whoever is in the way. The IUT is told one authority (`{ca}`), and
    /// the server's certificate comes from another.
    ///
    /// # Judged
    /// On each connection where the server's hello and certificate went out: met when the client then sends an alert, or
    /// closes, without a byte of MQTT, and has sent MQTT to a server with a sound certificate before (who refuses everybody
    /// shows nothing); broken by a control packet. A client that waits, or whose process ends, decides nothing.
    UNTRUSTED {
        id: "tls/refuses-untrusted",
        rows: &["H-016"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Refuses(Refusals::of(&UNTRUSTED_SERVER)))),
        examples: Examples {
            conforming: &[|s| alerted(s, TlsCertificate::Untrusted, 48), |s| left(s, TlsCertificate::Untrusted)],
            violating: &[|s| accepted(s, TlsCertificate::Untrusted)],
            silent: &[
                |s| waiting(s, TlsCertificate::Untrusted),
                |s| crashed(s, TlsCertificate::Untrusted),
                |s| alerted(s, TlsCertificate::Untrusted, 90),
                |s| accepted(s, TlsCertificate::Good),
                |s| refused_unknown(s, TlsCertificate::Untrusted),
            ],
        },
    }
}

requirement! {
    /// A client refuses a server whose certificate has expired.
    ///
    /// # Interpretation
    /// The text says SHOULD, of the current guidance for TLS (RFC 7525), which rests on certificates being checked. The
    /// certificate comes from the authority that the IUT is told and is in order otherwise; its time ended in 2021.
    ///
    /// # Judged
    /// As `tls/refuses-untrusted`.
    EXPIRED {
        id: "tls/refuses-expired",
        rows: &["H-016"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Refuses(Refusals::of(&EXPIRED_SERVER)))),
        examples: Examples {
            conforming: &[|s| alerted(s, TlsCertificate::Expired, 45), |s| left(s, TlsCertificate::Expired)],
            violating: &[|s| accepted(s, TlsCertificate::Expired)],
            silent: &[
                |s| waiting(s, TlsCertificate::Expired),
                |s| alerted(s, TlsCertificate::Untrusted, 48),
                |s| refused_unknown(s, TlsCertificate::Expired),
            ],
        },
    }
}

requirement! {
    /// A client refuses a server whose certificate is for another host than the one it was told to connect to.
    ///
    /// # Interpretation
    /// The text says SHOULD, of the current guidance for TLS (RFC 7525), which asks clients to check the host's name
    /// (6.1 there). The certificate comes from the authority that the IUT is told and is in order otherwise.
    ///
    /// # Judged
    /// As `tls/refuses-untrusted`.
    WRONG_NAME {
        id: "tls/refuses-wrong-name",
        rows: &["H-016"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Refuses(Refusals::of(&MISNAMED_SERVER)))),
        examples: Examples {
            conforming: &[
                |s| alerted(s, TlsCertificate::WrongName, 42),
                |s| alerted(s, TlsCertificate::WrongName, 80),
                |s| left(s, TlsCertificate::WrongName),
            ],
            violating: &[|s| accepted(s, TlsCertificate::WrongName)],
            silent: &[
                |s| waiting(s, TlsCertificate::WrongName),
                |s| alerted(s, TlsCertificate::Untrusted, 48),
                |s| refused_unknown(s, TlsCertificate::WrongName),
            ],
        },
    }
}

struct Refuses(Refusals);

impl Check for Refuses {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        self.0.observe(observation, ledger);
    }
}
