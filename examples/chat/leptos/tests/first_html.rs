//! What a server sends of the page, before there is a browser: no runtime, no network.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says with a panic what is wrong")]

use std::io::ErrorKind;
use std::net::TcpListener;

use chat_leptos::{Chat, Room};
use chat_message::Visitor;
use leptos::prelude::*;

/// The HTML of a view, as a server renders it: what the view has made may be cleaned up by another thread.
fn render<V: IntoView>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new();
    let html = owner.with(|| view().into_view().to_html());
    std::thread::spawn(move || owner.cleanup()).join().unwrap();
    html
}

#[test]
fn the_page_begins_with_the_entrance() {
    let html = render(Chat);
    assert!(
        html.starts_with("<main><header><h1>Chat <small>with Leptos</small></h1></header><form id=\"entrance\""),
        "{html}"
    );
    assert!(
        html.contains("<input id=\"server\" value=\"/chat\" required autocomplete=\"off\" spellcheck=\"false\">"),
        "{html}"
    );
    assert!(html.contains("<button id=\"join\" type=\"submit\">Join</button>"), "{html}");
}

#[test]
fn the_room_is_connecting_and_nothing_connects() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = format!("ws://{}/chat", listener.local_addr().unwrap());
    let html = render(move || {
        let visitor = Visitor { server, name: "Zoë".into() };
        view! { <Room visitor leave=Callback::new(|_: Visitor| ()) /> }
    });
    assert!(html.contains("<p id=\"state\" role=\"status\" data-state=\"Connecting\">connecting</p>"), "{html}");
    assert!(html.contains("<button id=\"send\" type=\"submit\" disabled>Send</button>"), "{html}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
