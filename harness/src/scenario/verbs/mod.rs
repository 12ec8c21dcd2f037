//! The verbs of scenarios, one file each: its keys, and what it does.

mod await_packet;
mod await_ready;
mod await_response;
mod await_subscriptions;
mod burst;
mod cut;
mod deliver;
mod expect_silence;
mod idle;
mod inject;
mod process;
mod quiet;
pub(super) mod request;
mod withhold;

use super::model::Key;
use super::stage::{Ended, Stage};
use crate::diagnostic::instead;
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use std::collections::BTreeMap;

/// The names of all verbs.
pub const NAMES: [&str; 16] = [
    "await",
    "await-ready",
    "await-response",
    "await-subscriptions",
    "burst",
    "cut",
    "deliver",
    "expect-silence",
    "idle",
    "inject",
    "quiet",
    "request",
    "restart",
    "start",
    "stop",
    "withhold",
];

/// What a step does.
#[derive(Clone, Debug)]
pub enum Verb {
    /// Starts the IUT.
    Start(process::Start),
    /// Ends the IUT.
    Stop(process::Stop),
    /// Ends and starts the IUT.
    Restart(process::Restart),
    /// Waits for packets or events of the IUT.
    Await(await_packet::AwaitPacket),
    /// Waits until the IUT can be sent commands.
    AwaitReady(await_ready::AwaitReady),
    /// Waits until the IUT holds every subscription it is due to hold.
    AwaitSubscriptions(await_subscriptions::AwaitSubscriptions),
    /// Sends a well-formed request.
    Request(Box<request::Request>),
    /// Sends many.
    Burst(Box<burst::Burst>),
    /// Waits for responses.
    AwaitResponse(await_response::AwaitResponse),
    /// Lets the time to answer pass.
    ExpectSilence(expect_silence::ExpectSilence),
    /// Sends raw payload bytes.
    Deliver(deliver::Deliver),
    /// Writes raw bytes to the IUT's connection.
    Inject(inject::Inject),
    /// Drops packets.
    Withhold(withhold::Withhold),
    /// Cuts the connection.
    Cut(cut::Cut),
    /// Sends the IUT nothing for a time.
    Idle(idle::Idle),
    /// Waits for the quiet window.
    Quiet(quiet::Quiet),
}

impl Verb {
    /// Reads the keys of a step, all but `verb` itself.
    pub fn read(name: &str, fields: &Fields<'_>) -> Option<Verb> {
        Some(match name {
            "start" => Verb::Start(process::Start),
            "stop" => Verb::Stop(process::Stop),
            "restart" => Verb::Restart(process::Restart::read(fields)?),
            "await" => Verb::Await(await_packet::AwaitPacket::read(fields)?),
            "await-ready" => Verb::AwaitReady(await_ready::AwaitReady::read(fields)),
            "await-subscriptions" => Verb::AwaitSubscriptions(await_subscriptions::AwaitSubscriptions::read(fields)),
            "request" => Verb::Request(Box::new(request::Request::read(fields)?)),
            "burst" => Verb::Burst(Box::new(burst::Burst::read(fields)?)),
            "await-response" => Verb::AwaitResponse(await_response::AwaitResponse::read(fields)?),
            "expect-silence" => Verb::ExpectSilence(expect_silence::ExpectSilence::read(fields)?),
            "deliver" => Verb::Deliver(deliver::Deliver::read(fields)?),
            "inject" => Verb::Inject(inject::Inject::read(fields)?),
            "withhold" => Verb::Withhold(withhold::Withhold::read(fields)?),
            "cut" => Verb::Cut(cut::Cut::read(fields)?),
            "idle" => Verb::Idle(idle::Idle::read(fields)?),
            "quiet" => Verb::Quiet(quiet::Quiet),
            unknown => {
                let span = fields.any("verb").map_or(fields.span.clone(), |v| v.span());
                fields.document.wrong(span, format!("unknown verb `{unknown}`"), "", instead(unknown, &NAMES));
                return None;
            }
        })
    }

