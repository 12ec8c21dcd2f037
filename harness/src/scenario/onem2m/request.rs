//! oneM2M requests, as the steps of scenarios describe them.

use super::address::{credential, originator, suffix, topic};
use super::blanks::{self, Blanks};
use super::order::usual;
use super::primitive;
use crate::diagnostic::toml::Fields;
use crate::iut::{Pics, Serialization};
use crate::scenario::model::Key;
use crate::scenario::speech::{Asking, Built};
use crate::scenario::stage::Stage;
use crate::scenario::verbs::keys::{captured_name, qos};
use serde_json::{Map, Value, json};

/// Operations, by the names that steps give them.
pub(super) const OPERATIONS: [(&str, u64); 5] =
    [("create", 1), ("retrieve", 2), ("update", 3), ("delete", 4), ("notify", 5)];

/// The originator that may do everything, in `from`.
const ADMIN: &str = "admin";

/// A request to send to a CSE.
#[derive(Clone, Debug)]
pub struct Request {
    name: Option<String>,
    from: From,
    /// The CSEBase when nothing is said.
    to: Option<String>,
    op: u64,
    ty: Option<u64>,
    pc: Option<Value>,
    /// Put over all the others.
    fields: Map<String, Value>,
    /// Left out after that.
    without: Vec<String>,
    /// That of the implementation when nothing is said.
    serialization: Option<Serialization>,
    qos: u8,
    rqi: Rqi,
    way: Way,
}

/// Who asks.
#[derive(Clone, Debug)]
enum From {
    /// The one with all rights, if there is one, or anybody.
    Usual,
    Admin,
    Written(String),
    Nobody,
}

#[derive(Clone, Debug)]
enum Rqi {
    Generated,
    Written(String),
    None,
}

/// The topic: parts that replace the usual ones.
#[derive(Clone, Debug, Default)]
struct Way {
    whole: Option<String>,
    registration: bool,
    originator: Option<String>,
    receiver: Option<String>,
    suffix: Option<String>,
}

