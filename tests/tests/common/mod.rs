//! What all end-to-end tests need: the program, IUT files, and a bound on everything.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod tools;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use touchstone::binding::{self, Binding, OPENC2_MQTT_WD01, OPENC2_MQTT_WD04};
use touchstone::catalogue::Requirement;
use touchstone::iut::Role;

/// No call of the program takes longer than this, whatever the IUT does.
const DEADLINE: Duration = Duration::from_secs(240);

/// The program under test.
pub fn program() -> &'static str {
    env!("CARGO_BIN_EXE_touchstone-tests")
}

/// The workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// How a call ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Calls the program and waits for it.
pub fn call<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ended {
    call_in(&root(), arguments)
}

/// Calls the program in a directory and waits for it.
pub fn call_in<S: AsRef<std::ffi::OsStr>>(dir: &Path, arguments: impl IntoIterator<Item = S>) -> Ended {
    let child = Command::new(program())
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let id = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let output: Output = match receiver.recv_timeout(DEADLINE) {
        Ok(output) => output.expect("the program can be waited for"),
        Err(_) => {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(id).expect("process ids are small"));
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            panic!("the program did not end within {DEADLINE:?}");
        }
    };
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A directory that is removed at the end.
pub fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("touchstone-test-").tempdir().expect("a temporary directory")
}

/// What is tested: a role of a binding.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    pub binding: &'static Binding,
    pub role: Role,
}

impl Subject {
    /// Every role of every binding.
    pub fn all() -> impl Iterator<Item = Subject> {
        binding::ALL.iter().flat_map(|binding| binding.roles().map(|role| Subject { binding, role }))
    }

    /// A role of OpenC2 over MQTT, Working Draft 04.
    pub const fn wd04(role: Role) -> Subject {
        Subject { binding: &OPENC2_MQTT_WD04, role }
    }

    /// What binds it, by id.
    pub fn requirements(self) -> BTreeMap<&'static str, &'static Requirement> {
        let bound = |r: &&Requirement| r.belongs_to(self.binding.id) && r.binds(self.role);
        self.binding.requirements().map(|(_, r)| r).filter(bound).map(|r| (r.id, r)).collect()
    }
}

impl Subject {
    /// What binds it and is not proven elsewhere: a check that the same role of an earlier binding has, too, is proven
    /// there, on the same reference.
    pub fn own(self) -> BTreeMap<&'static str, &'static Requirement> {
        let earlier = Subject::all().take_while(|other| other.binding.id != self.binding.id);
        let mut own = self.requirements();
        for other in earlier.filter(|other| other.role == self.role) {
            let proven = other.requirements();
            own.retain(|id, _| !proven.contains_key(id));
        }
        own
    }
}

/// `openc2-mqtt-wd04-consumer`: so are files about it called.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.binding.id, self.role)
    }
}

/// The declarations of a reference, with options of its own.
#[derive(Clone, Debug)]
pub struct IutFile {
    /// What it is.
    pub subject: Subject,
    /// Command line of the IUT, as TOML.
    pub command: String,
    /// Further lines of `[pics]`.
    pub options: Vec<String>,
    /// `[timing]`, as TOML lines.
    pub timing: String,
    /// Further lines of `[network]`.
    pub network: String,
    /// Actuator profiles.
    pub profiles: Vec<String>,
    /// `[[pics.command]]` tables.
    pub commands: String,
}

/// A command that the reference Consumer carries out.
const LED: &str = "[[pics.command]]\naction = \"set\"\ntarget = { \"x-touchstone:led\" = \"on\" }\n";

/// What else a Consumer of WD01 goes by.
const WD01_NAMES: [&str; 10] = [
    "--device-type",
    "{device_type}",
    "--action-target",
    "query_features",
    "--action-target",
    "set_x-touchstone:led",
    "--action",
    "query",
    "--action",
    "set",
];

/// How it declares that.
const WD01_CONSUMER: &str = "device_type = \"lamp\"\naction_targets = [\"query_features\", \"set_x-touchstone:led\"]\n\
                             actions = [\"query\", \"set\"]\nmessage_format = \"record\"\n";

/// What a Producer of WD01 declares.
const WD01_PRODUCER: &str = "action_targets = [\"query_features\"]\nmessage_format = \"record\"\n";

