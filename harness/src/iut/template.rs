//! Arguments with placeholders: `{port}`, `{state_dir}`, ...; `{{` and `}}` stand for braces.

use super::Pics;
use crate::diagnostic::instead;
use std::collections::BTreeMap;
use std::fmt;

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placeholder {
    /// Host the IUT connects to.
    Host,
    /// Port the IUT connects to.
    Port,
    /// `mqtt://HOST:PORT`; the scheme is `mqtts`, `ws` or `wss` where the declared transport is another
    Url,
    /// File with the certificate authority of the broker.
    Ca,
    /// File with the client's certificate.
    Cert,
    /// File with the client's key.
    Key,
    /// User name.
    Username,
    /// Password.
    Password,
    /// Directory the IUT keeps its state in.
    StateDir,
    /// Keep alive, in seconds.
    KeepAlive,
    /// Device identifier.
    DeviceId,
    /// Type of device.
    DeviceType,
    /// SP-relative CSE-ID.
    CseId,
    /// Resource name of the CSEBase.
    CseName,
    /// Stem of an AE-ID that may do everything.
    Originator,
    /// Stem of the AE-ID.
    AeId,
    /// App-ID.
    AppId,
    /// Credential-ID.
    CredentialId,
    /// This program.
    SelfProgram,
    /// A port that is free for the IUT to take stimuli at; another one at each start.
    StimulusPort,
}

impl Placeholder {
    /// All of them, with the names files use.
    pub const ALL: [(&'static str, Placeholder); 20] = [
        ("host", Placeholder::Host),
        ("port", Placeholder::Port),
        ("url", Placeholder::Url),
        ("ca", Placeholder::Ca),
        ("cert", Placeholder::Cert),
        ("key", Placeholder::Key),
        ("username", Placeholder::Username),
        ("password", Placeholder::Password),
        ("state_dir", Placeholder::StateDir),
        ("keep_alive", Placeholder::KeepAlive),
        ("device_id", Placeholder::DeviceId),
        ("device_type", Placeholder::DeviceType),
        ("cse_id", Placeholder::CseId),
        ("cse_name", Placeholder::CseName),
        ("originator", Placeholder::Originator),
        ("ae_id", Placeholder::AeId),
        ("app_id", Placeholder::AppId),
        ("credential_id", Placeholder::CredentialId),
        ("self", Placeholder::SelfProgram),
        ("stimulus_port", Placeholder::StimulusPort),
    ];

    /// The name files use.
    pub fn name(self) -> &'static str {
        Placeholder::ALL.iter().find(|(_, p)| *p == self).map_or("", |(name, _)| name)
    }

    /// What is declared under the key of `[pics]` that has its name. Outer `None`: there is no such key.
    pub fn declared(self, pics: &Pics) -> Option<Option<String>> {
        let onem2m = &pics.onem2m;
        Some(match self {
            Placeholder::KeepAlive => pics.keep_alive.map(|seconds| seconds.to_string()),
            Placeholder::DeviceId => pics.device_id.clone(),
            Placeholder::DeviceType => pics.device_type.clone(),
            Placeholder::CseId => onem2m.cse_id.clone(),
            Placeholder::CseName => onem2m.cse_name.clone(),
            Placeholder::Originator => onem2m.originator.clone(),
            Placeholder::AeId => onem2m.ae_id.clone(),
            Placeholder::AppId => onem2m.app_id.clone(),
            Placeholder::CredentialId => onem2m.credential_id.clone(),
            Placeholder::Host
            | Placeholder::Port
            | Placeholder::Url
            | Placeholder::Ca
            | Placeholder::Cert
            | Placeholder::Key
            | Placeholder::Username
            | Placeholder::Password
            | Placeholder::StateDir
            | Placeholder::SelfProgram
            | Placeholder::StimulusPort => return None,
        })
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Placeholder),
}

/// One argument, or one value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// A placeholder nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPlaceholder {
    /// As written, braces included.
    pub written: String,
    /// What to do.
    pub help: String,
}

/// What placeholders stand for, this time.
pub type Values = BTreeMap<Placeholder, String>;

impl Template {
    /// Reads an argument. A brace that encloses no name (JSON, say) stands for itself.
    ///
    /// # Errors
    /// Every placeholder that does not exist.
    pub fn parse(text: &str) -> Result<Template, Vec<UnknownPlaceholder>> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut unknown = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else if let Some(name) = named(rest) {
                match Placeholder::ALL.iter().find(|(known, _)| *known == name) {
                    Some((_, placeholder)) => {
                        if !literal.is_empty() {
                            pieces.push(Piece::Text(std::mem::take(&mut literal)));
                        }
                        pieces.push(Piece::Value(*placeholder));
                    }
                    None => unknown.push(UnknownPlaceholder { written: format!("{{{name}}}"), help: help(name) }),
                }
                rest = &rest[name.len() + 2..];
            } else {
                literal.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        if unknown.is_empty() { Ok(Template { pieces }) } else { Err(unknown) }
    }

    /// The placeholders in it, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(placeholder) => Some(*placeholder),
            Piece::Text(_) => None,
        })
    }

    /// The argument with every placeholder replaced; one without a value becomes nothing (the file was
    /// checked for that when it was read).
    pub fn fill(&self, values: &Values) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(placeholder) => out.push_str(values.get(placeholder).map_or("", String::as_str)),
            }
        }
        out
    }
}

/// The name in `{name}` at the start of `text`, if that is what stands there.
fn named(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let name = &inside[..inside.find('}')?];
    let mut characters = name.chars();
    let first = characters.next()?;
    ((first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'))
    .then_some(name)
}

fn help(name: &str) -> String {
    let names: Vec<&str> = Placeholder::ALL.iter().map(|(name, _)| *name).collect();
    let known = instead(&name.to_ascii_lowercase(), &names).unwrap_or_default();
    format!("{known}; for a brace itself write {{{{ or }}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> String {
        let values: Values = [(Placeholder::Host, "h".to_owned()), (Placeholder::Port, "7".to_owned())].into();
        Template::parse(text).expect("sound").fill(&values)
    }

    #[test]
    fn placeholders_are_replaced_and_other_braces_stay() {
        assert_eq!(fill("{host}:{port}"), "h:7");
        assert_eq!(fill("{{host}}"), "{host}");
        assert_eq!(fill(r#"{"a": [1]}"#), r#"{"a": [1]}"#);
        assert_eq!(fill("${1} {} {"), "${1} {} {");
        assert_eq!(fill(""), "");
    }

    #[test]
    fn declarations_answer_for_the_placeholders_named_after_them() {
        let mut pics = Pics { keep_alive: Some(4), ..Pics::default() };
        pics.onem2m.cse_id = Some("/in-cse".to_owned());
        assert_eq!(Placeholder::KeepAlive.declared(&pics), Some(Some("4".to_owned())));
        assert_eq!(Placeholder::CseId.declared(&pics), Some(Some("/in-cse".to_owned())));
        assert_eq!(Placeholder::AeId.declared(&pics), Some(None));
        assert_eq!(Placeholder::Port.declared(&pics), None);
    }

    #[test]
    fn unknown_placeholders_are_all_named() {
        let unknown = Template::parse("{prot} and {Host} and {host}").expect_err("two unknown");
        let written: Vec<&str> = unknown.iter().map(|u| u.written.as_str()).collect();
        assert_eq!(written, ["{prot}", "{Host}"]);
        assert!(unknown[0].help.contains("did you mean `port`?"), "{}", unknown[0].help);
        assert!(unknown[1].help.contains("did you mean `host`?"), "{}", unknown[1].help);
    }
}
