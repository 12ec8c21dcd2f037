//! Reads an IUT file and says everything that is wrong with it at once.

use super::file::{Credentials, IutFile, Launch, Network, Per, Stimulus};
use super::load_stimulus::read_stimulus;
use super::template::{Placeholder, Template};
use super::{Pics, Role, Timing, declared, own_tls};
use crate::binding::{self, Binding};
use crate::diagnostic::toml::{Document, Fields, Located};
use crate::diagnostic::{Problem, Problems, Source, instead};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Reads and checks an IUT file.
///
/// # Errors
/// Everything that is wrong with it: unreadable, malformed, unknown names, contradictions, a command that
/// does not exist.
pub fn load(path: &Path) -> Result<IutFile, Problems> {
    let source = Source::read(path, "the IUT file")?;
    parse(path, source)
}

/// Checks the text of an IUT file that lies (or would lie) at `path`.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &Path, source: Source) -> Result<IutFile, Problems> {
    let document = Document::new(source);
    let file = read(path, &document);
    document.finish(file)
}

fn read(path: &Path, document: &Document) -> Option<IutFile> {
    let root = document.parse();
    if document.failed() {
        // What the parser guessed of a broken file would only raise problems that are not there.
        return None;
    }
    let fields = document.fields("the IUT file", root.get_ref(), 0..0);
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());

    let Some(iut) = fields.table("iut", "[iut]") else {
        if !fields.has("iut") {
            document.wrong(
                0..0,
                "the IUT file has no [iut] table",
                "",
                Some("start from the output of `touchstone init`".to_owned()),
            );
        }
        return None;
    };
    let name = iut.required("name", "\"my-consumer\"");
    let vendor = iut.string("vendor");
    let version = iut.string("version");
    let binding = read_binding(&iut);
    let roles = read_roles(&iut, binding);
    iut.finish();

    let network_table = fields.table("network", "[network]");
    let mut network = network_table.as_ref().map_or_else(Network::default, read_network);
    network.tls = fields.table("tls", "[tls]").and_then(|t| own_tls::read(&t, &dir, &network.host(network.listen)));
    let timing = fields.table("timing", "[timing]").map_or_else(Timing::default, |t| read_timing(&t));
    let pics = fields.table("pics", "[pics]").map_or_else(Pics::default, |t| declared::read(&t, binding));
    if let (Some(roles), Some(binding)) = (&roles, binding) {
        check_reachable(document, fields.key_span("pics"), roles, binding, &pics);
    }
    if fields.has("tls") && !pics.tls {
        let help = Some("declare `tls = true` in [pics], or remove [tls]".to_owned());
        document.wrong(fields.key_span("tls"), "[tls] without `tls = true` in [pics]", "", help);
    }
    let launch = fields.table("launch", "[launch]").and_then(|t| read_launch(&t, &dir, &pics, &network));
    let stimulus = fields.table("stimulus", "[stimulus]").and_then(|t| {
        let (stimulus, within) = read_stimulus(&t, &pics, &network, &dir, fields.has("launch"))?;
        if let (Some(roles), Some(binding)) = (&roles, binding) {
            check_stimulated(document, fields.key_span("stimulus"), roles, binding);
        }
        if stimulus == Stimulus::Stdin && !fields.has("launch") {
            document.wrong(
                t.key_span("via"),
                "`via = \"stdin\"` needs [launch]",
                "",
                Some("only a program that the harness starts can be written to".to_owned()),
            );
        }
        Some((stimulus, within))
    });
    fields.finish();
    let (stimulus, within) = stimulus.unwrap_or_default();

    Some(IutFile {
        path: path.to_owned(),
        dir,
        text: document.source().text().to_owned(),
        name: name?.value,
        vendor: vendor.map(|v| v.value),
        version: version.map(|v| v.value),
        binding: binding?,
        role: *roles.as_ref()?.first()?,
        roles: roles?,
        launch,
        network,
        timing,
        pics,
        stimulus_within: within.unwrap_or(stimulus.usual_within()),
        stimulus,
    })
}