/// The profile of firewalls.
const SLPF: &str = "slpf";

impl IutFile {
    fn new(subject: Subject, command: String) -> IutFile {
        IutFile {
            subject,
            command,
            options: Vec::new(),
            timing: String::new(),
            network: String::new(),
            profiles: match subject.role {
                Role::Consumer => ["alpha", "iota"].map(str::to_owned).to_vec(),
                _ => Vec::new(),
            },
            commands: match subject.role {
                Role::Consumer | Role::Producer => LED.to_owned(),
                Role::Ae | Role::Cse => String::new(),
            },
        }
    }

    /// The reference Consumer, with a deviation or without.
    pub fn reference(mutant: Option<&str>) -> IutFile {
        IutFile::reference_of(Role::Consumer, mutant)
    }

    /// The reference of a role of WD04, with a deviation or without.
    pub fn reference_of(role: Role, mutant: Option<&str>) -> IutFile {
        IutFile::subject(Subject::wd04(role), mutant)
    }

    /// The reference of a role of a binding, with a deviation or without.
    pub fn subject(subject: Subject, mutant: Option<&str>) -> IutFile {
        IutFile::with_profiles(subject, mutant, &["alpha", "iota"])
    }

    /// The same with the packet filtering profile: a firewall, or a controller of firewalls, that declares the commands
    /// of the IUT files that come with the program.
    pub fn filtering(subject: Subject, mutant: Option<&str>) -> IutFile {
        let path = root().join(format!("fixtures/iuts/reference-slpf-{}.toml", subject.role));
        let text = fs::read_to_string(path).expect("the IUT file is there");
        let commands = text.find("[[pics.command]]").expect("it declares commands");
        IutFile {
            profiles: vec![SLPF.to_owned()],
            commands: text[commands..].to_owned(),
            ..IutFile::with_profiles(subject, mutant, &[SLPF])
        }
    }

    fn with_profiles(subject: Subject, mutant: Option<&str>, profiles: &[&str]) -> IutFile {
        let own: Vec<&str> = match subject.role {
            Role::Consumer => {
                let profiles = profiles.iter().flat_map(|profile| ["--profile", profile]);
                let names = if subject.binding.id == OPENC2_MQTT_WD01.id { &WD01_NAMES[..] } else { &[] };
                let own = ["--binding", subject.binding.id, "--device-id", "{device_id}"].into_iter();
                own.chain(profiles).chain(names.iter().copied()).collect()
            }
            Role::Producer => vec!["--binding", subject.binding.id, "--identity", "producer"],
            Role::Ae => vec!["--registrar", "{cse_id}"],
            Role::Cse => Vec::new(),
        };
        let all = ["--server", "{host}:{port}", "--keep-alive", "{keep_alive}", "--state-dir", "{state_dir}"];
        let mut command = vec!["{self}", "reference", subject.role.as_str()];
        command.extend(all);
        command.extend(own);
        command.extend(mutant.iter().flat_map(|name| ["--mutant", name]));
        let command: Vec<String> = command.into_iter().map(|word| format!("{word:?}")).collect();
        IutFile::new(subject, format!("[{}]", command.join(", ")))
    }

    /// `[pics]` of its role, whatever it elects.
    fn pics(&self) -> String {
        let wd01 = match (self.subject.binding.id == OPENC2_MQTT_WD01.id, self.subject.role) {
            (true, Role::Consumer) => WD01_CONSUMER,
            (true, _) => WD01_PRODUCER,
            (false, _) => "",
        };
        let role = match self.subject.role {
            Role::Consumer => "device_id = \"zulu\"\nidentity = \"zulu\"\nserializations = [\"json\", \"cbor\"]\n",
            Role::Producer => "identity = \"producer\"\nserializations = [\"json\", \"cbor\"]\n",
            Role::Ae if self.elects("credential_id") => {
                "cse_id = \"/touchstone-cse\"\napp_id = \"Ntouchstone\"\ncredential_id = \"touchstone-ae\"\n\
                 serializations = [\"json\", \"xml\"]\n"
            }
            Role::Ae => {
                "cse_id = \"/touchstone-cse\"\napp_id = \"Ntouchstone\"\nae_id = \"Ctouchstone-ae\"\n\
                 serializations = [\"json\", \"xml\"]\n"
            }
            Role::Cse => {
                "cse_id = \"/in-cse\"\ncse_name = \"cse-in\"\noriginator = \"CAdmin\"\n\
                 credential_id = \"touchstone-ae\"\nserializations = [\"json\", \"xml\"]\n"
            }
        };
        format!("{role}{wd01}")
    }

