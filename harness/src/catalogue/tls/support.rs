//! What several requirements have in common.

use crate::catalogue::Condition;
use crate::evidence::{Observation, TlsSeen, TlsWhat};
use crate::iut::Pics;
use crate::judge::{Deviation, Ledger, Ruling, Witness};
use std::collections::BTreeMap;
use touchstone_fixtures::recording::{Closer, ConnectionId, ProcessChange, TlsChange};
use touchstone_fixtures::wire::Span;
use touchstone_fixtures::wire::tls::{ClientHello, alert_name};

fn declares_tls(pics: &Pics) -> bool {
    pics.tls
}

/// Connections without TLS are none of this catalogue's business.
pub(crate) const OVER_TLS: Condition = ("`tls = true` is declared", declares_tls);

/// Connections followed at the same time; more are not looked at.
const FOLLOWED: usize = 4096;

/// The ClientHello in an observation.
pub(super) fn hello(observation: &Observation) -> Option<(&TlsSeen, &ClientHello)> {
    match observation {
        Observation::Tls(seen) => match &seen.what {
            TlsWhat::Hello(hello) => Some((seen, hello)),
            _ => None,
        },
        _ => None,
    }
}

/// What became of the TLS layer in an observation.
pub(crate) fn change(observation: &Observation) -> Option<(&TlsSeen, &TlsChange)> {
    match observation {
        Observation::Tls(seen) => match &seen.what {
            TlsWhat::Change(change) => Some((seen, change)),
            _ => None,
        },
        _ => None,
    }
}

/// What was seen, as a witness.
pub(crate) fn witness(seen: &TlsSeen) -> Witness {
    Witness { connection: Some(seen.conn), packet: None, frame: Some(seen.frame), bytes: None, bits: 0 }
}

/// Broken by bytes of a ClientHello.
pub(super) fn broken_in(seen: &TlsSeen, span: Span, said: String, expected: &str, actual: String) -> Ruling {
    Ruling::Broken(Deviation {
        witness: Some(Witness { bytes: Some(span), ..witness(seen) }),
        said,
        expected: expected.to_owned(),
        actual,
    })
}

/// An answer that a client ought to refuse, and the words for it.
pub(super) struct Refusable {
    /// Whether it is that answer.
    pub is: fn(&TlsChange) -> bool,
    /// Whether it is what follows when a client did not refuse that answer at once: then its refusal of the rest
    /// says nothing.
    pub rest: fn(&TlsChange) -> bool,
    /// Alerts that refuse the answer itself, however late they come.
    pub alerts: &'static [u8],
    /// What the answer has: `a certificate that has expired`.
    pub what: &'static str,
    /// What the clause asks for.
    pub expected: &'static str,
}

/// Follows the answers that a client ought to refuse until it has refused them, or has not.
///
/// A client refuses for many reasons: one that knows nothing of the authority, or never gets through a handshake at
/// all, refuses every server. So a refusal shows something only of a client that has sent MQTT to a server without that
/// flaw before.
pub(super) struct Refusals {
    answer: &'static Refusable,
    /// It has.
    gets_through: bool,
    /// It refused such an answer, or went on.
    decided: bool,
    /// The first time that nothing could be told of it; of interest where nothing else can. One who tries again and again
    /// is always cut short in the end.
    untold: Option<(Witness, Ruling)>,
    /// Connections on which such an answer arrived; what arrived after it.
    open: BTreeMap<ConnectionId, (Witness, bool)>,
    /// Connections that the client closed after such an answer, without an alert: a client that crashed closes them, too.
    closed: Vec<Witness>,
}

impl Refusals {
    pub fn of(answer: &'static Refusable) -> Refusals {
        Refusals {
            answer,
            gets_through: false,
            decided: false,
            untold: None,
            open: BTreeMap::new(),
            closed: Vec::new(),
        }
    }

