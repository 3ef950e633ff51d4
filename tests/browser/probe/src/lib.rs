//! What a page's Rust program sees of connections that go wrong, and what it leaves behind: driven by the tests beside it.
#![forbid(unsafe_code)]
#![cfg(target_arch = "wasm32")]

pub mod reconnecting;

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::future::{FutureExt as _, join_all};
use futures_util::{SinkExt as _, StreamExt as _};
use gloo_timers::future::TimeoutFuture;
use isosocket::{CloseEvent, Event, EventKind, Opened, Readable, WebSocket, WebSocketStream, Writable};
use wasm_bindgen::prelude::*;
use ws_wasm::JsBlob;

#[wasm_bindgen]
extern "C" {
    type PageBlob;

    #[wasm_bindgen(constructor, js_class = Blob)]
    fn new() -> PageBlob;
}

const KINDS: [EventKind; 4] = [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close];

/// Connects, answers each message if there is something to answer, and gives all events in words, or why there are none.
#[wasm_bindgen]
pub async fn events(url: String, answer: Option<String>) -> Vec<String> {
    let (socket, mut events) = match connect(&url) {
        Ok(connected) => connected,
        Err(error) => return vec![format!("{:?}: {error}", error.name())],
    };
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(words(&event));
        if let (Event::Message(_), Some(answer)) = (&event, &answer)
            && let Err(error) = socket.send(answer.as_str())
        {
            seen.push(error.to_string());
        }
    }
    seen
}

/// The same by the asynchronous face: how the connection was opened, what was read, how it was closed.
#[wasm_bindgen]
pub async fn stream(url: String, answer: Option<String>) -> Vec<String> {
    let stream = match WebSocketStream::new(&url) {
        Ok(stream) => stream,
        Err(error) => return vec![format!("{:?}: {error}", error.name())],
    };
    let mut seen = Vec::new();
    match stream.opened().await {
        Ok(Opened { mut readable, mut writable, .. }) => {
            seen.push("open".into());
            while let Some(message) = readable.read().await {
                match message {
                    Ok(data) => seen.push(format!("message {}", data.as_text().unwrap_or("(binary)"))),
                    Err(error) => {
                        seen.push(format!("error: {error}"));
                        continue;
                    }
                }
                if let Some(answer) = &answer
                    && let Err(error) = writable.write(answer.clone()).await
                {
                    seen.push(error.to_string());
                }
            }
        }
        Err(error) => seen.push(format!("not opened: {error}")),
    }
    match stream.closed().await {
        Ok(event) => seen.push(close(&event)),
        Err(error) => seen.push(format!("not closed cleanly: {error}")),
    }
    seen
}

/// What `send` says on a socket that is connecting, closing and closed.
#[wasm_bindgen]
pub async fn send_in_each_state(url: String) -> Vec<String> {
    let Ok((socket, mut events)) = connect(&url) else { return Vec::new() };
    let mut seen = Vec::new();
    let mut send = || {
        let state = socket.ready_state();
        seen.push(match socket.send("x") {
            Ok(()) => format!("{state:?}: sent"),
            Err(error) => format!("{state:?}: {:?}: {error}", error.name()),
        });
    };
    send();
    events.next().await;
    send();
    socket.close();
    send();
    while events.next().await.is_some() {}
    send();
    seen
}

/// A handler of the first message panics. The events, also those after it.
#[wasm_bindgen]
#[allow(clippy::panic, reason = "it is what is tried out")]
pub async fn panic_in_a_handler(url: String) -> Vec<String> {
    let Ok((socket, mut events)) = connect(&url) else { return Vec::new() };
    events.next().await;
    let mut is_first = true;
    socket.add_event_listener(EventKind::Message, move |_, _| {
        if std::mem::take(&mut is_first) {
            panic!("the program's own mistake");
        }
    });
    let mut seen = Vec::new();
    for message in ["one", "two"] {
        if let Err(error) = socket.send(message) {
            seen.push(error.to_string());
        }
        seen.extend(events.next().await.as_ref().map(words));
    }
    if let Err(error) = socket.close_with(3000, "done") {
        seen.push(error.to_string());
    }
    seen.extend(events.next().await.as_ref().map(words));
    seen
}

/// Connects and closes so many times, by both faces, one connection after the other. How many were clean.
#[wasm_bindgen]
pub async fn churn(url: String, count: u32) -> u32 {
    let mut clean = 0;
    for _ in 0..count {
        let Ok((socket, mut events)) = connect(&url) else { continue };
        events.next().await;
        socket.close();
        if let Some(Event::Close(event)) = events.next().await {
            clean += u32::from(event.was_clean);
        }
        let Ok(stream) = WebSocketStream::new(&url) else { continue };
        let _halves = stream.opened().await;
        stream.close();
        clean += u32::from(stream.closed().await.is_ok());
    }
    clean
}

/// Sends so many times a hundred messages to an echo server, by each face. How many came back, in order.
#[wasm_bindgen]
pub async fn chatter(url: String, count: u32) -> u32 {
    let mut echoed = 0;
    let Ok((socket, mut events)) = connect(&url) else { return echoed };
    events.next().await;
    for batch in 0..count {
        for number in 0..100 {
            let _ = socket.send(format!("{batch} {number}"));
        }
        for number in 0..100 {
            let Some(Event::Message(event)) = events.next().await else { return echoed };
            echoed += u32::from(event.data.as_text() == Some(&*format!("{batch} {number}")));
        }
    }
    let Ok(stream) = WebSocketStream::new(&url) else { return echoed };
    let Ok(Opened { mut readable, mut writable, .. }) = stream.opened().await else { return echoed };
    for batch in 0..count {
        for number in 0..100 {
            let _ = writable.write(format!("{batch} {number}")).await;
        }
        for number in 0..100 {
            let Some(Ok(data)) = readable.read().await else { return echoed };
            echoed += u32::from(data.as_text() == Some(&*format!("{batch} {number}")));
        }
    }
    echoed
}

