//! The IUT file: what is under test, how it is started, what its vendor declares.

use super::template::Template;
use super::{OwnTls, Pics, Role, Timing};
use crate::binding::{Binding, Part};
use crate::diagnostic::{Problem, Problems};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// An IUT file, read and checked.
#[derive(Clone)]
pub struct IutFile {
    /// The file.
    pub path: PathBuf,
    /// Directory the file lies in; paths in it are relative to that.
    pub dir: PathBuf,
    /// The text, as read.
    pub text: String,
    /// Product name.
    pub name: String,
    /// Vendor.
    pub vendor: Option<String>,
    /// Product version.
    pub version: Option<String>,
    /// What it is tested against.
    pub binding: &'static Binding,
    /// In which role.
    pub role: Role,
    /// Every role it plays; one of them is tested in a run.
    pub roles: Vec<Role>,
    /// How it is started; `None`: somebody else starts it, we wait for it.
    pub launch: Option<Launch>,
    /// Addresses and credentials.
    pub network: Network,
    /// Times.
    pub timing: Timing,
    /// What the vendor declares.
    pub pics: Pics,
    /// How a Producer is made to send something.
    pub stimulus: Stimulus,
    /// How long accepting a stimulus may take, or how long a Producer that is told nothing is watched; nanoseconds.
    pub stimulus_within: u64,
}

impl fmt::Debug for IutFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IutFile")
            .field("path", &self.path)
            .field("name", &self.name)
            .field("binding", &self.binding.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl IutFile {
    /// What the harness has to know of its role.
    ///
    /// # Panics
    /// Never: no file is read whose role its binding does not have.
    pub fn part(&self) -> &'static Part {
        self.binding.part(self.role).expect("the role is one of the binding's")
    }

    /// The same for the role that a run is to test.
    ///
    /// # Errors
    /// When the file does not name that role, or names several and none is chosen.
    pub fn playing(mut self, role: Option<Role>) -> Result<IutFile, Problems> {
        let named: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        let named = named.join(" and ");
        let path = self.path.display();
        match role {
            Some(role) if self.roles.contains(&role) => self.role = role,
            Some(role) => {
                return Err(Problem::new(format!("{path} declares no {role}: its role is {named}"))
                    .help("leave --role out, or add the role to `role` in [iut]")
                    .into());
            }
            None if self.roles.len() > 1 => {
                return Err(Problem::new(format!("{path} names several roles: {named}"))
                    .help("give --role, and run once for each of them")
                    .into());
            }
            None => {}
        }
        Ok(self)
    }
}

/// How the IUT is started and stopped.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Program and arguments.
    pub command: Vec<Template>,
    /// Working directory; that of the IUT file when it names none.
    pub cwd: PathBuf,
    /// Environment variables added to ours.
    pub env: BTreeMap<String, Template>,
    /// Run before a start that must be fresh.
    pub reset: Option<Vec<Template>>,
    /// Run to stop it, in place of SIGTERM.
    pub stop: Option<Vec<Template>>,
    /// One process for each scenario, or one for all.
    pub per: Per,
    /// What it writes to its output when it can be asked.
    pub ready: Option<String>,
}

impl Launch {
    /// Whether the command is told a state directory of its own: only then can several run at once.
    pub fn isolated(&self) -> bool {
        let all = self.command.iter().chain(self.env.values());
        all.flat_map(Template::placeholders).any(|p| p == super::Placeholder::StateDir)
    }
}

/// How long one process of the IUT lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// One process for each scenario.
    Scenario,
    /// One process for the whole run.
    Run,
}

/// Addresses and credentials.
#[derive(Clone, Debug)]
pub struct Network {
    /// Where we listen for the IUT.
    pub listen: SocketAddr,
    /// The host the IUT is told, when it is not the address we listen on.
    pub advertise: Option<String>,
    /// User name and password the IUT must present.
    pub credentials: Option<Credentials>,
    /// Certificates of the vendor's own, from `[tls]`.
    pub tls: Option<OwnTls>,
}

impl Network {
    /// The host an implementation is told that connects to `address`.
    pub fn host(&self, address: SocketAddr) -> String {
        match &self.advertise {
            Some(host) => host.clone(),
            None if address.ip().is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST).to_string(),
            None => address.ip().to_string(),
        }
    }
}

impl Default for Network {
    fn default() -> Network {
        Network { listen: SocketAddr::from(([127, 0, 0, 1], 0)), advertise: None, credentials: None, tls: None }
    }
}

/// User name and password. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, {})", self.username, mask(&self.password))
    }
}

/// Asterisks of the same length, for records and reports.
pub fn mask(secret: &str) -> String {
    "*".repeat(secret.chars().count())
}

/// How a Producer is made to send a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stimulus {
    /// It cannot be.
    #[default]
    None,
    /// One JSON object a line on its standard input.
    Stdin,
    /// A command run with the object on its standard input.
    Command(Vec<Template>),
    /// The object is posted there.
    Http(Template),
    /// Somebody is asked to.
    Operator,
}

impl Stimulus {
    /// Whether the IUT can be told what to send.
    pub const fn tells(&self) -> bool {
        !matches!(self, Stimulus::None)
    }

    /// Whether nobody has to lend a hand.
    pub const fn automatic(&self) -> bool {
        matches!(self, Stimulus::Stdin | Stimulus::Command(_) | Stimulus::Http(_))
    }

    /// How long accepting one takes at most, in nanoseconds, where the IUT file does not say.
    pub const fn usual_within(&self) -> u64 {
        match self {
            Stimulus::Operator => 120_000_000_000,
            _ => 10_000_000_000,
        }
    }

    /// Whether one IUT among several that run at once can be reached: what is run or called depends on which.
    pub fn isolated(&self) -> bool {
        use super::Placeholder::{Port, StateDir, StimulusPort, Url};
        let own =
            |template: &Template| template.placeholders().any(|p| matches!(p, Port | StateDir | StimulusPort | Url));
        match self {
            Stimulus::None | Stimulus::Stdin => true,
            Stimulus::Command(command) => command.iter().any(own),
            Stimulus::Http(url) => own(url),
            Stimulus::Operator => false,
        }
    }

    /// The name files use.
    pub const fn via(&self) -> &'static str {
        match self {
            Stimulus::None => "none",
            Stimulus::Stdin => "stdin",
            Stimulus::Command(_) => "command",
            Stimulus::Http(_) => "http",
            Stimulus::Operator => "operator",
        }
    }
}
