//! Dropping a socket closes it, and nothing of it stays behind.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen_test::wasm_bindgen_test;
use ws_core::ReadyState;

use super::{WebSocket, Witness, fired, fresh_id, get, is_heard, js, reported, turn, url};

#[wasm_bindgen_test]
async fn a_socket_dropped_while_connecting_is_closed_and_not_heard_any_more() {
    let socket = WebSocket::new(&url("/echo")).unwrap();
    let token = Rc::new(());
    socket.set_onopen({
        let token = Rc::clone(&token);
        move |_| panic!("a dropped socket fired {token:?}")
    });
    let js = js(&socket);
    assert!(is_heard(&js));
    drop(socket);
    assert!(!is_heard(&js));
    assert_eq!(Rc::strong_count(&token), 1);
    fired(&js, "close").await;
    assert_eq!(get(&js, "readyState"), f64::from(ReadyState::Closed as u16));
}

#[wasm_bindgen_test]
async fn a_socket_dropped_while_open_is_closed_without_a_code() {
    let id = fresh_id();
    let witness = Witness::open(&format!("/report?id={id}")).await;
    let js = js(&witness.socket);
    drop(witness);
    assert!(!is_heard(&js));
    let event = fired(&js, "close").await;
    assert_eq!((get(&event, "code"), get(&event, "wasClean")), (1005.0.into(), true.into()));
    assert_eq!(reported(&id).await, "clean 1005 ");
}

#[wasm_bindgen_test]
async fn a_socket_may_be_dropped_by_any_of_its_handlers() {
    for (path, kind) in [("/send?text=x", "open"), ("/send?text=x", "message"), ("/status?code=404", "close")] {
        let holder = Rc::new(RefCell::new(None));
        let drop_it = {
            let holder = Rc::clone(&holder);
            move || drop(holder.borrow_mut().take())
        };
        let socket = WebSocket::builder(url(path)).connect().unwrap();
        let js = js(&socket);
        match kind {
            "open" => socket.set_onopen(move |_| drop_it()),
            "message" => socket.set_onmessage(move |_, _| drop_it()),
            _ => socket.set_onerror(move |_| drop_it()),
        }
        holder.borrow_mut().replace(socket);
        fired(&js, "close").await;
        turn().await;
        assert!(holder.borrow().is_none(), "{kind}");
        assert!(!is_heard(&js), "{kind}");
        assert_eq!(Rc::strong_count(&holder), 1, "{kind}");
    }
}

#[wasm_bindgen_test]
async fn the_last_handle_decides() {
    let mut witness = Witness::open("/echo").await;
    drop(witness.socket.clone());
    witness.socket.send("still open").unwrap();
    assert_eq!(witness.next().await, "message still open");
}

#[wasm_bindgen_test]
async fn after_the_close_event_nothing_is_held_any_more() {
    let witness = Witness::open("/echo").await;
    let socket = witness.socket.clone();
    // A handler that holds its own socket is a cycle, which the close event ends.
    let token = Rc::new(());
    let held_meanwhile = Rc::new(Cell::new(false));
    socket.set_onclose({
        let (held, token, held_meanwhile) = (socket.clone(), Rc::clone(&token), Rc::clone(&held_meanwhile));
        move |socket, _| held_meanwhile.set(*socket == held && Rc::strong_count(&token) == 2)
    });
    socket.close();
    witness.rest().await;
    assert!(held_meanwhile.get());
    assert!(!is_heard(&js(&socket)));
    assert_eq!(Rc::strong_count(&token), 1);
}
