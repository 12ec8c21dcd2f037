//! User name and password in CONNECT (3.1.2.8, 3.1.2.9, 3.1.3.4).

use super::support::{
    any, by_defect_in, has_password, has_user_name, only_connected, only_opened, ready, receives_only,
};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::sketch::Sketch;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

/// A connection with a user name and a password.
fn known(s: &mut Sketch) {
    s.connect_with(build::connect("k").user_name("zulu").password(b"\xFF").build());
}

requirement! {
    /// Without the User Name Flag the payload of CONNECT holds no user name.
    ///
    /// # Interpretation
    /// A whole field left over after those the flags announce counts as one.
    ///
    /// # Judged
    /// On every CONNECT: never such a field without the flag.
    USER_NAME_ABSENT {
        id: "mqtt311/user-name-absent",
        rows: &["MQTT-3.1.2-18"],
        clause: "3.1.2.8",
        implies: &["mqtt311/connect-format", "mqtt311/will-fields-absent"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.1.2-18",
                PacketType::Connect,
                any,
                "holds a further field without the User Name Flag",
            )
        }),
        examples: Examples {
            conforming: &[ready, known],
            violating: &[|s| s.connect_with(build::connect("k").user_name("zulu").flags(0x02).build())],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").user_name("z").flags(0x02).build())],
        },
    }
}

requirement! {
    /// With the User Name Flag the payload of CONNECT holds a user name, be it empty.
    ///
    /// # Judged
    /// On every CONNECT with the flag.
    USER_NAME_PRESENT {
        id: "mqtt311/user-name-present",
        rows: &["MQTT-3.1.2-19"],
        clause: "3.1.2.8",
        trigger: Trigger::IutOption("credentials"),
        implies: &["mqtt311/connect-format", "mqtt311/password-present"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.1.2-19",
                PacketType::Connect,
                has_user_name,
                "sets the User Name Flag without a user name",
            )
        }),
        examples: Examples {
            conforming: &[known, |s| s.connect_with(build::connect("k").user_name("").build())],
            violating: &[|s| s.connect_with(build::connect("k").flags(0x82).build())],
            silent: &[only_connected, |s| receives_only(s, build::connect("k").flags(0x82).build())],
        },
    }
}

requirement! {
    /// The User Name is a UTF-8 string.
    ///
    /// # Judged
    /// On every CONNECT with the User Name Flag.
    USER_NAME_UTF8 {
        id: "mqtt311/user-name-utf8",
        rows: &["MQTT-3.1.3-11"],
        clause: "3.1.3.4",
        trigger: Trigger::IutOption("credentials"),
        implies: &["mqtt311/utf8-well-formed"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.1.3-11",
                PacketType::Connect,
                has_user_name,
                "carries a User Name that is not UTF-8",
            )
        }),
        examples: Examples {
            conforming: &[known],
            violating: &[|s| s.connect_with(build::connect("k").user_name(b"caf\xE9").build())],
            silent: &[only_connected, |s| receives_only(s, build::connect("k").user_name(b"\xE9").build())],
        },
    }
}

requirement! {
    /// Without the Password Flag the payload of CONNECT holds no password.
    ///
    /// # Judged
    /// On every CONNECT: never a field left over after the user name without the flag.
    PASSWORD_ABSENT {
        id: "mqtt311/password-absent",
        rows: &["MQTT-3.1.2-20"],
        clause: "3.1.2.9",
        implies: &["mqtt311/connect-format", "mqtt311/will-fields-absent"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.1.2-20",
                PacketType::Connect,
                any,
                "holds a field after the user name without the Password Flag",
            )
        }),
        examples: Examples {
            conforming: &[ready, known],
            violating: &[|s| s.connect_with(build::connect("k").user_name("z").password("p").flags(0x82).build())],
            silent: &[only_opened, |s| {
                receives_only(s, build::connect("k").user_name("z").password("p").flags(0x82).build());
            }],
        },
    }
}

requirement! {
    /// With the Password Flag the payload of CONNECT holds a password, be it empty.
    ///
    /// # Judged
    /// On every CONNECT with the flag.
    PASSWORD_PRESENT {
        id: "mqtt311/password-present",
        rows: &["MQTT-3.1.2-21"],
        clause: "3.1.2.9",
        trigger: Trigger::IutOption("credentials"),
        implies: &["mqtt311/connect-format"],
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.1.2-21",
                PacketType::Connect,
                has_password,
                "sets the Password Flag without a password",
            )
        }),
        examples: Examples {
            conforming: &[known, |s| s.connect_with(build::connect("k").user_name("z").password("").build())],
            violating: &[|s| s.connect_with(build::connect("k").user_name("z").flags(0xC2).build())],
            silent: &[only_connected, |s| {
                receives_only(s, build::connect("k").user_name("z").flags(0xC2).build());
            }],
        },
    }
}

requirement! {
    /// Without the User Name Flag the Password Flag is 0.
    ///
    /// # Interpretation
    /// A password alone is lawful in MQTT 5 only.
    ///
    /// # Judged
    /// On every CONNECT: never the Password Flag alone.
    PASSWORD_NEEDS_USER_NAME {
        id: "mqtt311/password-needs-user-name",
        rows: &["MQTT-3.1.2-22"],
        clause: "3.1.2.9",
        judged: Judged::Packet(|p, _| {
            by_defect_in(
                p,
                "MQTT-3.1.2-22",
                PacketType::Connect,
                any,
                "sets the Password Flag without the User Name Flag",
            )
        }),
        examples: Examples {
            conforming: &[ready, known],
            violating: &[|s| s.connect_with(build::connect("k").password("p").flags(0x42).build())],
            silent: &[only_opened, |s| receives_only(s, build::connect("k").password("p").flags(0x42).build())],
        },
    }
}
