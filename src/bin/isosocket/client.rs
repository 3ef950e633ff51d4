//! The options of a client, for talking to a server as for measuring it.

use std::error::Error;
use std::fs;
use std::time::Duration;

use ws_core::url::SocketUrl;
use ws_native::{ConnectOptions, Proxy, Roots, Tls, TlsOptions, certificates_from_pem};

#[derive(clap::Args)]
pub(crate) struct Client {
    /// The server's URL: ws://… or wss://…; http and https are taken for these.
    #[arg(value_name = "URL", value_parser = url)]
    pub(crate) url: SocketUrl,
    /// Offer this subprotocol; again for more of them, the preferred one first.
    #[arg(long = "protocol", value_name = "NAME")]
    protocols: Vec<String>,
    /// Send this header with the request; again for more of them.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Send this Origin, as a page of it would.
    #[arg(long)]
    origin: Option<String>,
    /// Go through this proxy: http://…, https://…, socks5://… or socks5h://…; "env": the one that HTTP_PROXY, HTTPS_PROXY,
    /// ALL_PROXY and NO_PROXY name. Default: none.
    #[arg(long, value_name = "URL", value_parser = proxy)]
    proxy: Option<Proxy>,
    /// Trust the authorities of this PEM file, and no others. Default: those that the system trusts.
    #[arg(long, value_name = "FILE", value_parser = roots, conflicts_with = "insecure")]
    ca: Option<Roots>,
    /// Take any certificate: whoever is on the way can read and change what is sent.
    #[arg(long)]
    insecure: bool,
    /// Do not offer compression.
    #[arg(long)]
    no_deflate: bool,
}

impl Client {
    /// The options of the library.
    ///
    /// # Errors
    /// The file of authorities was read, but is not usable.
    pub(crate) fn options(self) -> Result<ConnectOptions, Box<dyn Error>> {
        let mut options = ConnectOptions::default();
        options.protocols = self.protocols;
        options.headers = self.headers;
        options.headers.extend(self.origin.map(|origin| ("Origin".into(), origin)));
        options.proxy = self.proxy.unwrap_or_default();
        if self.no_deflate {
            options.config.compression = None;
        }
        if let Some(roots) = if self.insecure { Some(Roots::Unverified) } else { self.ca } {
            let mut tls = TlsOptions::default();
            tls.roots = roots;
            options.tls = Some(Tls::new(tls)?);
        }
        Ok(options)
    }
}

/// A URL as it is printed: without user name and password, and without the query, which may have a
/// token in it.
pub(crate) fn without_secrets(url: &SocketUrl) -> String {
    let path = url.resource_name().split('?').next().unwrap_or_default();
    format!("{}{path}", url.origin())
}

fn url(text: &str) -> Result<SocketUrl, String> {
    let parsed = SocketUrl::parse(text, None);
    parsed.map_err(|error| match SocketUrl::parse(&format!("ws://{text}"), None) {
        Ok(_) if !text.contains("://") => format!("{error}; is it ws://{text} that is meant?"),
        _ => error.to_string(),
    })
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
    Ok((name.trim().into(), value.trim().into()))
}

fn proxy(text: &str) -> Result<Proxy, String> {
    match text {
        "env" => Ok(Proxy::Environment),
        url => url.parse().map(Proxy::Through).map_err(|error: ws_native::ProxyUrlError| error.to_string()),
    }
}

fn roots(file: &str) -> Result<Roots, String> {
    let pem = fs::read(file).map_err(|error| error.to_string())?;
    certificates_from_pem(&pem).map(Roots::Own).map_err(|error| error.to_string())
}

/// The longest time: a year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A time in seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "a number of seconds is wanted, such as 5 or 0.5")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() && time <= LONGEST => Ok(time),
        _ => Err("it must be more than 0 seconds, and no more than a year".into()),
    }
}
