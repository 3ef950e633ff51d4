//! The cookies that a client brings, and those that servers give it.

#[cfg(feature = "cookies")]
mod date;

#[cfg(feature = "cookies")]
use std::cmp::Reverse;
#[cfg(feature = "cookies")]
use std::convert::Infallible;
use std::fmt;

#[cfg(feature = "cookies")]
use cookie_store::{Cookie, CookieStore, RawCookie};
use ws_core::Failure;
use ws_core::url::SocketUrl;

use super::ConnectOptions;
use crate::policy::Policy as _;
use crate::proto::{self, Established};

/// A place for cookies, which several sockets may share.
///
/// ```
/// use std::sync::Mutex;
/// use ws_native::{CookieJar, SocketUrl};
///
/// /// Keeps whatever the last server gave, and gives it to all.
/// #[derive(Debug, Default)]
/// struct Last(Mutex<Option<String>>);
///
/// impl CookieJar for Last {
///     fn cookies(&self, _url: &SocketUrl) -> Option<String> {
///         self.0.lock().unwrap().clone()
///     }
///     fn store(&self, _url: &SocketUrl, set_cookie: &str) {
///         *self.0.lock().unwrap() = set_cookie.split(';').next().map(str::to_owned);
///     }
/// }
/// # let jar = Last::default();
/// # let url = SocketUrl::parse("ws://h/", None)?;
/// # jar.store(&url, "a=1; Path=/");
/// # assert_eq!(jar.cookies(&url).unwrap(), "a=1");
/// # Ok::<(), ws_core::SyntaxError>(())
/// ```
pub trait CookieJar: fmt::Debug + Send + Sync {
    /// The value of the Cookie header for a handshake with this URL, if there is to be one.
    fn cookies(&self, url: &SocketUrl) -> Option<String>;

    /// Takes the value of a Set-Cookie header in the answer from this URL.
    fn store(&self, url: &SocketUrl, set_cookie: &str);
}

/// Stores the cookies of the answer to an opening handshake, also of a refusal or an invalid
/// answer.
pub(crate) fn keep(options: &ConnectOptions, url: &SocketUrl, outcome: Result<&Established, &Failure>) {
    match outcome {
        Ok(established) => options.store_cookies(url, &established.headers),
        Err(failure) => {
            if let Some(proto::Error::Handshake(error)) = failure.cause().downcast_ref()
                && let Some(answer) = error.answer()
            {
                options.store_cookies(url, &answer.headers);
            }
        }
    }
}

/// Cookies in memory, by [RFC 6265](https://datatracker.ietf.org/doc/html/rfc6265), except that a
/// server can set none for a domain above its own, and that over `ws` it can neither set nor replace
/// one that is for `wss` alone, unless it is at a loopback address. Those with paths of the same
/// length go by their age among those of one domain. A cookie of more than 8 KiB is ignored, and so
/// is a new one of a host that already has 180.
///
/// ```
/// use std::sync::Arc;
/// use ws_native::{ConnectOptions, CookieJar as _, MemoryJar, SocketUrl};
/// let jar = Arc::new(MemoryJar::default());
/// jar.store(&SocketUrl::parse("wss://a.example/", None)?, "id=7; Secure; HttpOnly");
/// let mut options = ConnectOptions::default();
/// options.cookies = Some(jar); // a clone of it for every socket
/// # Ok::<(), ws_core::SyntaxError>(())
/// ```
#[cfg(feature = "cookies")]
#[derive(Default)]
pub struct MemoryJar(std::sync::Mutex<CookieStore>);

#[cfg(feature = "cookies")]
impl MemoryJar {
    /// The most cookies of a host, and the most bytes of the header that sets one. RFC 6265, section 6.1: "At least 4096 bytes per
    /// cookie (as measured by the sum of the length of the cookie's name, value, and attributes)." and "At least 50 cookies per domain."
    const MOST: usize = 180;
    const LONGEST: usize = 8192;

    fn store(&self) -> std::sync::MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(feature = "cookies")]
