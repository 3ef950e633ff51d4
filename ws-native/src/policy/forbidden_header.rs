//! Headers that are not a script's to set.

/// Whether a script may not set this header: a [forbidden request-header][1] of Fetch, or one that the policy gives.
///
/// ```
/// use ws_native::policy::is_forbidden_header;
/// assert!(is_forbidden_header("Origin") && is_forbidden_header("sec-fetch-site"));
/// assert!(!is_forbidden_header("Authorization") && !is_forbidden_header("X-Token"));
/// ```
///
/// [1]: https://fetch.spec.whatwg.org/#forbidden-request-header
pub fn is_forbidden_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    FORBIDDEN_HEADERS.contains(&name.as_str()) || name.starts_with("proxy-") || name.starts_with("sec-")
}

const FORBIDDEN_HEADERS: [&str; 21] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
