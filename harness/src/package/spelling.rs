//! How a secret may be spelled where it is quoted: as it is, and as the usual encodings write it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One way to write a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spelling {
    /// What to look for.
    pub text: Vec<u8>,
    /// Whether the characters before and behind it hold some of its bits, too (Base64).
    pub around: (bool, bool),
}

/// Every way to write `secret` that is looked for, each once.
pub(super) fn spellings(secret: &[u8]) -> BTreeSet<Spelling> {
    let mut all: BTreeSet<Spelling> = BTreeSet::new();
    let mut plain = |text: Vec<u8>| {
        all.insert(Spelling { text, around: (false, false) });
    };
    plain(secret.to_vec());
    for digits in [b"0123456789abcdef", b"0123456789ABCDEF"] {
        // As one word, and as dumps of bytes write it.
        for between in ["", " ", ":", ", ", "-", "\\x", "%"] {
            let words: Vec<String> = secret.iter().map(|byte| hex(*byte, digits)).collect();
            plain(words.join(between).into_bytes());
        }
        plain(percent(secret, digits, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
        plain(percent(secret, digits, |byte| byte.is_ascii_alphanumeric() || b"-._~!*'()".contains(&byte)));
        plain(form(secret, digits));
    }
    plain(secret.escape_ascii().to_string().into_bytes());
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = json(text);
        // A text in a text, as logs of messages have it.
        plain(self::json(&json).into_bytes());
        plain(json.replace('/', "\\/").into_bytes());
        plain(ascii_json(&json, false).into_bytes());
        plain(ascii_json(&json, true).into_bytes());
        plain(json.into_bytes());
        plain(text.escape_debug().to_string().into_bytes());
        plain(text.escape_default().to_string().into_bytes());
        for quotes in [["&quot;", "&#39;"], ["&#34;", "&#39;"], ["&quot;", "&apos;"], ["&quot;", "&#x27;"], ["\"", "'"]]
        {
            plain(markup(text, quotes).into_bytes());
        }
        for wide in [
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ] {
            plain(wide);
        }
    }
    all.extend(base64(secret));
    all
}

fn hex(byte: u8, digits: &[u8; 16]) -> String {
    [byte >> 4, byte & 15].map(|digit| char::from(digits[usize::from(digit)])).iter().collect()
}

fn percent(secret: &[u8], digits: &[u8; 16], kept: fn(u8) -> bool) -> Vec<u8> {
    let one = |byte: &u8| if kept(*byte) { vec![*byte] } else { format!("%{}", hex(*byte, digits)).into_bytes() };
    secret.iter().flat_map(one).collect()
}

/// As forms are sent: a space is a plus sign.
fn form(secret: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let text = percent(secret, digits, |byte| byte.is_ascii_alphanumeric() || b"-._* ".contains(&byte));
    text.into_iter().map(|byte| if byte == b' ' { b'+' } else { byte }).collect()
}

/// Within quotes of JSON.
fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// The same by writers that keep to ASCII.
fn ascii_json(json: &str, upper: bool) -> String {
    let mut out = String::new();
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = if upper { write!(out, "\\u{unit:04X}") } else { write!(out, "\\u{unit:04x}") };
        }
    }
    out
}

fn markup(text: &str, [double, single]: [&str; 2]) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => double.to_owned(),
            '\'' => single.to_owned(),
            c => c.to_string(),
        })
        .collect()
}

/// Base64 of anything that holds the secret, at each of the three places within a group: the characters that stand for nothing
/// but bits of the secret. One before and one behind may share bits with its neighbours.
fn base64(secret: &[u8]) -> impl Iterator<Item = Spelling> {
    (0..3).flat_map(move |before| {
        let filled = [vec![0; before], secret.to_vec()].concat();
        let begin = (before * 8).div_ceil(6);
        let end = filled.len() * 8 / 6;
        let around = (before > 0, filled.len() * 8 % 6 > 0);
        [STANDARD_NO_PAD.encode(&filled), URL_SAFE_NO_PAD.encode(&filled)]
            .into_iter()
            .filter_map(move |text| Some(Spelling { text: text.as_bytes().get(begin..end)?.to_vec(), around }))
            // Less would be found by chance.
            .filter(|spelling| spelling.text.len() >= 4)
    })
}

/// Whether a byte is a digit of Base64, of either alphabet.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(secret: &str) -> Vec<String> {
        let all = spellings(secret.as_bytes());
        all.into_iter().map(|spelling| String::from_utf8_lossy(&spelling.text).into_owned()).collect()
    }

    #[test]
    fn the_usual_encodings_are_known() {
        let all = texts("Gr\u{fc}n & \"5/7\"");
        for expected in [
            "Gr\u{fc}n & \"5/7\"",
            "4772c3bc6e202620223",
            "47 72 C3 BC 6E 20 26 20 22",
            "Gr%C3%BCn%20%26%20%225%2F7%22",
            "Gr%c3%bcn+%26+%225%2f7%22",
            r#"Gr\u00fcn & \"5\/7\""#.replace("\\/", "/").as_str(),
            "Gr\u{fc}n & \\\"5/7\\\"",
            "Gr\u{fc}n & \\\\\\\"5/7\\\\\\\"",
            "Gr\u{fc}n &amp; &quot;5/7&quot;",
            "Gr\u{fc}n &amp; &#34;5/7&#34;",
            r#"Gr\xc3\xbcn & \"5/7\""#,
        ] {
            assert!(all.iter().any(|text| text.starts_with(expected)), "{expected:?} is not among {all:#?}");
        }
    }

    /// Wherever it stands in what is encoded, something of it is found, and no character that holds bits of it is left.
    #[test]
    fn base64_is_found_at_any_place() {
        for secret in ["hunter2", "abcd", "s3cr3t-\u{fc}"] {
            for before in 0..7 {
                for behind in 0..4 {
                    let whole = format!("{}{secret}{}", "u".repeat(before), "v".repeat(behind));
                    let encoded = STANDARD_NO_PAD.encode(&whole);
                    let found = spellings(secret.as_bytes()).into_iter().find_map(|spelling| {
                        let at = encoded.as_bytes().windows(spelling.text.len()).position(|w| w == spelling.text)?;
                        Some((at, spelling))
                    });
                    let (at, spelling) = found.unwrap_or_else(|| panic!("{whole}: {encoded}"));
                    let begin = at - usize::from(spelling.around.0);
                    let end = at + spelling.text.len() + usize::from(spelling.around.1);
                    assert!(begin * 6 <= before * 8 && end * 6 >= (before + secret.len()) * 8, "{whole}: {encoded}");
                }
            }
        }
    }
}
