//! A program whose memory is shared by the page and its workers, each of which runs it on a thread of its own. The page and
//! the workers call what is exported here, as threads.test.mjs says.
#![forbid(unsafe_code)]
#![cfg(target_arch = "wasm32")]

use std::sync::OnceLock;

use futures_channel::mpsc;
use futures_util::StreamExt as _;
use isosocket::{BinaryType, Data, Message, SendHandle, WebSocket, WebSocketStream};
use wasm_bindgen::prelude::*;
use ws_wasm::JsBlob;

type Outcome<T = ()> = Result<T, JsError>;

/// What all threads see: the handle to a connection that belongs to one of them.
static HANDLE: OnceLock<SendHandle> = OnceLock::new();

/// Connects on this thread, and lets all threads have the handle.
#[wasm_bindgen]
pub fn share(url: &str) -> Outcome {
    let (handle, driver) = SendHandle::new(WebSocketStream::new(url)?);
    wasm_bindgen_futures::spawn_local(driver);
    HANDLE.set(handle).map_err(|_| JsError::new("there is a handle already"))
}

fn handle() -> Outcome<&'static SendHandle> {
    HANDLE.get().ok_or_else(|| JsError::new("no thread has shared a handle"))
}

/// Waits until the shared connection is open; tells its state.
#[wasm_bindgen]
pub async fn opened() -> Outcome<u16> {
    handle()?.opened().await?;
    Ok(handle()?.ready_state() as u16)
}

/// Sends numbers by turns as text and as bytes, and waits for each of them to come back.
#[wasm_bindgen]
pub async fn converse(count: u32) -> Outcome {
    for number in 0..count {
        let message = numbered(number);
        handle()?.send(message.clone()).await?;
        let answer = handle()?.next().await.ok_or_else(|| JsError::new("no answer"))??;
        expect(answer == message, number)?;
    }
    Ok(())
}

fn numbered(number: u32) -> Message {
    match number % 2 {
        0 => Message::Text(format!("grüße {number} 😀").into()),
        _ => Message::Binary(number.to_le_bytes().repeat(1 + number as usize % 999).into()),
    }
}

/// Sends this many numbers from the first one on, as fast as there is room.
#[wasm_bindgen]
pub async fn send(first: u32, count: u32) -> Outcome {
    for number in first..first + count {
        handle()?.send(number.to_string()).await?;
    }
    Ok(())
}

/// Receives this many numbers.
#[wasm_bindgen]
pub async fn receive(count: u32) -> Outcome<Vec<u32>> {
    let mut numbers = Vec::new();
    while numbers.len() < count as usize {
        match handle()?.next().await.ok_or_else(|| JsError::new("no number"))?? {
            Message::Text(text) => numbers.push(text.parse()?),
            Message::Binary(_) => return Err(JsError::new("bytes")),
        }
    }
    Ok(numbers)
}

/// Closes the shared connection.
#[wasm_bindgen]
pub fn close(code: u16) -> Outcome {
    Ok(handle()?.close_with(code, "")?)
}

/// Waits until the shared connection is closed; tells the code.
#[wasm_bindgen]
pub async fn closed() -> Outcome<u16> {
    Ok(handle()?.closed().await?.code.get())
}

/// Sends text, bytes and blobs through a socket of this thread, and waits for them to come back.
#[wasm_bindgen]
pub async fn events(url: &str, blob: JsValue) -> Outcome {
    let (sender, mut events) = mpsc::unbounded();
    let socket = WebSocket::builder(url).connect_with(|socket| {
        let opened = sender.clone();
        socket.set_onopen(move |_| drop(opened.unbounded_send(Data::from("open"))));
        socket.set_onmessage(move |_, event| drop(sender.unbounded_send(event.data.clone())));
    })?;
    let mut next = async || events.next().await.ok_or_else(|| JsError::new("closed"));
    expect(next().await?.as_text() == Some("open"), 0)?;

    for length in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
        let text = "ä".repeat(length as usize);
        socket.send(text.as_str())?;
        expect(next().await?.as_text() == Some(&text), length)?;
    }
    let bytes: Vec<u8> = (0..1 << 20).map(|index| (index % 251) as u8).collect();
    socket.set_binary_type(BinaryType::ArrayBuffer);
    for length in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
        socket.send(&bytes[..length as usize])?;
        expect(next().await?.as_binary() == Some(&bytes[..length as usize]), length)?;
    }
    let blob = JsBlob::try_from(blob).map_err(|_| JsError::new("no blob"))?;
    socket.send(blob)?;
    expect(next().await?.as_binary() == Some(b"from the page"), 1)?;
    socket.set_binary_type(BinaryType::Blob);
    socket.send(&bytes[..1000])?;
    let answer = next().await?;
    let answer = answer.as_blob().ok_or_else(|| JsError::new("no blob"))?;
    expect(answer.bytes().await? == bytes[..1000], 1000)
}

/// Sends text and bytes through a stream of this thread, and waits for them to come back.
#[wasm_bindgen]
pub async fn stream(url: &str) -> Outcome {
    let stream = WebSocketStream::new(url)?;
    let mut opened = stream.opened().await?;
    for number in 0..100 {
        let message = numbered(number);
        opened.writable.write(message.clone()).await?;
        let answer = opened.readable.read().await.ok_or_else(|| JsError::new("closed"))??;
        let is_same = match &message {
            Message::Text(text) => answer.as_text() == Some(text),
            Message::Binary(bytes) => answer.as_binary() == Some(bytes),
        };
        expect(is_same, number)?;
    }
    stream.close();
    expect(stream.closed().await?.was_clean, 0)
}

fn expect(holds: bool, number: u32) -> Outcome {
    if holds { Ok(()) } else { Err(JsError::new(&format!("not what was sent: {number}"))) }
}
