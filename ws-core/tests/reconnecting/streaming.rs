//! Streams on a network that is the test's: what happens between two looks of theirs.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use ws_core::{Opened, WebSocketStream};

use crate::{
    fake::{Fake, Network},
    stage::{Stage, URL},
};

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A stream whose connection has room for 100 bytes, some of which something else may take.
fn stream(network: Network) -> (WebSocketStream<Fake>, Fake) {
    let stage = Stage::new();
    let stream = WebSocketStream::new(URL).unwrap();
    let fake = stage.last();
    fake.set_network(network);
    fake.set_most(100);
    (stream, fake)
}

#[test]
fn a_writer_sends_when_it_sees_that_there_is_room() {
    let (stream, fake) = stream(Network::Crowded(60));
    fake.open();
    let Poll::Ready(Ok(Opened { mut writable, .. })) = poll(&mut pin!(stream.opened())) else { panic!("it is open") };
    assert!(matches!(poll(&mut pin!(writable.write("a".repeat(50)))), Poll::Ready(Ok(()))));
    let mut second = pin!(writable.write("b".repeat(60)));
    assert!(poll(&mut second).is_pending());
    fake.let_out(9);
    assert!(poll(&mut second).is_pending());
    fake.let_out(1);
    assert!(matches!(poll(&mut second), Poll::Ready(Ok(()))));
    assert_eq!((fake.sent(), fake.is_open()), (vec!["a".repeat(50), "b".repeat(60)], true));
}

#[cfg(feature = "send")]
mod handle {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        task::Wake,
    };

    use ws_core::{SendHandle, SendHandleConfig};

    use super::*;

    #[test]
    fn a_message_whose_room_something_else_takes_waits_before_those_behind_it() {
        let (stream, fake) = stream(Network::Crowded(60));
        let (handle, driver) = SendHandle::new(stream);
        let mut driver = Box::pin(driver);
        fake.open();
        handle.try_send("a".repeat(50)).unwrap();
        handle.try_send("b".repeat(50)).unwrap();
        assert!(poll(&mut driver).is_pending());
        assert_eq!((fake.sent(), fake.is_open(), handle.buffered_amount()), (vec![], true, 160));
        fake.let_out(60);
        assert!(poll(&mut driver).is_pending());
        assert_eq!((fake.sent(), fake.is_open()), (vec!["a".repeat(50), "b".repeat(50)], true));
        assert_eq!(handle.buffered_amount(), 100);
    }

    /// A handle that has sent a message before there is a connection.
    fn connecting() -> (SendHandle, Pin<Box<impl Future<Output = ()>>>, Fake) {
        let (stream, fake) = stream(Network::Fast);
        let (handle, driver) = SendHandle::new(stream);
        let mut driver = Box::pin(driver);
        assert!(poll(&mut driver).is_pending());
        handle.try_send("last").unwrap();
        (handle, driver, fake)
    }

    #[test]
    fn closed_just_when_it_opens_it_sends_what_waits_and_then_the_code() {
        let (handle, mut driver, fake) = connecting();
        handle.close_with(4000, "enough").unwrap();
        fake.open_untold();
        assert!(poll(&mut driver).is_pending());
        assert_eq!(fake.closes(), []);
        fake.open();
        assert!(poll(&mut driver).is_pending());
        assert_eq!((fake.sent(), fake.closes()), (vec!["last".into()], vec![Some((4000, "enough".into()))]));
    }

    /// Nobody takes the last message, so that the driver goes on.
    #[test]
    fn a_message_without_room_is_lost_when_the_connection_ends() {
        let (stream, fake) = stream(Network::Slow);
        let mut config = SendHandleConfig::default();
        config.max_messages = 1;
        let (handle, driver) = SendHandle::with_config(stream, config);
        let mut driver = Box::pin(driver);
        fake.open();
        fake.crowd(60);
        handle.try_send("a".repeat(50)).unwrap();
        handle.close_with(4000, "enough").unwrap();
        fake.receive("one");
        fake.receive("two");
        assert!(poll(&mut driver).is_pending());
        fake.fail();
        let wakes = Arc::new(Wakes(AtomicU32::new(0)));
        let waker = Waker::from(Arc::clone(&wakes));
        assert!(driver.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!((wakes.0.load(Ordering::Relaxed), fake.sent()), (0, vec![]));
        assert!(matches!(poll(&mut pin!(handle.flush())), Poll::Ready(Err(_))));
    }

    /// How often somebody was woken.
    struct Wakes(AtomicU32);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn dropped_just_when_it_opens_it_sends_what_waits() {
        let (handle, mut driver, fake) = connecting();
        drop(handle);
        fake.open_untold();
        assert!(poll(&mut driver).is_pending());
        assert_eq!(fake.closes(), []);
        fake.open();
        assert!(poll(&mut driver).is_ready());
        assert_eq!(fake.sent(), ["last"]);
    }
}
