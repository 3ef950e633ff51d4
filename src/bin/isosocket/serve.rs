//! `isosocket serve`: the workbench page and an echo endpoint on one port.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, Version, header};
use axum::routing::any;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use ws_core::Failure;
use ws_native::Connection;
use ws_native::proto::{self, Config, HandshakeError, Headers, IncomingRequest};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder with the built page.
    #[arg(long, default_value = "www/dist")]
    dir: PathBuf,
    /// The port to listen on; 0 lets the system choose.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
}

pub(crate) async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { dir, port, host } = arguments;
    if !dir.join("index.html").is_file() {
        return Err(format!("there is no index.html in {}: build the page with `make page`", dir.display()).into());
    }
    let listener = TcpListener::bind((host, port)).await.map_err(|error| {
        format!("cannot listen on port {port} of {host} ({error}): choose another one with --port, or PORT= for make")
    })?;
    let address = listener.local_addr()?;
    println!("isosocket workbench on http://{address}  (echo: ws://{address}/echo)");
    // A page that was built anew is to be seen at once.
    let fresh = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let router = Router::new().route("/echo", any(echo)).fallback_service(ServeDir::new(dir)).layer(fresh);
    axum::serve(listener, router).await?;
    Ok(())
}

/// Answers a request for /echo: upgrades it if it is one for a WebSocket, and says what is wrong with it otherwise.
async fn echo(mut request: Request) -> Response<Body> {
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let (incoming, upgrade) = match (validate(&request), upgrade) {
        (Ok(incoming), Some(upgrade)) => (incoming, upgrade),
        (Err(error), _) => return refusal(error.status(), &error.to_string()),
        (Ok(_), None) => return refusal(400, "this connection cannot be upgraded"),
    };
    let end = proto::Connection::server_upgraded(&incoming, Config::default());
    let extensions = end.1.extensions.clone();
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                let connection = Connection::server_upgraded(TokioIo::new(upgraded), end);
                if let Err(failure) = send_back(connection).await {
                    eprintln!("isosocket: echo: {failure}");
                }
            }
            Err(error) => eprintln!("isosocket: echo: {error}"),
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    let protocol = incoming.protocols().next();
    let values = [
        (header::SEC_WEBSOCKET_ACCEPT, Some(incoming.accept_value())),
        (header::SEC_WEBSOCKET_PROTOCOL, protocol.map(str::to_owned)),
        (header::SEC_WEBSOCKET_EXTENSIONS, Some(extensions).filter(|extensions| !extensions.is_empty())),
    ];
    for (name, value) in values.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        match HeaderValue::from_str(&value) {
            Ok(value) => headers.insert(name, value),
            Err(_) => return refusal(400, "a subprotocol has a character it must not have"),
        };
    }
    response
}

fn validate(request: &Request) -> Result<IncomingRequest, HandshakeError> {
    if request.version() != Version::HTTP_11 {
        return Err(HandshakeError::NotHttp("the version is not HTTP/1.1"));
    }
    let resource = request.uri().path_and_query().map_or("/", |resource| resource.as_str());
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    IncomingRequest::validate(request.method().as_str(), resource, Headers::from_iter(headers))
}

fn refusal(status: u16, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{message}\n")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    if status == 426 {
        response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

async fn send_back<T>(mut connection: Connection<T>) -> Result<(), Failure>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}
