//! `push` and `redeliver`: PUBLISHes written to the IUT's connection with packet identifiers of the scenario's choice.
//!
//! A server may choose any identifier that is free (2.3.1-4). The core does not know of these, so a scenario takes high
//! ones, which the core does not reach.

use super::keys::captured_name;
use super::place::Place;
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::pattern::hex;
use crate::scenario::speech::{Asking, Speech};
use crate::scenario::stage::{Ended, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use touchstone_fixtures::recording::Party;
use touchstone_fixtures::wire::mqtt311::build;

/// PUBLISHes to write, all at once: requests, or any text.
#[derive(Clone, Debug)]
pub struct Push {
    name: Option<String>,
    ids: Vec<u16>,
    qos: u8,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Requests(Arc<dyn Asking>),
    Text { to: Place, text: String },
}

impl Push {
    pub(super) fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Push> {
        fields.required("packet_ids", "\"7001 7002\"")?;
        let bytes = hex(fields, "packet_ids")?;
        let ids: Vec<u16> = bytes.as_chunks().0.iter().map(|id| u16::from_be_bytes(*id)).collect();
        if ids.is_empty() || bytes.len() % 2 != 0 || ids.contains(&0) {
            let help = Some("four hex digits each, not 0000".to_owned());
            fields.document.wrong(fields.key_span("packet_ids"), "`packet_ids` holds no packet identifiers", "", help);
            return None;
        }
        let what = match fields.has("topic") || fields.has("text") {
            true => What::Text {
                to: Place::read(fields, speech)?,
                text: fields.required("text", "\"x-touchstone\"")?.value,
            },
            false => What::Requests((speech.request)(fields)?),
        };
        let (name, qos) = match &what {
            What::Requests(request) => (request.name().map(str::to_owned), request.qos()),
            What::Text { .. } => (captured_name(fields), super::keys::qos(fields)),
        };
        if qos == 0 {
            fields.document.wrong(fields.key_span("qos"), "a PUBLISH at QoS 0 has no packet identifier", "", None);
            return None;
        }
        Some(Push { name, ids, qos, what })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let mut packets = Vec::new();
        let mut asked = Vec::new();
        for (n, id) in (0..).zip(&self.ids) {
            let (topic, payload) = match &self.what {
                What::Text { to, text } => match to.topic(stage) {
                    Ok(topic) => (topic, text.clone().into_bytes()),
                    Err(why) => return Ended::Failed(why),
                },
                What::Requests(request) => match request.built(stage, n) {
                    Ok(built) => {
                        asked.extend(built.correlation);
                        (built.topic, built.payload)
                    }
                    Err(why) => return Ended::Failed(why),
                },
            };
            packets.push((topic, payload, *id));
        }
        stage.asked(self.name.as_deref(), &asked);
        let bytes = |dup: bool| -> Vec<u8> {
            let publish = |(topic, payload, id): &(String, Vec<u8>, u16)| {
                build::publish_flags(dup, self.qos, false, topic.as_bytes(), *id, payload)
            };
            packets.iter().flat_map(publish).collect()
        };
        if let Some(name) = &self.name {
            stage.pushed.insert(name.clone(), bytes(true));
        }
        written(stage, "push", &bytes(false)).await
    }
}

impl Act for Push {
    fn needs(&self) -> Vec<Key> {
        // No server delivers above the QoS that was granted (3.8.4-6).
        let mut needs = vec![Key::Receives];
        match &self.what {
            What::Requests(request) => needs.extend(request.needs()),
            What::Text { to, .. } => needs.extend(to.needs()),
        }
        needs
    }

    fn captures(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn each_command(&self) -> bool {
        matches!(&self.what, What::Requests(request) if request.each_command())
    }

    fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        let (Some(name), What::Requests(request)) = (&self.name, &self.what) else { return BTreeMap::new() };
        let one = self.ids.len() == 1;
        let named = |n: u32| if one { name.clone() } else { format!("{name}.{}", n + 1) };
        (0..).zip(&self.ids).filter_map(|(n, _)| Some((named(n), request.correlation(stage, number, n)?))).collect()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

/// What was pushed, once more with DUP 1.
#[derive(Clone, Debug)]
pub struct Redeliver {
    name: String,
}

impl Redeliver {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Redeliver> {
        Some(Redeliver { name: fields.required("name", "\"first\"")?.value })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        match stage.pushed.get(&self.name).cloned() {
            Some(bytes) => written(stage, "redeliver", &bytes).await,
            None => Ended::Failed(format!("no `push` is called {:?}", self.name)),
        }
    }
}

impl Act for Redeliver {
    fn refers(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

/// Writes bytes that a conforming server may send.
pub(super) async fn written(stage: &mut Stage<'_>, name: &str, bytes: &[u8]) -> Ended {
    match stage.edge.faults().inject(name, Party::Iut, bytes, true).await {
        true => Ended::Done(String::new()),
        false => Ended::Failed("the implementation has no open connection".to_owned()),
    }
}