impl CookieJar for MemoryJar {
    fn cookies(&self, url: &SocketUrl) -> Option<String> {
        let store = self.store();
        let mut cookies = store.matches(&http_url(url)?);
        // Section 5.4: "Cookies with longer paths are listed before cookies with shorter paths. [...] Among cookies that have
        // equal-length path fields, cookies with earlier creation-times are listed before cookies with later creation-times." Those of
        // one domain come in that order.
        cookies.sort_by_key(|cookie| Reverse(cookie.path.len()));
        let pairs: Vec<_> = cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn store(&self, url: &SocketUrl, set_cookie: &str) {
        if set_cookie.len() > Self::LONGEST {
            return;
        }
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let mut parts = vec![pair];
        parts.extend(attributes.split(';').filter(|attribute| !is_empty_max_age(attribute)));
        // The parser knows some forms of a date, and takes the last one that it can read.
        let expires = date::expires(set_cookie).map(|date| format!("Expires={date}"));
        parts.extend(expires.as_deref());
        let Ok(cookie) = RawCookie::parse(parts.join(";")) else { return };
        // It is not known here whether others share a domain, such as co.uk.
        if cookie.domain().is_some_and(|domain| !domain.eq_ignore_ascii_case(url.host())) {
            return;
        }
        let is_secure = is_secure(url);
        let Some(url) = http_url(url) else { return };
        // A cookie that is malformed, or that this server must not set, is ignored, as the RFC
        // says.
        let Ok(cookie) = Cookie::try_from_raw_cookie(&cookie, &url) else { return };
        let mut store = self.store();
        // Deviation: RFC 6265 lets anyone who is on the way replace a cookie of TLS. By draft-ietf-httpbis-rfc6265bis, "if the
        // request-uri does not denote a "secure" connection (as defined by the user agent), and the cookie's secure-only-flag is
        // true, then abort these steps and ignore the cookie entirely."
        let is_kept_off = || cookie.secure() == Some(true) || store.iter_unexpired().any(|old| overlays(&cookie, old));
        if !is_secure && is_kept_off() {
            return;
        }
        let of_host = store.iter_unexpired().filter(|cookie| cookie.domain.matches(&url)).count();
        let is_known = || {
            let domain = cookie.domain.as_cow();
            domain.is_some_and(|domain| store.contains_any(&domain, &cookie.path, cookie.name()))
        };
        if of_host >= Self::MOST && !is_known() {
            return;
        }
        let _ = store.insert(cookie.into_owned(), &url);
        // Section 5.3: "The user agent MUST evict all expired cookies from the cookie store".
        if store.iter_any().any(|cookie| cookie.is_expired()) {
            let left: Vec<_> = store.iter_unexpired().cloned().map(Ok::<_, Infallible>).collect();
            let Ok(left) = CookieStore::from_cookies(left, false);
            *store = left;
        }
    }
}

/// Section 5.2.2: "If the first character of the attribute-value is not a DIGIT or a "-" character, ignore the cookie-av." The parser
/// takes an attribute of Max-Age without any for the longest time that there is.
#[cfg(feature = "cookies")]
fn is_empty_max_age(attribute: &str) -> bool {
    attribute
        .split_once('=')
        .is_some_and(|(name, value)| name.trim().eq_ignore_ascii_case("Max-Age") && value.trim().is_empty())
}

/// Whether cookies that are for secure connections alone go there: those of cookie_store also go to a loopback address.
#[cfg(feature = "cookies")]
fn is_secure(url: &SocketUrl) -> bool {
    url.is_secure() || url.host() == "localhost" || url.address().is_some_and(|address| address.is_loopback())
}

/// Whether a new cookie would stand in for one that is for secure connections alone. By the draft: "Their name matches the name
/// of the newly-created cookie. Their secure-only-flag is true. Their domain domain-matches the domain of the newly-created
/// cookie, or vice-versa. The path of the newly-created cookie path-matches the path of the existing cookie."
#[cfg(feature = "cookies")]
fn overlays(new: &Cookie<'_>, old: &Cookie<'_>) -> bool {
    let is_within =
        |name: &str, domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let (Some(one), Some(other)) = (new.domain.as_cow(), old.domain.as_cow()) else { return false };
    let rest = new.path.strip_prefix(&*old.path);
    old.secure() == Some(true)
        && new.name() == old.name()
        && (is_within(&one, &other) || is_within(&other, &one))
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || old.path.ends_with('/'))
}

/// The URL with the scheme that the rules for cookies know: `http` or `https`.
#[cfg(feature = "cookies")]
fn http_url(url: &SocketUrl) -> Option<url::Url> {
    let scheme = if url.is_secure() { "https" } else { "http" };
    url::Url::parse(&format!("{scheme}://{}{}", url.authority(), url.resource_name())).ok()
}

/// Leaves out the values.
#[cfg(feature = "cookies")]
impl fmt::Debug for MemoryJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = self.store();
        f.debug_list().entries(store.iter_any().map(|cookie| cookie.name())).finish()
    }
}

