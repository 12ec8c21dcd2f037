//! What ends a scenario: a request after one that stayed unanswered, since it shows whether anybody was listening, and only then
//! the silence is worth something; and an order after a message that nothing came after.

use super::speech::{Answering, Order};
use super::stage::{Ended, Stage};
use super::view::View;
use crate::iut::Stimulus;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use touchstone_fixtures::recording::{Event, StepPhase};

/// Its captured name.
pub(super) const SENTINEL: &str = "closing-sentinel";

/// Sends it, when the last request stayed unanswered. `what`: its topic and payload, by what its response will repeat.
pub(super) async fn sentinel(stage: &mut Stage<'_>, what: fn(&Stage<'_>, &str) -> (String, Vec<u8>)) {
    stage.view.catch_up();
    let Some(sent) = stage.unanswered_since() else { return };
    if stage.view.died().is_some() || !stage.view.connected() {
        return;
    }
    let number = stage.next_step();
    let id = stage.request_id(number, 0);
    let captured: BTreeMap<String, String> = [(SENTINEL.to_owned(), id.clone())].into();
    let event =
        |phase, note| Event::Step { number, verb: "sentinel".to_owned(), phase, captured: captured.clone(), note };
    stage.recorder.record(event(StepPhase::Begin, String::new()));
    let response = stage.scaled(stage.iut.timing.response);
    let window = Duration::from_nanos(response + response / 10 + 20_000_000);
    sleep_until(sent + window).await;
    let (topic, payload) = what(stage, &id);
    stage.asked(Some(SENTINEL), std::slice::from_ref(&id));
    let note = match stage.publish(SENTINEL, &topic, &payload, 1, false).await {
        Ended::Done(_) => {
            let deadline = Instant::now() + window;
            match stage.wait(deadline, true, |view| (!view.answers(&id).is_empty()).then_some(())).await {
                Ok(()) => "answered".to_owned(),
                Err(Ended::TimedOut(_)) => "not answered".to_owned(),
                Err(Ended::Failed(why) | Ended::Done(why)) => why,
            }
        }
        Ended::TimedOut(why) | Ended::Failed(why) => why,
    };
    stage.recorder.record(event(StepPhase::Done, note));
}

/// Somebody who can be told to send is made to send one more request, which is answered: what it was sent last has not put it
/// out of action. People are not asked for that, and where nobody can be asked there is nothing to do.
pub(super) async fn further(stage: &mut Stage<'_>, order: &dyn Order, answer: &dyn Answering) {
    stage.view.catch_up();
    let asked = !matches!(stage.iut.stimulus, Stimulus::None | Stimulus::Operator);
    if !asked || !stage.view.delivered_last() || stage.view.died().is_some() || !stage.view.connected() {
        return;
    }
    let number = stage.next_step();
    let event = |phase, captured, note| Event::Step { number, verb: "sentinel".to_owned(), phase, captured, note };
    stage.recorder.record(event(StepPhase::Begin, BTreeMap::new(), String::new()));
    let mut captured = BTreeMap::new();
    let note = match obeyed(stage, order, answer, &mut captured).await {
        Ok(()) => "sent a command".to_owned(),
        Err(why) => why,
    };
    stage.recorder.record(event(StepPhase::Done, captured, note));
}

/// `Err`: what went otherwise.
async fn obeyed(
    stage: &mut Stage<'_>,
    order: &dyn Order,
    answer: &dyn Answering,
    captured: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let begun = stage.begun();
    let object = order.object(stage, SENTINEL.to_owned())?;
    let expected = order.expected(stage);
    stage.hold(&expected);
    if let Err(why) = stage.stimulate(&object).await {
        stage.release(&[]).await;
        return Err(format!("not asked: {why}"));
    }
    let deadline = stage.deadline(stage.iut.timing.response);
    let sent =
        |view: &View| view.commands_since(begun).find(|command| expected(command.topic(), command.payload())).cloned();
    let found = stage.wait(deadline, true, sent).await;
    stage.release(found.as_ref().map(std::slice::from_ref).unwrap_or_default()).await;
    let command = match found {
        Ok(command) => command,
        Err(Ended::TimedOut(_)) => return Err("sent no command".to_owned()),
        Err(Ended::Failed(why) | Ended::Done(why)) => return Err(why),
    };
    let response = answer.built(stage, Some(&command))?;
    captured.extend(command.request_id.map(|id| (SENTINEL.to_owned(), id)));
    match stage.publish(SENTINEL, &response.topic, &response.payload, 1, false).await {
        Ended::Done(_) => Ok(()),
        Ended::TimedOut(why) | Ended::Failed(why) => Err(why),
    }
}
