//! An implementation as a process: it ends when asked to, and does not drown its host in output.

use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, Setting};
use crate::iut;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use touchstone_fixtures::recording::{Event, ProcessChange};

fn ask(s: &mut Sketch, with: &str) {
    s.event(Event::Process {
        instance: 1,
        change: ProcessChange::StopRequested { with: with.to_owned() },
        out_offset: 0,
        err_offset: 0,
    });
}

fn exit_after(s: &mut Sketch, printed: u64) {
    s.event(Event::Process {
        instance: 1,
        change: ProcessChange::Exit { code: Some(0), signal: None, expected: true },
        out_offset: printed,
        err_offset: 0,
    });
}

requirement! {
    /// An implementation that is asked to stop ends within the time its IUT file states.
    ///
    /// # Interpretation
    /// This is a rule of this program. It asks with SIGTERM or the declared stop command and waits for
    /// `timing.stop`; what has not ended by then is killed.
    ///
    /// # Judged
    /// On its process: met by an exit after it was asked, broken when it had to be killed.
    STOPS_WHEN_ASKED {
        id: "harness/stops-when-asked",
        rows: &["TS-003"],
        clause: "rule 3",
        level: Level::Guidance,
        judged: Judged::Machine(|| Box::<Stops>::default()),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                ask(s, "SIGTERM");
                s.stop();
            }],
            violating: &[|s| {
                s.ready();
                ask(s, "SIGTERM");
                s.wait(3_000);
                ask(s, "SIGKILL");
                s.exit(9, true);
            }],
            silent: &[|s| s.ready(), |s| {
                s.ready();
                s.exit(1, false);
            }],
        },
    }
}

requirement! {
    /// An implementation prints no more than 16 MiB to its standard output, and to its standard error, in one scenario.
    ///
    /// # Interpretation
    /// This is a rule of this program, which keeps the first 16 MiB of each as evidence: what comes after is lost.
    ///
    /// # Judged
    /// When its process ends: broken when one of the two was cut.
    OUTPUT_BOUNDED {
        id: "harness/output-bounded",
        rows: &["TS-004"],
        clause: "rule 4",
        level: Level::Guidance,
        judged: Judged::Machine(|| Box::new(Output)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                exit_after(s, 4_096);
            }],
            violating: &[|s| {
                s.ready();
                exit_after(s, iut::CAP + 40);
            }],
            silent: &[|s| s.ready()],
        },
    }
}

/// Whether it was asked, and had to be killed.
#[derive(Default)]
struct Stops {
    asked: bool,
    killed: bool,
}

impl Check for Stops {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Observation::Process { change, frame, .. } = observation else { return };
        match change {
            ProcessChange::Spawn { .. } => *self = Stops::default(),
            ProcessChange::StopRequested { with } if with == "SIGKILL" => {
                if self.asked && !self.killed {
                    self.killed = true;
                    ledger.enter(
                        Witness::frame(*frame),
                        Ruling::Broken(Deviation {
                            witness: None,
                            said: "It had not ended in the time it has to stop, and was killed".to_owned(),
                            expected: "an end within timing.stop".to_owned(),
                            actual: "SIGKILL".to_owned(),
                        }),
                    );
                }
            }
            ProcessChange::StopRequested { .. } => self.asked = true,
            ProcessChange::Exit { expected: true, .. } if self.asked && !self.killed => {
                ledger.enter(Witness::frame(*frame), Ruling::Met);
            }
            ProcessChange::Exit { .. } | ProcessChange::Orphans { .. } => {}
        }
    }
}

struct Output;

impl Check for Output {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Observation::Process { change: ProcessChange::Exit { .. }, kept, frame, .. } = observation else { return };
        let ruling = if *kept > iut::CAP {
            Ruling::Broken(Deviation {
                witness: None,
                said: "Its output was cut after 16 MiB".to_owned(),
                expected: "at most 16 MiB a scenario on each stream".to_owned(),
                actual: "more".to_owned(),
            })
        } else {
            Ruling::Met
        };
        ledger.enter(Witness::frame(*frame), ruling);
    }
}
