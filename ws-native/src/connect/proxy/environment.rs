//! The proxies that the environment names.

use std::env;
use std::ffi::OsString;

use base64::Engine as _;
use hyper_util::client::proxy::matcher::Matcher;
use ws_core::url::SocketUrl;

use super::{BASE64, ConnectError, FORM, ProxyUrl, ProxyUrlError};

/// What the environment says of proxies.
#[derive(Debug, Default)]
pub(super) struct Environment {
    http: String,
    https: String,
    all: String,
    no: String,
}

impl Environment {
    pub(super) fn read() -> Self {
        Self::of(|name| env::var_os(name))
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        // A value that is not Unicode names a proxy that cannot be used.
        let text = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
        // In a CGI script `HTTP_PROXY` is a header of the client's; on Windows the name in small
        // letters finds it, too.
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let is_header = |name: &str| {
            is_cgi && if cfg!(windows) { name.eq_ignore_ascii_case("HTTP_PROXY") } else { name == "HTTP_PROXY" }
        };
        let first = |small: &str| {
            let names = [small.to_owned(), small.to_uppercase()];
            let named = names.iter().filter(|name| !is_header(name)).map(|name| text(name));
            named.into_iter().find(|named| !named.is_empty()).unwrap_or_default()
        };
        let no = first("no_proxy").split_whitespace().collect::<Vec<_>>().join(",");
        Self { http: first("http_proxy"), https: first("https_proxy"), all: first("all_proxy"), no }
    }

    /// The proxy that it names for this URL.
    pub(super) fn proxy(&self, url: &SocketUrl) -> Result<Option<ProxyUrl>, ConnectError> {
        let (scheme, own) = if url.is_secure() { ("https", &self.https) } else { ("http", &self.http) };
        let Ok(target) = format!("{scheme}://{}/", url.authority()).parse() else { return Ok(None) };
        let rules = |all: &str| Matcher::builder().all(all).no(&*self.no).build();
        let goes_direct = self.no == "*" || rules("http://any").intercept(&target).is_none();
        let Some(named) = [own, &self.all].into_iter().find(|named| !named.is_empty()).filter(|_| !goes_direct) else {
            return Ok(None);
        };
        let Some(intercept) = rules(named).intercept(&target) else {
            return Err(unusable(&ProxyUrlError::of(named, FORM)));
        };
        let proxy: ProxyUrl = intercept.uri().to_string().parse().map_err(|error| unusable(&error))?;
        let basic =
            intercept.basic_auth().and_then(|value| BASE64.decode(value.to_str().ok()?.strip_prefix("Basic ")?).ok());
        let pair = basic.and_then(|pair| String::from_utf8(pair).ok());
        let basic = pair.as_deref().and_then(|pair| pair.split_once(':'));
        let credentials = basic.or(intercept.raw_auth()).map(|(user, password)| (user.into(), password.into()));
        proxy.with(credentials).map(Some).map_err(|error| unusable(&error))
    }
}

