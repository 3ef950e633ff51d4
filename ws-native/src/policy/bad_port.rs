//! Ports on which other protocols are spoken.

/// Whether the port is one of the 83 that other protocols are spoken on: <https://fetch.spec.whatwg.org/#port-blocking>.
///
/// ```
/// use ws_native::policy::is_bad_port;
/// assert!(is_bad_port(25) && !is_bad_port(26));
/// ```
pub fn is_bad_port(port: u16) -> bool {
    BAD_PORTS.binary_search(&port).is_ok()
}

const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_ports_are_sorted_and_found_and_their_neighbours_are_not() {
        assert!(BAD_PORTS.is_sorted());
        for (port, bad) in [(0, true), (2, false), (79, true), (80, false), (6665, true), (6670, false), (10080, true)]
        {
            assert_eq!(is_bad_port(port), bad, "{port}");
        }
    }
}