fn read_binding(iut: &Fields<'_>) -> Option<&'static Binding> {
    let id = iut.required("binding", "\"openc2-mqtt-wd04\"")?;
    let found = binding::find(&id.value);
    if found.is_none() {
        let known: Vec<&str> = binding::ALL.iter().map(|b| b.id).collect();
        iut.document.wrong(id.span, format!("unknown binding `{}`", id.value), "", instead(&id.value, &known));
    }
    found
}

/// One role, or a list of them.
fn read_roles(iut: &Fields<'_>, binding: Option<&'static Binding>) -> Option<Vec<Role>> {
    if !iut.has("role") {
        iut.missing("role", "\"consumer\"");
        return None;
    }
    let named = match iut.any("role") {
        Some(value) if value.get_ref().is_array() => iut.strings("role")?.value,
        _ => vec![iut.string("role")?],
    };
    let mut roles = Vec::new();
    for name in &named {
        let Some(role) = Role::named(&name.value) else {
            let known: Vec<&str> = binding.map_or_else(Vec::new, |b| b.roles().map(Role::as_str).collect());
            let help = instead(&name.value, &known);
            iut.document.wrong(name.span.clone(), format!("`role` in [iut] cannot be {:?}", name.value), "", help);
            continue;
        };
        if let Some(binding) = binding
            && binding.part(role).is_none()
        {
            let known: Vec<&str> = binding.roles().map(Role::as_str).collect();
            iut.document.wrong(
                name.span.clone(),
                format!("binding {} cannot test a {role}", binding.id),
                "",
                Some(format!("roles it can test: {}", known.join(", "))),
            );
        }
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    if named.is_empty() {
        let span = iut.key_span("role");
        iut.document.wrong(span, "`role` in [iut] names no role", "", Some("write \"consumer\"".to_owned()));
    }
    (!roles.is_empty()).then_some(roles)
}

/// Who answers has to be asked somewhere.
fn check_reachable(document: &Document, span: Range<usize>, roles: &[Role], binding: &Binding, pics: &Pics) {
    let answers = |role: &Role| binding.part(*role).is_some_and(|part| part.answers);
    let Some(topics) = binding.topics.filter(|topics| topics.usual(pics).is_none()) else { return };
    if roles.iter().any(answers) {
        let keys: Vec<&str> = topics.groups.iter().map(|group| group.key).collect();
        document.report(
            Problem::new("nothing in [pics] says on which topic `query features` reaches the implementation")
                .at(document.source(), span, "")
                .help(format!(
                    "declare at least one of {}; a pair or an action has to be that of this command",
                    keys.join(", ")
                ))
                .follows(),
        );
    }
}

/// Only what acts by itself can be told to.
fn check_stimulated(document: &Document, span: Range<usize>, roles: &[Role], binding: &Binding) {
    let told = |role: Role| binding.part(role).is_some_and(|part| part.stimulated);
    if let Some(role) = roles.first().filter(|_| !roles.iter().copied().any(told)) {
        let able: Vec<&str> = binding.roles().filter(|role| told(*role)).map(Role::title).collect();
        document.wrong(
            span,
            format!("[stimulus] is for a {}, but `role` is {:?}", able.join(" or a "), role.as_str()),
            "",
            Some(format!("remove [stimulus]: a {} is stimulated by what it receives", role.title())),
        );
    }
}

fn read_network(table: &Fields<'_>) -> Network {
    let mut network = Network::default();
    if let Some(listen) = table.string("listen") {
        match address(&listen.value) {
            Some(address) => network.listen = address,
            None => table.document.wrong(
                listen.span,
                format!("`listen` cannot be {:?}", listen.value),
                "",
                Some("write ADDRESS:PORT with numbers, as in \"127.0.0.1:0\" (port 0 takes a free one)".to_owned()),
            ),
        }
    }
    network.advertise = table.string("advertise").map(|a| a.value);
    let username = table.string("username");
    let password = table.string("password");
    match (username, password) {
        (Some(username), Some(password)) => {
            network.credentials = Some(Credentials { username: username.value, password: password.value });
        }
        (Some(username), None) if !table.has("password") => table.document.wrong(
            username.span,
            "`username` without `password`",
            "",
            Some("add `password` to [network], or remove `username`".to_owned()),
        ),
        (None, Some(password)) if !table.has("username") => table.document.wrong(
            password.span,
            "`password` without `username`",
            "",
            Some("MQTT allows a password only beside a user name; add `username`".to_owned()),
        ),
        _ => {}
    }
    table.finish();
    network
}

/// `ADDRESS:PORT`, or an address alone (a free port then).
pub fn address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address);
    }
    if let Some(port) = text.strip_prefix("localhost:") {
        return Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?));
    }
    text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0))
}

