//! Ports for the IUT to listen on.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems give to outgoing connections, so that nobody is given one by chance.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port of the loopback address that nobody listens on, another one each time. The process number spreads what
/// several runs on one machine take.
pub(super) fn free() -> u16 {
    let spread = u16::try_from(u64::from(std::process::id()) * 131 % u64::from(COUNT)).unwrap_or(0);
    for _ in 0..COUNT {
        let port = FIRST + (spread + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    FIRST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_are_free() {
        let (a, b) = (free(), free());
        assert_ne!(a, b);
        TcpListener::bind((Ipv4Addr::LOCALHOST, b)).expect("free");
    }
}
