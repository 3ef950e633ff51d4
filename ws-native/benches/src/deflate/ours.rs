//! ws-native.

use tokio::io::DuplexStream;
use ws_core::Message;
use ws_native::proto::{Compression, Config, Request};
use ws_native::{Connection, Incoming};

use super::document::Document;
use super::meter::{Meter, pipe};
use super::{Ends, Receiver, Sender};
use crate::peers::Failure;

pub async fn connect(level: u8) -> Result<Ends<Connection<Meter>, Connection<DuplexStream>>, Failure> {
    let mut compression = Compression::default();
    compression.level = level;
    let mut config = Config::default();
    config.compression = Some(compression);

    let (meter, stream, written) = pipe();
    let request = Request::new("localhost", "/", &[] as &[&str])?;
    let server = async { Incoming::read(meter, config.clone()).await?.accept(None).await };
    let (sender, receiver) = tokio::try_join!(server, Connection::client(stream, request, config.clone()))?;
    match sender.established().extensions.is_empty() {
        false => Ok(Ends { sender, receiver, written }),
        true => Err("compression was not agreed on".into()),
    }
}

impl Sender for Connection<Meter> {
    async fn send(&mut self, documents: &[Document]) -> Result<(), Failure> {
        for document in documents {
            self.feed_text(&document.text)?;
        }
        Ok(self.flush().await?)
    }
}

impl Receiver for Connection<DuplexStream> {
    async fn receive(&mut self, count: usize, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        for _ in 0..count {
            match self.recv().await? {
                Some(Message::Text(text)) => each(text.as_bytes()),
                _ => return Err("not text".into()),
            }
        }
        Ok(())
    }
}