#[cfg(all(test, feature = "cookies"))]
mod tests {
    use super::*;
    use crate::proto::Headers;

    #[test]
    fn cookies_go_to_the_servers_they_are_for() {
        let url = |text| SocketUrl::parse(text, None).unwrap();
        let jar = MemoryJar::default();
        let headers = Headers::from_iter([
            ("Set-Cookie", "a=1; Path=/chat"),
            ("set-cookie", "b=2; Secure"),
            ("Set-Cookie", "c=3; Domain=other.example"),
            ("Set-Cookie", "d=4; Domain=example"),
            ("Set-Cookie", "e=5; Domain=H.example; Path=/e"),
            ("Set-Cookie", "no cookie"),
        ]);
        let jar = std::sync::Arc::new(jar);
        let options = ConnectOptions { cookies: Some(jar.clone()), ..ConnectOptions::default() };
        options.store_cookies(&url("wss://h.example/chat"), &headers);
        let mut cookies: Vec<_> =
            jar.cookies(&url("wss://h.example/chat/1")).unwrap().split("; ").map(String::from).collect();
        cookies.sort();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(jar.cookies(&url("ws://h.example/chat")).unwrap(), "a=1", "b is for TLS alone");
        assert_eq!(jar.cookies(&url("wss://other.example/chat")), None);
        assert_eq!(jar.cookies(&url("ws://h.example/e")).unwrap(), "e=5");
        assert_eq!(jar.cookies(&url("ws://h.example/")), None);
    }

    #[test]
    fn a_cookie_that_is_for_tls_alone_is_set_and_replaced_over_tls_alone() {
        let url = |text| SocketUrl::parse(text, None).unwrap();
        let (tls, plain) = (url("wss://a.example/login/en"), url("ws://a.example/login/en"));
        let jar: &dyn CookieJar = &MemoryJar::default();
        jar.store(&plain, "sid=evil; Secure");
        assert_eq!(jar.cookies(&tls), None);
        jar.store(&tls, "sid=good; Path=/login; Secure");
        for evil in ["", "; Secure", "; Max-Age=0", "; Domain=a.example"] {
            for path in ["/login", "/login/", "/login/en"] {
                jar.store(&plain, &format!("sid=evil; Path={path}{evil}"));
            }
        }
        assert_eq!((jar.cookies(&tls).as_deref(), jar.cookies(&plain)), (Some("sid=good"), None));
        // Of another path or name, or of a host that has only the end of its name in common.
        for other in ["sid=2; Path=/", "sid2=3; Path=/login"] {
            jar.store(&plain, other);
        }
        assert_eq!(jar.cookies(&plain).as_deref(), Some("sid2=3; sid=2"));
        jar.store(&url("ws://aa.example/login"), "sid=4");
        assert_eq!(jar.cookies(&url("ws://aa.example/login")).as_deref(), Some("sid=4"));
        jar.store(&tls, "sid=5; Path=/login");
        assert_eq!(jar.cookies(&plain).as_deref(), Some("sid=5; sid2=3; sid=2"), "TLS may let it go");

        // Those for a domain and those of a host within it.
        jar.store(&url("wss://b.example/"), "sid=good; Domain=b.example; Secure");
        jar.store(&url("ws://in.b.example/"), "sid=evil");
        assert_eq!(jar.cookies(&url("ws://in.b.example/")), None);
        jar.store(&url("wss://in.c.example/"), "sid=good; Secure");
        jar.store(&url("ws://c.example/"), "sid=evil; Domain=c.example");
        assert_eq!(jar.cookies(&url("ws://c.example/")), None);

        // Nobody is on the way to a loopback address.
        for local in ["ws://localhost/", "ws://127.0.0.2/", "ws://[::1]/"] {
            for set in ["sid=1; Secure", "sid=2; Secure"] {
                jar.store(&url(local), set);
            }
            assert_eq!(jar.cookies(&url(local)).as_deref(), Some("sid=2"), "{local}");
        }
    }