/// Longest text that an implementation may say that it is ready with, in bytes.
const READY_AT_MOST: usize = 1000;

fn read_timing(table: &Fields<'_>) -> Timing {
    let default = Timing::default();
    let timing = Timing {
        startup: table.duration("startup").map_or(default.startup, |d| d.value),
        response: table.duration("response").map_or(default.response, |d| d.value),
        stop: table.duration("stop").map_or(default.stop, |d| d.value),
        warm_up: table.duration("warm_up").map_or(default.warm_up, |d| d.value),
    };
    table.finish();
    timing
}

fn read_launch(table: &Fields<'_>, dir: &Path, pics: &Pics, network: &Network) -> Option<Launch> {
    let command = argv(table, "command", pics, network);
    if !table.has("command") {
        table.missing("command", "[\"./my-consumer\", \"--port\", \"{port}\"]");
    }
    let cwd = match table.string("cwd") {
        None => dir.to_owned(),
        Some(cwd) => {
            let path = dir.join(&cwd.value);
            if !path.is_dir() {
                table.document.wrong(
                    cwd.span,
                    format!("the directory {} does not exist", path.display()),
                    "",
                    Some("`cwd` is relative to the directory of the IUT file".to_owned()),
                );
            }
            path
        }
    };
    let mut env = BTreeMap::new();
    for (name, value) in table.string_map("env").unwrap_or_default() {
        if name.is_empty() || name.contains(['=', '\0']) {
            table.document.wrong(value.span, format!("{name:?} cannot name an environment variable"), "", None);
        } else if let Some(template) = template(table, &value, pics, network) {
            env.insert(name, template);
        }
    }
    let reset = argv(table, "reset", pics, network);
    let stop = argv(table, "stop", pics, network);
    let per = table.choice("per", &[("scenario", Per::Scenario), ("run", Per::Run)]);
    let ready = table.string("ready");
    if let Some(ready) = ready.as_ref().filter(|ready| ready.value.is_empty() || ready.value.len() > READY_AT_MOST) {
        let title = format!("`ready` in {} has to be 1 to {READY_AT_MOST} bytes long", table.name);
        table.document.wrong(ready.span.clone(), title, "", None);
    }
    table.finish();
    for (key, arguments) in [("command", &command), ("reset", &reset), ("stop", &stop)] {
        if let Some(arguments) = arguments {
            check_program(table, key, arguments, dir);
        }
    }
    Some(Launch {
        command: command?.templates,
        cwd,
        env,
        reset: reset.map(|a| a.templates),
        stop: stop.map(|a| a.templates),
        per: per.map_or(Per::Scenario, |p| p.value),
        ready: ready.map(|r| r.value),
    })
}

pub(super) struct Arguments {
    pub templates: Vec<Template>,
    program: Located<String>,
}

