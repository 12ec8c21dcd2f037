//! Waivers: a known deviation, owned by somebody, for a limited time. A waiver turns a fail into waived, never into a pass.

use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{Date, OffsetDateTime};

/// One waiver, as given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The requirement it is for.
    pub requirement: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day it holds, `2026-12-31`.
    pub expires: String,
    /// The version of the implementation it is for; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What makes a waiver unusable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaiverError {
    /// The date cannot be read.
    #[error("{0:?} is no date; write it as 2026-12-31")]
    Date(String),
    /// It expired before the recording was made.
    #[error("the waiver of {requirement} expired on {expires}; the recording was made on {recorded}")]
    Expired {
        /// The requirement.
        requirement: String,
        /// Its last day.
        expires: String,
        /// The day of the recording.
        recorded: String,
    },
    /// It is for another version.
    #[error("the waiver of {requirement} is for version {wanted}, the implementation says it is {found}")]
    Version {
        /// The requirement.
        requirement: String,
        /// The version it names.
        wanted: String,
        /// The version in the IUT file.
        found: String,
    },
    /// A text is empty.
    #[error("the waiver of {requirement} states no {what}")]
    Empty {
        /// The requirement.
        requirement: String,
        /// `reason` or `owner`.
        what: &'static str,
    },
}

impl Waiver {
    /// Whether it can be used on an implementation of that version, in a recording that began at `unix_nanos`.
    ///
    /// # Errors
    /// When it has expired by then, names another version, or says too little.
    pub fn check(&self, version: Option<&str>, unix_nanos: u64) -> Result<(), WaiverError> {
        let requirement = self.requirement.clone();
        for (what, text) in [("reason", &self.reason), ("owner", &self.owner)] {
            if text.trim().is_empty() {
                return Err(WaiverError::Empty { requirement, what });
            }
        }
        let last = Date::parse(&self.expires, format_description!("[year]-[month]-[day]"))
            .map_err(|_| WaiverError::Date(self.expires.clone()))?;
        let recorded =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_nanos)).map_or(Date::MAX, OffsetDateTime::date);
        if recorded > last {
            return Err(WaiverError::Expired {
                requirement,
                expires: self.expires.clone(),
                recorded: recorded.to_string(),
            });
        }
        if let Some(wanted) = &self.version
            && version != Some(wanted.as_str())
        {
            return Err(WaiverError::Version {
                requirement,
                wanted: wanted.clone(),
                found: version.unwrap_or("nothing").to_owned(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiver() -> Waiver {
        Waiver {
            requirement: "wd04/publish-retain".into(),
            reason: "fixed in 2.1".into(),
            owner: "qa@example.com".into(),
            expires: "2026-12-31".into(),
            version: Some("2.0".into()),
        }
    }

    // 2026-12-31T23:59:59Z and one second later.
    const LAST: u64 = 1_798_761_599_000_000_000;

    #[test]
    fn holds_on_its_last_day_and_not_after() {
        assert_eq!(waiver().check(Some("2.0"), LAST), Ok(()));
        assert!(matches!(waiver().check(Some("2.0"), LAST + 1_000_000_000), Err(WaiverError::Expired { .. })));
    }

    #[test]
    fn is_for_one_version_only() {
        assert!(matches!(waiver().check(Some("2.1"), LAST), Err(WaiverError::Version { .. })));
        assert!(matches!(waiver().check(None, LAST), Err(WaiverError::Version { .. })));
        assert_eq!(Waiver { version: None, ..waiver() }.check(None, LAST), Ok(()));
    }

    #[test]
    fn needs_a_reason_an_owner_and_a_date() {
        assert!(matches!(
            Waiver { reason: " ".into(), ..waiver() }.check(Some("2.0"), LAST),
            Err(WaiverError::Empty { what: "reason", .. })
        ));
        assert!(matches!(
            Waiver { owner: String::new(), ..waiver() }.check(Some("2.0"), LAST),
            Err(WaiverError::Empty { what: "owner", .. })
        ));
        assert!(matches!(
            Waiver { expires: "31.12.2026".into(), ..waiver() }.check(Some("2.0"), LAST),
            Err(WaiverError::Date(_))
        ));
    }
}
