//! Timestamps that the harness writes and compares (TS-0004 6.3.3).

use crate::evidence::onem2m::time::{is_period, is_timestamp};
use serde_json::Value;
use time::OffsetDateTime;

/// How long resources last, in milliseconds.
const LASTING: u64 = 365 * 24 * 3600 * 1000;

/// A moment, given in milliseconds since 1970, to the second.
pub fn stamp(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = moment.to_hms();
    let (year, month, day) = moment.to_calendar_date();
    format!("{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}", u8::from(month))
}

/// When a resource expires that nobody says more of.
pub fn far(now_ms: u64) -> String {
    stamp(now_ms.saturating_add(LASTING))
}

/// Whether a moment is over: an absolute one, or a number of milliseconds from now. Nothing for what is neither.
pub fn is_over(value: &Value, now_ms: u64) -> Option<bool> {
    let period = |text: &str| text.starts_with('-') || text.bytes().all(|byte| byte == b'0');
    match value {
        Value::Number(number) => Some(number.as_i64().is_some_and(|number| number <= 0)),
        Value::String(text) if is_period(text) => Some(period(text)),
        Value::String(text) if is_timestamp(text) => Some(text.get(..15).is_some_and(|whole| *whole < *stamp(now_ms))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_written_and_compared() {
        assert_eq!(stamp(0), "19700101T000000");
        assert_eq!(stamp(1_789_000_000_999), "20260910T002640");
        assert!(far(0).starts_with("1971"));
        let now = 1_789_000_000_000;
        for (value, over) in [
            (json!("20200101T000000"), Some(true)),
            (json!("20260910T002641"), Some(false)),
            (json!("20260910T002639,999"), Some(true)),
            (json!("3000"), Some(false)),
            (json!("0"), Some(true)),
            (json!("-5"), Some(true)),
            (json!(10), Some(false)),
            (json!("soon"), None),
            (json!(true), None),
        ] {
            assert_eq!(is_over(&value, now), over, "{value}");
        }
        assert!(!stamp(u64::MAX).is_empty());
    }
}
