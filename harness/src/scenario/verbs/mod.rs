//! The verbs of scenarios, one file each: its keys, and what it does. To add one: its file, and a line in [`VERBS`], or in
//! the table of the language that alone has a use for it.

mod acknowledge;
mod await_packet;
pub(super) mod await_ready;
mod await_response;
mod await_subscriptions;
mod burst;
mod corpus;
mod cut;
mod delay;
mod deliver;
mod expect_silence;
mod fail_suback;
mod forget_session;
mod idle;
mod inject;
pub(super) mod keys;
mod place;
mod process;
mod push;
mod quiet;
pub(super) mod raw;
mod refuse_connect;
pub(super) mod request;
mod respond;
mod stimulate;
mod tls;
mod trickle;
mod violate;
mod websocket;
mod withhold;

use super::model::Key;
use super::speech::Speech;
use super::stage::{Ended, Stage};
use crate::diagnostic::instead;
use crate::diagnostic::toml::Fields;
use crate::iut::{Pics, Serialization};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

/// A step being carried out.
pub(super) type Running<'s> = Pin<Box<dyn Future<Output = Ended> + Send + 's>>;

/// What a verb is able to do; most leave out most of it.
pub(super) trait Act: Debug + Send + Sync {
    /// What must be declared for it to make sense.
    fn needs(&self) -> Vec<Key> {
        Vec::new()
    }

    /// The name it captures, if any.
    fn captures(&self) -> Option<&str> {
        None
    }

    /// The captured name it refers to, if any.
    fn refers(&self) -> Option<&str> {
        None
    }

    /// Whether it starts the IUT.
    fn starts(&self) -> bool {
        false
    }

    /// Whether it sends `declared = "each"`.
    fn each_command(&self) -> bool {
        false
    }

    /// How many stimuli it gives.
    fn stimuli(&self) -> u32 {
        0
    }

    /// What kind of command it asks a Producer for.
    fn asks(&self) -> Option<CommandKind> {
        None
    }

    /// The time its file gives it, in nanoseconds; `None`: one of the times of the IUT file.
    fn time(&self, _: &Pics) -> Option<u64> {
        None
    }

    /// What it will capture in step `number`: known before it begins.
    fn captured(&self, _: &Stage<'_>, _number: u32) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// What it has captured: known only now that it has been carried out.
    fn caught(&self, _: &Stage<'_>) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Carries it out.
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s>;
}

/// A kind of command, as far as a Producer may be able to send some and not others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandKind {
    /// One that the IUT file declares.
    pub declared: bool,
    /// To a device or a profile.
    pub addressed: bool,
    /// In which serialization.
    pub serialization: Serialization,
}

/// Reads the keys of a step, all but `verb` itself.
pub(super) type Read = fn(&Fields<'_>, &Speech) -> Option<Arc<dyn Act>>;

/// Verbs, by name.
pub(super) type Table = &'static [(&'static str, Read)];

/// The verbs of scenarios in any language.
static VERBS: Table = &[
    ("acknowledge", |f, _| boxed(acknowledge::Acknowledge::read(f))),
    ("await", |f, _| boxed(await_packet::AwaitPacket::read(f))),
    ("await-ready", |f, _| boxed(Some(await_ready::AwaitReady::read(f)))),
    ("await-response", |f, _| boxed(await_response::AwaitResponse::read(f))),
    ("await-subscriptions", |f, _| boxed(Some(await_subscriptions::AwaitSubscriptions::read(f)))),
    ("await-tls", |f, _| boxed(Some(tls::AwaitTls::read(f)))),
    ("burst", |f, s| boxed(burst::Burst::read(f, s))),
    ("corpus", |f, s| boxed(corpus::Corpus::read(f, s))),
    ("cut", |f, _| boxed(cut::Cut::read(f))),
    ("delay", |f, _| boxed(delay::Delay::read(f))),
    ("deliver", |f, s| boxed(deliver::Deliver::read(f, s))),
    ("expect-silence", |f, _| boxed(expect_silence::ExpectSilence::read(f))),
    ("fail-suback", |f, _| boxed(fail_suback::FailSuback::read(f))),
    ("forget-session", |_, _| boxed(Some(forget_session::ForgetSession))),
    ("idle", |f, _| boxed(idle::Idle::read(f))),
    ("inject", |f, _| boxed(inject::Inject::read(f))),
    ("push", |f, s| boxed(push::Push::read(f, s))),
    ("quiet", |_, _| boxed(Some(quiet::Quiet))),
    ("redeliver", |f, _| boxed(push::Redeliver::read(f))),
    ("refuse-connect", |f, _| boxed(refuse_connect::RefuseConnect::read(f))),
    ("request", |f, s| boxed(request::Request::read(f, s))),
    ("respond", |f, s| boxed(respond::Respond::read(f, s))),
    ("restart", |f, _| boxed(process::Restart::read(f))),
    ("start", |_, _| boxed(Some(process::Start))),
    ("stimulate", |f, s| boxed(stimulate::Stimulate::read(f, s))),
    ("stop", |_, _| boxed(Some(process::Stop))),
    ("tls", |f, _| boxed(tls::Tls::read(f))),
    ("trickle", |f, s| boxed(trickle::Trickle::read(f, s))),
    ("violate", |f, _| boxed(violate::Violate::read(f))),
    ("websocket", |f, _| boxed(websocket::WebSocket::read(f))),
    ("withhold", |f, _| boxed(withhold::Withhold::read(f))),
];