    pub fn observe(&mut self, observation: &Observation, ledger: &mut Ledger) {
        match observation {
            Observation::Tls(seen) => {
                if let TlsWhat::Change(change) = &seen.what {
                    self.change(seen, change, ledger);
                }
            }
            Observation::Packet(packet) if packet.from_iut() => {
                if self.open.remove(&packet.conn).is_some() {
                    let actual = format!("{} sent", packet.packet.packet_type.name());
                    let at = Witness::packet(packet);
                    self.enter(at.clone(), self.accepted(Some(at), actual), ledger);
                } else {
                    self.gets_through = true;
                }
            }
            Observation::Closed { conn, by, .. } => {
                let Some((at, rest)) = self.open.remove(conn) else { return };
                if *by != Closer::Client {
                    self.enter(at, self.neither(), ledger);
                } else if rest {
                    self.enter(at, self.late(), ledger);
                } else if self.closed.len() < FOLLOWED {
                    self.closed.push(at);
                }
            }
            Observation::Process { change, .. } => match change {
                ProcessChange::Exit { expected: false, .. } => {
                    for at in std::mem::take(&mut self.closed) {
                        let why = "The process ended: whether it refused the connection cannot be told".to_owned();
                        self.enter(at, Ruling::CutShort(why), ledger);
                    }
                }
                ProcessChange::StopRequested { .. } => self.end(ledger),
                _ => {}
            },
            Observation::End { .. } => {
                self.end(ledger);
                if let Some((at, ruling)) = self.untold.take().filter(|_| !self.decided) {
                    ledger.enter(at, ruling);
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, seen: &TlsSeen, change: &TlsChange, ledger: &mut Ledger) {
        if (self.answer.is)(change) {
            if self.open.len() < FOLLOWED {
                self.open.insert(seen.conn, (witness(seen), false));
            }
            return;
        }
        match change {
            TlsChange::Alert { code } => {
                let Some((at, rest)) = self.open.remove(&seen.conn) else { return };
                let ruling = match code {
                    code if rest && !self.answer.alerts.contains(code) => self.late(),
                    // user_canceled: no judgement of the server. (Some clients say internal_error of a name that is not
                    // the server's.)
                    90 => Ruling::CutShort(format!("The alert {} does not say what was refused", alert_name(*code))),
                    _ => self.refused(),
                };
                self.enter(at, ruling, ledger);
            }
            TlsChange::WentOn { .. } => {
                let Some(_) = self.open.remove(&seen.conn) else { return };
                let ruling = self.accepted(None, "the next message of the handshake".to_owned());
                self.enter(witness(seen), ruling, ledger);
            }
            change if (self.answer.rest)(change) => {
                if let Some((_, rest)) = self.open.get_mut(&seen.conn) {
                    *rest = true;
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, at: Witness, ruling: Ruling, ledger: &mut Ledger) {
        match ruling {
            Ruling::CutShort(_) => drop(self.untold.get_or_insert((at, ruling))),
            ruling => {
                self.decided = true;
                ledger.enter(at, ruling);
            }
        }
    }

    fn refused(&self) -> Ruling {
        if self.gets_through {
            return Ruling::Met;
        }
        let what = self.answer.what;
        Ruling::CutShort(format!("It refused a server that has {what}, but had not gone on with one that has not"))
    }

    fn accepted(&self, witness: Option<Witness>, actual: String) -> Ruling {
        Ruling::Broken(Deviation {
            witness,
            said: format!("It went on with a server that has {}", self.answer.what),
            expected: self.answer.expected.to_owned(),
            actual,
        })
    }

    fn late(&self) -> Ruling {
        Ruling::CutShort(format!("It waited for more of a server that has {}, and refused that", self.answer.what))
    }

    fn neither(&self) -> Ruling {
        Ruling::CutShort(format!("It neither refused a server that has {} nor went on with it", self.answer.what))
    }

    fn end(&mut self, ledger: &mut Ledger) {
        for at in std::mem::take(&mut self.closed) {
            self.enter(at, self.refused(), ledger);
        }
        for (_, (at, _)) in std::mem::take(&mut self.open) {
            self.enter(at, self.neither(), ledger);
        }
    }
}
