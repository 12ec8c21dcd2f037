//! Timestamps (TS-0004 6.3.3).

/// Whether a text is an absolute timestamp: `YYYYMMDDThhmmss`, perhaps a comma and up to six digits, in UTC and without zone.
pub fn is_timestamp(text: &str) -> bool {
    let (whole, fraction) = match text.split_once(',') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if fraction.is_some_and(|f| !digits(f) || f.len() > 6) {
        return false;
    }
    let Some((date, time)) = whole.split_once('T') else { return false };
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return false;
    }
    let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    let (year, month, day) = (number(&date[..4]), number(&date[4..6]), number(&date[6..]));
    let (hour, minute, second) = (number(&time[..2]), number(&time[2..4]), number(&time[4..]));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    // A leap second is one.
    (1..=12).contains(&month) && (1..=days).contains(&day) && hour < 24 && minute < 60 && second <= 60
}

/// The seconds since 1970 of an absolute timestamp, its fraction cut off.
pub fn unix_seconds(text: &str) -> Option<i64> {
    if !is_timestamp(text) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i64>().ok());
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    // Years that begin in March end with the day that leap years add.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day;
    // 719469: the days up to 1970, counted so.
    Some((days - 719_469) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Whether a text is a time from now, in milliseconds.
pub fn is_period(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_counted_from_1970() {
        for (text, seconds) in [
            ("19700101T000000", 0),
            ("20000101T000000", 946_684_800),
            ("20000229T120000", 951_825_600),
            ("20000301T000000", 951_868_800),
            ("20261121T193000,25", 1_795_289_400),
            ("19691231T235959", -1),
            ("00000101T000000", -62_167_219_200),
        ] {
            assert_eq!(unix_seconds(text), Some(seconds), "{text}");
        }
        assert_eq!(unix_seconds("3000"), None);
    }

    #[test]
    fn timestamps_have_one_form() {
        for sound in ["20150910T062032", "20240229T235960", "20261121T000000,1", "20261121T000000,123456"] {
            assert!(is_timestamp(sound), "{sound}");
        }
        for unsound in [
            "",
            "20150910",
            "20150910T0620",
            "20150910T062032Z",
            "20150910T062032.1",
            "2015-09-10T06:20:32",
            "20151310T062032",
            "20230229T000000",
            "20150910T242032",
            "20150910T062032,",
            "20150910T062032,1234567",
            "2015091aT062032",
            "\u{e9}0150910T06203",
        ] {
            assert!(!is_timestamp(unsound), "{unsound}");
        }
        assert!(is_period("3000") && is_period("-1") && !is_period("") && !is_period("1.5") && !is_period("PT3S"));
    }
}
