//! yawc, over the zlib that ours uses, too.

use futures_util::SinkExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use yawc::{CompressionLevel, Frame, HttpWebSocket, OpCode, Options, WebSocket};

use super::document::Document;
use super::meter::pipe;
use super::{Ends, Receiver, Sender};
use crate::peers::Failure;

pub async fn connect(level: u8) -> Result<Ends<HttpWebSocket, WebSocket<DuplexStream>>, Failure> {
    let options = move || {
        let level = CompressionLevel::new(level.into());
        let options = Options::default().with_utf8().with_compression_level(level);
        options.with_read_buffer_capacity(128 << 10).with_backpressure_boundary(64 << 10)
    };
    let (meter, stream, written) = pipe();
    let (upgrades, mut upgrade) = mpsc::unbounded_channel();
    let service = service_fn(move |mut request| {
        let answer = WebSocket::upgrade_with_options(&mut request, options()).map(|(response, upgraded)| {
            let _ = upgrades.send(upgraded);
            response
        });
        async { answer }
    });
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(meter), service).with_upgrades());
    let receiver = WebSocket::handshake("ws://localhost/".parse()?, stream, options()).await?;
    let sender = upgrade.recv().await.ok_or("no upgrade")?.await?;
    Ok(Ends { sender, receiver, written })
}

impl Sender for HttpWebSocket {
    async fn send(&mut self, documents: &[Document]) -> Result<(), Failure> {
        for document in documents {
            self.feed(Frame::text(document.bytes.clone())).await?;
        }
        Ok(self.flush().await?)
    }
}

impl Receiver for WebSocket<DuplexStream> {
    async fn receive(&mut self, count: usize, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        for _ in 0..count {
            let frame = self.next_frame().await?;
            match frame.opcode() {
                OpCode::Text => each(frame.payload()),
                _ => return Err("not text".into()),
            }
        }
        Ok(())
    }
}
