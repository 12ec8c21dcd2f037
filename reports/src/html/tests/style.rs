//! What templates/report.css promises.

use super::*;

/// Contrast of two colours by the formula of WCAG 2.
fn contrast(a: &str, b: &str) -> f64 {
    let luminance = |colour: &str| {
        let digits = colour.trim_start_matches('#');
        let digits = if digits.len() == 3 { digits.chars().flat_map(|c| [c, c]).collect() } else { digits.to_owned() };
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).expect("a colour")) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_colour_of_text_can_be_read() {
    let schemes: Vec<&str> = STYLE.split(":root {").skip(1).map(|s| s.split('}').next().expect("a block")).collect();
    assert_eq!(schemes.len(), 3, "light, dark, print");
    for scheme in schemes {
        let colour = |name: &str| {
            let at = scheme.find(&format!("--{name}: ")).unwrap_or_else(|| panic!("--{name}")) + name.len() + 4;
            scheme[at..].split(';').next().expect("a value")
        };
        for text in ["ink", "quiet", "link", "pass", "warn", "fail", "undecided", "error"] {
            for ground in ["paper", "tint"] {
                let ratio = contrast(colour(text), colour(ground));
                assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2} in {scheme}");
            }
        }
        assert!(contrast(colour("ink"), colour("mark")) >= 4.5);
    }
}

/// A browser looks such selectors up again for every row that it reads: seconds, for a long report.
#[test]
fn no_style_looks_at_what_follows() {
    for selector in [":last-child", ":last-of-type", ":nth-last", ":only-", ":has("] {
        let used = STYLE.lines().any(|line| line.contains(selector) && !line.starts_with("/*"));
        assert!(!used, "{selector}");
    }
}