pub(super) fn boxed<A: Act + 'static>(action: Option<A>) -> Option<Arc<dyn Act>> {
    action.map(|action| Arc::new(action) as Arc<dyn Act>)
}

/// Every verb of scenarios in a language.
fn known(speech: &Speech) -> impl Iterator<Item = &'static (&'static str, Read)> {
    VERBS.iter().chain(speech.verbs)
}

/// Whether there is a verb of that name.
pub fn exists(name: &str, speech: &Speech) -> bool {
    known(speech).any(|(known, _)| *known == name)
}

/// What a step does: a verb, with its keys.
#[derive(Clone, Debug)]
pub struct Verb {
    name: &'static str,
    action: Arc<dyn Act>,
}

impl Verb {
    /// Reads the keys of a step, all but `verb` itself.
    pub fn read(name: &str, fields: &Fields<'_>, speech: &Speech) -> Option<Verb> {
        match known(speech).find(|(known, _)| *known == name) {
            Some((name, read)) => Some(Verb { name, action: read(fields, speech)? }),
            None => {
                let span = fields.any("verb").map_or(fields.span.clone(), |v| v.span());
                let mut names: Vec<&str> = known(speech).map(|(name, _)| *name).collect();
                names.sort_unstable();
                fields.document.wrong(span, format!("unknown verb `{name}`"), "", instead(name, &names));
                None
            }
        }
    }

    /// The name scenarios use.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What must be declared for it to make sense.
    pub fn needs(&self) -> Vec<Key> {
        self.action.needs()
    }

    /// The name it captures, if any.
    pub fn captures(&self) -> Option<&str> {
        self.action.captures()
    }

    /// The captured name it refers to, if any.
    pub fn refers(&self) -> Option<&str> {
        self.action.refers()
    }

    /// Whether it starts the IUT.
    pub fn starts(&self) -> bool {
        self.action.starts()
    }

    /// Whether it sends `declared = "each"`.
    pub fn each_command(&self) -> bool {
        self.action.each_command()
    }

    /// How many stimuli it gives.
    pub(super) fn stimuli(&self) -> u32 {
        self.action.stimuli()
    }

    /// What kind of command it asks a Producer for.
    pub(super) fn asks(&self) -> Option<CommandKind> {
        self.action.asks()
    }

    /// The time its file gives it, in nanoseconds; `None`: one of the times of the IUT file.
    pub(super) fn time(&self, pics: &Pics) -> Option<u64> {
        self.action.time(pics)
    }

    /// What it will capture in step `number`: known before it begins.
    pub(super) fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        self.action.captured(stage, number)
    }

    /// What it has captured: known only now that it has been carried out.
    pub(super) fn caught(&self, stage: &Stage<'_>) -> BTreeMap<String, String> {
        self.action.caught(stage)
    }

    /// Carries it out.
    pub(super) async fn run(&self, stage: &mut Stage<'_>) -> Ended {
        self.action.run(stage).await
    }
}
