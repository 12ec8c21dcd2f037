//! The registrar CSE that the harness plays for an AE: it registers it, keeps its resources, notifies it, and answers what it asks
//! for of its own accord. Requests that a scenario has asked for wait for the scenario.

use super::address::{suffix, topic};
use super::content;
use super::fill::{base, registrar};
use super::moment::{is_over, stamp};
use super::order::usual;
use super::primitive;
use super::tree::{Ask, Done, Notice, Refusal, Tree, code};
use crate::evidence::Node;
use crate::evidence::onem2m::topic::{Leaf, Topic, is_ae_stem, is_cse_id, level};
use crate::evidence::onem2m::{self, Operation, Primitive};
use crate::evidence::payload::Kind;
use crate::iut::{Pics, Serialization};
use crate::scenario::ids::request_id;
use crate::scenario::play::{Party, Sent};
use crate::scenario::speech::Expected;
use crate::scenario::stage::Stage;
use crate::scenario::view::Command;
use serde_json::{Map, Value, json};
use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;

/// Requests that are left to scenarios, and answers that are kept to be given again, at most.
const KEPT: usize = 1_000;
/// Bytes of both at most.
const KEPT_BYTES: usize = 16 * 1024 * 1024;
/// Longest request that is answered.
const LONGEST: usize = 256 * 1024;
/// Release versions that it supports.
const RELEASES: [&str; 6] = ["1", "2", "2a", "3", "4", "5"];

/// What a registrar answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The level of the Originator in the topic, which stays as the AE has written it.
    pub originator: String,
    /// Whether it came on the topic of those who have no identifier yet.
    pub registration: bool,
    pub serialization: Serialization,
    pub rqi: String,
    /// The parameters.
    pub members: Map<String, Value>,
    /// Notifications that follow.
    pub then: Vec<Sent>,
}

/// A message that was published.
#[derive(Clone, Debug, PartialEq)]
struct Message {
    topic: String,
    payload: Arc<[u8]>,
}

/// The newest of a kind; older ones are forgotten when there are too many.
#[derive(Debug)]
struct Newest<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
}

impl<T> Newest<T> {
    fn new() -> Newest<T> {
        Newest { items: VecDeque::new(), bytes: 0 }
    }

    fn push(&mut self, item: T, size: usize) {
        self.items.push_back((item, size));
        self.bytes += size;
        while self.items.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some((_, size)) = self.items.pop_front() else { return };
            self.bytes -= size;
        }
    }

    fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<&T> {
        self.items.iter().rev().map(|(item, _)| item).find(|item| wanted(item))
    }
}

/// An AE that has shown itself.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    stem: String,
    /// How it calls itself in topics: by its whole identifier, or by its stem (TS-0010 6.4.2 and 7.4 differ).
    level: String,
}

/// The registrar.
pub struct Registrar {
    cse_id: String,
    tree: Option<Tree>,
    name: String,
    usual: Serialization,
    release: String,
    /// The stem of the AE-ID, and the Credential-ID, where they are declared.
    declared: (Option<String>, Option<String>),
    known: Option<Known>,
    expected: Option<Expected>,
    /// Requests that an order made wait.
    held: Newest<Message>,
    /// Those that stay with the scenario.
    left: Newest<Message>,
    answered: Newest<(Message, Said)>,
    notified: u32,
}

impl Registrar {
    /// The one that an AE with these declarations registers with.
    pub fn new(pics: &Pics) -> Registrar {
        Registrar {
            cse_id: registrar(pics).to_owned(),
            tree: None,
            name: base(pics).to_owned(),
            usual: usual(pics),
            release: pics.onem2m.release().to_owned(),
            declared: (pics.onem2m.ae_id.clone(), pics.onem2m.credential_id.clone()),
            known: None,
            expected: None,
            held: Newest::new(),
            left: Newest::new(),
            answered: Newest::new(),
            notified: 0,
        }
    }

    /// Asks the registrar of a scenario something; nothing where none is played.
    pub fn of<T>(stage: &Stage<'_>, ask: impl FnOnce(&mut Registrar) -> T) -> Option<T> {
        let mut party = stage.party.as_ref()?.lock();
        party.as_any().downcast_mut::<Registrar>().map(ask)
    }

    /// The stem of the AE-ID of the AE under test, once it has shown itself.
    pub fn stem(&self) -> Option<&str> {
        self.known.as_ref().map(|known| known.stem.as_str())
    }

    /// Where requests to it go.
    pub fn way_to(&self, suffix: &str) -> Option<String> {
        Some(topic("req", &self.cse_id, &self.level()?, suffix))
    }

