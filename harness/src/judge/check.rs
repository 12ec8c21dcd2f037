use super::{Limit, Measured, Outcome};
use crate::evidence::{Observation, PacketSeen, Setting};
use touchstone_fixtures::recording::ConnectionId;
use touchstone_fixtures::wire::Span;

/// A streaming check: sees observations in order, and decides instances as it goes.
/// Its state is bounded by open obligations plus a cap of its own.
pub trait Check: Send {
    /// Takes one observation. The last one is [`Observation::End`]: obligations that are still open then
    /// are decided or given up there.
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger);
}

/// Where something can be looked up in the evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// The connection, when it is about one.
    pub connection: Option<ConnectionId>,
    /// Position of the packet on its connection, from 1.
    pub packet: Option<u32>,
    /// Wireshark's frame number.
    pub frame: Option<u32>,
    /// The bytes within the packet.
    pub bytes: Option<Span>,
    /// The bits of the first of these bytes (mask), 0 when whole bytes are meant.
    pub bits: u8,
}

impl Witness {
    /// A whole packet.
    pub fn packet(packet: &PacketSeen) -> Witness {
        Witness {
            connection: Some(packet.conn),
            packet: Some(packet.ordinal),
            frame: Some(packet.frame),
            bytes: None,
            bits: 0,
        }
    }

    /// Some bytes of a packet.
    pub fn bytes(packet: &PacketSeen, span: Span) -> Witness {
        Witness { bytes: Some(span), ..Witness::packet(packet) }
    }

    /// Some bits of one byte of a packet.
    pub fn bits(packet: &PacketSeen, offset: u32, mask: u8) -> Witness {
        Witness { bytes: Some(Span::byte(offset)), bits: mask, ..Witness::packet(packet) }
    }

    /// An event frame that belongs to no packet.
    pub fn frame(frame: u32) -> Witness {
        Witness { connection: None, packet: None, frame: Some(frame), bytes: None, bits: 0 }
    }
}

/// What was asked for, and what happened instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Where: by default the packet being judged, whole.
    pub witness: Option<Witness>,
    /// What happened, as the start of a plain sentence: `Response published with RETAIN=1`.
    pub said: String,
    /// What the clause asks for, short: `RETAIN 0`.
    pub expected: String,
    /// What was there: `RETAIN 1`.
    pub actual: String,
}

/// Decision about one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It was kept.
    Met,
    /// It was broken.
    Broken(Deviation),
    /// It cannot be told; why.
    Undecided(String),
    /// Its window was cut short; why. Counts only where a scenario promised to decide it.
    CutShort(String),
    /// It decides nothing, and is worth telling; what.
    Note(String),
}

impl Ruling {
    /// Broken, at `span` of the packet being judged.
    pub fn broken_at(
        packet: &PacketSeen,
        span: Span,
        said: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Ruling {
        Ruling::Broken(Deviation {
            witness: Some(Witness::bytes(packet, span)),
            said: said.into(),
            expected: expected.into(),
            actual: actual.into(),
        })
    }

    /// Broken, in bits of one byte of the packet being judged.
    pub fn broken_bits(
        packet: &PacketSeen,
        offset: u32,
        mask: u8,
        said: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Ruling {
        Ruling::Broken(Deviation {
            witness: Some(Witness::bits(packet, offset, mask)),
            said: said.into(),
            expected: expected.into(),
            actual: actual.into(),
        })
    }
}

/// One decided instance that is not simply kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Broken, undecided or error; [`Outcome::None`] for a note, which decides nothing.
    pub outcome: Outcome,
    /// Where.
    pub witness: Witness,
    /// What happened, as the start of a plain sentence (or why it cannot be told).
    pub said: String,
    /// What the clause asks for.
    pub expected: String,
    /// What was there.
    pub actual: String,
}

/// Largest number of findings, and of witnesses for kept instances, that are listed; further ones are counted.
pub const LISTED: usize = 20;

/// What one check has decided in one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    met: u64,
    broken: u64,
    undecided: u64,
    cut_short: u64,
    error: u64,
    findings: Vec<Finding>,
    cut: Vec<Finding>,
    witnesses: Vec<Witness>,
    measured: Option<Measured>,
    notes: Vec<(Witness, String)>,
}

