//! Where a message goes that the harness publishes: said in the words of a language, as a topic, or left to what the
//! implementation has to be subscribed to.

use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::speech::{Destination, Speech};
use crate::scenario::stage::Stage;
use std::sync::Arc;

/// How scenarios name the topic that the implementation is due to be subscribed to first of all, whatever its language.
const DUE: &str = "due";

/// A place.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// One that is named.
    Named(Arc<dyn Destination>),
    /// The first topic that the implementation is due to be subscribed to.
    Due,
}

impl Place {
    /// Reads `to` or `topic`; where everybody is reached when neither is given.
    pub fn read(fields: &Fields<'_>, speech: &Speech) -> Option<Place> {
        match (fields.string("topic"), fields.has("to")) {
            (Some(_), true) => {
                fields.document.wrong(fields.key_span("topic"), "either `to` or `topic`, not both", "", None);
                None
            }
            (Some(topic), false) => Some(Place::Named((speech.topic)(topic.value))),
            (None, true) if fields.string("to").is_some_and(|to| to.value == DUE) => Some(Place::Due),
            (None, _) => (speech.destination)(fields, "to").map(Place::Named),
        }
    }

    /// The topic. `Err`: why there is none.
    pub fn topic(&self, stage: &Stage<'_>) -> Result<String, String> {
        let pics = &stage.iut.pics;
        let topic = match self {
            Place::Named(destination) => destination.topic(stage.iut.binding, pics),
            Place::Due => stage.due().into_iter().next(),
        };
        topic.ok_or_else(|| "the topic needs something that is not declared".to_owned())
    }

    /// What must be declared for it.
    pub fn needs(&self) -> Option<Key> {
        match self {
            Place::Named(destination) => destination.needs(),
            Place::Due => None,
        }
    }
}