    /// Where responses to it go.
    pub fn way_back(&self, originator: &str, registration: bool, suffix: &str) -> String {
        let leaf = if registration { "reg_resp" } else { "resp" };
        topic(leaf, originator, &self.cse_id, suffix)
    }

    /// How an AE calls itself in topics where it has not done so yet.
    fn usual_level(&self, stem: &str) -> String {
        if stem.starts_with('S') { stem.to_owned() } else { level(&format!("{}/{stem}", self.cse_id)) }
    }

    /// The level of the AE under test: as it calls itself, or as it should.
    pub fn level(&self) -> Option<String> {
        let known = self.known.as_ref().map(|known| known.level.clone());
        known.or_else(|| self.declared.0.as_ref().map(|stem| self.usual_level(stem)))
    }

    /// What a notification says: something new in what the AE has subscribed to, or could have.
    pub fn news(&self) -> Value {
        let subscription = self.tree.as_ref().and_then(|tree| tree.subscription());
        let subscription = subscription.unwrap_or_else(|| format!("{}/{}/touchstone", self.cse_id, self.name));
        let what = json!({"m2m:cin": {
            "rn": "touchstone", "ri": "cin-0", "pi": "cnt-0", "ty": 4, "ct": stamp(0), "lt": stamp(0), "cs": 2, "con": "on",
        }});
        json!({"m2m:sgn": {"nev": {"rep": what, "net": 3}, "sur": subscription}})
    }

    /// The answer to a request; the same again to the same. Nothing for what cannot be answered.
    pub fn answer(&mut self, topic: &str, payload: &[u8], now_ms: u64) -> Option<Said> {
        let message = Message { topic: topic.to_owned(), payload: payload.into() };
        if let Some((_, said)) = self.answered.find(|(asked, _)| *asked == message) {
            return Some(Said { then: Vec::new(), ..said.clone() });
        }
        let (primitive, way) = self.request(topic, payload)?;
        let serialization = primitive.serialization?;
        let rqi = primitive.text("rqi").filter(|rqi| !rqi.is_empty())?.to_owned();
        let release = primitive.text("rvi").filter(|release| RELEASES.contains(release));
        let release = release.unwrap_or(&self.release).to_owned();
        let done = self.carried_out(&primitive, &way, serialization, now_ms);
        if done.code == 0 {
            return None;
        }
        let mut members = Map::new();
        members.insert("rsc".to_owned(), json!(done.code));
        members.insert("rqi".to_owned(), json!(rqi));
        members.insert("rvi".to_owned(), json!(release));
        if let Some(content) = done.content {
            members.insert("pc".to_owned(), content);
        }
        let then = done.notices.iter().filter_map(|notice| self.notification(notice)).collect();
        let registration = way.leaf == Leaf::RegistrationRequest;
        let said = Said { originator: way.originator, registration, serialization, rqi, members, then };
        let size = payload.len() + Value::Object(said.members.clone()).to_string().len();
        self.answered.push((message, said.clone()), size);
        Some(said)
    }

    /// Whom a response to a request goes to, and nothing else: the request is not carried out.
    pub fn refusal(&self, topic: &str, payload: &[u8]) -> Option<Said> {
        let (primitive, way) = self.request(topic, payload)?;
        Some(Said {
            registration: way.leaf == Leaf::RegistrationRequest,
            originator: way.originator,
            serialization: primitive.serialization?,
            rqi: primitive.text("rqi")?.to_owned(),
            members: Map::new(),
            then: Vec::new(),
        })
    }

    /// A request to it that can be read.
    fn request(&self, topic: &str, payload: &[u8]) -> Option<(Primitive, Topic)> {
        let way = Topic::parse(topic).filter(|way| {
            let named = way.leading && way.spelled && way.complete() && way.surplus == 0;
            named && way.leaf.asks() && way.receiver == level(&self.cse_id)
        })?;
        if payload.len() > LONGEST {
            return None;
        }
        let primitive = onem2m::read(topic, payload)?;
        (primitive.whole_text() && primitive.kind != Some(Kind::Response)).then_some((primitive, way))
    }

