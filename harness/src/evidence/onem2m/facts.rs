//! What primitives tell those who know no oneM2M.

use super::topic::{self, Leaf, Topic};
use super::{Operation, Primitive};
use crate::evidence::Setting;
use crate::evidence::payload::{Facts, Fit, Kind, Payload, Quality};
use crate::iut::{Role, Serialization};

/// Response types that want no answer, or none at once (TS-0004 6.3.4.2.6).
const BLOCKING: i128 = 3;
/// The number of the resource type subscription.
const SUBSCRIPTION: i128 = 23;

impl Primitive {
    /// Whether the topic is for requests, where it says so.
    fn asked_by_topic(&self) -> Option<bool> {
        self.topic.as_ref().map(|topic| topic.leaf.asks())
    }

    /// Whether the answer is to come at once: the Response Type says so, or is not there.
    fn blocks(&self) -> bool {
        match self.get("rt") {
            None => true,
            Some(node) => {
                let number = node.get("rtv").or(Some(node)).and_then(|node| self.whole_of(node));
                number == Some(BLOCKING)
            }
        }
    }
}

/// The identifier of the implementation, as a level of its topics.
fn own_level(setting: &Setting) -> Option<String> {
    let declared = &setting.pics.onem2m;
    match setting.role {
        Role::Cse => declared.cse_id.as_deref().map(topic::level),
        Role::Ae => declared.ae_id.as_deref().map(topic::level),
        Role::Consumer | Role::Producer => None,
    }
}

/// Whether a target is with the CSE under test, as far as its address shows.
fn is_hosted(to: &str, setting: &Setting) -> bool {
    let own = setting.pics.onem2m.cse_id.as_deref();
    let fans_out = to.split('/').any(|part| part == "fopt");
    let here = match to.strip_prefix('/') {
        None => !to.contains("://"),
        Some(_) => {
            let below = own.and_then(|own| to.strip_prefix(own));
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    };
    here && !fans_out
}

/// Whether the implementation is the Receiver in a topic, by either form of the identifier of an AE. An AE takes requests from its
/// registrar alone.
fn is_own(topic: &Topic, setting: &Setting) -> bool {
    let registrar = setting.pics.onem2m.cse_id.as_deref().filter(|_| setting.role == Role::Ae).map(topic::level);
    if registrar.is_some_and(|registrar| registrar != topic.originator) {
        return false;
    }
    let last = topic.receiver.rsplit(':').next();
    match own_level(setting) {
        Some(own) => topic.receiver == own || (setting.role == Role::Ae && last == Some(own.as_str())),
        // It has been given its identifier by whoever sends to it.
        None => setting.role == Role::Ae,
    }
}

impl Facts for Primitive {
    fn kind(&self) -> Option<Kind> {
        self.kind
    }

    fn answers(&self) -> bool {
        match self.kind {
            Some(kind) => kind == Kind::Response,
            None => self.asked_by_topic() == Some(false),
        }
    }

    fn asks(&self) -> bool {
        match self.kind {
            Some(kind) => kind == Kind::Request,
            None => self.asked_by_topic() != Some(false),
        }
    }

    fn is_final(&self) -> bool {
        true
    }

    fn correlation(&self) -> Option<&str> {
        self.text("rqi")
    }

    /// Originators number their requests each for himself; one that uses a number again before its request is answered leaves
    /// nobody able to tell.
    fn fits(&self, request: &Payload) -> Fit {
        let asked = request.onem2m().and_then(|request| request.topic.as_ref()).filter(|topic| topic.complete());
        let answered = self.topic.as_ref().filter(|topic| topic.complete());
        match asked.zip(answered) {
            Some((asked, answered)) if asked.originator != answered.originator => Fit::No,
            Some((asked, answered)) if asked.receiver != answered.receiver => Fit::No,
            _ => Fit::Perhaps,
        }
    }

    fn status(&self) -> Option<i128> {
        self.rsc()
    }

    fn serialization(&self) -> Option<Serialization> {
        self.serialization
    }

    fn quality(&self) -> Quality {
        if self.unread.is_some() {
            Quality::Unusual
        } else if self.kind.is_none() || self.broken_off || !self.defects.is_empty() {
            Quality::Invalid
        } else if self.uncommon {
            Quality::Unusual
        } else {
            Quality::Everyday
        }
    }

    /// A sound blocking request in JSON, on a topic of requests that is in order: of a CSE any, of an AE a notification.
    fn obliges(&self, setting: &Setting) -> bool {
        let asked = match setting.role {
            Role::Cse => self.operation().is_some(),
            Role::Ae => self.operation() == Some(Operation::Notify),
            Role::Consumer | Role::Producer => false,
        };
        let json = self.serialization == Some(Serialization::Json) && setting.pics.speaks(Serialization::Json);
        let sound = self.quality() == Quality::Everyday && self.kind == Some(Kind::Request);
        // One that has expired, or expires soon, may be answered by nobody in time.
        let lasting = self.get("rqet").is_none() && self.get("rset").is_none() && self.get("oet").is_none();
        let addressed = self.topic.as_ref().is_some_and(|topic| {
            let whole = topic.leading && topic.spelled && topic.complete() && topic.surplus == 0;
            whole && topic.leaf == Leaf::Request && topic.format.as_deref() == Some("json") && is_own(topic, setting)
        });
        // Nobody else is waited for: no subscription that is verified, nothing that is passed on.
        let alone = self.whole("ty") != Some(SUBSCRIPTION)
            && self.content().is_none_or(|(name, _)| name != "m2m:sub")
            && self.text("to").is_some_and(|to| setting.role != Role::Cse || is_hosted(to, setting));
        asked
            && json
            && sound
            && addressed
            && alone
            && lasting
            && self.blocks()
            && self.correlation().is_some_and(|rqi| !rqi.is_empty())
    }

    fn reaches(&self, topic: &str, setting: &Setting) -> bool {
        let own = own_level(setting);
        Topic::parse(topic).is_some_and(|topic| {
            topic.leaf == Leaf::Request && topic.complete() && topic.surplus == 0 && Some(topic.receiver) == own
        })
    }

    fn words(&self) -> Vec<String> {
        let operation = self.operation().map(|operation| operation.as_str().to_owned());
        let to = self.text("to").filter(|_| operation.is_some()).map(crate::evidence::show::shortened);
        let status = self.rsc().map(|rsc| format!("rsc {rsc}"));
        [operation, to, status].into_iter().flatten().collect()
    }
}