    /// A shell script as IUT, a Consumer.
    pub fn shell(script: &str) -> IutFile {
        let script = Value::String(script.to_owned());
        let command = format!("[\"sh\", \"-c\", {script}, \"sh\", \"{{host}}\", \"{{port}}\", \"{{state_dir}}\"]");
        IutFile {
            timing: "startup = \"1s\"\nresponse = \"500ms\"\nstop = \"500ms\"\n".to_owned(),
            ..IutFile::new(Subject::wd04(Role::Consumer), command)
        }
    }

    fn elects(&self, option: &str) -> bool {
        self.options.iter().any(|o| o == option)
    }

    /// Its command line, with what goes by what it elects.
    fn whole_command(&self) -> String {
        let mut command = self.command.clone();
        let mut append = |words: &str| {
            if let Some(bare) = command.strip_suffix(']') {
                command = format!("{bare}, {words}]");
            }
        };
        if self.elects("tls") {
            append("\"--tls\", \"--ca\", \"{ca}\"");
        }
        if self.elects("qos0-only") {
            append("\"--qos\", \"0\"");
        }
        if self.subject.role == Role::Ae {
            let named = if self.elects("credential_id") { "credential" } else { "ae-id" };
            append(&format!("\"--{named}\", \"{{{}}}\"", if named == "ae-id" { "ae_id" } else { "credential_id" }));
        }
        command
    }

    /// Writes it into `dir`.
    pub fn write(&self, dir: &Path) -> PathBuf {
        let Subject { binding, role } = self.subject;
        let qos = match () {
            () if self.elects("qos2") => "qos = 2",
            () if self.elects("qos0-only") => "qos = 0\nsubscribe_qos = 0",
            () if self.elects("subscribe-qos-1") => "qos = 1\nsubscribe_qos = 1",
            () => "qos = 1",
        };
        // What is elected, but has a key of its own.
        let own_key =
            |option: &&String| ["tls", "credential_id", "qos0-only", "subscribe-qos-1"].contains(&option.as_str());
        let tls = self.elects("tls");
        let options: Vec<String> = self.options.iter().filter(|o| !own_key(o)).map(|o| format!("\"{o}\"")).collect();
        let command = self.whole_command();
        let stimulated = matches!(role, Role::Producer | Role::Ae);
        let stimulus = if stimulated { "[stimulus]\nvia = \"stdin\"\n\n" } else { "" };
        let profiles = match role {
            Role::Consumer | Role::Producer => format!("actuator_profiles = {:?}\n", self.profiles),
            Role::Ae | Role::Cse => String::new(),
        };
        let text = format!(
            "[iut]\nname = \"test subject\"\nversion = \"1.0\"\nbinding = \"{}\"\nrole = \"{role}\"\n\n\
             [launch]\ncommand = {}\n\n[network]\n{}\n[timing]\n{}\n{stimulus}\
             [pics]\n{}keep_alive = 4\n{qos}\ntls = {tls}\n{profiles}options = [{}]\n\n{}",
            binding.id,
            command,
            self.network,
            self.timing,
            self.pics(),
            options.join(", "),
            self.commands,
        );
        let path = dir.join("iut.toml");
        fs::write(&path, text).expect("the IUT file can be written");
        path
    }
}

/// The JSON report of a run's directory.
pub fn report(dir: &Path) -> Value {
    let text = fs::read_to_string(dir.join("report.json")).expect("the run left a report");
    serde_json::from_str(&text).expect("the report is JSON")
}

/// A requirement's row of a report.
pub fn row<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["requirements"]
        .as_array()
        .expect("requirements are a list")
        .iter()
        .find(|r| r["id"] == id)
        .unwrap_or_else(|| panic!("{id} is in the report"))
}

/// Whether `pid` (or a process that took its number) is alive, zombies aside.
pub fn alive(pid: i32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
}

/// Waits until `condition` holds, for a bounded time; whether it did.
pub fn eventually(condition: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if condition() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}