    fn carried_out(&mut self, primitive: &Primitive, way: &Topic, serialization: Serialization, now_ms: u64) -> Done {
        let done = match self.asked(primitive, way, serialization, now_ms) {
            Ok(done) => done,
            Err((code, why)) => Done { code, content: Some(json!({"m2m:dbg": why})), notices: Vec::new() },
        };
        if done.code == code::CREATED && primitive.registers_ae() {
            let given = done.content.as_ref().and_then(|content| content.get("m2m:ae")?.get("aei")?.as_str());
            // Without its attributes the answer does not say who it is, but the request does.
            if let Some(stem) = given.or(primitive.text("fr")).filter(|stem| is_ae_stem(stem)) {
                let registered =
                    way.leaf == Leaf::RegistrationRequest || stem != primitive.text("fr").unwrap_or_default();
                let level = if registered { self.usual_level(stem) } else { way.originator.clone() };
                self.known = Some(Known { stem: stem.to_owned(), level });
            }
        } else if way.leaf == Leaf::Request
            && let Some(stem) = primitive.text("fr").filter(|stem| is_ae_stem(stem))
        {
            self.known = Some(Known { stem: stem.to_owned(), level: way.originator.clone() });
        }
        done
    }

    /// The checks of a Receiver (TS-0004 7.3.2.1), then the operation.
    fn asked(
        &mut self,
        primitive: &Primitive,
        way: &Topic,
        serialization: Serialization,
        now_ms: u64,
    ) -> Result<Done, Refusal> {
        let operation = primitive.operation().ok_or((code::BAD_REQUEST, "op is missing, or no operation"))?;
        let to = primitive.text("to").ok_or((code::BAD_REQUEST, "to is missing"))?;
        let whole = |name: &str| primitive.whole(name).and_then(|number| u64::try_from(number).ok());
        let registers = primitive.registers_ae();
        let from = match primitive.get("fr").map(Node::as_text) {
            None if registers => "",
            Some(Some(from)) if is_ae_stem(from) || (registers && matches!(from, "" | "C" | "S")) => from,
            Some(Some(from)) if is_cse_id(from) && !registers => from,
            None => return Err((code::BAD_REQUEST, "fr is missing")),
            Some(_) => return Err((code::BAD_REQUEST, "fr is not the stem of an AE-ID")),
        };
        if way.leaf == Leaf::RegistrationRequest && !registers {
            return Err((code::NOT_ALLOWED, "only to register are requests sent there"));
        }
        if primitive.get("rvi").is_some_and(|rvi| !rvi.as_text().is_some_and(|rvi| RELEASES.contains(&rvi))) {
            return Err((code::RELEASE, "this release version is not supported"));
        }
        if let Some(expires) = primitive.get("rqet") {
            match is_over(&content::value("rqet", expires, serialization), now_ms) {
                Some(false) => {}
                Some(true) => return Err((code::TOO_LATE, "the request has expired")),
                None => return Err((code::BAD_REQUEST, "rqet is no moment")),
            }
        }
        let creates = operation == Operation::Create;
        match (creates, primitive.get("ty").is_some()) {
            (true, false) => return Err((code::BAD_REQUEST, "ty is missing")),
            (false, true) => return Err((code::BAD_REQUEST, "ty is for CREATE alone")),
            _ => {}
        }
        if creates && primitive.get("fc").is_some() {
            return Err((code::BAD_REQUEST, "fc does not go with CREATE"));
        }
        let result = whole("rcn");
        if primitive.get("rcn").is_some() && result.is_none_or(|result| result > 12) {
            return Err((code::BAD_REQUEST, "there is no such result content"));
        }
        if let Some(rt) = primitive.get("rt") {
            let number = rt.get("rtv").or(Some(rt)).and_then(|node| primitive.whole_of(node));
            match number {
                Some(3 | 4) => {}
                // Nobody wants an answer.
                Some(5) => return Ok(Done { code: 0, content: None, notices: Vec::new() }),
                _ => return Err((code::NOT_IMPLEMENTED, "only blocking requests are answered")),
            }
        }
        let ask = Ask {
            operation,
            to,
            from,
            ty: whole("ty"),
            content: primitive.content().map(|(name, node)| (name, content::value(name, node, serialization))),
            result,
            filter: primitive.get("fc").map(|fc| content::value("fc", fc, serialization)),
            now_ms,
        };
        let tree = self.tree.get_or_insert_with(|| Tree::new(&self.cse_id, &self.name, now_ms));
        Ok(tree.carry_out(&ask))
    }

