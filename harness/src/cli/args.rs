//! The command line, as clap reads it.

use crate::binding;
use crate::iut::Role;
use crate::judge::Policy;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What the program says by how it ends.
const EXIT_CODES: &str = "Exit codes, strongest first: 4 the test system failed; 1 does not conform; 3 incomplete, interrupted, or nothing ran; 0 conforms, or nothing is wrong in what was selected; 2 bad usage or configuration, nothing was run.\nThe summary goes to standard output, progress and problems to standard error; DIR/report.json is for programs.";

/// Conformance test harness and broker fixture for command bindings over MQTT.
#[derive(Debug, Parser)]
#[command(name = "touchstone", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Begin: touchstone init > iut.toml; touchstone run --iut iut.toml --out DIR\nExit codes: 0 conforms, 1 fails, 2 bad usage, 3 incomplete, 4 tester failed"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Test an implementation: run the scenarios, judge, report
    #[command(after_help = EXIT_CODES)]
    Run(RunOptions),
    /// Judge the evidence of an earlier run again, from disk
    #[command(after_help = EXIT_CODES)]
    Judge(JudgeOptions),
    /// Pack a run, its reports and its evidence into one file
    Pack(PackOptions),
    /// Check a package: whole, unchanged, and its verdicts derived again
    Verify(VerifyOptions),
    /// Make a pair of keys to sign packages with
    Keygen(KeygenOptions),
    /// List requirements, scenarios, bindings or mutants
    List(ListOptions),
    /// Explain a requirement, a scenario or a mutant
    Explain(ExplainOptions),
    /// Print a commented IUT file to start from
    Init(InitOptions),
    /// Run the recording broker alone
    Broker(BrokerOptions),
    /// Run a bundled reference implementation
    Reference(ReferenceOptions),
}

#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// IUT file: what is tested, how it is started, what it declares (see `touchstone init`)
    #[arg(long, value_name = "FILE")]
    pub iut: PathBuf,
    /// Directory for reports and evidence; an earlier run of ours there is replaced
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Run only scenarios whose id matches; * stands for any text; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub scenario: Vec<String>,
    /// Judge only this requirement, running what exercises it; may be given several times
    #[arg(long, value_name = "ID")]
    pub requirement: Vec<String>,
    /// What a broken requirement means for the verdict
    #[arg(long, default_value = "certify")]
    pub policy: Policy,
    /// Scenarios at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Address the broker listens on, in place of what the IUT file says; scenarios then run one after another
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// The role to test, where the IUT file names several
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Option<Role>,
    /// Ask nobody to lend a hand: what only an operator can make happen stays undecided
    #[arg(long)]
    pub non_interactive: bool,
    /// Factor on every deadline, for slow implementations
    #[arg(long, value_name = "F", default_value_t = 1.0, value_parser = factor)]
    pub timeout_scale: f64,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Waivers (TOML)
    #[arg(long, value_name = "FILE")]
    pub waivers: Option<PathBuf>,
    /// Folder of further scenarios
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

