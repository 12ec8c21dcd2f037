//! What a ClientHello must not say.

use super::support::{OVER_TLS, broken_in, hello, witness};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::{Observation, Setting, TlsSeen};
use crate::judge::{Check, Ledger, Ruling};
use crate::requirement;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{self, ClientHello, Form, version_name};

requirement! {
    /// A client supports no version of SSL.
    ///
    /// # Interpretation
    /// The text says MUST NOT. What a client supports is what it offers. A ClientHello without a list of versions that
    /// goes up to some version of TLS does not offer SSL by name.
    ///
    /// # Judged
    /// On every ClientHello: broken by one in the form of SSL 2.0, by one that goes up to SSL 3.0, and by a list that
    /// holds a version of SSL.
    SSL {
        id: "tls/no-ssl",
        rows: &["H-015"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        judged: Judged::Machine(|| Box::new(EachHello(ssl))),
        examples: Examples {
            conforming: &[|s| s.open_tls(&Hello::of(&[tls::TLS13, tls::TLS12]))],
            violating: &[
                |s| s.open_tls(&Hello::of(&[tls::TLS12, tls::SSL3])),
                |s| {
                    let mut old = Hello::of(&[]);
                    (old.legacy_version, old.extensions) = (tls::SSL3, Vec::new());
                    s.open_tls(&old);
                },
                |s| {
                    s.pics.tls = true;
                    s.open();
                    s.iut_tls([0x80, 0x2e, 1, 0, 2, 0, 3, 0, 0, 0, 16, 0, 0, 5]);
                },
            ],
            silent: &[|s| s.ready(), |s| {
                // Half of one.
                s.pics.tls = true;
                s.open();
                let record = Hello::of(&[tls::TLS12]).record();
                s.iut_tls(&record[..40]);
            }],
        },
    }
}

requirement! {
    /// A client offers no compression.
    ///
    /// # Interpretation
    /// The text says SHOULD, of the current guidance for TLS (RFC 7525): that has TLS compression off (3.3 there).
    ///
    /// # Judged
    /// On every ClientHello: broken when its compression methods hold another than none (0).
    COMPRESSION {
        id: "tls/no-compression",
        rows: &["H-016"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        judged: Judged::Machine(|| Box::new(EachHello(compression))),
        examples: Examples {
            conforming: &[|s| s.open_tls(&Hello::of(&[tls::TLS13, tls::TLS12]))],
            violating: &[|s| {
                let mut hello = Hello::of(&[tls::TLS12]);
                hello.compression = vec![1, 0];
                s.open_tls(&hello);
            }],
            silent: &[|s| s.ready(), |s| {
                let mut hello = Hello::of(&[tls::TLS12]);
                hello.compression.clear();
                s.open_tls(&hello);
            }],
        },
    }
}

/// One ClientHello at a time.
pub(super) struct EachHello(pub fn(&TlsSeen, &ClientHello) -> Option<Ruling>);

impl Check for EachHello {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        if let Some((seen, hello)) = hello(observation)
            && let Some(ruling) = (self.0)(seen, hello)
        {
            ledger.enter(witness(seen), ruling);
        }
    }
}

fn ssl(seen: &TlsSeen, hello: &ClientHello) -> Option<Ruling> {
    let listed = hello.versions().into_iter().find(|v| v.value <= tls::SSL3 && (v.value >> 8 == 3 || v.value <= 2));
    match listed {
        Some(version) => {
            let name = version_name(version.value);
            let form = if hello.form == Form::Ssl2 { " in the form of SSL 2.0" } else { "" };
            let said = format!("A ClientHello{form} offers {name}");
            Some(broken_in(seen, version.span, said, "no version of SSL", name))
        }
        None if hello.form == Form::Ssl2 => {
            let version = hello.legacy_version.as_ref()?;
            let said = "The ClientHello has the form of SSL 2.0".to_owned();
            Some(broken_in(seen, version.span, said, "a ClientHello of TLS", "that of SSL 2.0".to_owned()))
        }
        None => hello.whole().then_some(Ruling::Met),
    }
}

fn compression(seen: &TlsSeen, hello: &ClientHello) -> Option<Ruling> {
    match hello.compression.iter().find(|method| method.value != 0) {
        Some(method) => {
            let actual = format!("method {}", method.value);
            let said = "The ClientHello offers compression".to_owned();
            Some(broken_in(seen, method.span, said, "no compression (0) alone", actual))
        }
        None => (!hello.compression.is_empty()).then_some(Ruling::Met),
    }
}
