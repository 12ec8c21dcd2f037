//! How late the test system itself runs: recorded, so that no judgement of time rests on a machine that stood still.

use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use touchstone_fixtures::recording::{Event, Recorder, Tester};

const EVERY: Duration = Duration::from_millis(10);
/// Lag below this is the ordinary jitter of timers.
const NOTABLE: Duration = Duration::from_millis(20);

/// Samples the lag until it is dropped.
#[derive(Debug)]
pub(super) struct Sampler(JoinHandle<()>);

impl Sampler {
    pub fn start(recorder: Recorder) -> Sampler {
        Sampler(tokio::spawn(async move {
            loop {
                let due = Instant::now() + EVERY;
                sleep(EVERY).await;
                let lag = due.elapsed();
                if lag >= NOTABLE {
                    let nanos = u64::try_from(lag.as_nanos()).unwrap_or(u64::MAX);
                    recorder.record(Event::Tester(Tester::Lag { nanos }));
                }
            }
        }))
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.0.abort();
    }
}