impl Request {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Request> {
        let text = |key: &'static str| {
            let text = fields.string(key)?;
            blanks::check(fields, &text.span, &text.value);
            Some(text.value)
        };
        let name = captured_name(fields);
        let from = match text("from") {
            None => From::Usual,
            Some(from) if from == ADMIN => From::Admin,
            Some(from) if from.is_empty() => From::Nobody,
            Some(from) => From::Written(from),
        };
        let op = match fields.has("op") {
            true => fields.choice("op", &OPERATIONS)?.value,
            false => 2,
        };
        let ty = match fields.has("ty") {
            true => Some(fields.integer("ty", 0, 100_000)?.value),
            false => None,
        };
        let pc = fields.json("pc").map(|pc| {
            blanks::check_all(fields, &pc.span, &pc.value);
            pc.value
        });
        let over = match fields.has("fields") {
            true => fields.json("fields")?,
            false => return Request::rest(fields, name, from, op, ty, pc, Map::new()),
        };
        blanks::check_all(fields, &over.span, &over.value);
        match over.value {
            Value::Object(members) => Request::rest(fields, name, from, op, ty, pc, members),
            _ => {
                fields.document.wrong(over.span, "`fields` must be a table", "", None);
                None
            }
        }
    }

    fn rest(
        fields: &Fields<'_>,
        name: Option<String>,
        from: From,
        op: u64,
        ty: Option<u64>,
        pc: Option<Value>,
        over: Map<String, Value>,
    ) -> Option<Request> {
        let text = |key: &'static str| {
            let text = fields.string(key)?;
            blanks::check(fields, &text.span, &text.value);
            Some(text.value)
        };
        let serialization = match fields.has("serialization") {
            true => {
                let known = [("json", Serialization::Json), ("xml", Serialization::Xml)];
                Some(fields.choice("serialization", &known)?.value)
            }
            false => None,
        };
        let rqi = match text("rqi") {
            None => Rqi::Generated,
            Some(rqi) if rqi.is_empty() => Rqi::None,
            Some(rqi) => Rqi::Written(rqi),
        };
        let way = Way {
            whole: text("topic"),
            registration: fields.boolean("registration").is_some_and(|r| r.value),
            originator: text("topic_from"),
            receiver: text("topic_to"),
            suffix: text("topic_type"),
        };
        let without = fields.strings("without").map(|l| l.value.into_iter().map(|name| name.value).collect());
        Some(Request {
            name,
            from,
            to: text("to"),
            op,
            ty,
            pc,
            fields: over,
            without: without.unwrap_or_default(),
            serialization,
            qos: qos(fields),
            rqi,
            way,
        })
    }

    fn originator<'p>(&'p self, pics: &'p Pics) -> Option<&'p str> {
        match &self.from {
            From::Usual | From::Admin => Some(originator(pics)),
            From::Written(from) => Some(from),
            From::Nobody => None,
        }
    }

    /// Topic and payload for one Request Identifier.
    fn made(&self, pics: &Pics, rqi: Option<&str>, blanks: &Blanks<'_>) -> Result<(String, Vec<u8>), String> {
        let cse = pics.onem2m.cse_id.as_deref().ok_or("`cse_id` is not declared")?;
        let from = self.originator(pics).map(|from| blanks.fill(from)).transpose()?;
        let mut parameters = Map::new();
        parameters.insert("op".to_owned(), json!(self.op));
        let to = match &self.to {
            Some(to) => blanks.fill(to)?,
            None => pics.onem2m.cse_name.clone().unwrap_or_else(|| cse.to_owned()),
        };
        parameters.insert("to".to_owned(), json!(to));
        if let Some(from) = &from {
            parameters.insert("fr".to_owned(), json!(from));
        }
        if let Some(rqi) = rqi {
            parameters.insert("rqi".to_owned(), json!(rqi));
        }
        parameters.insert("rvi".to_owned(), json!(pics.onem2m.release()));
        if let Some(ty) = self.ty {
            parameters.insert("ty".to_owned(), json!(ty));
        }
        if let Some(pc) = &self.pc {
            parameters.insert("pc".to_owned(), blanks.filled(pc)?);
        }
        for (name, value) in &self.fields {
            parameters.insert(name.clone(), blanks.filled(value)?);
        }
        parameters.retain(|name, _| !self.without.contains(name));
        let serialization = self.serialization.unwrap_or(usual(pics));
        let topic = match &self.way.whole {
            Some(whole) => blanks.fill(whole)?,
            None => {
                let (leaf, usual) = match self.way.registration {
                    true => ("reg_req", Some(credential(pics))),
                    false => ("req", from.as_deref()),
                };
                let from = self.way.originator.as_deref().or(usual).unwrap_or_else(|| credential(pics));
                let to = self.way.receiver.as_deref().unwrap_or(cse);
                let suffix = self.way.suffix.as_deref().unwrap_or(suffix(serialization));
                topic(leaf, &blanks.fill(from)?, &blanks.fill(to)?, suffix)
            }
        };
        Ok((topic, primitive::written(&parameters, serialization)))
    }

    /// The texts that earlier answers may have a part in.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let from = match &self.from {
            From::Written(from) => Some(from.as_str()),
            From::Usual | From::Admin | From::Nobody => None,
        };
        let way = [&self.way.whole, &self.way.originator, &self.way.receiver];
        let values = self.pc.iter().chain(self.fields.values()).flat_map(leaves);
        from.into_iter().chain(self.to.as_deref()).chain(way.into_iter().flatten().map(String::as_str)).chain(values)
    }
}

/// Every text in a value.
fn leaves(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(members) => members.values().flat_map(leaves).collect(),
        _ => Vec::new(),
    }
}

impl Asking for Request {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn needs(&self) -> Vec<Key> {
        let mut needs = vec![Key::Own("cse_id")];
        // Whoever asks for the CSEBase is answered somehow.
        let plain = self.op == 2 && self.to.is_none() && self.pc.is_none() && self.fields.is_empty();
        match self.from {
            From::Usual if plain && self.without.is_empty() => {}
            From::Usual | From::Admin => needs.push(Key::Own("originator")),
            From::Written(_) | From::Nobody => {}
        }
        if self.texts().any(|text| text.contains("{cse_name}")) {
            needs.push(Key::Own("cse_name"));
        }
        needs.extend(self.serialization.map(|it| Key::Own(if it == Serialization::Xml { "xml" } else { "json" })));
        needs
    }

