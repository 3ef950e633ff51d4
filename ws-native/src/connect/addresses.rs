//! The addresses of a host: [Happy Eyeballs, RFC 8305](https://datatracker.ietf.org/doc/html/rfc8305).

use std::net::SocketAddr;

/// The addresses in the order to try them: the order of the system, which has sorted them, but with
/// IPv6 and IPv4 taking turns.
///
/// "If the first address in the list is an IPv6 address, [...] the list should be reordered to be an alternation of
/// address families": section 4.
pub(crate) fn interleave(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let addresses: Vec<_> = addresses.into_iter().collect();
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second) = (
        addresses.iter().filter(|a| a.is_ipv6() == first_is_v6),
        addresses.iter().filter(|a| a.is_ipv6() != first_is_v6),
    );
    let mut ordered = Vec::with_capacity(addresses.len());
    while ordered.len() < addresses.len() {
        ordered.extend(first.next());
        ordered.extend(second.next());
    }
    ordered
}

/// The host of a URL for use outside of URLs: an IPv6 address without its brackets.
#[cfg(feature = "tokio")]
pub(crate) fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 80).into()
    }

    fn v6(last: u16) -> SocketAddr {
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 80).into()
    }

    #[test]
    fn families_take_turns_beginning_with_the_first() {
        assert_eq!(interleave([v6(1), v6(2), v4(1), v4(2), v4(3)]), [v6(1), v4(1), v6(2), v4(2), v4(3)]);
        assert_eq!(interleave([v4(1), v6(1), v6(2)]), [v4(1), v6(1), v6(2)]);
        assert_eq!(interleave([]), []);
    }
}
