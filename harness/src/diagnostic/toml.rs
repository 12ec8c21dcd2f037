//! Reading TOML with positions: every key, type and value that is wrong is reported, not only the first.

use super::{Problem, Problems, Source, instead};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

impl<T> Located<T> {
    /// Another value at the same place.
    pub fn with<U>(&self, value: U) -> Located<U> {
        Located { value, span: self.span.clone() }
    }
}

/// A parsed text, and what is wrong with it so far.
#[derive(Debug)]
pub struct Document {
    source: Source,
    problems: RefCell<Problems>,
}

impl Document {
    /// Starts to read a text.
    pub fn new(source: Source) -> Document {
        Document { source, problems: RefCell::default() }
    }

    /// The text.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Parses the text as TOML; its syntax errors become problems. What could be read is read.
    pub fn parse(&self) -> Spanned<DeTable<'_>> {
        let (root, errors) = DeTable::parse_recoverable(self.source.text());
        for error in errors {
            let end = self.source.text().len();
            let mut lines = error.message().lines();
            let title = lines.next().unwrap_or("not TOML").to_owned();
            let rest = lines.collect::<Vec<_>>().join("; ");
            let span = error.span().unwrap_or(end..end);
            let found = self.source.text().get(span.clone()).unwrap_or_default();
            let rest_of_line = self.source.text().get(span.start..).unwrap_or_default();
            let (title, help) = match title.as_str() {
                "duplicate key" => {
                    (format!("`{found}` stands here a second time"), Some("keep one of them".to_owned()))
                }
                _ if rest_of_line.starts_with(|c: char| c.is_control() && !c.is_ascii_whitespace()) => {
                    (title, Some("this is a control character; in a string it is written as in \"\\u001b\"".to_owned()))
                }
                _ => (title, (!rest.is_empty()).then_some(rest)),
            };
            self.report(Problem::new(title).at(&self.source, span, "").help_if(help));
        }
        root
    }

    /// Notes a problem.
    pub fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Notes a problem at a place.
    pub fn wrong(&self, span: Range<usize>, title: impl Into<String>, label: impl Into<String>, help: Option<String>) {
        self.report(Problem::new(title).at(&self.source, span, label).help_if(help));
    }

    /// Whether a problem was noted.
    pub fn failed(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// `value`, unless something is wrong.
    ///
    /// # Errors
    /// All problems, in the order of their places.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        let problems = self.problems.into_inner();
        match value {
            Some(value) => problems.or(value),
            None if problems.is_empty() => Err(Problem::new("the file could not be read").into()),
            None => problems.or(()).and_then(|()| Err(Problem::new("the file could not be read").into())),
        }
    }

    /// A table to be read key by key. `name` stands in messages: `[iut]`, `step 3`.
    pub fn fields<'d>(&'d self, name: impl Into<String>, table: &'d DeTable<'d>, span: Range<usize>) -> Fields<'d> {
        Fields { document: self, name: name.into(), table, span, asked: RefCell::default() }
    }
}