/// Has messages of this size under way to a peer that does not read, drops a part of the connection, closes what is left, and
/// lets the peer read after so many milliseconds: for each part at the same time. What the peers say of it in the end.
#[wasm_bindgen]
pub async fn abandon(peer: String, id: String, size: usize, stalled: u32) -> Vec<String> {
    let abandoned = PARTS.map(|part| {
        let (peer, id) = (&peer, format!("{id} {part}"));
        async move {
            let left = drop_part(peer, &id, part, size).await?;
            if let Some(stream) = &left.stream {
                stream.close();
            }
            Some(format!("{part}: {}", release(peer, &id, stalled).await?))
        }
    });
    join_all(abandoned).await.into_iter().flatten().collect()
}

const PARTS: [&str; 4] = ["stream", "halves", "readable", "writable"];

/// What is left of a connection.
struct Left {
    stream: Option<WebSocketStream>,
    readable: Option<Readable>,
    writable: Option<Writable>,
}

/// Connects to a peer that does not read, sends it three messages of this size, waits for them to go out and changes its mind.
async fn stall(peer: &str, id: &str, size: usize) -> Option<Left> {
    let stream = WebSocketStream::new(&format!("{peer}/hold?id={id}")).ok()?;
    let Opened { readable, mut writable, .. } = stream.opened().await.ok()?;
    for _ in 0..3 {
        writable.start_send_unpin(vec![0; size].into()).ok()?;
    }
    let _ = writable.flush().now_or_never();
    Some(Left { stream: Some(stream), readable: Some(readable), writable: Some(writable) })
}

/// Lets the peer read after so many milliseconds. What it says of the connection in the end.
async fn release(peer: &str, id: &str, stalled: u32) -> Option<String> {
    TimeoutFuture::new(stalled).await;
    first_answer(&format!("{peer}/release?id={id}")).await;
    first_answer(&format!("{peer}/reported?id={id} ended")).await
}

/// A connection that stalls, without a part.
async fn drop_part(peer: &str, id: &str, part: &str, size: usize) -> Option<Left> {
    let mut left = stall(peer, id, size).await?;
    if part != "writable" {
        left.readable = None;
    }
    if part != "readable" {
        left.writable = None;
    }
    if part == "stream" {
        left.stream = None;
    }
    Some(left)
}

/// Has messages of this size under way to a peer that does not read, closes with a code and a reason, and lets the peer read after
/// so many milliseconds. What the peer says of it in the end, and what is told here.
#[wasm_bindgen]
pub async fn close_stalled(peer: String, id: String, size: usize, stalled: u32) -> Option<String> {
    let stream = stall(&peer, &id, size).await?.stream?;
    stream.close_with(4001, "why").ok()?;
    let there = release(&peer, &id, stalled).await?;
    let here = match stream.closed().await {
        Ok(event) => format!("clean {}", event.code),
        Err(error) => error.to_string(),
    };
    Some(format!("{there}; here {here}"))
}

/// As in a connection that is closed, with a blob to be sent instead of closing.
#[wasm_bindgen]
pub async fn blob_stalled(peer: String, id: String, size: usize, stalled: u32) -> Option<String> {
    let mut left = stall(&peer, &id, size).await?;
    left.writable.as_mut()?.start_send_unpin(JsBlob::try_from(JsValue::from(PageBlob::new())).ok()?.into()).ok()?;
    release(&peer, &id, stalled).await
}

/// Makes so many sockets of this URL, by each face. How many were refused.
#[wasm_bindgen]
pub async fn refused(url: String, count: u32) -> u32 {
    (0..count).map(|_| u32::from(WebSocket::new(&url).is_err()) + u32::from(WebSocketStream::new(&url).is_err())).sum()
}

/// The first message of a peer that has something to say or sends back what it gets.
async fn first_answer(url: &str) -> Option<String> {
    let (socket, mut events) = connect(url).ok()?;
    while let Some(event) = events.next().await {
        match event {
            Event::Open => socket.send("?").ok()?,
            Event::Message(event) => return event.data.as_text().map(Into::into),
            Event::Error | Event::Close(_) => {}
        }
    }
    None
}

/// A socket and all its events, the last of which ends them.
fn connect(url: &str) -> Result<(WebSocket, UnboundedReceiver<Event>), isosocket::Error> {
    let (sender, events) = unbounded();
    let socket = WebSocket::builder(url).connect_with(|socket| {
        let sender = Rc::new(RefCell::new(sender));
        for kind in KINDS {
            let sender = Rc::clone(&sender);
            socket.add_event_listener(kind, move |_, event| drop(sender.borrow_mut().unbounded_send(event.clone())));
        }
    })?;
    Ok((socket, events))
}

fn words(event: &Event) -> String {
    match event {
        Event::Open => "open".into(),
        Event::Message(event) => format!("message {}", event.data.as_text().unwrap_or("(binary)")),
        Event::Error => "error".into(),
        Event::Close(event) => close(event),
    }
}

fn close(event: &CloseEvent) -> String {
    format!("close {} {:?} {}", event.code, event.reason, if event.was_clean { "clean" } else { "unclean" })
}
