//! TLS (7.3).

use crate::catalogue::tls::OVER_TLS;
use crate::catalogue::{Examples, Judged};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting, TlsWhat};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::BTreeSet;
use touchstone_fixtures::recording::{ConnectionId, TlsChange};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{TLS12, TLS13};

/// Connections that are followed; what is more is not judged.
const FOLLOWED: usize = 4096;

fn secured(s: &mut Sketch) {
    s.cse();
    s.open_tls(&Hello::of(&[TLS13, TLS12]));
    s.established(TLS13, false);
}

requirement! {
    /// Clients and server apply TLS.
    ///
    /// # Interpretation
    /// 7.3 demands TLS, 6.2 allows plain TCP, and 6.6 has a scheme for it: the demand holds for a secured profile, which an
    /// implementation declares with `tls = true`. The association frameworks authenticate both sides, by certificates or by
    /// keys they share; which of them is used is left open.
    ///
    /// # Judged
    /// Met by a CONNECT over a finished handshake, broken by a CONNECT sent to a TLS listener without TLS.
    TLS {
        id: "ts0010/tls",
        rows: &["T-069"],
        clause: "7.3",
        when: Some(OVER_TLS),
        contradiction: Some("7.3 demands TLS, and 6.2 and 6.6 allow connections without it"),
        judged: Judged::Machine(|| Box::<OverTls>::default()),
        examples: Examples {
            conforming: &[|s| {
                secured(s);
                s.iut(build::connect("C::in-cse").clean_session(false).build());
            }],
            violating: &[|s| {
                s.cse();
                s.pics.tls = true;
                s.open();
                s.iut_tls(build::connect("C::in-cse").build());
            }],
            silent: &[secured, |s| {
                s.cse();
                s.pics.tls = true;
                s.open();
                s.iut_tls(b"GET / HTTP/1.1\r\n");
            }, |s| s.ready_cse()],
        },
    }
}

#[derive(Default)]
struct OverTls {
    /// Connections that are secured, and have carried no CONNECT so far.
    established: BTreeSet<ConnectionId>,
}

impl Check for OverTls {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Tls(seen) => match &seen.what {
                TlsWhat::Change(TlsChange::Established { .. }) if self.established.len() < FOLLOWED => {
                    self.established.insert(seen.conn);
                }
                TlsWhat::Foreign { mqtt: true } => ledger.enter(
                    Witness { connection: Some(seen.conn), ..Witness::frame(seen.frame) },
                    Ruling::Broken(Deviation {
                        witness: None,
                        said: "CONNECT sent without TLS where TLS is declared".to_owned(),
                        expected: "a ClientHello".to_owned(),
                        actual: "CONNECT".to_owned(),
                    }),
                ),
                _ => {}
            },
            Observation::Packet(p)
                if p.from_iut() && p.packet.connect().is_some() && self.established.remove(&p.conn) =>
            {
                ledger.enter(Witness::packet(p), Ruling::Met);
            }
            Observation::Closed { conn, .. } => {
                self.established.remove(conn);
            }
            _ => {}
        }
    }
}
