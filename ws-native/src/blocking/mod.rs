//! Clients and servers without an asynchronous runtime: a thread waits for its connection.
//!
//! [`Connection`] and [`Server`] have the methods of the [asynchronous](crate) ones, and block
//! where those are awaited:
//!
//! ```no_run
//! use std::{thread, time::Duration};
//! use ws_native::blocking::Server;
//! let server = Server::bind("127.0.0.1:9001")?;
//! loop {
//!     let Ok(accepted) = server.accept() else {
//!         thread::sleep(Duration::from_millis(100)); // out of file descriptors, say
//!         continue;
//!     };
//!     thread::spawn(move || {
//!         let mut connection = accepted.request()?.accept(None)?;
//!         while let Some(message) = connection.recv()? {
//!             connection.feed(message)?; // goes out when recv is about to wait
//!         }
//!         Ok::<(), ws_native::Failure>(())
//!     });
//! }
//! # #[allow(unreachable_code)]
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Deadlines
//!
//! The deadlines of [`Config`](crate::proto::Config) and [`ConnectOptions`](crate::ConnectOptions)
//! are kept over TCP and Unix sockets, and over TLS on either: each wait that has a deadline sets
//! the socket's time-out, and then restores it. Other streams implement [`Timed`], which says how
//! their waits end. One that cannot end them is wrapped in [`Untimed`], and then deadlines are
//! looked at only between its reads.
//!
//! # Streams that do not block
//!
//! If the program has made the socket non-blocking, or has set its time-out, a call that would have
//! to wait, or has waited that long, fails with
//! [`FailureKind::WouldBlock`](ws_core::FailureKind::WouldBlock). Nothing is lost by it: what was
//! read and what is to be written stays in the connection, and the call can be made again.
//! [`send`](Connection::send), [`send_part`](Connection::send_part) and [`ping`](Connection::ping)
//! have then queued what they were given, so call [`flush`](Connection::flush) instead of them.
//! Only an opening handshake needs a stream that blocks, because there is no connection yet that
//! could go on with it.
//!
//! # What it does not do
//!
//! A connection cannot be split, follows no shutdown and joins no broadcast. While it writes it
//! does not read: if both ends send more than the network holds before they receive, they wait for
//! each other. Messages that are blobs have to be in memory. A client goes through no proxy:
//! options that name one are an error. It goes over HTTP/1.1 and is shown to no tap, whatever the
//! options say.

mod connect;
mod connection;
mod server;
mod stream;
mod timed;
#[cfg(feature = "tls")]
mod tls;
mod turn;
mod wire;

pub use connection::Connection;
pub use server::{Accepted, Incoming, Server};
pub use stream::Stream;
pub use timed::{Timed, Untimed};
