//! Names, character data, references, and what is passed over.

use super::{Parser, Stop};

/// The five entities that need no declaration.
const ENTITIES: [(&str, char); 5] = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("apos", '\''), ("quot", '"')];

/// White space (XML 1.0, production 3).
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// What may stand in a document at all (production 2).
fn is_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// What a name may begin with (production 4), the colon apart.
fn begins_name(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// What a name may hold behind that (production 4a).
fn goes_on_name(character: char) -> bool {
    begins_name(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// A character, for people.
pub(super) fn described(character: char) -> String {
    match character {
        '\'' => "\"'\"".to_owned(),
        ' '..='~' => format!("'{character}'"),
        other => format!("U+{:04X}", u32::from(other)),
    }
}

/// `name="value"` at the beginning of a text: name, value, and what stands behind.
pub(super) fn pseudo_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start_matches(is_space);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, behind) = rest[1..].split_once(quote)?;
    let separated = behind.is_empty() || behind.starts_with(is_space);
    separated.then_some((name.trim_matches(is_space), value, behind))
}

impl<'a> Parser<'a> {
    /// White space; whether there was any.
    pub(super) fn space(&mut self) -> bool {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(is_space).len();
        self.at += length;
        length > 0
    }

    /// A name with one colon at most, and something on both sides of it (Namespaces, production 7).
    pub(super) fn name(&mut self) -> Result<&'a str, Stop> {
        let rest = self.rest();
        let mut colon = false;
        let mut begins = true;
        let mut length = 0;
        for character in rest.chars() {
            let fits = if begins { begins_name(character) } else { goes_on_name(character) };
            if fits {
                begins = false;
            } else if character == ':' && !begins && !colon {
                (colon, begins) = (true, true);
            } else {
                break;
            }
            length += character.len_utf8();
        }
        self.at += length;
        if begins {
            return Err(self.stop("a name"));
        }
        Ok(&rest[..length])
    }

    /// Character data, up to the next markup.
    pub(super) fn characters(&mut self, into: &mut String) -> Result<(), Stop> {
        while let Some(character) = self.rest().chars().next() {
            match character {
                '<' => break,
                '&' => self.reference(into)?,
                ']' if self.looking_at("]]>") => return Err(self.stop("no ']]>' in character data")),
                _ => self.character(character, into)?,
            }
        }
        Ok(())
    }

    /// One character; line ends become line feeds.
    fn character(&mut self, character: char, into: &mut String) -> Result<(), Stop> {
        if !is_char(character) {
            return Err(self.stop("a character that XML allows"));
        }
        self.at += character.len_utf8();
        if character == '\r' {
            self.skip("\n");
            into.push('\n');
        } else {
            into.push(character);
        }
        Ok(())
    }

    /// `&name;` or `&#n;`: no entity but the five predefined ones exists.
    fn reference(&mut self, into: &mut String) -> Result<(), Stop> {
        const LONGEST: usize = 64;
        let rest = self.rest();
        let end = rest.bytes().take(LONGEST).position(|byte| byte == b';');
        let Some(name) = end.and_then(|end| rest.get(1..end)) else { return Err(self.stop("a reference that ends")) };
        let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix('x') {
            Some(hex) => (hex, 16),
            None => (digits, 10),
        });
        let character = match number {
            Some((digits, radix)) if digits.chars().all(|c| c.is_digit(radix)) => {
                u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| is_char(*c))
            }
            Some(_) => None,
            None => ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character),
        };
        let Some(character) = character else {
            self.defect(self.at, self.at + name.len() + 2, "a reference to something that exists", format!("&{name};"));
            return Err(Stop);
        };
        self.at += name.len() + 2;
        into.push(character);
        Ok(())
    }

    /// The value of an attribute, in either kind of quotes.
    pub(super) fn quoted(&mut self) -> Result<String, Stop> {
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Err(self.stop("a value in quotes"));
        };
        self.at += 1;
        let mut value = String::new();
        loop {
            match self.rest().chars().next() {
                Some(end) if end == quote => {
                    self.at += 1;
                    return Ok(value);
                }
                Some('<') => return Err(self.stop("no '<' in the value of an attribute")),
                Some('&') => self.reference(&mut value)?,
                Some(character) => {
                    self.character(character, &mut value)?;
                    if is_space(character) {
                        value.pop();
                        value.push(' ');
                    }
                }
                None => return Err(self.stop("a closing quote")),
            }
        }
    }

    pub(super) fn cdata(&mut self, into: &mut String) -> Result<(), Stop> {
        self.at += "<![CDATA[".len();
        while !self.skip("]]>") {
            match self.rest().chars().next() {
                Some(character) => self.character(character, into)?,
                None => return Err(self.stop("']]>'")),
            }
        }
        Ok(())
    }

    pub(super) fn comment(&mut self) -> Result<(), Stop> {
        self.at += "<!--".len();
        let mut dropped = String::new();
        while !self.skip("-->") {
            match self.rest().chars().next() {
                Some('-') if self.looking_at("--") => return Err(self.stop("no '--' within a comment")),
                Some(character) => self.character(character, &mut dropped)?,
                None => return Err(self.stop("'-->'")),
            }
        }
        Ok(())
    }

    /// A processing instruction; its target is not `xml`.
    pub(super) fn instruction(&mut self) -> Result<(), Stop> {
        self.at += "<?".len();
        let target = self.name()?;
        if target.eq_ignore_ascii_case("xml") || target.contains(':') {
            return Err(self.stop("a processing instruction with a target of its own"));
        }
        if !self.looking_at("?>") && !self.space() {
            return Err(self.stop("white space or '?>'"));
        }
        let mut dropped = String::new();
        while !self.skip("?>") {
            match self.rest().chars().next() {
                Some(character) => self.character(character, &mut dropped)?,
                None => return Err(self.stop("'?>'")),
            }
        }
        Ok(())
    }
}