    /// The name scenarios use.
    pub fn name(&self) -> &'static str {
        match self {
            Verb::Start(_) => "start",
            Verb::Stop(_) => "stop",
            Verb::Restart(_) => "restart",
            Verb::Await(_) => "await",
            Verb::AwaitReady(_) => "await-ready",
            Verb::AwaitSubscriptions(_) => "await-subscriptions",
            Verb::Request(_) => "request",
            Verb::Burst(_) => "burst",
            Verb::AwaitResponse(_) => "await-response",
            Verb::ExpectSilence(_) => "expect-silence",
            Verb::Deliver(_) => "deliver",
            Verb::Inject(_) => "inject",
            Verb::Withhold(_) => "withhold",
            Verb::Cut(_) => "cut",
            Verb::Idle(_) => "idle",
            Verb::Quiet(_) => "quiet",
        }
    }

    /// What must be declared for it to make sense.
    pub fn needs(&self) -> Vec<Key> {
        match self {
            Verb::Stop(_) | Verb::Restart(_) => vec![Key::Launch],
            Verb::Request(request) => request.needs(),
            Verb::Burst(burst) => burst.request.needs(),
            Verb::Deliver(deliver) => request::needs_of(&deliver.to).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The name it captures, if any.
    pub fn captures(&self) -> Option<&str> {
        match self {
            Verb::Request(request) => request.name.as_deref(),
            Verb::Burst(burst) => burst.request.name.as_deref(),
            Verb::Deliver(deliver) => deliver.name.as_deref(),
            _ => None,
        }
    }

    /// The captured name it refers to, if any.
    pub fn refers(&self) -> Option<&str> {
        match self {
            Verb::AwaitResponse(wait) => Some(&wait.name),
            Verb::ExpectSilence(wait) => Some(&wait.name),
            _ => None,
        }
    }

    /// Whether it sends `declared = "each"`.
    pub fn each_command(&self) -> bool {
        match self {
            Verb::Request(request) => request.each_command(),
            Verb::Burst(burst) => burst.request.each_command(),
            _ => false,
        }
    }

    /// The time its file gives it, in nanoseconds; `None`: one of the times of the IUT file.
    pub(super) fn time(&self, pics: &Pics) -> Option<u64> {
        match self {
            Verb::Await(wait) => wait.within,
            Verb::AwaitReady(wait) => wait.within,
            Verb::AwaitSubscriptions(wait) => wait.within,
            Verb::AwaitResponse(wait) => wait.within,
            Verb::ExpectSilence(wait) => wait.within,
            Verb::Idle(idle) => Some(idle.time(pics.keep_alive)),
            _ => None,
        }
    }

    /// What it will capture in step `number`: known before it begins.
    pub(super) fn captured(&self, stage: &Stage<'_>, number: u32) -> BTreeMap<String, String> {
        match self {
            Verb::Request(request) => request.captured(stage, number),
            Verb::Burst(burst) => burst.captured(stage, number),
            Verb::Deliver(deliver) => deliver.captured(stage, number),
            _ => BTreeMap::new(),
        }
    }

    /// Carries it out.
    pub(super) async fn run(&self, stage: &mut Stage<'_>) -> Ended {
        match self {
            Verb::Start(_) => process::start(stage).await,
            Verb::Stop(_) => process::stop(stage).await,
            Verb::Restart(restart) => restart.run(stage).await,
            Verb::Await(wait) => wait.run(stage).await,
            Verb::AwaitReady(wait) => wait.run(stage).await,
            Verb::AwaitSubscriptions(wait) => wait.run(stage).await,
            Verb::Request(request) => request.run(stage).await,
            Verb::Burst(burst) => burst.run(stage).await,
            Verb::AwaitResponse(wait) => wait.run(stage).await,
            Verb::ExpectSilence(wait) => wait.run(stage).await,
            Verb::Deliver(deliver) => deliver.run(stage).await,
            Verb::Inject(inject) => inject.run(stage).await,
            Verb::Withhold(withhold) => withhold.run(stage).await,
            Verb::Cut(cut) => cut.run(stage).await,
            Verb::Idle(idle) => idle.run(stage).await,
            Verb::Quiet(_) => quiet::run(stage).await,
        }
    }
}