    #[test]
    fn the_longer_path_goes_first_and_nothing_is_kept_of_what_is_over() {
        let url = SocketUrl::parse("ws://h.example/chat/room/1", None).unwrap();
        let jar: &dyn CookieJar = &MemoryJar::default();
        // One that changes is as old as it was.
        for (path, set) in [("/", "sid=1"), ("/chat/room", "sid=3"), ("/chat", "sid=0; c=0; b=0; a=0; sid=2")] {
            for set in set.split("; ") {
                jar.store(&url, &format!("{set}; Path={path}"));
            }
        }
        assert_eq!(jar.cookies(&url).unwrap(), "sid=3; sid=2; c=0; b=0; a=0; sid=1");
        for path in ["/", "/chat", "/chat/room"] {
            jar.store(&url, &format!("sid=; Path={path}; Max-Age=0"));
        }
        assert_eq!(jar.cookies(&url).unwrap(), "c=0; b=0; a=0");
        assert_eq!(format!("{jar:?}"), r#"["c", "b", "a"]"#);
    }

    #[test]
    fn a_cookie_is_over_in_whatever_form_that_is_said() {
        let url = SocketUrl::parse("ws://h.example/", None).unwrap();
        let jar: &dyn CookieJar = &MemoryJar::default();
        for date in [
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Thu, 1 Jan 1970 00:00:00 GMT",
            "Thursday, 01-Jan-1970 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:00 -0000",
            "Thu, 01 Jan 1970 00:00:00 UTC",
        ] {
            jar.store(&url, "sid=1");
            jar.store(&url, &format!("sid=; Expires={date}; Path=/"));
            assert_eq!(jar.cookies(&url), None, "{date}");
        }
        for max_age in ["Max-Age=0", "Max-Age=-1", "Max-Age=0; max-age = ", "Max-Age=; Expires=1 Jan 1970 00:00:00"] {
            jar.store(&url, "sid=1; Max-Age=");
            assert_eq!(jar.cookies(&url).as_deref(), Some("sid=1"));
            jar.store(&url, &format!("sid=; {max_age}; Path=/"));
            assert_eq!(jar.cookies(&url), None, "{max_age}");
        }
        jar.store(&url, "Max-Age=; Max-Age=0");
        assert_eq!(jar.cookies(&url), None);
        jar.store(&url, "Max-Age=");
        assert_eq!(jar.cookies(&url).as_deref(), Some("Max-Age="), "it is a name as any other");
        jar.store(&url, "Max-Age=; Max-Age=0");
        jar.store(&url, "sid=1; Expires=Fri, 31-December-9999 23:59:59 UTC");
        assert_eq!(jar.cookies(&url).as_deref(), Some("sid=1"));
        jar.store(&url, "sid=; Expires=31 Feb 1970 00:00:00");
        assert_eq!(jar.cookies(&url).as_deref(), Some("sid="), "there is no such day");
    }

    #[test]
    fn a_host_has_room_for_so_many_cookies_of_such_a_length() {
        let url = SocketUrl::parse("ws://h.example/", None).unwrap();
        let other = SocketUrl::parse("ws://other.example/", None).unwrap();
        let jar: &dyn CookieJar = &MemoryJar::default();
        jar.store(&url, &format!("n0={}", "x".repeat(8193 - 3)));
        assert_eq!(jar.cookies(&url), None, "it is too long");
        jar.store(&url, &format!("n0={}", "x".repeat(8192 - 3)));
        for number in 1..=180 {
            jar.store(&url, &format!("n{number}=1"));
        }
        let count = |jar: &dyn CookieJar| jar.cookies(&url).map_or(0, |cookies| cookies.split("; ").count());
        assert_eq!((count(jar), jar.cookies(&url).unwrap().contains("n180=")), (180, false), "the last one is refused");
        jar.store(&url, "n7=new");
        assert!(jar.cookies(&url).unwrap().contains("n7=new"), "one that is there may change");
        jar.store(&url, "n7=; Max-Age=0");
        jar.store(&url, "n180=1");
        assert_eq!((count(jar), jar.cookies(&url).unwrap().contains("n180=1")), (180, true), "one has gone");
        jar.store(&other, "n1=1");
        assert_eq!(jar.cookies(&other).unwrap(), "n1=1", "another host has room of its own");
        // Cookies that have expired, but were not evicted, take no room.
        let memory = MemoryJar::default();
        for number in 0..180 {
            CookieJar::store(&memory, &url, &format!("n{number}=1"));
        }
        let mut expired: Vec<_> = memory.store().iter_any().cloned().collect();
        expired.iter_mut().for_each(Cookie::expire);
        let Ok(expired) = CookieStore::from_cookies(expired.into_iter().map(Ok::<_, Infallible>), true);
        *memory.store() = expired;
        CookieJar::store(&memory, &url, "new=1");
        assert_eq!(memory.cookies(&url).unwrap(), "new=1");
    }
}
