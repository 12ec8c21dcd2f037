//! The keys of `corpus` in OpenC2: `kind`, and `to` for a Consumer.

use super::{Base, Corpus as Made, Kind};
use crate::diagnostic::toml::Fields;
use crate::iut::Serialization;
use crate::scenario::corpus::{Hostile, Inputs, largest};
use crate::scenario::model::Key;
use crate::scenario::openc2::Side;
use crate::scenario::openc2::address::{Address, RESPONSES};
use crate::scenario::openc2::message::{self, Header, PRODUCER};
use crate::scenario::speech::Destination;
use crate::scenario::stage::Stage;

/// Inputs to send.
#[derive(Clone, Debug)]
pub struct Corpus {
    kind: Kind,
    to: Address,
}

impl Corpus {
    pub fn read(fields: &Fields<'_>) -> Option<Corpus> {
        if !fields.has("kind") {
            fields.missing("kind", "\"mutations\"");
        }
        let kind = fields.choice("kind", &Kind::NAMED);
        let to = Address::read(fields, "to");
        Some(Corpus { kind: kind?.value, to: to? })
    }
}

impl Hostile for Corpus {
    fn needs(&self) -> Vec<Key> {
        self.to.needs().into_iter().collect()
    }

    fn inputs(&self, stage: &Stage<'_>) -> Result<Inputs, String> {
        let pics = &stage.iut.pics;
        let topic = match Side::of(stage.iut.role) {
            Side::Consumer => {
                self.to.topic(stage.iut.binding, pics).ok_or("the topic needs something that is not declared")?
            }
            Side::Producer => RESPONSES.to_owned(),
        };
        let mut serializations = vec![Serialization::Json];
        serializations.extend(pics.speaks(Serialization::Cbor).then_some(Serialization::Cbor));
        let (side, headed) = (Side::of(stage.iut.role), pics.headed());
        let base = Base { side, serializations, topic, headed, largest: largest(stage) };
        let mut made = Made::new(self.kind, base, stage.options.seed, &stage.planned.id, stage.number);
        Ok(Box::new(move || made.make()))
    }

    fn good(&self, stage: &Stage<'_>, id: &str) -> Option<(String, Vec<u8>)> {
        // What a Producer owes is the acknowledgement of what it is sent.
        if Side::of(stage.iut.role) == Side::Producer {
            return None;
        }
        let request = message::Request {
            command: message::query_features(),
            serialization: Serialization::Json,
            request_id: Some(id.to_owned()),
            from: Some(PRODUCER.to_owned()),
            to: None,
            created: stage.unix_millis(),
            header: Header::of(&stage.iut.pics, None),
        };
        Some((self.to.topic(stage.iut.binding, &stage.iut.pics)?, request.payload()))
    }
}