    /// A notification, where it can be brought to whom a subscription names.
    fn notification(&mut self, notice: &Notice) -> Option<Sent> {
        let (stem, way) = self.whereabouts(&notice.whom)?;
        let serialization = self.accepted(&stem);
        self.notified += 1;
        let rqi = request_id(0, &self.cse_id, u32::MAX, self.notified);
        let parameters = json!({
            "op": 5, "to": notice.whom, "fr": self.cse_id, "rqi": rqi, "rvi": self.release, "pc": notice.content,
        });
        let topic = match way {
            Some(topic) => topic,
            None => {
                let known = self.known.as_ref().filter(|known| known.stem == stem);
                let level = known.map_or_else(|| self.usual_level(&stem), |known| known.level.clone());
                topic("req", &self.cse_id, &level, suffix(serialization))
            }
        };
        let payload = primitive::written(parameters.as_object()?, serialization);
        Some(Sent { topic, payload })
    }

    /// The AE that a notification target names, and the topic where it is a URL with one.
    fn whereabouts(&self, whom: &str) -> Option<(String, Option<String>)> {
        let known = || self.known.as_ref().map(|known| known.stem.clone());
        if let Some(rest) = whom.strip_prefix("mqtt://").or_else(|| whom.strip_prefix("mqtts://")) {
            let path = rest.split_once('/').map(|(_, path)| path).filter(|path| !path.is_empty());
            let path = path.filter(|path| path.len() <= 1024 && !path.contains(['+', '#', '\0']));
            return Some((known()?, path.map(str::to_owned)));
        }
        let stem = whom.rsplit('/').next().filter(|stem| is_ae_stem(stem) && self.registered(stem));
        let found = self.tree.as_ref().and_then(|tree| tree.find(whom)).filter(|id| is_ae_stem(id));
        found.or(stem).map(|stem| (stem.to_owned(), None))
    }

    fn registered(&self, stem: &str) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.attribute(stem, "api").is_some())
    }

    /// The serialization in which an AE is told something: the first that it says it accepts.
    fn accepted(&self, stem: &str) -> Serialization {
        let said = self.tree.as_ref().and_then(|tree| tree.attribute(stem, "csz"));
        let first = said.and_then(|said| match said {
            Value::Array(items) => items.first()?.as_str(),
            one => one.as_str(),
        });
        match first {
            Some("xml" | "application/xml") => Serialization::Xml,
            Some("json" | "application/json") => Serialization::Json,
            _ => self.usual,
        }
    }

    fn replies(&mut self, topic: &str, payload: &[u8], now_ms: u64) -> Vec<Sent> {
        let Some(said) = self.answer(topic, payload, now_ms) else { return Vec::new() };
        let topic = self.way_back(&said.originator, said.registration, suffix(said.serialization));
        let payload = primitive::response(&said.members, said.serialization);
        std::iter::once(Sent { topic, payload }).chain(said.then).collect()
    }
}

impl Party for Registrar {
    fn take(&mut self, topic: &str, payload: &[u8], now_ms: u64) -> Vec<Sent> {
        let waits = |message: &Message| message.topic == topic && *message.payload == *payload;
        if self.left.find(waits).is_some() || self.held.find(waits).is_some() {
            return Vec::new();
        }
        if payload.len() <= LONGEST && self.expected.as_ref().is_some_and(|expected| expected(topic, payload)) {
            let message = Message { topic: topic.to_owned(), payload: payload.into() };
            self.held.push(message, payload.len());
            return Vec::new();
        }
        self.replies(topic, payload, now_ms)
    }

    fn hold(&mut self, expected: Expected) {
        self.expected = Some(expected);
    }

    fn release(&mut self, kept: &[Command], now_ms: u64) -> Vec<Sent> {
        self.expected = None;
        for command in kept {
            let message = Message { topic: command.topic().to_owned(), payload: command.payload().into() };
            self.left.push(message, command.payload().len());
        }
        let held = std::mem::replace(&mut self.held, Newest::new());
        let mut sent = Vec::new();
        for (message, _) in held.items {
            if self.left.find(|left| *left == message).is_none() {
                sent.extend(self.replies(&message.topic, &message.payload, now_ms));
            }
        }
        sent
    }

    /// What it asks for is answered to, and the registrar's requests reach it; before it has registered, the answer to that.
    fn due(&self) -> Vec<String> {
        let suffix = suffix(self.usual);
        let Some(level) = self.level() else {
            let answer = |credential| topic("reg_resp", credential, &self.cse_id, suffix);
            return self.declared.1.as_deref().map(answer).into_iter().collect();
        };
        vec![topic("resp", &level, &self.cse_id, suffix), topic("req", &self.cse_id, &level, suffix)]
    }

    fn knows(&self) -> bool {
        self.known.is_some()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

#[cfg(test)]
#[path = "registrar_tests.rs"]
mod tests;
