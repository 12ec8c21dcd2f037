//! Whole numbers: times, ports, process ids, protocols.

use super::{DATE_TIME, DURATION, L4_PROTOCOL, L4_PROTOCOL_NAME, MILLISECONDS, PORT, PROCESS};
use crate::evidence::openc2::schema::Defects;
use crate::evidence::openc2::{Node, Value};

/// The names of L4-Protocol (LS 3.4.2.10).
const PROTOCOLS: [&str; 4] = ["icmp", "tcp", "udp", "sctp"];

/// Date-Time: a whole number of milliseconds since 1970 (LS 3.4.2.2).
pub(in super::super) fn date_time(value: &Node, defects: &mut Defects) {
    let Some(time) = value.as_whole().filter(|n| *n >= 0) else {
        defects.add(DATE_TIME, value.span, "a Date-Time, a non-negative integer", value.describe());
        return;
    };
    defects.see(DATE_TIME);
    // Years 2001 to 2286 in another unit; as milliseconds these are weeks of early 1970, or far from any calendar.
    let unit = match time {
        1_000_000_000..10_000_000_000 => "seconds",
        1_000_000_000_000_000..10_000_000_000_000_000 => "microseconds",
        1_000_000_000_000_000_000..10_000_000_000_000_000_000 => "nanoseconds",
        // From 1973 to the year 5138.
        100_000_000_000..100_000_000_000_000 => return defects.see(MILLISECONDS),
        // Anything else may be meant: the beginning of time, or its end.
        _ => return,
    };
    defects.add(MILLISECONDS, value.span, "milliseconds since 1970", format!("{time}, which reads as {unit}"));
}

/// Duration: a whole number of milliseconds (LS 3.4.2.3). Its size tells nothing of the unit.
pub(in super::super) fn duration(value: &Node, defects: &mut Defects) {
    match value.as_whole() {
        Some(0..) => defects.see(DURATION),
        _ => defects.add(DURATION, value.span, "a Duration, a non-negative integer", value.describe()),
    }
}

/// The pid of a Process.
pub(super) fn pid(value: &Node, defects: &mut Defects) {
    match value.as_whole() {
        Some(0..) => defects.see(PROCESS),
        _ => {
            let actual = format!("pid = {}", value.describe());
            defects.add(PROCESS, value.span, "pid as a non-negative integer", actual);
        }
    }
}

/// Port (LS 3.4.2.14).
pub(super) fn port(value: &Node, defects: &mut Defects) {
    match value.as_whole() {
        Some(0..=65_535) => defects.see(PORT),
        _ => defects.add(PORT, value.span, "a Port, an integer from 0 to 65535", value.describe()),
    }
}

/// L4-Protocol (LS 3.4.2.10): a name. Any protocol of IANA's is meant, but four have names.
pub(super) fn l4_protocol(value: &Node, defects: &mut Defects) {
    let known = "icmp, tcp, udp or sctp";
    match (&value.value, value.as_whole()) {
        (Value::Text(name), _) => {
            defects.see(L4_PROTOCOL);
            if PROTOCOLS.contains(&name.as_str()) {
                defects.see(L4_PROTOCOL_NAME);
            } else {
                defects.add(L4_PROTOCOL_NAME, value.span, known, value.describe());
            }
        }
        // What IANA numbers can hardly stand in another way.
        (_, Some(0..=255)) => defects.add(L4_PROTOCOL_NAME, value.span, known, value.describe()),
        _ => defects.add(L4_PROTOCOL, value.span, "an L4-Protocol, a string", value.describe()),
    }
}