    fn refers(&self) -> Option<&str> {
        self.texts().find_map(blanks::refers)
    }

    fn qos(&self) -> u8 {
        self.qos
    }

    fn correlation(&self, stage: &Stage<'_>, number: u32, n: u32) -> Option<String> {
        match &self.rqi {
            Rqi::Generated => Some(stage.request_id(number, n)),
            Rqi::Written(rqi) if n == 0 => Some(rqi.clone()),
            Rqi::Written(rqi) => Some(format!("{rqi}-{n}")),
            Rqi::None => None,
        }
    }

    fn built(&self, stage: &Stage<'_>, n: u32) -> Result<Built, String> {
        let correlation = self.correlation(stage, stage.number, n);
        let (topic, payload) = self.made(&stage.iut.pics, correlation.as_deref(), &Blanks::of(stage, n))?;
        Ok(Built { topic, payload, correlation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::diagnostic::toml::Document;

    fn read(step: &str) -> Result<Request, String> {
        let document = Document::new(Source::new("x.toml", step));
        let request = {
            let root = document.parse();
            let fields = document.fields("step 1", root.get_ref(), 0..0);
            let request = Request::read(&fields);
            fields.finish();
            request
        };
        document.finish(request).map_err(|problems| problems.to_string())
    }

    fn made(step: &str) -> (String, String) {
        let mut pics = Pics::default();
        pics.onem2m.cse_id = Some("/in-cse".to_owned());
        pics.onem2m.cse_name = Some("cse-in".to_owned());
        pics.onem2m.originator = Some("CAdmin".to_owned());
        let request = read(step).unwrap_or_else(|problems| panic!("{problems}"));
        let (topic, payload) = request.made(&pics, Some("r1"), &Blanks::fixed(&pics)).expect("it can be made");
        (topic, String::from_utf8(payload).expect("text"))
    }

    #[test]
    fn steps_become_requests() {
        let mut told = String::new();
        for step in [
            "",
            "op = \"create\"\nty = 3\npc = { \"m2m:cnt\" = { rn = \"c-{unique}\" } }",
            "from = \"Cother\"\nto = \"{cse_name}/nowhere\"\nop = \"delete\"",
            "from = \"\"\nop = \"create\"\nty = 2\npc = { \"m2m:ae\" = { api = \"N.x\", rr = true, srv = [\"3\"] } }\nregistration = true",
            "serialization = \"xml\"\nfields = { rcn = 0, rqet = \"20200101T000000\" }",
            "without = [\"rvi\", \"fr\"]\ntopic_type = \"\"",
            "topic = \"/oneM2M/req/CAdmin/in-cse/json/more\"",
            "topic_from = \"Celse\"\ntopic_to = \"/other/cse\"",
            "from = \"{aei.ae}\"\nto = \"{cse_id}/{aei.ae}\"\ntopic_from = \"{cse_id}/{aei.ae}\"\nfields = { rqet = \"{now+2s}\" }",
        ] {
            let (topic, payload) = made(step);
            told.push_str(&format!("{topic}\n    {payload}\n"));
        }
        insta::assert_snapshot!(told);
    }

    #[test]
    fn what_a_step_cannot_say_is_told() {
        for (step, part) in [
            ("op = \"fetch\"", "`op` in step 1 cannot be"),
            ("fields = 3", "`fields` must be a table"),
            ("serialization = \"cbor\"", "`serialization` in step 1 cannot be"),
            ("unknown = 1", "unknown"),
            ("to = \"{cse_nam}\"", "`{cse_nam}` in step 1 stands for nothing"),
            ("pc = { a = [\"{api.x}\"] }", "`{api.x}` in step 1 stands for nothing"),
        ] {
            let problems = read(step).expect_err("wrong");
            assert!(problems.contains(part), "{step}: {problems}");
        }
    }
}
