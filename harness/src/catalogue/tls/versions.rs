//! The versions a client has to speak.

use super::support::{OVER_TLS, broken_in, change, hello, witness};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting};
use crate::judge::{Check, Ledger, Ruling};
use crate::requirement;
use touchstone_fixtures::recording::TlsChange;
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{self, version_name};

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

requirement! {
    /// A client accepts TLS 1.2.
    ///
    /// # Interpretation
    /// The text asks for TLS 1.2 or higher, and does not say that a client may do without 1.2 where it has 1.3: a
    /// server that speaks 1.2 alone has to be reachable. The text says MUST; WD04 takes it over as guidance.
    ///
    /// # Judged
    /// Met by a handshake that ends in TLS 1.2. Broken by a ClientHello that does not offer it. A handshake that fails
    /// decides nothing: that may be the certificate's doing.
    TLS12 {
        id: "tls/accepts-tls12",
        rows: &["H-012"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Accepts(tls::TLS12))),
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
    /// Met by a handshake that ends in TLS 1.3. Broken by a ClientHello that does not offer it.
    TLS13 {
        id: "tls/accepts-tls13",
        rows: &["H-013"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Accepts(tls::TLS13))),
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
            silent: &[offered, refused, |s| s.ready()],
        },
    }
}

/// Whether a client speaks that version.
struct Accepts(u16);

impl Check for Accepts {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        if let Some((seen, TlsChange::Established { version, .. })) = change(observation)
            && *version == self.0
        {
            ledger.enter(witness(seen), Ruling::Met);
        }
        if let Some((seen, hello)) = hello(observation)
            && hello.whole()
            && !hello.offers(self.0)
        {
            let versions = hello.versions();
            let span = versions.iter().fold(None, |all: Option<Span>, v| {
                Some(all.map_or(v.span, |all| Span::new(all.start.min(v.span.start), all.end.max(v.span.end))))
            });
            let offered: Vec<String> = versions.iter().map(|v| version_name(v.value)).collect();
            let wanted = version_name(self.0);
            let ruling = broken_in(
                seen,
                span.unwrap_or(Span::new(0, 0)),
                format!("The ClientHello does not offer {wanted}"),
                &format!("{wanted} among what is offered"),
                offered.join(", "),
            );
            ledger.enter(witness(seen), ruling);
        }
    }
}
