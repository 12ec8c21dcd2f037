//! Takes what the implementation publishes.

use super::play::SharedParty;
use std::time::Duration;
use tokio::time::timeout;
use touchstone_fixtures::peer::{Peer, Received};
use touchstone_fixtures::recording::Recorder;

/// The peer that subscribes to what the IUT publishes and takes it; what a party says to that, it publishes.
pub(super) struct Listener {
    task: tokio::task::JoinHandle<()>,
    end: tokio::sync::oneshot::Sender<()>,
}

impl Listener {
    pub fn start(mut peer: Peer, party: Option<SharedParty>, recorder: &Recorder) -> Listener {
        let (end, mut ended) = tokio::sync::oneshot::channel();
        let recorder = recorder.clone();
        let task = tokio::spawn(async move {
            'listening: loop {
                let received = tokio::select! {
                    received = peer.receive() => received,
                    _ = &mut ended => break,
                };
                let Some(Received { topic, payload }) = received else { break };
                let Some(party) = &party else { continue };
                let now_ms = (recorder.anchor_unix_nanos() + recorder.now().0) / 1_000_000;
                let said = party.lock().take(&topic, &payload, now_ms);
                for sent in said {
                    tokio::select! {
                        // That its connection is gone shows with the next message.
                        _ = peer.publish(&sent.topic, &sent.payload, 1, false) => {}
                        _ = &mut ended => break 'listening,
                    }
                }
            }
            peer.disconnect().await;
        });
        Listener { task, end }
    }

    pub async fn stop(mut self) {
        // A listener whose connection is gone has nobody to tell.
        let _ = self.end.send(());
        if timeout(Duration::from_secs(5), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
