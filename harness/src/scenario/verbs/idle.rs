//! `idle`: the IUT is sent nothing for a time.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::view::View;
use touchstone_fixtures::recording::{Event, WindowState};
use touchstone_fixtures::wire::mqtt311::PacketType;

/// So many more PINGREQs are waited for where a lag of the test system may blur the times of some.
const BLURRED: u64 = 2;

/// A window without traffic of ours.
#[derive(Clone, Debug)]
pub struct Idle {
    time: Time,
    /// Over once the IUT has sent that many PINGREQs, too; the end of a connection does not end it then.
    pings: Option<u64>,
}

#[derive(Clone, Debug)]
enum Time {
    Nanos(u64),
    KeepAlives(f64),
}

impl Idle {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Idle> {
        let duration = fields.duration("for");
        let keep_alives = fields.factor("keep_alives");
        let pings = pings(fields);
        let time = match (fields.has("for"), fields.has("keep_alives")) {
            (true, false) => Time::Nanos(duration?.value),
            (false, true) => Time::KeepAlives(keep_alives?.value),
            _ => {
                let span = fields.span.clone();
                fields.document.wrong(span, format!("{} needs either `for` or `keep_alives`", fields.name), "", None);
                return None;
            }
        };
        Some(Idle { time, pings })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let nanos = match self.time {
            Time::Nanos(nanos) => nanos,
            Time::KeepAlives(factor) => match keep_alives(stage, factor) {
                Ok(nanos) => nanos,
                Err(ended) => return ended,
            },
        };
        let window = |state| Event::Window { name: format!("idle-{}", stage.number), state };
        let (opened, full, short) =
            (window(WindowState::Opened), window(WindowState::ClosedFull), window(WindowState::CutShort));
        let mark = stage.recorder.record(opened);
        // What it lasts is a count of the implementation's own time, which no factor makes shorter.
        let deadline = stage.deadline(nanos).max(stage.after(nanos));
        let found = match self.pings {
            None => stage.wait(deadline, true, |view| (view.closes_since(mark) > 0).then_some(())).await,
            Some(pings) => stage.wait(deadline, true, |view| enough(view, mark, pings).then_some(())).await,
        };
        match found {
            Err(Ended::TimedOut(_)) => {
                stage.recorder.record(full);
                Ended::Done(String::new())
            }
            Ok(()) => {
                stage.recorder.record(short);
                let what = if self.pings.is_some() { "PINGREQs enough were sent" } else { "the connection was closed" };
                Ended::Done(what.to_owned())
            }
            Err(ended) => {
                stage.recorder.record(short);
                ended
            }
        }
    }
}

impl Act for Idle {
    fn time(&self, pics: &Pics) -> Option<u64> {
        Some(match self.time {
            Time::Nanos(nanos) => nanos,
            Time::KeepAlives(factor) => longest(pics, factor),
        })
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

/// `pings`: how many PINGREQs are enough.
pub(super) fn pings(fields: &Fields<'_>) -> Option<u64> {
    fields.integer("pings", 1, 1_000).map(|n| n.value)
}

/// Whether the IUT has sent that many PINGREQs since, and some more where the test system was late meanwhile.
pub(super) fn enough(view: &View, mark: u64, pings: u64) -> bool {
    let seen = view.packets_since(mark).filter(|p| p.packet.packet_type == PacketType::Pingreq).count() as u64;
    seen >= pings.saturating_add(if view.lagged_since(mark) { BLURRED } else { 0 })
}

/// A multiple of the keep alive that the IUT declares, or else has shown, in nanoseconds.
pub(super) fn keep_alives(stage: &Stage<'_>, factor: f64) -> Result<u64, Ended> {
    let observed = stage.view.readiness().keep_alive;
    match stage.iut.pics.keep_alive.or(observed).filter(|k| *k > 0) {
        Some(keep_alive) => Ok((f64::from(keep_alive) * 1e9 * factor) as u64),
        None => Err(Ended::Failed("no keep alive is declared, and none was seen".to_owned())),
    }
}

/// The same, as far as it is known before; a keep alive nobody declared is at most 18 hours.
pub(super) fn longest(pics: &Pics, factor: f64) -> u64 {
    (f64::from(pics.keep_alive.unwrap_or(u16::MAX)) * 1e9 * factor) as u64
}
