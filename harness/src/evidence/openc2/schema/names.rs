//! Names and integer ids of LS v1.0.

/// Actions (LS 3.3.1.1). The list is closed (LS 3.1.4).
pub const ACTIONS: [(i128, &str); 20] = [
    (1, "scan"),
    (2, "locate"),
    (3, "query"),
    (6, "deny"),
    (7, "contain"),
    (8, "allow"),
    (9, "start"),
    (10, "stop"),
    (11, "restart"),
    (14, "cancel"),
    (15, "set"),
    (16, "update"),
    (18, "redirect"),
    (19, "create"),
    (20, "delete"),
    (22, "detonate"),
    (23, "restore"),
    (28, "copy"),
    (30, "investigate"),
    (32, "remediate"),
];

/// Targets (LS 3.3.1.2). Profiles add others as `nsid:name`.
pub const TARGETS: [(i128, &str); 18] = [
    (1, "artifact"),
    (2, "command"),
    (3, "device"),
    (7, "domain_name"),
    (8, "email_addr"),
    (9, "features"),
    (10, "file"),
    (11, "idn_domain_name"),
    (12, "idn_email_addr"),
    (13, "ipv4_net"),
    (14, "ipv6_net"),
    (15, "ipv4_connection"),
    (16, "ipv6_connection"),
    (17, "mac_addr"),
    (18, "process"),
    (19, "uri"),
    (20, "iri"),
    (25, "properties"),
];

/// Members of args (LS 3.3.1.4). Profiles add their NSID.
pub const ARGS: [(i128, &str); 4] = [(1, "start_time"), (2, "stop_time"), (3, "duration"), (4, "response_requested")];

/// Response-Type (LS 3.4.2.15).
pub const RESPONSE_TYPES: [(i128, &str); 4] = [(0, "none"), (1, "ack"), (2, "status"), (3, "complete")];

/// Feature (LS 3.4.2.4).
pub const FEATURES: [(i128, &str); 4] = [(1, "versions"), (2, "profiles"), (3, "pairs"), (4, "rate_limit")];

/// Members of a Command (LS 3.3.1).
pub const COMMAND: [(i128, &str); 5] = [(1, "action"), (2, "target"), (3, "args"), (4, "actuator"), (5, "command_id")];

/// Members of a Response (LS 3.3.2).
pub const RESPONSE: [(i128, &str); 3] = [(1, "status"), (2, "status_text"), (3, "results")];

/// Status codes (LS 3.3.2.1).
pub const STATUS: [i128; 9] = [102, 200, 400, 401, 403, 404, 500, 501, 503];

/// Whether `name` is one of `table`.
pub fn known(table: &[(i128, &str)], name: &str) -> bool {
    table.iter().any(|(_, known)| *known == name)
}

/// Whether `name` can be a namespace identifier (LS 3.4.2.12): 1 to 16 characters.
pub fn is_nsid(name: &str) -> bool {
    (1..=16).contains(&name.chars().count())
}

/// Whether `name` is a target of LS or, as `nsid:name`, of a profile (LS 3.1.4).
pub fn is_target(name: &str) -> bool {
    known(&TARGETS, name) || is_extended_target(name)
}

/// Whether `name` reads `nsid:name`.
pub fn is_extended_target(name: &str) -> bool {
    name.split_once(':').is_some_and(|(nsid, rest)| is_nsid(nsid) && !rest.is_empty())
}
