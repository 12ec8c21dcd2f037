//! What OpenC2 messages tell those who know no OpenC2.

use super::{ContentKind, Form, Message};
use crate::binding::topics::Topics;
use crate::evidence::Setting;
use crate::evidence::payload::{Facts, Quality};
use crate::iut::{Role, Serialization};

/// Status of an interim response.
const PROCESSING: i128 = 102;

impl Facts for Message {
    fn kind(&self) -> Option<ContentKind> {
        self.kind
    }

    fn answers(&self) -> bool {
        match self.kind {
            Some(kind) => kind == ContentKind::Response,
            None => self.header.is_some_and(|h| h.message_type == 1),
        }
    }

    fn asks(&self) -> bool {
        !self.answers() && self.kind != Some(ContentKind::Notification)
    }

    fn is_final(&self) -> bool {
        Message::status(self) != Some(PROCESSING)
    }

    fn correlation(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    fn status(&self) -> Option<i128> {
        Message::status(self)
    }

    fn serialization(&self) -> Option<Serialization> {
        self.serialization
    }

    fn quality(&self) -> Quality {
        if self.unread.is_some() {
            // Deeper or larger than we read: nothing is known to be wrong with it.
            Quality::Unusual
        } else if self.kind.is_none() || !sound(self) {
            Quality::Invalid
        } else if self.kind == Some(ContentKind::Request) {
            Quality::Everyday
        } else {
            Quality::Unusual
        }
    }

    /// `query features` in JSON, without arguments, to it. Commands oblige a Consumer alone; a Producer may well be
    /// sent its own.
    fn obliges(&self, setting: &Setting) -> bool {
        let features = self.target().is_some_and(|(name, value)| name == "features" && value.as_array().is_some());
        let addressed = self.to.as_ref().is_none_or(|to| {
            to.is_empty() || setting.pics.identity.as_ref().is_some_and(|identity| to.contains(identity))
        });
        setting.role == Role::Consumer
            && sound(self)
            && self.fits(&setting.pics)
            && self.kind == Some(ContentKind::Request)
            && self.serialization == Some(Serialization::Json)
            && self.request_id.is_some()
            && self.action() == Some("query")
            && features
            && addressed
            && self.args().is_none()
            && self.content.as_ref().is_some_and(|content| content.get("actuator").is_none())
    }

    fn reaches(&self, topic: &str, setting: &Setting) -> bool {
        let target = self.target().map(|(name, _)| name);
        let due = |topics: &Topics| match topics.everybody {
            Some(everybody) => topic == everybody,
            None => topics.addresses(topic, &setting.pics, self.action(), target),
        };
        setting.role == Role::Consumer && setting.binding.topics.is_some_and(due)
    }

    fn words(&self) -> Vec<String> {
        let action = self.action().map(str::to_owned);
        let target = self.target().map(|(name, _)| name.to_owned());
        let status = Message::status(self).map(|status| format!("status {status}"));
        [action, target, status].into_iter().flatten().collect()
    }
}

fn sound(message: &Message) -> bool {
    message.whole() && message.form == Form::Record && message.beyond_doubt() && message.content_defects.is_empty()
}