/// One table, read key by key; [`Fields::finish`] reports the keys nobody asked for.
#[derive(Debug)]
pub struct Fields<'d> {
    /// The document it belongs to.
    pub document: &'d Document,
    /// Its name in messages.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
    table: &'d DeTable<'d>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Fields<'d> {
    /// The value of a key, of any type.
    pub fn any(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        self.table.iter().find(|(k, _)| k.get_ref() == key).map(|(_, v)| v)
    }

    /// Whether the key is there.
    pub fn has(&self, key: &'static str) -> bool {
        self.any(key).is_some()
    }

    /// Where a key stands, else where the table does.
    pub fn key_span(&self, key: &str) -> Range<usize> {
        self.table.iter().find(|(k, _)| k.get_ref() == key).map_or(self.span.clone(), |(k, _)| k.span())
    }

    /// Reports that a value has the wrong type.
    pub fn mistyped(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = kind(value.get_ref());
        self.document.wrong(
            value.span(),
            format!("`{key}` in {} must be {wanted}", self.name),
            format!("this is {found}"),
            None,
        );
    }

    /// Reports that a key is missing.
    pub fn missing(&self, key: &str, example: &str) {
        self.document.wrong(
            self.span.clone(),
            format!("{} has no `{key}`", self.name),
            "",
            Some(format!("add `{key} = {example}`")),
        );
    }

    /// A string.
    pub fn string(&self, key: &'static str) -> Option<Located<String>> {
        let value = self.any(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(Located { value: text.to_owned(), span: value.span() }),
            None => {
                self.mistyped(key, value, "a string");
                None
            }
        }
    }

    /// A string that must be there and not be empty; `example` is shown where it is missing.
    pub fn required(&self, key: &'static str, example: &str) -> Option<Located<String>> {
        if !self.has(key) {
            self.missing(key, example);
            return None;
        }
        let text = self.string(key)?;
        if text.value.trim().is_empty() {
            self.document.wrong(
                text.span,
                format!("`{key}` in {} is empty", self.name),
                "",
                Some(format!("write something like `{key} = {example}`")),
            );
            return None;
        }
        Some(text)
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<Located<T>> {
        let text = self.string(key)?;
        match choices.iter().find(|(name, _)| *name == text.value) {
            Some((_, value)) => Some(text.with(*value)),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let help = instead(&text.value, &names);
                self.document.wrong(
                    text.span,
                    format!("`{key}` in {} cannot be {:?}", self.name, text.value),
                    "",
                    help,
                );
                None
            }
        }
    }

    /// true or false.
    pub fn boolean(&self, key: &'static str) -> Option<Located<bool>> {
        let value = self.any(key)?;
        match value.get_ref().as_bool() {
            Some(flag) => Some(Located { value: flag, span: value.span() }),
            None => {
                self.mistyped(key, value, "true or false");
                None
            }
        }
    }

    /// A whole number between two bounds, both allowed.
    pub fn integer(&self, key: &'static str, least: u64, most: u64) -> Option<Located<u64>> {
        let value = self.any(key)?;
        if !value.get_ref().is_integer() {
            self.mistyped(key, value, "a whole number");
            return None;
        }
        match integer(value.get_ref()).and_then(|n| u64::try_from(n).ok()).filter(|n| (least..=most).contains(n)) {
            Some(number) => Some(Located { value: number, span: value.span() }),
            None => {
                self.document.wrong(
                    value.span(),
                    format!("`{key}` in {} must lie between {least} and {most}", self.name),
                    "",
                    None,
                );
                None
            }
        }
    }

    /// A number above 0.
    pub fn factor(&self, key: &'static str) -> Option<Located<f64>> {
        let value = self.any(key)?;
        let number = match value.get_ref() {
            DeValue::Float(float) => float.as_str().replace('_', "").parse::<f64>().ok(),
            DeValue::Integer(_) => integer(value.get_ref()).map(|n| n as f64),
            _ => None,
        };
        match number.filter(|n| n.is_finite() && *n > 0.0) {
            Some(number) => Some(Located { value: number, span: value.span() }),
            None => {
                self.mistyped(key, value, "a number above 0");
                None
            }
        }
    }

    /// A duration with a unit, in nanoseconds: `"500ms"`, `"2s"`, `"1m"`; above 0, at most an hour.
    pub fn duration(&self, key: &'static str) -> Option<Located<u64>> {
        let value = self.any(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.mistyped(key, value, "a duration with a unit, as in \"2s\" or \"500ms\"");
            return None;
        };
        match duration(text) {
            Some(nanos) => Some(Located { value: nanos, span: value.span() }),
            None => {
                self.document.wrong(
                    value.span(),
                    format!("`{key}` in {} is not a duration", self.name),
                    "",
                    Some(
                        "write a number above 0 and a unit, at most an hour: \"500ms\", \"2s\", \"1.5s\", \"1m\""
                            .to_owned(),
                    ),
                );
                None
            }
        }
    }

    /// A list of strings; `None` when the key is absent or something in it is no string.
    pub fn strings(&self, key: &'static str) -> Option<Located<Vec<Located<String>>>> {
        let value = self.any(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.mistyped(key, value, "a list of strings");
            return None;
        };
        let mut texts = Vec::new();
        let mut sound = true;
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Located { value: text.to_owned(), span: item.span() }),
                None => {
                    self.mistyped(key, item, "a list of strings");
                    sound = false;
                }
            }
        }
        sound.then(|| Located { value: texts, span: value.span() })
    }

    /// A table, to be read key by key.
    pub fn table(&self, key: &'static str, name: impl Into<String>) -> Option<Fields<'d>> {
        let value = self.any(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(self.document.fields(name, table, value.span())),
            None => {
                self.mistyped(key, value, "a table");
                None
            }
        }
    }

    /// An array of tables; `name` makes the n-th one's name in messages.
    pub fn tables(&self, key: &'static str, name: impl Fn(usize) -> String) -> Vec<Fields<'d>> {
        let Some(value) = self.any(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.mistyped(key, value, "an array of tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (n, item) in items.iter().enumerate() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(self.document.fields(name(n + 1), table, item.span())),
                None => self.mistyped(key, item, "an array of tables"),
            }
        }
        tables
    }

    /// A table whose keys are free, its values strings.
    pub fn string_map(&self, key: &'static str) -> Option<BTreeMap<String, Located<String>>> {
        let value = self.any(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.mistyped(key, value, "a table of strings");
            return None;
        };
        let mut map = BTreeMap::new();
        for (name, item) in table.iter() {
            match item.get_ref().as_str() {
                Some(text) => {
                    map.insert(name.get_ref().to_string(), Located { value: text.to_owned(), span: item.span() });
                }
                None => self.mistyped(name.get_ref(), item, "a string"),
            }
        }
        Some(map)
    }

    /// Any value as JSON. Dates and numbers JSON lacks are problems.
    pub fn json(&self, key: &'static str) -> Option<Located<Value>> {
        let value = self.any(key)?;
        match json(value) {
            Ok(converted) => Some(Located { value: converted, span: value.span() }),
            Err((span, why)) => {
                self.document.wrong(span, format!("`{key}` in {} cannot be sent as JSON", self.name), why, None);
                None
            }
        }
    }

    /// Reports every key that was never asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if !asked.contains(&name) {
                self.document.wrong(
                    key.span(),
                    format!("unknown key `{name}` in {}", self.name),
                    "",
                    instead(name, &asked),
                );
            }
        }
    }
}

