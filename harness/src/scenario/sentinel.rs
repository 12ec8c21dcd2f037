//! The command that ends a scenario whose last request stayed unanswered.

use super::address::ALL;
use super::message::{self, PRODUCER};
use super::stage::{Ended, Stage};
use crate::iut::Serialization;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use touchstone_fixtures::recording::{Event, StepPhase};

/// Its captured name.
const SENTINEL: &str = "closing-sentinel";

/// When the last request stayed unanswered, one more command shows whether anybody was listening: only then is
/// the silence worth something.
pub(super) async fn sentinel(stage: &mut Stage<'_>) {
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
    let request = message::Request {
        command: message::query_features(),
        serialization: Serialization::Json,
        request_id: Some(id.clone()),
        from: Some(PRODUCER.to_owned()),
        to: None,
        created: stage.unix_millis(),
        header: None,
    };
    stage.asked(Some(SENTINEL), std::slice::from_ref(&id));
    let note = match stage.publish(SENTINEL, ALL, &request.payload(), 1, false).await {
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