pub(super) fn argv(table: &Fields<'_>, key: &'static str, pics: &Pics, network: &Network) -> Option<Arguments> {
    let list = table.strings(key)?;
    let Some(program) = list.value.first().filter(|p| !p.value.trim().is_empty()).cloned() else {
        table.document.wrong(
            list.span,
            format!("`{key}` in {} names no program", table.name),
            "",
            Some("the first string is the program, the others are its arguments".to_owned()),
        );
        return None;
    };
    // All of them first: a problem in one argument hides none in the next.
    let templates: Vec<Option<Template>> =
        list.value.iter().map(|argument| template(table, argument, pics, network)).collect();
    Some(Arguments { templates: templates.into_iter().collect::<Option<_>>()?, program })
}

/// A template whose placeholders all exist and have a value.
pub(super) fn template(table: &Fields<'_>, text: &Located<String>, pics: &Pics, network: &Network) -> Option<Template> {
    let document = table.document;
    if text.value.contains('\0') {
        document.wrong(text.span.clone(), "an argument cannot hold a NUL character", "", None);
        return None;
    }
    let template = match Template::parse(&text.value) {
        Ok(template) => template,
        Err(unknown) => {
            for placeholder in unknown {
                document.wrong(
                    part(document.source(), &text.span, &placeholder.written),
                    format!("unknown placeholder `{}`", placeholder.written),
                    "",
                    Some(placeholder.help),
                );
            }
            return None;
        }
    };
    for placeholder in template.placeholders() {
        let lacking = match placeholder {
            declared if declared.declared(pics).is_some_and(|value| value.is_none()) => {
                format!("declare `{}` in [pics]", declared.name())
            }
            Placeholder::Username | Placeholder::Password if network.credentials.is_none() => {
                "give `username` and `password` in [network]".to_owned()
            }
            Placeholder::Ca | Placeholder::Cert | Placeholder::Key if !pics.tls => {
                "declare `tls = true` in [pics]".to_owned()
            }
            Placeholder::Cert | Placeholder::Key if network.tls.as_ref().is_some_and(|tls| tls.client.is_none()) => {
                "give `client_cert` and `client_key` in [tls]".to_owned()
            }
            _ => continue,
        };
        // A mistyped key explains it better.
        let source = document.source();
        let place = part(source, &text.span, &placeholder.to_string());
        document.report(
            Problem::new(format!("`{placeholder}` has no value")).at(source, place, "").help(lacking).follows(),
        );
    }
    Some(template)
}

/// Where `needle` stands within a string of the text; the whole string where it is written with escapes.
fn part(source: &Source, span: &Range<usize>, needle: &str) -> Range<usize> {
    let at = source.text().get(span.clone()).and_then(|written| written.find(needle));
    at.map_or(span.clone(), |at| span.start + at..span.start + at + needle.len())
}

pub(super) fn check_program(table: &Fields<'_>, key: &str, arguments: &Arguments, dir: &Path) {
    let program = &arguments.program;
    // What placeholders make of the name is known only at the start.
    if arguments.templates.first().is_some_and(|t| t.placeholders().next().is_some()) {
        return;
    }
    if let Err(why) = find_program(&program.value, dir) {
        table.document.wrong(program.span.clone(), format!("`{key}` in {}: {why}", table.name), "", {
            let help = if program.value.contains('/') {
                "paths are relative to the directory of the IUT file"
            } else {
                "install it, or write its path (relative to the IUT file, with a slash in it)"
            };
            Some(help.to_owned())
        });
    }
}

/// The program a command names: a path relative to `dir` when there is a slash in it, else looked up in PATH.
pub(super) fn find_program(name: &str, dir: &Path) -> Result<PathBuf, String> {
    if name.contains('/') {
        let path = dir.join(name);
        return match executable(&path) {
            true => Ok(path),
            false if path.is_file() => Err(format!("{} is not executable", path.display())),
            false => Err(format!("{} does not exist", path.display())),
        };
    }
    let search = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search)
        .map(|folder| folder.join(name))
        .find(|path| executable(path))
        .ok_or_else(|| format!("there is no program `{name}` in PATH"))
}

fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
