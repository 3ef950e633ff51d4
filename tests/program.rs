//! One program for both targets, as a user writes it: not a line of it asks where it runs.
//!
//! It is an auction: the clerk, by handlers, and the bidders, by streams, agree on a price over an echo server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_channel::oneshot;
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, future, stream};
use isosocket::{
    BinaryType, Blob, CloseCode, CloseEvent, Data, Error, Event, EventKind, Opened, ReadyState, WebSocket,
    WebSocketError, WebSocketStream,
};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A bid, as it travels: `name:amount`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bid {
    name: String,
    amount: u64,
}

#[derive(Debug)]
enum AuctionError {
    Socket(WebSocketError),
    NotABid(String),
    Hammer(CloseEvent),
}

impl From<WebSocketError> for AuctionError {
    fn from(error: WebSocketError) -> Self {
        Self::Socket(error)
    }
}

impl From<Error> for AuctionError {
    fn from(error: Error) -> Self {
        Self::Socket(error.into())
    }
}

impl From<&Bid> for Data {
    fn from(Bid { name, amount }: &Bid) -> Self {
        format!("{name}:{amount}").into()
    }
}

impl TryFrom<&Data> for Bid {
    type Error = AuctionError;

    fn try_from(data: &Data) -> Result<Self, AuctionError> {
        let wrong = || AuctionError::NotABid(format!("{data:?}"));
        let (name, amount) = data.as_text().and_then(|text| text.split_once(':')).ok_or_else(wrong)?;
        Ok(Self { name: name.into(), amount: amount.parse().map_err(|_| wrong())? })
    }
}

/// What the clerk has written down.
#[derive(Default)]
struct Book {
    highest: BTreeMap<String, u64>,
    refused: Vec<String>,
    seal: Option<Vec<u8>>,
}

/// The clerk: one socket, handlers, and a book that they share.
struct Clerk {
    socket: WebSocket,
    book: Arc<Mutex<Book>>,
    closed: oneshot::Receiver<CloseEvent>,
}

impl Clerk {
    fn sit_down(server: &str, bids: Vec<Bid>) -> Result<Self, AuctionError> {
        let book = Arc::new(Mutex::new(Book::default()));
        let (sender, closed) = oneshot::channel();
        let mut sender = Some(sender);
        let socket = WebSocket::builder(format!("{server}/echo")).connect_with(|socket| {
            socket.set_binary_type(BinaryType::ArrayBuffer);
            socket.add_event_listener_once(EventKind::Open, move |socket, _| {
                for bid in &bids {
                    socket.send(bid).unwrap();
                }
                socket.send("not a bid").unwrap();
                socket.send(Blob::from(b"seal".to_vec())).unwrap();
            });
            let shared = Arc::clone(&book);
            socket.set_onmessage(move |socket, event| {
                let mut book = shared.lock().unwrap();
                if let Data::Binary(seal) = &event.data {
                    book.seal = Some(seal.to_vec());
                    socket.close_with(4000, "sold").unwrap();
                    return;
                }
                match Bid::try_from(&event.data) {
                    Ok(Bid { name, amount }) => {
                        let highest = book.highest.entry(name).or_default();
                        *highest = amount.max(*highest);
                    }
                    Err(AuctionError::NotABid(what)) => book.refused.push(what),
                    Err(error) => panic!("{error:?}"),
                }
            });
            socket.add_event_listener(EventKind::Close, move |_, event| {
                if let (Event::Close(event), Some(sender)) = (event, sender.take()) {
                    sender.send(event.clone()).unwrap();
                }
            });
        })?;
        Ok(Self { socket, book, closed })
    }

    /// The best bid, and how the connection was closed.
    async fn result(self) -> (Option<Bid>, Book, CloseEvent) {
        let event = self.closed.await.unwrap();
        assert_eq!(self.socket.ready_state(), ReadyState::Closed);
        let book = std::mem::take(&mut *self.book.lock().unwrap());
        let best = book.highest.iter().max_by_key(|(_, amount)| **amount);
        let best = best.map(|(name, amount)| Bid { name: name.clone(), amount: *amount });
        (best, book, event)
    }
}

/// A bidder: raises in steps, and hears each of his bids, by the two halves of a stream.
async fn bid(server: &str, name: &str, step: u64, limit: u64) -> Result<Vec<Bid>, AuctionError> {
    let stream = WebSocketStream::builder(format!("{server}/echo")).high_water_mark(1 << 10).connect()?;
    let Opened { readable, mut writable, .. } = stream.opened().await?;
    let amounts: Vec<u64> = (1..).map(|round| round * step).take_while(|amount| *amount <= limit).collect();
    let count = amounts.len();
    let mut calls = stream::iter(amounts.into_iter().map(|amount| Ok(Data::from(&Bid { name: name.into(), amount }))));
    let heard = readable.take(count).map_err(AuctionError::from).and_then(|data| future::ready(Bid::try_from(&data)));
    let (called, heard) = future::join(writable.send_all(&mut calls), heard.try_collect::<Vec<Bid>>()).await;
    called?;
    writable.close().await?;
    let event = stream.closed().await?;
    match event.code {
        CloseCode::NO_STATUS => heard,
        _ => Err(AuctionError::Hammer(event)),
    }
}

async fn auction(server: &str) -> Result<(Bid, Book), AuctionError> {
    let (ada, grace) = future::join(bid(server, "Ada", 7, 700), bid(server, "Grace", 5, 1_000)).await;
    let (ada, grace) = (ada?, grace?);
    assert_eq!((ada.len(), grace.len()), (100, 200));
    let clerk = Clerk::sit_down(server, ada.into_iter().chain(grace).collect())?;
    let (best, book, event) = clerk.result().await;
    if (event.code, event.was_clean) != (CloseCode::new(4000), true) {
        return Err(AuctionError::Hammer(event));
    }
    Ok((best.expect("a bid"), book))
}

#[cfg_attr(target_arch = "wasm32", support::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_program_runs() {
    let (best, book) = match auction(&support::url("")).await {
        Ok(result) => result,
        Err(AuctionError::Hammer(event)) => panic!("closed by somebody else: {event:?}"),
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(best, Bid { name: "Grace".into(), amount: 1_000 });
    assert_eq!(book.highest, BTreeMap::from([("Ada".into(), 700), ("Grace".into(), 1_000)]));
    assert_eq!(book.refused, [r#"Text("not a bid")"#]);
    assert_eq!(book.seal.as_deref(), Some(&b"seal"[..]));
}

#[cfg_attr(target_arch = "wasm32", support::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_program_says_what_is_wrong() {
    let refused = bid("gopher://127.0.0.1", "Ada", 1, 1).await;
    assert!(matches!(refused, Err(AuctionError::Socket(WebSocketError::Refused(Error::Syntax(_))))));
    let absent = bid(&support::url("/status?code=404&"), "Ada", 1, 1).await;
    let Err(AuctionError::Socket(error)) = absent else { panic!("{absent:?}") };
    assert_eq!(error.close_code(), Some(CloseCode::ABNORMAL));
}
