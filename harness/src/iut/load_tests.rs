use super::*;

fn problems(text: &str) -> String {
    match parse(Path::new("/somewhere/iut.toml"), Source::new("iut.toml", text)) {
        Ok(_) => panic!("accepted"),
        Err(problems) => problems.to_string(),
    }
}

fn accepted(text: &str) -> IutFile {
    match parse(Path::new("/somewhere/iut.toml"), Source::new("iut.toml", text)) {
        Ok(file) => file,
        Err(problems) => panic!("{problems}"),
    }
}

const HEAD: &str = "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"consumer\"\n";

#[test]
fn a_whole_file_is_read() {
    let file = accepted(&format!(
        r#"{HEAD}
vendor = "v"
version = "1"

[launch]
command = ["sh", "-c", "x {{port}}", "{{state_dir}}", "{{self}}", "{{keep_alive}}", "{{device_id}}", "{{username}}"]
env = {{ TOKEN = "{{password}}" }}
per = "scenario"

[network]
listen = "127.0.0.1:0"
advertise = "broker.test"
username = "u"
password = "secret"

[timing]
startup = "1s"
response = "250ms"
warm_up = "1500ms"

[pics]
device_id = "zulu"
actuator_profiles = ["alpha", "iota"]
serializations = ["cbor", "json"]
keep_alive = 60
qos = 2
identity = "me"
options = ["will"]

[[pics.command]]
action = "scan"
target = {{ device = {{ hostname = "h" }} }}
args = {{ duration = 5 }}
"#
    ));
    assert_eq!(file.name, "x");
    assert_eq!(file.dir, Path::new("/somewhere"));
    assert_eq!((file.timing.startup, file.timing.response), (1_000_000_000, 250_000_000));
    assert_eq!((file.timing.stop, file.timing.warm_up), (Timing::default().stop, 1_500_000_000));
    assert_eq!(Timing::default().warm_up, 0);
    assert_eq!(file.pics.options, ["will", "qos2"]);
    assert_eq!(file.pics.commands[0].target.to_string(), r#"{"device":{"hostname":"h"}}"#);
    let launch = file.launch.expect("launch");
    assert!(launch.isolated());
    assert_eq!(launch.cwd, Path::new("/somewhere"));
    assert!(!format!("{:?}", file.network).contains("secret"));
}

#[test]
fn no_launch_means_attach() {
    let file = accepted(HEAD);
    assert!(file.launch.is_none());
    assert_eq!(file.network.listen.port(), 0);
}

#[test]
fn placeholders_are_checked_where_they_stand() {
    insta::assert_snapshot!(problems(&format!(
        "{HEAD}[launch]\ncommand = [\"sh\", \"--port={{prot}}\", \"{{keep_alive}}\", \"{{ca}}\"]\nenv = {{ U = \"{{username}}\" }}\n"
    )));
}

#[test]
fn unknown_names_get_a_suggestion() {
    insta::assert_snapshot!(problems(
        r#"
[iut]
name = "x"
binding = "openc2-mqtt-wd4"
roll = "consumer"

[lunch]
command = ["sh"]

[pics]
options = ["wildcards", "zzz"]
serializations = ["yaml"]
"#
    ));
}

#[test]
fn contradictions_are_named() {
    insta::assert_snapshot!(problems(&format!(
        r#"{HEAD}
[network]
listen = "here"
username = "u"

[timing]
response = 2

[pics]
device_id = "a/b"
qos = 1
tls = true
options = ["qos2"]

[stimulus]
via = "stdin"
url = "http://x"
"#
    )));
}

const CSE: &str = "[iut]\nname = \"x\"\nbinding = \"onem2m-ts0010-v2.4.1\"\nrole = \"cse\"\n[pics]\n\
                   cse_id = \"/a\"\ncse_name = \"b\"\n";

/// Where the text leaves QoS open, publishing and subscribing are declared each for itself.
#[test]
fn qos_0_is_declared_where_the_text_leaves_it_open() {
    let file = accepted(&format!("{CSE}qos = 0\nsubscribe_qos = 1\n"));
    assert_eq!((file.pics.qos, file.pics.subscribe_qos), (Some(0), Some(1)));
    assert!(file.pics.options.is_empty());
    let file = accepted(&format!("{CSE}subscribe_qos = 2\n"));
    assert_eq!(file.pics.options, ["qos2-subscribe"]);
}

#[test]
fn qos_that_is_ruled_out_is_named() {
    insta::assert_snapshot!(problems(&format!(
        "{CSE}qos = 0\nsubscribe_qos = 1\noptions = [\"qos2\", \"qos2-subscribe\"]\n"
    )));
    insta::assert_snapshot!(problems(&format!("{CSE}qos = 3\nsubscribe_qos = \"none\"\n")));
    insta::assert_snapshot!(problems(&format!("{HEAD}[pics]\nqos = 0\nsubscribe_qos = 0\n")));
}

#[test]
fn declared_commands_are_checked() {
    insta::assert_snapshot!(problems(&format!(
        r#"{HEAD}
[[pics.command]]
action = "scna"

[[pics.command]]
action = "scan"
target = {{ a = 1, b = 2 }}
args = {{}}

[[pics.command]]
target = "device"
actuator = {{}}
command_id = 7
response = 5
"#
    )));
}

#[test]
fn a_command_that_does_not_exist_is_named() {
    insta::assert_snapshot!(problems(&format!(
        "{HEAD}[launch]\ncommand = [\"touchstone-no-such-program\"]\nreset = []\nstop = [\"./nowhere\"]\ncwd = \"nowhere\"\n"
    )));
}

#[test]
fn a_stimulus_is_checked() {
    insta::assert_snapshot!(problems(
        "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"producer\"\n[stimulus]\nvia = \"http\"\n"
    ));
}

#[test]
fn a_file_without_tables_is_told_where_to_begin() {
    insta::assert_snapshot!(problems(""));
}

#[test]
fn a_missing_file_is_a_problem() {
    let problems = load(Path::new("/nowhere/iut.toml")).expect_err("missing").to_string();
    assert!(problems.contains("/nowhere/iut.toml"), "{problems}");
}

#[test]
fn bytes_that_are_not_text_are_a_problem() {
    let dir = tempfile::tempdir().expect("directory");
    let path = dir.path().join("iut.toml");
    std::fs::write(&path, b"[iut]\nname = \"\xff\"\n").expect("written");
    let problems = load(&path).expect_err("not UTF-8").to_string();
    assert!(problems.contains("iut.toml:2: not UTF-8"), "{problems}");
}

#[test]
fn a_mistyped_key_is_told_before_what_follows_from_it() {
    let text = "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"consumer\"\n\
                [launch]\ncommand = [\"sh\", \"{device_id}\"]\n[pics]\ndevice-id = \"zulu\"\n";
    let problems = parse(Path::new("/iut.toml"), Source::new("iut.toml", text)).expect_err("a key is mistyped");
    let titles: Vec<&str> = problems.iter().map(Problem::title).collect();
    assert_eq!(titles, ["unknown key `device-id` in [pics]", "`{device_id}` has no value"]);
}

const WD01: &str = "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd01\"\nrole = \"consumer\"\n";

#[test]
fn topics_of_wd01_are_declared() {
    let file = accepted(&format!(
        r#"{WD01}
[launch]
command = ["sh", "{{device_type}}", "{{state_dir}}"]

[pics]
device_type = "firewall"
action_targets = ["deny_ipv4_net", "query:features"]
actions = ["deny", "query"]
message_format = "header"
"#
    ));
    assert_eq!(file.pics.device_type.as_deref(), Some("firewall"));
    assert_eq!(file.pics.action_targets, ["deny_ipv4_net", "query:features"]);
    assert_eq!(file.pics.actions, ["deny", "query"]);
    assert!(file.pics.headed());
    let kept = serde_json::to_value(&file.pics).expect("PICS serialize");
    assert_eq!(kept["message_format"], "header");
    assert_eq!(serde_json::from_value::<Pics>(kept).expect("and can be read again"), file.pics);
}

#[test]
fn what_cannot_be_declared_of_wd01_is_named() {
    insta::assert_snapshot!(problems(&format!(
        r#"{WD01}
[pics]
device_type = "fire/wall"
action_targets = ["deny_ipv4_net", "ipv4_net", "deny/uri", "deny_ipv4_net"]
actions = ["dney", "deny"]
message_format = "headers"
"#
    )));
    insta::assert_snapshot!(problems(&format!("{WD01}\n[pics]\nactions = [\"deny\"]\n")));
    let elsewhere = format!("{HEAD}\n[pics]\ndevice_type = \"x\"\nmessage_format = \"record\"\n");
    insta::assert_snapshot!(problems(&elsewhere));
}
