//! Cipher suites.

use super::hello::EachHello;
use super::support::{OVER_TLS, Refusable, Refusals, broken_in, hello, witness};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting, TlsSeen};
use crate::judge::{Check, Ledger, Ruling};
use crate::requirement;
use touchstone_fixtures::recording::{TlsCertificate, TlsChange};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{self, ClientHello, Weakness, listed, suite_name, weaknesses};

fn offering(suite: u16) -> Hello {
    let mut hello = Hello::of(&[tls::TLS13, tls::TLS12]);
    hello.suites.push(suite);
    hello
}

fn sound(s: &mut Sketch) {
    s.open_tls(&Hello::of(&[tls::TLS13, tls::TLS12]));
}

requirement! {
    /// A client offers no suite with RC4, DES, 3DES or export keys.
    ///
    /// # Interpretation
    /// The text says SHOULD, of the current guidance for TLS (RFC 7525): that rules these suites out (4.1 there). A
    /// client that offers a suite is ready to use it.
    ///
    /// # Judged
    /// On every ClientHello, by its cipher suites.
    WEAK {
        id: "tls/no-weak-suites",
        rows: &["H-016"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        judged: Judged::Machine(|| Box::new(EachHello(weak))),
        examples: Examples {
            conforming: &[sound, |s| s.open_tls(&offering(0x002f))],
            violating: &[|s| s.open_tls(&offering(0x0005)), |s| s.open_tls(&offering(0x000a))],
            silent: &[|s| s.ready(), |s| {
                let mut hello = Hello::of(&[tls::TLS12]);
                hello.suites.clear();
                s.open_tls(&hello);
            }],
        },
    }
}

requirement! {
    /// A client offers no suite without authentication, integrity or confidentiality.
    ///
    /// # Interpretation
    /// The text says MUST, of suites that are not NULL in any of the three. A client that offers a suite is ready to
    /// use it. Suites with an anonymous server authenticate nobody.
    ///
    /// # Judged
    /// On every ClientHello, by its cipher suites.
    NULL {
        id: "tls/no-null-suites",
        rows: &["H-017"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        judged: Judged::Machine(|| Box::new(EachHello(null))),
        examples: Examples {
            conforming: &[sound, |s| s.open_tls(&offering(0x002f))],
            violating: &[|s| s.open_tls(&offering(0x003b)), |s| s.open_tls(&offering(0x0018))],
            silent: &[|s| s.ready(), |s| {
                let mut hello = Hello::of(&[tls::TLS12]);
                hello.suites.clear();
                s.open_tls(&hello);
            }],
        },
    }
}

requirement! {
    /// Renegotiation is allowed within these limits.
    RENEGOTIATION {
        id: "tls/renegotiation",
        rows: &["H-018"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        judged: Judged::Untestable("a freedom that no behaviour can break"),
    }
}

/// A server that selects a listed suite, for TLS 1.2.
static LISTED_SUITE: Refusable = Refusable {
    is: |c| matches!(c, TlsChange::Answered { version: tls::TLS12, suite, certificate: None } if listed(*suite)),
    rest: |c| matches!(c, TlsChange::Answered { version: tls::TLS12, suite, certificate: Some(_) } if listed(*suite)),
    // insufficient_security
    alerts: &[71],
    what: "selected a suite of RFC 7540 appendix A",
    expected: "a connection that is refused",
};

fn selected(s: &mut Sketch) {
    s.open_tls(&offering(0x002f));
    s.established(tls::TLS13, false);
    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
    s.cut();
    unknown_selected(s);
}

fn unknown_selected(s: &mut Sketch) {
    s.open_tls(&offering(0x002f));
    s.tls(TlsChange::Answered { version: tls::TLS12, suite: 0x002f, certificate: None });
}

requirement! {
    /// With TLS 1.2, a client uses no suite of RFC 7540 appendix A.
    ///
    /// # Interpretation
    /// The text says MUST NOT, of using one. Offering one is not using it: most clients offer some, and a server need not
    /// select them. The one signalling value in that list (0x00ff) is no suite.
    ///
    /// # Judged
    /// Met by a ClientHello that offers none of them for TLS 1.2, since it cannot use one then, and by refusing a
    /// server that selects one, having sent MQTT to another before. Broken by going on with such a server.
    LISTED {
        id: "tls/no-listed-suites",
        rows: &["H-019"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Listed(Refusals::of(&LISTED_SUITE)))),
        examples: Examples {
            conforming: &[sound, |s| {
                selected(s);
                s.tls(TlsChange::Alert { code: 71 });
                s.closed_by_iut();
            }],
            violating: &[|s| {
                selected(s);
                let certificate = Some(TlsCertificate::Good);
                s.tls(TlsChange::Answered { version: tls::TLS12, suite: 0x002f, certificate });
                s.tls(TlsChange::WentOn { message: 16 });
            }],
            silent: &[|s| s.ready(), selected, |s| s.open_tls(&offering(0x002f)), |s| {
                unknown_selected(s);
                s.tls(TlsChange::Alert { code: 40 });
                s.closed_by_iut();
            }],
        },
    }
}

struct Listed(Refusals);

impl Check for Listed {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        if let Some((seen, hello)) = hello(observation)
            && hello.whole()
            && hello.offers(tls::TLS12)
            && !hello.suites.iter().any(|suite| listed(suite.value))
        {
            ledger.enter(witness(seen), Ruling::Met);
        }
        self.0.observe(observation, ledger);
    }
}

fn weak(seen: &TlsSeen, hello: &ClientHello) -> Option<Ruling> {
    without(seen, hello, |w| !is_null(w), "no suite with RC4, DES, 3DES or export keys")
}

fn null(seen: &TlsSeen, hello: &ClientHello) -> Option<Ruling> {
    without(seen, hello, is_null, "suites with authentication, integrity and confidentiality")
}

fn is_null(weakness: Weakness) -> bool {
    matches!(weakness, Weakness::NoEncryption | Weakness::Anonymous)
}

fn without(seen: &TlsSeen, hello: &ClientHello, counts: fn(Weakness) -> bool, expected: &str) -> Option<Ruling> {
    let found = hello.suites.iter().find_map(|suite| {
        let weakness = weaknesses(suite.value).into_iter().find(|w| counts(*w))?;
        Some((suite, weakness))
    });
    match found {
        Some((suite, weakness)) => {
            let name = suite_name(suite.value);
            let said = format!("The ClientHello offers a suite with {}", weakness.as_str());
            Some(broken_in(seen, suite.span, said, expected, name))
        }
        None => (!hello.suites.is_empty()).then_some(Ruling::Met),
    }
}