fn unusable(error: &ProxyUrlError) -> ConnectError {
    ConnectError::Proxy { proxy: error.named.clone(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::Scheme;
    use super::*;

    #[test]
    fn a_user_name_and_password_for_socks_have_1_to_255_bytes() {
        let long = |length| "x".repeat(length);
        for (pair, fits) in [
            ("user@".into(), false),
            ("user:@".into(), false),
            (":secret@".into(), false),
            (":@".into(), true),
            ("@".into(), true),
            (format!("u:{}@", long(255)), true),
            (format!("u:secret{}@", long(250)), false),
            (format!("{}:%70@", long(255)), true),
            (format!("{}:secret@", long(256)), false),
        ] {
            for scheme in ["socks5", "socks5h", "http"] {
                let named = format!("{scheme}://{pair}proxy:3");
                let environment = Environment { all: named.clone(), ..Environment::default() };
                let read = environment.proxy(&SocketUrl::parse("wss://h/", None).unwrap());
                match named.parse::<ProxyUrl>() {
                    Ok(proxy) => assert_eq!((read.unwrap(), fits || scheme == "http"), (Some(proxy), true), "{named}"),
                    Err(error) => {
                        assert!(!fits && scheme != "http", "{named}");
                        let (error, read) = (error.to_string(), read.unwrap_err().to_string());
                        assert!(error.contains("1 to 255 bytes each, or neither, unlike \"proxy:3\""), "{error}");
                        assert!(read.contains(&error) && !read.contains("secret"), "{read}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_environment_is_asked_for_http_or_https() {
        let environment = Environment {
            http: "http://plain:1".into(),
            https: "socks5h://u:p%40@secure:2".into(),
            no: "example.org,10.0.0.0/8".into(),
            ..Environment::default()
        };
        let proxy = |url| environment.proxy(&SocketUrl::parse(url, None).unwrap()).unwrap();
        assert_eq!(proxy("ws://h/").unwrap().to_string(), "plain:1");
        let secure = proxy("wss://h:444/").unwrap();
        assert_eq!((secure.scheme, secure.to_string()), (Scheme::Socks5h, "secure:2".into()));
        assert_eq!(secure.credentials, Some(("u".into(), "p@".into())));
        for direct in ["ws://example.org/", "ws://a.example.org/", "wss://10.1.2.3/"] {
            assert_eq!(proxy(direct), None, "{direct}");
        }
    }

    #[test]
    fn variables_in_small_letters_go_first_and_empty_ones_are_none() {
        let environment = |variables: &[(&str, &str)]| {
            Environment::of(|name| Some(variables.iter().find(|(known, _)| *known == name)?.1.into()))
        };
        let read = environment(&[
            ("http_proxy", "small:1"),
            ("HTTP_PROXY", "capital:1"),
            ("https_proxy", ""),
            ("HTTPS_PROXY", "capital:2"),
            ("ALL_PROXY", ""),
            ("NO_PROXY", "one.example two.example, three.example"),
        ]);
        assert_eq!([&*read.http, &*read.https, &*read.all], ["small:1", "capital:2", ""]);
        for host in ["one.example", "two.example", "three.example"] {
            let url = SocketUrl::parse(&format!("wss://{host}/"), None).unwrap();
            assert_eq!(read.proxy(&url).unwrap(), None, "{host}");
        }
        let all_direct = environment(&[("all_proxy", "http://any:1"), ("no_proxy", "*")]);
        assert_eq!(all_direct.proxy(&SocketUrl::parse("ws://127.0.0.1/", None).unwrap()).unwrap(), None);
        // A header `Proxy` of a client is the first one in capitals, and none of the others.
        let in_cgi = environment(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "client:1"), ("HTTPS_PROXY", "own:2")]);
        assert_eq!([&*in_cgi.http, &*in_cgi.https], ["", "own:2"]);
        assert_eq!(environment(&[("REQUEST_METHOD", "GET"), ("http_proxy", "own:1")]).http, "own:1");
    }

    #[test]
    fn what_is_named_for_all_is_for_those_that_have_none_of_their_own() {
        let all = |all: &str| Environment { all: all.into(), no: "direct".into(), ..Environment::default() };
        let url = SocketUrl::parse("wss://[::1]/", None).unwrap();
        let proxy = all("http://user:pass@proxy:3").proxy(&url).unwrap().unwrap();
        assert_eq!(proxy.credentials, Some(("user".into(), "pass".into())));
        let own = Environment { https: "own:4".into(), ..all("http://proxy:3") };
        assert_eq!(own.proxy(&url).unwrap().unwrap().to_string(), "own:4");
        assert_eq!(Environment::default().proxy(&url).unwrap(), None);
    }

    #[test]
    fn nobody_goes_without_a_proxy_that_cannot_be_spoken_to() {
        for named in [
            "socks4://u:secret@proxy:3",
            "socks://u:secret@proxy:3/",
            "ftp://u:secret@proxy",
            "http://u:secret@proxy:port",
        ] {
            let environment = Environment { all: named.into(), no: "direct".into(), ..Environment::default() };
            let error = environment.proxy(&SocketUrl::parse("wss://h/", None).unwrap()).unwrap_err().to_string();
            assert!(error.contains("socks5h") && error.contains("proxy"), "{error}");
            assert!(!error.contains("secret"), "{error}");
            assert_eq!(environment.proxy(&SocketUrl::parse("wss://direct/", None).unwrap()).unwrap(), None);
        }
    }
}
