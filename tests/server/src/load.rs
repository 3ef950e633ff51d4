//! Messages by the thousand, for measuring.

use bytes::Bytes;
use ws_core::{Failure, Message};
use ws_native::Connection;

use crate::handshake::Asked;

/// What text is filled with that is more than ASCII: characters of one to four bytes.
const WIDE: &str = "aü€😀";

/// Sends `count` messages for each that comes. The first eight characters of a message are its number, from 0.
pub(crate) async fn pour(connection: &mut Connection, asked: &Asked) -> Result<(), Failure> {
    let (count, body) = (number(asked, "count"), body(&asked.text("kind"), number(asked, "size")));
    while connection.recv().await?.is_some() {
        for number in 0..count {
            let text = format!("{number:08}{body}");
            match asked.text("kind").as_str() {
                "binary" => connection.feed(Bytes::from(text))?,
                _ => connection.feed(text)?,
            }
            connection.ready().await?;
        }
        connection.flush().await?;
    }
    Ok(())
}

/// Takes messages, and answers every `count` with how many bytes they had, in text.
pub(crate) async fn sink(connection: &mut Connection, asked: &Asked) -> Result<(), Failure> {
    let count = number(asked, "count");
    let (mut messages, mut bytes) = (0, 0);
    while let Some(message) = connection.recv().await? {
        messages += 1;
        bytes += match &message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        };
        if messages == count {
            connection.send(bytes.to_string()).await?;
            (messages, bytes) = (0, 0);
        }
    }
    Ok(())
}

/// What follows the number, so that a message has this many bytes.
fn body(kind: &str, size: usize) -> String {
    let size = size.saturating_sub(8);
    match kind {
        "wide" => WIDE.repeat(size / WIDE.len()) + &"a".repeat(size % WIDE.len()),
        _ => "a".repeat(size),
    }
}

fn number(asked: &Asked, name: &str) -> usize {
    asked.text(name).parse().unwrap_or(0)
}
