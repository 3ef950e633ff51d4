//! `isosocket serve`: the workbench page and an echo endpoint on one port.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use ws_native::Origins;
use ws_native::axum::WebSocketUpgrade;

use crate::echo::send_back;
use crate::{say, tell};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder with the built page.
    #[arg(long, default_value = "www/dist")]
    dir: PathBuf,
    /// The port to listen on; 0 lets the system choose.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = host)]
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
    say(format_args!("isosocket workbench on http://{address}  (echo: ws://{address}/echo)"))?;
    let listener = listener.tap_io(|stream| {
        // A socket that does not take this option still works.
        let _ = stream.set_nodelay(true);
    });
    // A page that was built anew should be seen at once.
    let fresh = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let router = Router::new().route("/echo", any(echo)).fallback_service(ServeDir::new(dir)).layer(fresh);
    axum::serve(listener, router).await?;
    Ok(())
}

fn host(text: &str) -> Result<IpAddr, &'static str> {
    text.parse().map_err(|_| "an IP address is wanted, such as 127.0.0.1, or 0.0.0.0 for every one of this machine")
}

/// Sends back what it receives, in the subprotocol that the client likes best. It sends nothing but
/// what the client has sent, so any page may connect.
async fn echo(upgrade: WebSocketUpgrade) -> Response {
    let protocol = upgrade.request().protocols().next().map(str::to_owned);
    let failed = |failure| tell(format_args!("echo: {failure}"));
    upgrade.origins(Origins::Any).protocols(protocol).on_failed_upgrade(failed).on_upgrade(
        move |connection| async move {
            if let Err(failure) = send_back(connection).await {
                failed(failure);
            }
        },
    )
}
