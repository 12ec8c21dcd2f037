//! The topics of TS-0010 6.4, and the identifiers in them.

/// What kind of message a topic is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    /// `req`
    Request,
    /// `resp`
    Response,
    /// `reg_req`: of an originator that has no identifier yet.
    RegistrationRequest,
    /// `reg_resp`
    RegistrationResponse,
}

impl Leaf {
    /// All of them, by the level they stand as.
    pub const ALL: [(&'static str, Leaf); 4] = [
        ("req", Leaf::Request),
        ("resp", Leaf::Response),
        ("reg_req", Leaf::RegistrationRequest),
        ("reg_resp", Leaf::RegistrationResponse),
    ];

    /// The level it stands as.
    pub fn as_str(self) -> &'static str {
        Leaf::ALL.iter().find(|(_, leaf)| *leaf == self).map_or("", |(name, _)| name)
    }

    /// Whether requests travel there.
    pub fn asks(self) -> bool {
        matches!(self, Leaf::Request | Leaf::RegistrationRequest)
    }
}

/// A topic that begins with `/oneM2M/` and one of the four leaves, or nearly so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is for.
    pub leaf: Leaf,
    /// Level of the Originator; empty when it is missing.
    pub originator: String,
    /// Level of the Receiver; empty when it is missing.
    pub receiver: String,
    /// The last level, `xml` or `json` as a rule, when there is one.
    pub format: Option<String>,
    /// Whether it begins with a slash.
    pub leading: bool,
    /// Whether `oneM2M` and the leaf are spelled as they should be.
    pub spelled: bool,
    /// Levels behind the format.
    pub surplus: usize,
}

impl Topic {
    /// Reads a topic name; nothing where it is none of TS-0010's.
    pub fn parse(topic: &str) -> Option<Topic> {
        let leading = topic.starts_with('/');
        let mut levels = topic.strip_prefix('/').unwrap_or(topic).split('/');
        let first = levels.next()?;
        let second = levels.next()?;
        let leaf = Leaf::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(second))?.1;
        if !first.eq_ignore_ascii_case("oneM2M") {
            return None;
        }
        let originator = levels.next().unwrap_or_default().to_owned();
        let receiver = levels.next().unwrap_or_default().to_owned();
        let format = levels.next().map(str::to_owned);
        let spelled = first == "oneM2M" && second == leaf.as_str();
        Some(Topic { leaf, originator, receiver, format, leading, spelled, surplus: levels.count() })
    }

    /// Whether Originator and Receiver are named.
    pub fn complete(&self) -> bool {
        !self.originator.is_empty() && !self.receiver.is_empty()
    }
}

/// An identifier as a level of a topic (6.4.2): without its leading slash, `:` for every other one.
pub fn level(id: &str) -> String {
    id.strip_prefix('/').unwrap_or(id).replace('/', ":")
}

/// Whether a text is an identifier of a CSE relative to its service provider: `/`, then unreserved characters.
pub fn is_cse_id(id: &str) -> bool {
    id.strip_prefix('/').is_some_and(|rest| !rest.is_empty() && rest.chars().all(unreserved))
}

/// Whether a text is the stem of an identifier of an AE: `S` or `C`, then unreserved characters.
pub fn is_ae_stem(id: &str) -> bool {
    id.strip_prefix(['S', 'C']).is_some_and(|rest| !rest.is_empty() && rest.chars().all(unreserved))
}

/// Whether a text is an identifier of an AE or a CSE in any of its forms: parts of unreserved characters with a slash between
/// them, of which one is in front of a CSE-ID, and two in front of the name of a service provider.
pub fn is_id(id: &str) -> bool {
    let parts = id.strip_prefix("//").or_else(|| id.strip_prefix('/')).unwrap_or(id);
    parts.split('/').all(|part| !part.is_empty() && part.chars().all(unreserved)) && parts.split('/').count() <= 3
}

/// RFC 3986 2.3, as TS-0004 6.2.3 has it.
fn unreserved(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn topics_are_read_by_their_levels() {
        let topic = Topic::parse("/oneM2M/req/Cae1/in-cse/json").expect("a topic");
        assert_eq!((topic.leaf, topic.originator.as_str(), topic.receiver.as_str()), (Leaf::Request, "Cae1", "in-cse"));
        assert_eq!(topic.format.as_deref(), Some("json"));
        assert!(topic.leading && topic.spelled && topic.complete() && topic.surplus == 0);
        let bare = Topic::parse("/oneM2M/reg_resp/admin:admin/in-cse").expect("a topic");
        assert_eq!((bare.leaf, bare.format), (Leaf::RegistrationResponse, None));
        assert!(!Topic::parse("oneM2M/resp/a/b/xml").expect("nearly one").leading);
        assert!(!Topic::parse("/onem2m/req/a/b/xml").expect("nearly one").spelled);
        assert_eq!(Topic::parse("/oneM2M/req/a/b/xml/more/yet").expect("nearly one").surplus, 2);
        assert!(!Topic::parse("/oneM2M/req/a").expect("nearly one").complete());
        for other in ["", "/", "oc2/cmd/all", "/oneM2M", "/oneM2M/other/a/b", "x/oneM2M/req/a/b/json"] {
            assert_eq!(Topic::parse(other), None, "{other}");
        }
    }

    #[test]
    fn identifiers_become_levels_and_have_forms() {
        assert_eq!(level("/in-cse"), "in-cse");
        assert_eq!(level("/cse2/C3532ea3"), "cse2:C3532ea3");
        assert_eq!(level("//sp.example/in-cse"), ":sp.example:in-cse");
        assert_eq!(level("SAE1"), "SAE1");
        assert!(
            is_cse_id("/in-cse") && !is_cse_id("in-cse") && !is_cse_id("/") && !is_cse_id("/a/b") && !is_cse_id("/a+")
        );
        for id in ["C1", "S", "/in-cse", "/in-cse/C1", "//sp.example/in-cse", "//sp.example/in-cse/C1"] {
            assert!(is_id(id), "{id}");
        }
        for other in ["", "/", "//", "C 1", "C1/", "a//b", "/a+", "C\u{e9}", "//a/b/c/d"] {
            assert!(!is_id(other), "{other}");
        }
        assert!(
            is_ae_stem("CAE-1.x_y") && is_ae_stem("S1") && !is_ae_stem("S") && !is_ae_stem("xAE") && !is_ae_stem("C/1")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_topic_or_is_not(text in "\\PC{0,40}") {
            let _ = Topic::parse(&text);
        }

        #[test]
        fn identifiers_never_add_levels(id in "[/A-Za-z0-9+#:.-]{0,30}") {
            prop_assert!(!level(&id).contains('/'));
        }
    }
}