/// What a value is, with its article.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
}

/// Nanoseconds of a duration with a unit.
pub fn duration(text: &str) -> Option<u64> {
    const LONGEST: f64 = 3600.0 * 1e9;
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim_start() {
        "ms" => 1e6,
        "s" => 1e9,
        "m" | "min" => 60e9,
        "h" => 3600e9,
        _ => return None,
    };
    let nanos = number.parse::<f64>().ok()? * factor;
    (1.0..=LONGEST).contains(&nanos).then_some(nanos as u64)
}

/// A TOML value as JSON, or the place and reason why that cannot be.
pub fn json(value: &Spanned<DeValue<'_>>) -> Result<Value, (Range<usize>, String)> {
    let refuse = |why: &str| Err((value.span(), why.to_owned()));
    match value.get_ref() {
        DeValue::String(text) => Ok(Value::String(text.to_string())),
        DeValue::Boolean(flag) => Ok(Value::Bool(*flag)),
        DeValue::Integer(_) => match integer(value.get_ref()) {
            Some(number) => Ok(Value::from(number)),
            None => refuse("too large a number"),
        },
        DeValue::Float(float) => {
            let number = float.as_str().replace('_', "").parse::<f64>().ok();
            match number.and_then(serde_json::Number::from_f64) {
                Some(number) => Ok(Value::Number(number)),
                None => refuse("JSON has no such number"),
            }
        }
        DeValue::Datetime(_) => refuse("JSON has no dates; OpenC2 writes milliseconds since 1970 as a number"),
        DeValue::Array(items) => Ok(Value::Array(items.iter().map(json).collect::<Result<_, _>>()?)),
        DeValue::Table(table) => {
            // The members in the order they stand in the file: what is sent should look like what was written.
            let mut members: Vec<_> = table.iter().collect();
            members.sort_by_key(|(key, _)| key.span().start);
            let mut object = serde_json::Map::new();
            for (key, item) in members {
                object.insert(key.get_ref().to_string(), json(item)?);
            }
            Ok(Value::Object(object))
        }
    }
}

#[cfg(test)]
#[path = "toml_tests.rs"]
mod tests;
