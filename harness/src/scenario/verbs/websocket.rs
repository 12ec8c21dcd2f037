//! `websocket`: how the edge puts MQTT into frames, and frames that hold none.

use super::{Act, Running, violate};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::edge::websocket::Framing;

/// Smallest pieces of MQTT in frames, unless the step says otherwise: shorter than any packet.
const SIZE: usize = 1;

/// Serves connections from now on, or sends a text frame on the newest and waits until the IUT has ended it and is back.
#[derive(Clone, Debug)]
pub enum WebSocket {
    Framing(Framing),
    Text(String),
}

impl WebSocket {
    pub(super) fn read(fields: &Fields<'_>) -> Option<WebSocket> {
        let kinds = [("whole", 0), ("messages", 1), ("fragments", 2)];
        let framing = fields.choice("framing", &kinds).map(|kind| kind.value);
        let size = fields.integer("size", 1, 1_000_000).and_then(|n| usize::try_from(n.value).ok());
        let text = fields.string("text").map(|text| text.value);
        match (framing, text) {
            (Some(kind), None) => {
                let size = size.unwrap_or(SIZE);
                Some(WebSocket::Framing(match kind {
                    0 => Framing::Whole,
                    1 => Framing::Messages(size),
                    _ => Framing::Fragments(size),
                }))
            }
            (None, Some(text)) => Some(WebSocket::Text(text)),
            (Some(_), Some(_)) => {
                let help = Some("write two steps".to_owned());
                fields.document.wrong(fields.key_span("text"), "`text` does not go with `framing`", "", help);
                None
            }
            (None, None) => {
                if !fields.has("framing") && !fields.has("text") {
                    fields.missing("framing", "\"messages\"");
                }
                None
            }
        }
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let web = stage.edge.web();
        match self {
            WebSocket::Framing(framing) if web.framing(*framing) => Ended::Done(String::new()),
            WebSocket::Framing(_) => Ended::Failed("the edge serves no WebSocket".to_owned()),
            WebSocket::Text(text) => match web.text(text) {
                Some(conn) => violate::ends(stage, conn).await,
                None => Ended::Failed("there is no open WebSocket of the implementation".to_owned()),
            },
        }
    }
}

impl Act for WebSocket {
    fn needs(&self) -> Vec<Key> {
        vec![Key::Option("websocket".to_owned())]
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