impl Ledger {
    /// Enters a decision; `at` is the witness where the ruling names none.
    pub fn enter(&mut self, at: Witness, ruling: Ruling) {
        match ruling {
            Ruling::Met => {
                self.met += 1;
                if self.witnesses.len() < LISTED {
                    self.witnesses.push(at);
                }
            }
            Ruling::Broken(deviation) => {
                self.broken += 1;
                let witness = deviation.witness.unwrap_or(at);
                self.list(Finding {
                    outcome: Outcome::Broken,
                    witness,
                    said: deviation.said,
                    expected: deviation.expected,
                    actual: deviation.actual,
                });
            }
            Ruling::Undecided(why) => {
                self.undecided += 1;
                self.list(Finding::plain(Outcome::Undecided, at, why));
            }
            Ruling::Note(what) => self.list(Finding::plain(Outcome::None, at, what)),
            Ruling::CutShort(why) => {
                self.cut_short += 1;
                if self.cut.len() < LISTED {
                    self.cut.push(Finding::plain(Outcome::Undecided, at, why));
                }
            }
        }
    }

    /// Keeps a time that was measured, whatever follows from it; `at`: where it ended.
    pub fn measure(&mut self, at: Witness, nanos: u64, limit: Limit) {
        let one = Measured::new(at, nanos, limit);
        match &mut self.measured {
            Some(measured) => measured.join(one),
            None => self.measured = Some(one),
        }
    }

    /// Something worth telling that decides nothing; the first [`LISTED`] are kept.
    pub fn note(&mut self, at: Witness, said: impl Into<String>) {
        if self.notes.len() < LISTED {
            self.notes.push((at, said.into()));
        }
    }

    /// What was noted.
    pub fn notes(&self) -> &[(Witness, String)] {
        &self.notes
    }

    /// The test system failed while judging.
    pub fn error(&mut self, at: Witness, why: impl Into<String>) {
        self.error += 1;
        self.list(Finding::plain(Outcome::Error, at, why.into()));
    }

    fn list(&mut self, finding: Finding) {
        let same = self.findings.iter().filter(|f| f.outcome == finding.outcome).count();
        if same < LISTED {
            self.findings.push(finding);
        }
    }

    /// The outcome in this recording. `promised`: a scenario says that it decides this requirement, so that a
    /// window cut short leaves it undecided.
    pub fn outcome(&self, promised: bool) -> Outcome {
        let mut outcome = Outcome::None;
        if self.met > 0 {
            outcome = outcome.join(Outcome::Met);
        }
        if self.undecided > 0 || (promised && self.cut_short > 0) {
            outcome = outcome.join(Outcome::Undecided);
        }
        if self.broken > 0 {
            outcome = outcome.join(Outcome::Broken);
        }
        if self.error > 0 {
            outcome = outcome.join(Outcome::Error);
        }
        outcome
    }

    /// Instances kept.
    pub fn met(&self) -> u64 {
        self.met
    }

    /// Instances broken.
    pub fn broken(&self) -> u64 {
        self.broken
    }

    /// Findings, in order, at most [`LISTED`] of each outcome; those of windows cut short only where `promised`.
    pub fn findings(&self, promised: bool) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(self.cut.iter().filter(move |_| promised))
    }

    /// The times that were measured, if any were.
    pub fn measured(&self) -> Option<&Measured> {
        self.measured.as_ref()
    }

    /// Witnesses of kept instances, at most [`LISTED`].
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }
}

impl Finding {
    fn plain(outcome: Outcome, witness: Witness, said: String) -> Finding {
        Finding { outcome, witness, said, expected: String::new(), actual: String::new() }
    }
}
