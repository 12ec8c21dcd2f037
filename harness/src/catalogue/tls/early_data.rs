//! 0-RTT.

use super::support::{OVER_TLS, broken_in, change, hello, witness};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting};
use crate::judge::{Check, Ledger, Ruling};
use crate::requirement;
use std::collections::BTreeSet;
use touchstone_fixtures::recording::{ConnectionId, TlsChange};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::tls::{TLS12, TLS13, extension};

/// Connections that are remembered.
const FOLLOWED: usize = 4096;

fn tempted(s: &mut Sketch) {
    s.open_tls(&Hello::of(&[TLS13, TLS12]));
    s.established(TLS13, true);
    s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
    s.closed_by_iut();
}

requirement! {
    /// With TLS 1.3, a client sends no early data.
    ///
    /// # Interpretation
    /// The text says MUST NOT, of 0-RTT. A client that takes up an earlier session may announce early data only where
    /// the server's ticket allowed it.
    ///
    /// # Judged
    /// On the ClientHellos: broken by one with the extension early_data. Met by one without it, when the client had before
    /// been given a ticket that allows early data, on a connection that went on to carry MQTT.
    EARLY_DATA {
        id: "tls/no-early-data",
        rows: &["H-020"],
        clause: "3.2.3",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<EarlyData>::default()),
        examples: Examples {
            conforming: &[|s| {
                tempted(s);
                s.open_tls(&Hello::of(&[TLS13, TLS12]));
            }],
            violating: &[|s| {
                tempted(s);
                s.open_tls(&Hello::of(&[TLS13, TLS12]).with(extension::EARLY_DATA, Vec::new()));
            }],
            silent: &[|s| s.ready(), tempted, |s| {
                s.open_tls(&Hello::of(&[TLS13]));
                s.established(TLS13, false);
                s.open_tls(&Hello::of(&[TLS13]));
            }],
        },
    }
}

#[derive(Default)]
struct EarlyData {
    /// Connections on which a ticket that allows early data was given.
    given: BTreeSet<ConnectionId>,
    /// One of them went on.
    tempted: bool,
}

impl Check for EarlyData {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(packet) if packet.from_iut() => self.tempted |= self.given.contains(&packet.conn),
            Observation::Tls(_) => {}
            _ => return,
        }
        if let Some((seen, TlsChange::Established { early_data: true, .. })) = change(observation)
            && self.given.len() < FOLLOWED
        {
            self.given.insert(seen.conn);
        }
        let Some((seen, hello)) = hello(observation) else { return };
        let ruling = match hello.extension(extension::EARLY_DATA) {
            Some(early) => {
                let said = "The ClientHello announces early data".to_owned();
                broken_in(seen, early.span, said, "no extension early_data", "early_data".to_owned())
            }
            None if self.tempted && hello.whole() => Ruling::Met,
            None => return,
        };
        ledger.enter(witness(seen), ruling);
    }
}
