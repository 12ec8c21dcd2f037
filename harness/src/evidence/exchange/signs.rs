//! Signs of life: what shows that an implementation was there when the time to answer had passed.

use super::{Open, Sign};
use crate::evidence::PacketSeen;
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::Nanos;

/// The signs of life of each session, found by the time a command was sent.
pub(super) struct Signs {
    sessions: BTreeMap<u32, Vec<Mark>>,
}

/// One exchange of a session, with the first signs that it or any later one gave.
struct Mark {
    index: usize,
    /// When it was sent, or an earlier one, if the clock went backwards.
    sent: Nanos,
    ack: Option<Sign>,
    answer: Option<Sign>,
}

impl Signs {
    pub(super) fn of(exchanges: &[Open]) -> Signs {
        let mut sessions: BTreeMap<u32, Vec<Mark>> = BTreeMap::new();
        for (index, open) in exchanges.iter().enumerate() {
            let marks = sessions.entry(open.session).or_default();
            let sent = open.request.end_at;
            marks.push(Mark { index, sent, ack: open.ack.clone(), answer: open.answer.clone() });
        }
        for marks in sessions.values_mut() {
            let (mut ack, mut answer, mut sent) = (None, None, Nanos(u64::MAX));
            for mark in marks.iter_mut().rev() {
                ack = earlier(mark.ack.take(), ack);
                answer = earlier(mark.answer.take(), answer);
                sent = sent.min(mark.sent);
                (mark.ack, mark.answer, mark.sent) = (ack.clone(), answer.clone(), sent);
            }
        }
        Signs { sessions }
    }

    /// The first acknowledgement of, and the first response to, exchanges of a session after `index` that were sent
    /// at `due` or later.
    pub(super) fn after(
        &self,
        session: u32,
        index: usize,
        due: Nanos,
    ) -> (Option<Arc<PacketSeen>>, Option<Arc<PacketSeen>>) {
        let mark = self
            .sessions
            .get(&session)
            .and_then(|marks| marks.get(marks.partition_point(|mark| mark.index <= index || mark.sent < due)));
        let packet = |sign: &Option<Sign>| sign.as_ref().map(|(_, packet)| Arc::clone(packet));
        mark.map_or((None, None), |mark| (packet(&mark.ack), packet(&mark.answer)))
    }
}

fn earlier(a: Option<Sign>, b: Option<Sign>) -> Option<Sign> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
        (a, b) => a.or(b),
    }
}
