//! sockudo-ws. Its ends are made as an opening handshake with these settings would make them.

use futures_util::{SinkExt as _, StreamExt as _};
use sockudo_ws::{CompressedWebSocketStream, Config, DeflateConfig, Message};
use tokio::io::DuplexStream;

use super::document::Document;
use super::meter::{Meter, pipe};
use super::{Ends, Receiver, Sender};
use crate::peers::Failure;

type Socket<S> = CompressedWebSocketStream<S>;

pub fn connect(level: u8) -> Ends<Socket<Meter>, Socket<DuplexStream>> {
    let config = Config::builder().auto_ping(false).idle_timeout(0).build();
    let deflate = DeflateConfig { compression_level: level.into(), ..DeflateConfig::default() };
    let (meter, stream, written) = pipe();
    let sender = Socket::server(meter, config.clone(), deflate.clone());
    Ends { sender, receiver: Socket::client(stream, config, deflate), written }
}

impl Sender for Socket<Meter> {
    async fn send(&mut self, documents: &[Document]) -> Result<(), Failure> {
        for document in documents {
            self.feed(Message::Text(document.bytes.clone())).await?;
        }
        Ok(self.flush().await?)
    }
}

impl Receiver for Socket<DuplexStream> {
    async fn receive(&mut self, count: usize, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        for _ in 0..count {
            match self.next().await.transpose()? {
                Some(Message::Text(text)) => each(&text),
                _ => return Err("not text".into()),
            }
        }
        Ok(())
    }
}
