//! The versions a client has to speak.

use super::support::{OVER_TLS, broken_in, change, hello, witness};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting, TlsSeen};
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use touchstone_fixtures::recording::TlsChange;
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{self, ClientHello, version_name};

fn both() -> Hello {
    Hello::of(&[tls::TLS13, tls::TLS12])
}

fn offered(s: &mut Sketch) {
    s.open_tls(&both());
}

fn refused(s: &mut Sketch) {
    s.open_tls(&both());
    s.tls(TlsChange::Alert { code: 48 });
    s.closed_by_iut();
}

/// It tries again with less than it has.
fn fallen_back(s: &mut Sketch) {
    refused(s);
    s.open_tls(&Hello::of(&[tls::TLS12]));
}

requirement! {
    /// A client accepts TLS 1.2.
    ///
    /// # Interpretation
    /// The text asks for TLS 1.2 or higher, and does not say that a client may do without 1.2 where it has 1.3: a
    /// server that speaks 1.2 alone has to be reachable. The text says MUST; WD04 takes it over as guidance.
    ///
    /// # Judged
    /// Met by a handshake that ends in TLS 1.2. Broken by a ClientHello that does not offer it, when no other in the same
    /// recording does: who has offered it, and comes back without after a failure, falls back. A handshake that fails
    /// decides nothing: that may be the certificate's doing.
    TLS12 {
        id: "tls/accepts-tls12",
        rows: &["H-012"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Accepts::version(tls::TLS12)),
        examples: Examples {
            conforming: &[|s| {
                s.open_tls(&both());
                s.established(tls::TLS12, false);
            }],
            violating: &[|s| s.open_tls(&Hello::of(&[tls::TLS13]))],
            silent: &[offered, refused, |s| s.ready(), |s| {
                s.open_tls(&both());
                s.established(tls::TLS13, false);
            }],
        },
    }
}

requirement! {
    /// A client accepts TLS 1.3.
    ///
    /// # Interpretation
    /// The text says SHOULD, of TLS 1.3 or higher.
    ///
    /// # Judged
    /// Met by a handshake that ends in TLS 1.3. Broken by a ClientHello that does not offer it, when no other in the same
    /// recording does, and it does not say that it falls back (TLS_FALLBACK_SCSV).
    TLS13 {
        id: "tls/accepts-tls13",
        rows: &["H-013"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Accepts::version(tls::TLS13)),
        examples: Examples {
            conforming: &[|s| {
                s.open_tls(&both());
                s.established(tls::TLS13, false);
            }],
            violating: &[|s| s.open_tls(&Hello::of(&[tls::TLS12])), |s| {
                let mut old = Hello::of(&[]);
                old.extensions.clear();
                s.open_tls(&old);
            }],
            silent: &[offered, refused, |s| s.ready(), fallen_back, |s| {
                let mut hello = Hello::of(&[tls::TLS12]);
                hello.suites.push(tls::FALLBACK_SCSV);
                s.open_tls(&hello);
            }],
        },
    }
}

/// Whether a client speaks that version.
struct Accepts {
    version: u16,
    /// A ClientHello of this recording offers it.
    offered: bool,
    /// The first one that does not.
    lacking: Option<(Witness, Ruling)>,
}

impl Accepts {
    fn version(version: u16) -> Box<Accepts> {
        Box::new(Accepts { version, offered: false, lacking: None })
    }

    fn hello(&mut self, seen: &TlsSeen, hello: &ClientHello) {
        self.offered |= hello.offers(self.version);
        let falls_back = hello.suites.iter().any(|suite| suite.value == tls::FALLBACK_SCSV);
        if self.offered || self.lacking.is_some() || falls_back || !hello.whole() {
            return;
        }
        let versions = hello.versions();
        let span = versions.iter().fold(None, |all: Option<Span>, v| {
            Some(all.map_or(v.span, |all| Span::new(all.start.min(v.span.start), all.end.max(v.span.end))))
        });
        let offered: Vec<String> = versions.iter().map(|v| version_name(v.value)).collect();
        let wanted = version_name(self.version);
        let ruling = broken_in(
            seen,
            span.unwrap_or(Span::new(0, 0)),
            format!("The ClientHello does not offer {wanted}"),
            &format!("{wanted} among what is offered"),
            offered.join(", "),
        );
        self.lacking = Some((witness(seen), ruling));
    }
}

impl Check for Accepts {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        if let Some((seen, TlsChange::Established { version, .. })) = change(observation)
            && *version == self.version
        {
            ledger.enter(witness(seen), Ruling::Met);
        }
        if let Some((seen, hello)) = hello(observation) {
            self.hello(seen, hello);
        }
        if let Observation::End { .. } = observation
            && let Some((at, ruling)) = self.lacking.take().filter(|_| !self.offered)
        {
            ledger.enter(at, ruling);
        }
    }
}
