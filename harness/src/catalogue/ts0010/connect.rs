//! CONNECT (6.3).

use super::support::{ae, connect, connects, cse, nothing_sent};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::onem2m::topic::level;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::ConnectionId;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

requirement! {
    /// The Client Identifier is the identifier of the AE or CSE behind `A::` or `C::`.
    ///
    /// # Interpretation
    /// An AE that does not know its identifier yet connects under another one to register (6.3), and a CSE has an identifier
    /// from the beginning. The identifier may be the whole one or, of an AE, the stem; 7.4 uses the stem and 6.4.2 the whole.
    ///
    /// # Judged
    /// On every CONNECT of a CSE, and of an AE that declares its `ae_id`: the prefix of its role, then anything that is not
    /// empty. What stands behind the prefix is judged with the authorisation of topics. Of an AE that declares none: met by an
    /// identifier behind `A::`, broken by one behind `C::`, which would be that of a CSE.
    CLIENT_ID_PREFIX {
        id: "ts0010/client-id-prefix",
        rows: &["T-009"],
        clause: "6.3",
        judged: Judged::Packet(client_id_prefix),
        examples: Examples {
            conforming: &[cse, ae, |s| {
                s.ae();
                s.pics.onem2m.ae_id = None;
                s.connect_with(build::connect("A::Cae7").clean_session(false).build());
            }],
            violating: &[
                |s| connects(s, build::connect("in-cse").clean_session(false).build()),
                |s| connects(s, build::connect("A::in-cse").clean_session(false).build()),
                |s| connects(s, build::connect("C::").clean_session(false).build()),
            ],
            silent: &[nothing_sent, |s| {
                // Before it has an identifier, an AE connects under another one.
                s.ae();
                s.pics.onem2m.ae_id = None;
                s.connect_with(build::connect("credential-1").clean_session(false).build());
            }],
        },
    }
}

fn client_id_prefix(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let id = connect(packet)?.client_id.as_ref()?;
    let declared = &setting.pics.onem2m;
    let (prefix, own) = match setting.role {
        Role::Cse => ("C::", declared.cse_id.as_deref()),
        _ => ("A::", declared.ae_id.as_deref()),
    };
    let shown = id.display();
    let Some(own) = own else {
        return match (setting.role, shown.split_once("::")) {
            (Role::Ae, Some(("A", rest))) if !rest.is_empty() => Some(Ruling::Met),
            (Role::Ae, Some(("C", _))) => {
                let said = "CONNECT of an AE with the Client Identifier of a CSE";
                Some(Ruling::broken_at(packet, id.span, said, "A:: and its AE-ID", shown))
            }
            _ => None,
        };
    };
    if shown.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()) {
        return Some(Ruling::Met);
    }
    let expected = format!("{prefix}{}", level(own));
    let actual = format!("{shown:?}");
    Some(Ruling::broken_at(
        packet,
        id.span,
        format!("CONNECT with a Client Identifier without {prefix}"),
        expected,
        actual,
    ))
}

requirement! {
    /// A client connects with Clean Session 0.
    ///
    /// # Interpretation
    /// To leave for good it connects once more with Clean Session 1 and disconnects at once (6.3): such a connection is none
    /// to be judged here.
    ///
    /// # Judged
    /// On every CONNECT. One with Clean Session 1 is broken as soon as the client sends anything but DISCONNECT on that
    /// connection; without that it decides nothing.
    CLEAN_SESSION {
        id: "ts0010/clean-session",
        rows: &["T-001", "T-011"],
        clause: "6.3",
        judged: Judged::Machine(|| Box::new(CleanSession::default())),
        examples: Examples {
            conforming: &[cse, ae],
            violating: &[|s| {
                connects(s, build::connect("C::in-cse").clean_session(true).build());
                s.subscribe(&[("/oneM2M/req/+/in-cse/#", 1)]);
            }],
            silent: &[nothing_sent, |s| {
                connects(s, build::connect("C::in-cse").clean_session(true).build());
                s.iut(build::disconnect());
                s.closed_by_iut();
            }, |s| connects(s, build::connect("C::in-cse").clean_session(true).build())],
        },
    }
}

/// Connections that were asked for with Clean Session 1, until something else than DISCONNECT comes.
#[derive(Default)]
struct CleanSession {
    clean: BTreeMap<ConnectionId, Arc<PacketSeen>>,
}

/// Connections that are followed; what is more is not judged.
const FOLLOWED: usize = 4096;

impl Check for CleanSession {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if p.from_iut() && !p.packet.truncated => {
                if let Some(connect) = connect(p) {
                    if !connect.clean_session() {
                        ledger.enter(Witness::packet(p), Ruling::Met);
                    } else if self.clean.len() < FOLLOWED {
                        self.clean.entry(p.conn).or_insert_with(|| Arc::clone(p));
                    }
                } else if let Some(first) = self.clean.remove(&p.conn)
                    && p.packet.packet_type != PacketType::Disconnect
                {
                    ledger.enter(
                        Witness::packet(&first),
                        Ruling::Broken(Deviation {
                            witness: None,
                            said: format!(
                                "Connected with Clean Session 1, and {} sent there",
                                p.packet.packet_type.name()
                            ),
                            expected: "Clean Session 0, or DISCONNECT and no more".to_owned(),
                            actual: "Clean Session 1".to_owned(),
                        }),
                    );
                }
            }
            Observation::Closed { conn, .. } => {
                self.clean.remove(conn);
            }
            _ => {}
        }
    }
}

requirement! {
    /// A client sets no will.
    ///
    /// # Judged
    /// On the Will Flag of every CONNECT.
    WILL {
        id: "ts0010/no-will",
        rows: &["T-002", "T-012"],
        clause: "6.3",
        level: Level::Must,
        judged: Judged::Packet(will),
        examples: Examples {
            conforming: &[cse, ae],
            violating: &[|s| {
                connects(s, build::connect("C::in-cse").clean_session(false).will("x", "gone", 1, false).build());
            }],
            silent: &[nothing_sent],
        },
    }
}

fn will(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let flags = connect(packet)?.flags.as_ref()?;
    if flags.value & 0x04 == 0 {
        return Some(Ruling::Met);
    }
    Some(Ruling::broken_bits(packet, flags.span.start, 0x04, "CONNECT with Will Flag 1", "Will Flag 0", "Will Flag 1"))
}
