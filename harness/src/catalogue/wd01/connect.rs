//! The version of MQTT, and client identifiers (2.1, 2.5).

use super::support::ready;
use crate::catalogue::wd04::client_id;
use crate::catalogue::wd04::support::connect;
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;

fn nothing_sent(s: &mut Sketch) {
    s.wd01();
    s.open();
}

fn begins(s: &mut Sketch, packet: Vec<u8>) {
    s.wd01();
    s.open();
    s.iut(packet);
}

requirement! {
    /// The software of clients conforms to MQTT 3.1.1.
    ///
    /// # Interpretation
    /// The text assumes so. What that takes is judged requirement by requirement in the catalogue `mqtt311`; here it is
    /// that the client speaks this version at all.
    ///
    /// # Judged
    /// On every CONNECT: the protocol is `MQTT`, at level 4.
    MQTT_VERSION {
        id: "wd01/mqtt-version",
        rows: &["W1-003"],
        clause: "2.1",
        level: Level::Guidance,
        judged: Judged::Packet(version),
        examples: Examples {
            conforming: &[ready],
            violating: &[
                |s| begins(s, build::connect("k3vq9x2m").protocol_level(5).build()),
                |s| begins(s, build::connect("k3vq9x2m").protocol_name("MQIsdp").protocol_level(3).build()),
            ],
            silent: &[nothing_sent],
        },
    }
}

fn version(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let connect = connect(packet)?;
    let (name, level) = (connect.protocol_name.as_ref()?, connect.protocol_level.as_ref()?);
    if name.bytes.as_ref() == b"MQTT" && level.value == 4 {
        return Some(Ruling::Met);
    }
    let span = if name.bytes.as_ref() == b"MQTT" { level.span } else { name.span };
    let actual = format!("`{}`, level {}", name.display(), level.value);
    let said = "CONNECT asks for another version than MQTT 3.1.1";
    Some(Ruling::broken_at(packet, span, said, "`MQTT`, level 4", actual))
}

requirement! {
    /// The client identifier is 1 to 23 letters and digits.
    ///
    /// # Interpretation
    /// The text repeats what MQTT 3.1.1 says: these are the identifiers that every server has to accept. Servers may
    /// accept others, so that one of another form works with some of them only. How identifiers are made is left open.
    ///
    /// # Judged
    /// On every CONNECT.
    CLIENT_ID {
        id: "wd01/client-id",
        rows: &["W1-019"],
        clause: "2.5",
        level: Level::Guidance,
        judged: Judged::Packet(client_id::form),
        examples: Examples {
            conforming: &[ready],
            violating: &[
                |s| begins(s, build::connect("zulu-1").keep_alive(60).clean_session(false).build()),
                |s| begins(s, build::connect("").keep_alive(60).clean_session(true).build()),
            ],
            silent: &[nothing_sent],
        },
    }
}
