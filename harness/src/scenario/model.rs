//! What a scenario file says.

use super::plan::Selector;
use super::verbs::Verb;
use crate::catalogue::Flow;
use crate::iut::{IutFile, Per, Role};
use std::fmt;

/// One test case.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Unique id, `wd04/consumer/connect`.
    pub id: String,
    /// A few words.
    pub title: String,
    /// One or two sentences.
    pub purpose: String,
    /// Roles that it is played against.
    pub roles: Vec<Role>,
    /// What must be declared; else it is left out.
    pub requires: Vec<Need>,
    /// Requirements it promises to decide.
    pub exercises: Vec<String>,
    /// Whether it is run once for each declared command.
    pub each_command: bool,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The whole file.
    pub text: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Where the file is, for people.
    pub file: String,
    /// Whether it is one of ours.
    pub embedded: bool,
}

/// One step of a scenario.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub verb: Verb,
    /// Line of the file, from 1.
    pub line: usize,
}

/// Something that must (or must not) be declared for a scenario to be run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// What.
    pub key: Key,
    /// Whether it must be absent instead.
    pub absent: bool,
}

/// What a [`Need`] asks about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// TLS is declared.
    Tls,
    /// A keep alive is declared.
    KeepAlive,
    /// A largest message size is declared.
    MaxMessageSize,
    /// A command other than `query features` is declared.
    Command,
    /// One of these is.
    Declared(Selector),
    /// This actuator profile is declared.
    Profile(String),
    /// The harness starts the IUT, so it can stop and restart it.
    Launch,
    /// The harness starts the IUT anew for each scenario.
    OwnProcess,
    /// Certificates are made for the run, wrong ones among them.
    TestCertificates,
    /// A Producer can be told what to send.
    Stimulus,
    /// A Producer can be told what to send, and nobody has to lend a hand.
    Automatic,
    /// It publishes above QoS 0, as far as is known.
    Publishes,
    /// Messages reach it above QoS 0, as far as is known.
    Receives,
    /// Something that only the binding's language has, by its name.
    Own(&'static str),
    /// An option is elected.
    Option(String),
}

/// How a profile stands in `requires`: `profile:NAME`.
pub const PROFILE: &str = "profile:";

impl Key {
    /// The keys with names of their own; every other name is an option.
    pub const NAMED: [(&'static str, Key); 11] = [
        ("tls", Key::Tls),
        ("keep_alive", Key::KeepAlive),
        ("max_message_size", Key::MaxMessageSize),
        ("command", Key::Command),
        ("launch", Key::Launch),
        ("own_process", Key::OwnProcess),
        ("test_certificates", Key::TestCertificates),
        ("stimulus", Key::Stimulus),
        ("automatic", Key::Automatic),
        ("publishes_above_qos_0", Key::Publishes),
        ("subscribes_above_qos_0", Key::Receives),
    ];
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Option(option) => f.write_str(option),
            Key::Own(name) => f.write_str(name),
            Key::Profile(profile) => write!(f, "{PROFILE}{profile}"),
            Key::Declared(selector) => selector.fmt(f),
            named => f.write_str(Key::NAMED.iter().find(|(_, key)| key == named).map_or("", |(name, _)| name)),
        }
    }
}

impl Need {
    /// Something that must be declared.
    pub fn of(key: Key) -> Need {
        Need { key, absent: false }
    }

    /// Whether the IUT file satisfies it.
    pub fn met(&self, iut: &IutFile) -> bool {
        let pics = &iut.pics;
        let declared = match &self.key {
            Key::Tls => pics.tls,
            Key::KeepAlive => pics.keep_alive.is_some(),
            Key::MaxMessageSize => pics.max_message_size.is_some(),
            Key::Command => super::plan::declared(pics).next().is_some(),
            Key::Launch => iut.launch.is_some(),
            Key::OwnProcess => iut.launch.as_ref().is_some_and(|launch| launch.per == Per::Scenario),
            Key::TestCertificates => iut.network.tls.is_none(),
            Key::Stimulus => iut.stimulus.tells(),
            Key::Automatic => iut.stimulus.automatic(),
            Key::Publishes => Flow::Publishes.declared_away(pics, iut.binding).is_none(),
            Key::Receives => Flow::Receives.declared_away(pics, iut.binding).is_none(),
            Key::Declared(selector) => super::plan::declared(pics).any(|command| selector.fits(command)),
            Key::Profile(profile) => pics.actuator_profiles.iter().any(|declared| declared == profile),
            Key::Own(name) => iut.binding.family.declares.need(name).is_some_and(|need| (need.met)(pics)),
            // What publishes at QoS 2, or at QoS 0, has elected it, whichever way it says so.
            Key::Option(option) => {
                pics.elects(option)
                    || (option == "qos2" && pics.qos == Some(2))
                    || (option == "qos0" && pics.qos == Some(0))
            }
        };
        declared != self.absent
    }

    /// Why a scenario was left out, for people.
    pub fn unmet(&self) -> String {
        match (&self.key, self.absent) {
            (Key::Launch, false) => "the implementation is attached, so it cannot be stopped or restarted".to_owned(),
            (Key::OwnProcess, false) => "the implementation is not started anew for each scenario".to_owned(),
            (Key::Command, false) => "no command other than `query features` is declared".to_owned(),
            (Key::Stimulus, false) => "the implementation cannot be told what to send".to_owned(),
            (Key::Stimulus, true) => "the implementation can be told what to send".to_owned(),
            (Key::Automatic, false) => "somebody would have to lend a hand many times".to_owned(),
            (Key::Publishes, false) => "it publishes at QoS 0 only (`qos = 0`)".to_owned(),
            (Key::Receives, false) => "it subscribes at QoS 0 only (`subscribe_qos = 0`)".to_owned(),
            (Key::Declared(selector), false) => format!("no command is declared that is {selector}"),
            (Key::Profile(profile), false) => format!("the profile `{profile}` is not declared"),
            (Key::Profile(profile), true) => format!("the profile `{profile}` is declared"),
            (Key::Option(option), false) => format!("the option `{option}` is not declared"),
            (Key::Option(option), true) => format!("the option `{option}` is declared"),
            (key, false) => format!("`{key}` is not declared"),
            (key, true) => format!("`{key}` is declared"),
        }
    }
}
