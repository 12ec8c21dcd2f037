//! What steps leave open in requests to a CSE: `{cse_id}`, `{cse_name}`, `{originator}`, `{credential_id}`, `{poa}`
//! (the point of access of whoever the harness plays), `{unique}`, `{n}` (which copy of a burst it is, from 1), `{now+2s}`, and what an earlier answer said, `{aei.NAME}` and `{ri.NAME}`.

use super::address::{credential, originator};
use super::moment;
use crate::diagnostic::instead;
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::stage::Stage;
use serde_json::{Map, Value};
use std::ops::Range;

/// Those that stand for themselves.
const PLAIN: [&str; 7] = ["cse_id", "cse_name", "originator", "credential_id", "poa", "unique", "n"];
/// Those that an earlier answer tells: `{aei.NAME}`.
const LEARNED: [&str; 2] = ["aei", "ri"];

/// What an answer to a captured name says under a name of the language.
type Learned<'s> = Box<dyn Fn(&str, &str) -> Option<String> + 's>;

/// What they stand for.
pub struct Blanks<'s> {
    pics: &'s Pics,
    /// The server that everybody connects to (TS-0010 6.6).
    poa: String,
    unique: String,
    /// Which copy of a message it is for, from 0.
    n: u32,
    /// Milliseconds since 1970.
    now: u64,
    learned: Learned<'s>,
}

impl<'s> Blanks<'s> {
    /// Now. `n`: which copy of a message it is for, from 0.
    pub fn of(stage: &'s Stage<'_>, n: u32) -> Blanks<'s> {
        let started = stage.recorder.anchor_unix_nanos() / 1_000_000_000;
        let unique = unique(&stage.request_id(0, 0), started);
        let learned = |name: &str, key: &str| stage.learned(name, key);
        let poa = format!("{}://{}", if stage.iut.pics.tls { "mqtts" } else { "mqtt" }, stage.authority());
        Blanks { pics: &stage.iut.pics, poa, unique, n, now: stage.unix_millis(), learned: Box::new(learned) }
    }

    #[cfg(test)]
    pub fn fixed(pics: &'s Pics) -> Blanks<'s> {
        let learned = |name: &str, key: &str| (name == "ae" && key == "aei").then(|| "Cgiven".to_owned());
        let poa = "mqtt://127.0.0.1:1883".to_owned();
        Blanks { pics, poa, unique: "u7".to_owned(), n: 0, now: 1_789_000_000_000, learned: Box::new(learned) }
    }

    /// A text with everything filled. `Err`: what is not known.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next(rest) {
            filled.push_str(before);
            filled.push_str(&self.value(name)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// A value with every text of it filled.
    pub fn filled(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.filled(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let members = members.iter().map(|(key, value)| Ok((key.clone(), self.filled(value)?)));
                Value::Object(members.collect::<Result<Map<_, _>, String>>()?)
            }
            other => other.clone(),
        })
    }

    fn value(&self, name: &str) -> Result<String, String> {
        let declared = &self.pics.onem2m;
        let needed = |value: &Option<String>| value.clone().ok_or_else(|| format!("`{name}` is not declared"));
        match name {
            "cse_id" => needed(&declared.cse_id),
            "cse_name" => needed(&declared.cse_name),
            "originator" => Ok(originator(self.pics).to_owned()),
            "credential_id" => Ok(credential(self.pics).to_owned()),
            "poa" => Ok(self.poa.clone()),
            "unique" => Ok(self.unique.clone()),
            "n" => Ok((self.n + 1).to_string()),
            _ => match (seconds(name), name.split_once('.')) {
                (Some(seconds), _) => Ok(moment::stamp(self.now.saturating_add_signed(seconds.saturating_mul(1000)))),
                (None, Some((key, name))) => {
                    (self.learned)(name, key).ok_or_else(|| format!("no answer to {name} has told its `{key}`"))
                }
                (None, None) => Err(format!("`{{{name}}}` stands for nothing")),
            },
        }
    }
}

/// The same in all steps of a scenario, and another one in each scenario, with each seed and in each run: what an attached
/// implementation keeps from the last one is not met again.
fn unique(id: &str, started: u64) -> String {
    let first = id.split('-').next().and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default();
    let run = u32::try_from(started & u64::from(u32::MAX)).unwrap_or_default();
    format!("{:08x}", first.wrapping_add(run))
}

/// The next name in braces, with what stands before and behind it. Braces around anything else stand for themselves.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        let inside = &text[open + 1..];
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
        let end = inside.find(|c| !fits(c)).unwrap_or(inside.len());
        if inside[end..].starts_with('}') && inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Some((&text[..open], &inside[..end], &inside[end + 1..]));
        }
        from = open + 1;
    }
    None
}

/// `now`, `now+2s`, `now-1s`: seconds from now.
fn seconds(name: &str) -> Option<i64> {
    let rest = name.strip_prefix("now")?;
    if rest.is_empty() {
        return Some(0);
    }
    let number = rest.strip_suffix('s')?;
    number.starts_with(['+', '-']).then(|| number.parse().ok())?
}

/// Reports the names in a text that stand for nothing.
pub fn check(fields: &Fields<'_>, span: &Range<usize>, text: &str) {
    let mut rest = text;
    while let Some((_, name, after)) = next(rest) {
        let learned = name.split_once('.').is_some_and(|(key, name)| LEARNED.contains(&key) && !name.is_empty());
        if !PLAIN.contains(&name) && !learned && seconds(name).is_none() {
            let known: Vec<&str> = PLAIN.into_iter().chain(["aei.NAME", "ri.NAME", "now+2s"]).collect();
            let title = format!("`{{{name}}}` in {} stands for nothing", fields.name);
            fields.document.wrong(span.clone(), title, "", instead(name, &known));
        }
        rest = after;
    }
}

/// The same in every text of a value.
pub fn check_all(fields: &Fields<'_>, span: &Range<usize>, value: &Value) {
    match value {
        Value::String(text) => check(fields, span, text),
        Value::Array(items) => items.iter().for_each(|item| check_all(fields, span, item)),
        Value::Object(members) => members.values().for_each(|value| check_all(fields, span, value)),
        _ => {}
    }
}

/// The captured name that a text asks about, if any.
pub fn refers(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, name, after)) = next(rest) {
        if let Some((key, captured)) = name.split_once('.')
            && LEARNED.contains(&key)
        {
            return Some(captured);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_other_braces_stay() {
        let mut pics = Pics::default();
        pics.onem2m.cse_id = Some("/in-cse".to_owned());
        let blanks = Blanks::fixed(&pics);
        for (text, expected) in [
            ("{cse_id}/{aei.ae}", "/in-cse/Cgiven"),
            ("c-{unique}-{n}", "c-u7-1"),
            ("{originator}", "Ctouchstone"),
            ("{now}", "20260910T002640"),
            ("{now-40s}", "20260910T002600"),
            ("{\"a\": {}}", "{\"a\": {}}"),
            ("{", "{"),
            ("{ä} {{unique}}", "{ä} {u7}"),
        ] {
            assert_eq!(blanks.fill(text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(blanks.fill("{cse_name}").unwrap_err(), "`cse_name` is not declared");
        assert_eq!(blanks.fill("{ri.ae}").unwrap_err(), "no answer to ae has told its `ri`");
        assert_eq!(refers("x/{cse_id}/{ri.made}"), Some("made"));
        assert_eq!(refers("{unique}"), None);
    }

    #[test]
    fn what_is_unique_differs_from_run_to_run() {
        assert_eq!(unique("0000000f-1", 1), "00000010");
        assert_eq!(unique("ffffffff-1", 1), "00000000");
    }
}