fn role(text: &str) -> Result<Role, String> {
    let known: BTreeSet<Role> = binding::ALL.iter().flat_map(|binding| binding.roles()).collect();
    let names: Vec<&str> = known.iter().map(|role| role.as_str()).collect();
    Role::named(text).filter(|role| known.contains(role)).ok_or_else(|| names.join(" or "))
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (0.01..=100.0).contains(&factor) => Ok(factor),
        _ => Err("a number from 0.01 to 100".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(super) struct JudgeOptions {
    /// Output directory of a run
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Judge under another policy than the run's; needs --out
    #[arg(long, requires = "out")]
    pub policy: Option<Policy>,
    /// Write the reports there instead of into DIR: a new directory, or an empty one
    #[arg(long, value_name = "DIR2")]
    pub out: Option<PathBuf>,
    /// Say verdict by verdict what differs from the report in DIR, and why
    #[arg(long)]
    pub diff: bool,
}

#[derive(Debug, Args)]
pub(super) struct PackOptions {
    /// Output directory of a run
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The package
    #[arg(long, short, value_name = "FILE.tar.zst")]
    pub out: PathBuf,
    /// Sign it with this private key (see `touchstone keygen`)
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// Make passwords and TLS secrets unreadable in everything that is packed
    #[arg(long)]
    pub redact: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyOptions {
    /// The package
    #[arg(value_name = "FILE.tar.zst")]
    pub package: PathBuf,
    /// It has to be signed by the holder of this public key
    #[arg(long, value_name = "PUB")]
    pub key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct KeygenOptions {
    /// Where the private key goes; the public one goes beside it, with .pub added
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Listed {
    /// What can be judged
    Requirements,
    /// What can be run
    Scenarios,
    /// What can be tested against
    Bindings,
    /// Deviations of the reference implementations, which prove the checks
    Mutants,
}

#[derive(Debug, Args)]
pub(super) struct ListOptions {
    /// What to list
    pub what: Listed,
    /// Only ids that match; * stands for any text, a word without it matches anywhere
    pub pattern: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Only of this binding (see `touchstone list bindings`)
    #[arg(long)]
    pub binding: Option<String>,
    /// Only for this role
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Option<Role>,
}

#[derive(Debug, Args)]
pub(super) struct InitOptions {
    /// For this binding, in place of the first
    #[arg(long)]
    pub binding: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainOptions {
    /// Requirement, row or statement, scenario or mutant: wd04/publish-retain, W4-017, MQTT-3.1.2-14,
    /// openc2/answering/args-empty, never-pings
    pub id: String,
}

#[derive(Debug, Args)]
pub(super) struct BrokerOptions {
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    pub listen: SocketAddr,
    /// Record everything to this pcapng file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Refuse subscriptions to this filter with SUBACK 0x80; may be given several times
    #[arg(long, value_name = "FILTER", value_parser = filter)]
    pub refuse_filter: Vec<String>,
}

/// A topic filter as MQTT has them (4.7): one that no client can subscribe to would refuse nobody.
fn filter(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > usize::from(u16::MAX) || text.contains('\0') {
        return Err("a topic filter has 1 to 65535 bytes, none of them 0".to_owned());
    }
    let levels: Vec<&str> = text.split('/').collect();
    for (n, level) in levels.iter().enumerate() {
        if level.contains('+') && *level != "+" {
            return Err(format!("`+` has to fill a whole level of a topic filter, which {level:?} does not"));
        }
        if level.contains('#') && (*level != "#" || n + 1 < levels.len()) {
            return Err("`#` has to be the whole last level of a topic filter".to_owned());
        }
    }
    Ok(text.to_owned())
}

#[derive(Debug, Args)]
pub(super) struct ReferenceOptions {
    #[command(subcommand)]
    pub role: ReferenceRole,
}

#[derive(Debug, Subcommand)]
pub(super) enum ReferenceRole {
    /// The conforming OpenC2-over-MQTT Consumer, or one of its mutants
    Consumer(ConsumerArguments),
    /// The conforming OpenC2-over-MQTT Producer, or one of its mutants: sends what lines on its standard input tell it to
    Producer(ProducerArguments),
    /// The conforming oneM2M CSE over MQTT
    Cse(CseArguments),
    /// The conforming oneM2M AE over MQTT: sends what lines on its standard input tell it to
    Ae(AeArguments),
}

/// What both roles need to connect.
#[derive(Debug, Args)]
pub(super) struct ConnectionArguments {
    /// Broker, HOST:PORT
    #[arg(long)]
    pub server: String,
    /// Keep alive, in seconds
    #[arg(long, default_value_t = 60)]
    pub keep_alive: u16,
    /// User name
    #[arg(long, requires = "password")]
    pub username: Option<String>,
    /// Password
    #[arg(long, requires = "username")]
    pub password: Option<String>,
    /// QoS of its subscriptions and messages; WD04 demands 1 at least
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub qos: u8,
    /// Unsubscribe before it ends
    #[arg(long)]
    pub unsubscribe: bool,
    /// Connect over TLS, and take only a server certificate for HOST that --ca vouches for
    #[arg(long, requires = "ca")]
    pub tls: bool,
    /// Certificate of the authority (PEM)
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub ca: Option<PathBuf>,
    /// Its own certificate (PEM), for servers that ask for one
    #[arg(long, value_name = "FILE", requires_all = ["tls", "key"])]
    pub cert: Option<PathBuf>,
    /// The key of --cert (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Connect over WebSocket, over TLS with --tls
    #[arg(long)]
    pub websocket: bool,
    /// Directory in which it keeps what outlives the process
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Show this deviation (see `touchstone list mutants`)
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<String>,
}

/// The bindings that the references of OpenC2 know.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Openc2Binding {
    /// Working Draft 04
    #[value(name = "openc2-mqtt-wd04", alias = "wd04")]
    Wd04,
    /// The topic tree of Working Draft 01; messages have no header
    #[value(name = "openc2-mqtt-wd01", alias = "wd01")]
    Wd01,
}

#[derive(Debug, Args)]
pub(super) struct ConsumerArguments {
    #[command(flatten)]
    pub connection: ConnectionArguments,
    /// The binding it follows
    #[arg(long, value_enum, default_value = "openc2-mqtt-wd04")]
    pub binding: Openc2Binding,
    /// Type of device, in the topics of WD01
    #[arg(long, value_name = "TYPE")]
    pub device_type: Option<String>,
    /// Action-target pair it implements, in the topics of WD01; may be given several times
    #[arg(long = "action-target", value_name = "PAIR")]
    pub action_targets: Vec<String>,
    /// Action it implements, in the topics of WD01; may be given several times
    #[arg(long = "action", value_name = "ACTION")]
    pub actions: Vec<String>,
    /// Device identifier
    #[arg(long, default_value = "zulu")]
    pub device_id: String,
    /// Actuator profile it implements; may be given several times
    #[arg(long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,
    /// What its firewall (profile slpf) does not support; may be given several times
    #[arg(long, value_name = "WHAT", value_parser = ["ipv4_connection", "ipv6_connection", "ipv4_net", "ipv6_net", "direction", "delete", "update"])]
    pub without: Vec<String>,
    /// Subscribe to oc2/cmd/ap/# in place of a topic for each profile
    #[arg(long)]
    pub wildcard: bool,
}

#[derive(Debug, Args)]
pub(super) struct CseArguments {
    #[command(flatten)]
    pub connection: ConnectionArguments,
    /// Its SP-relative CSE-ID
    #[arg(long, value_name = "ID", default_value = "/in-cse")]
    pub cse_id: String,
    /// Name of its CSEBase
    #[arg(long, value_name = "NAME", default_value = "cse-in")]
    pub cse_name: String,
    /// AE-ID-Stem of the Originator that may do everything
    #[arg(long, value_name = "STEM", default_value = "CAdmin")]
    pub originator: String,
}

#[derive(Debug, Args)]
pub(super) struct AeArguments {
    #[command(flatten)]
    pub connection: ConnectionArguments,
    /// Its AE-ID-Stem, where it has one before it registers
    #[arg(long, value_name = "STEM")]
    pub ae_id: Option<String>,
    /// SP-relative CSE-ID of its registrar
    #[arg(long, value_name = "ID", default_value = "/in-cse")]
    pub registrar: String,
    /// Its App-ID
    #[arg(long, value_name = "ID", default_value = "Ntouchstone")]
    pub app_id: String,
    /// Credential-ID under which it registers where it has no AE-ID-Stem
    #[arg(long, value_name = "ID", default_value = "touchstone-ae")]
    pub credential: String,
}

#[derive(Debug, Args)]
pub(super) struct ProducerArguments {
    #[command(flatten)]
    pub connection: ConnectionArguments,
    /// The binding it follows
    #[arg(long, value_enum, default_value = "openc2-mqtt-wd04")]
    pub binding: Openc2Binding,
    /// Its identity, the `from` of its requests
    #[arg(long, value_name = "NAME", default_value = "producer")]
    pub identity: String,
    /// Take stimuli as POST requests on this loopback address as well
    #[arg(long, value_name = "ADDR")]
    pub http: Option<SocketAddr>,
}
