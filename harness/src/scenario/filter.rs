//! Topic filters (MQTT 3.1.1, 4.7).

/// Whether a topic filter matches a topic name (MQTT 3.1.1, 4.7).
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match part {
            "#" => return true,
            "+" => {
                if levels.next().is_none() {
                    return false;
                }
            }
            exact => {
                if levels.next() != Some(exact) {
                    return false;
                }
            }
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_mqtt_says() {
        for (filter, topic, expected) in [
            ("oc2/cmd/ap/#", "oc2/cmd/ap/alpha", true),
            ("oc2/cmd/ap/#", "oc2/cmd/ap", true),
            ("oc2/cmd/+/zulu", "oc2/cmd/device/zulu", true),
            ("oc2/cmd/all", "oc2/cmd/all/x", false),
            ("#", "$SYS/x", false),
            ("+", "a", true),
            ("a/+", "a", false),
            ("a/", "a/", true),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }
}
