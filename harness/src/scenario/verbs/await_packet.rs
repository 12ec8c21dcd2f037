//! `await`: packets that the IUT sends, connections it opens and closes, its exit.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::model::Key;
use crate::scenario::pattern::Pattern;
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Beside a quarter of the time to answer, what a wait lasts longer than that time, in nanoseconds: the absence of a
/// packet is proven only when it is not there once the time has passed since its delivery, tester lag added.
const MARGIN: u64 = 50_000_000;

/// How long to wait for something the IUT has the time to answer for, and a little longer, in nanoseconds.
pub(super) fn margin(response: u64) -> u64 {
    response.saturating_add(response / 4 + MARGIN)
}

/// Waits for something the IUT does, from the previous step's mark on.
#[derive(Clone, Debug)]
pub struct AwaitPacket {
    what: What,
    count: u64,
    new_connection: bool,
    /// Waiting in vain is no failure.
    optional: bool,
    /// Only a PUBLISH under an identifier that an earlier one had.
    again: bool,
    /// Its own deadline, in nanoseconds.
    pub within: Option<u64>,
}

#[derive(Clone, Debug)]
enum What {
    Packet(Box<Pattern>),
    Open,
    Close,
    Exit,
    /// Packets that were withheld since that was last asked for.
    Withheld,
}

impl AwaitPacket {
    pub(super) fn read(fields: &Fields<'_>) -> Option<AwaitPacket> {
        let count = fields.integer("count", 1, 1_000_000).map_or(1, |n| n.value);
        let within = fields.duration("within").map(|d| d.value);
        let new_connection = fields.choice("connection", &[("new", true)]).is_some();
        let what = if fields.has("event") {
            if fields.has("packet") {
                fields.document.wrong(fields.key_span("event"), "either `packet` or `event`, not both", "", None);
            }
            #[derive(Clone, Copy)]
            enum Name {
                Open,
                Close,
                Exit,
                Withheld,
            }
            let names =
                [("open", Name::Open), ("close", Name::Close), ("exit", Name::Exit), ("withheld", Name::Withheld)];
            match fields.choice("event", &names)?.value {
                Name::Open => What::Open,
                Name::Close => What::Close,
                Name::Exit => What::Exit,
                Name::Withheld => What::Withheld,
            }
        } else {
            What::Packet(Box::new(Pattern::read(fields)?))
        };
        let again = fields.boolean("again").is_some_and(|again| again.value);
        if again && !matches!(&what, What::Packet(pattern) if pattern.packet == PacketType::Publish) {
            fields.document.wrong(fields.key_span("again"), "only a PUBLISH comes `again`", "", None);
        }
        let optional = fields.boolean("optional").is_some_and(|optional| optional.value);
        Some(AwaitPacket { what, count, new_connection, optional, again, within })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let timing = stage.iut.timing;
        let usual = match &self.what {
            What::Packet(_) | What::Withheld if self.optional => margin(timing.response),
            What::Packet(pattern) if pattern.packet == PacketType::Connect => timing.startup,
            What::Packet(_) if self.new_connection => timing.startup,
            What::Open => timing.startup,
            What::Exit => timing.stop,
            // It has only just been started.
            What::Packet(_) if stage.view.opens_since(0) == 0 => timing.startup + margin(timing.response),
            What::Packet(_) | What::Close | What::Withheld => margin(timing.response),
        };
        let deadline = stage.deadline(self.within.unwrap_or(usual));
        let mark = stage.mark;
        let (count, new, again) = (self.count, self.new_connection, self.again);
        let exit_counts = matches!(self.what, What::Exit);
        let found = stage
            .wait(deadline, !exit_counts, |view| {
                let enough = |seen: u64| (seen >= count).then_some(None);
                match &self.what {
                    What::Packet(pattern) => view
                        .packets_since(mark)
                        .filter(|p| pattern.matches(&p.packet) && (p.again || !again))
                        .filter(|p| !new || view.opened_since(p.conn, mark))
                        .nth(usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX))
                        .map(|last| Some(last.index)),
                    What::Open => enough(view.opens_since(mark)),
                    What::Close => enough(view.closes_since(mark)),
                    What::Exit => enough(view.exits_since(mark)),
                    What::Withheld => enough(view.withheld()),
                }
            })
            .await;
        if self.optional && matches!(found, Err(Ended::TimedOut(_))) {
            return Ended::Done("in vain, which is no failure".to_owned());
        }
        let found = found.map(|last| stage.found = last);
        stage.ended(found, || match &self.what {
            What::Packet(pattern) => format!("waited for {} of the implementation", pattern.describe()),
            What::Open => "waited for a connection of the implementation".to_owned(),
            What::Close => "waited for the implementation to close its connection".to_owned(),
            What::Exit => "waited for the implementation to end".to_owned(),
            What::Withheld => {
                format!("waited for {count} packets of the implementation whose acknowledgements are withheld")
            }
        })
    }
}

impl Act for AwaitPacket {
    fn needs(&self) -> Vec<Key> {
        match &self.what {
            _ if self.optional => Vec::new(),
            _ if self.again => vec![Key::Publishes],
            What::Packet(pattern) => pattern.needs().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
