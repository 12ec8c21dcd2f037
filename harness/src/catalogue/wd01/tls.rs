//! TLS in operation (section 4).

use crate::catalogue::tls::OVER_TLS;
use crate::catalogue::wd04::over_tls;
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::TLS12;
use touchstone_fixtures::wire::tls::TLS13;
use touchstone_fixtures::wire::tls::build::Hello;

fn secured(s: &mut Sketch) {
    s.wd01();
    s.open_tls(&Hello::of(&[TLS13, TLS12]));
    s.established(TLS13, false);
}

requirement! {
    /// In operation, client and broker talk over TLS 1.2 or higher.
    ///
    /// # Interpretation
    /// What an implementation does in operation is what its IUT file declares: `tls = true` says that it is operated
    /// over TLS, and then it is tested over TLS. The guidance of the HTTPS transfer specification, which the text wants
    /// taken over, is judged in the catalogue `tls`.
    ///
    /// # Judged
    /// Met by a connection in TLS 1.2 or higher that carries MQTT. Broken by an MQTT CONNECT sent without TLS, and by
    /// going on with a server that selects an older version.
    TLS {
        id: "wd01/tls",
        rows: &["W1-020"],
        clause: "4",
        level: Level::Guidance,
        when: Some(OVER_TLS),
        judged: Judged::Machine(over_tls),
        examples: Examples {
            conforming: &[|s| {
                secured(s);
                s.iut(build::connect("k3vq9x2m").keep_alive(60).clean_session(false).build());
            }],
            violating: &[|s| {
                s.wd01();
                s.pics.tls = true;
                s.open();
                s.iut_tls(build::connect("k3vq9x2m").build());
            }],
            silent: &[secured],
        },
    }
}
