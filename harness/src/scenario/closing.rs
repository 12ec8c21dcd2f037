//! The request that ends a scenario after one that stayed unanswered: it shows whether anybody was listening, and only then
//! the silence is worth something.

use super::stage::{Ended, Stage};
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
