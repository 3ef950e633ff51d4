//! What the hook for Yew promises beyond what the chat shows, with the test peer.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says with a panic what is wrong")]

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use isosocket::yew::{UseWebSocketHandle, UseWebSocketOptions, use_websocket_with_options};
use isosocket::{Error, ReadyState, ReconnectConfig, ReconnectingWebSocket, WebSocket};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;
use yew::suspense::Suspension;

wasm_bindgen_test_configure!(run_in_browser);

/// The URL of a path of the test server.
fn url(path: &str) -> AttrValue {
    match option_env!("ISOSOCKET_TEST_SERVER") {
        Some(server) => format!("{server}{path}").into(),
        None => {
            panic!("build these tests with ISOSOCKET_TEST_SERVER set to a running ws-test-server: `make test-front`")
        }
    }
}

/// A component that tells what it sees: each render, and each event.
#[derive(Clone, Properties)]
struct Props {
    name: &'static str,
    url: AttrValue,
    keep: usize,
    seen: UnboundedSender<String>,
    onmessage: Callback<String>,
    /// What the render waits for.
    suspension: Option<Suspension>,
    /// The handle of the newest render.
    handle: Rc<RefCell<Option<UseWebSocketHandle>>>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.url, self.keep) == (other.name, &other.url, other.keep)
    }
}

impl Props {
    fn new(url: AttrValue) -> (Self, Seen) {
        let (seen, told) = unbounded();
        let handle = Rc::default();
        (Self { name: "a", url, keep: 1, seen, onmessage: Callback::noop(), suspension: None, handle }, Seen(told))
    }

    /// Tells a line.
    fn teller(&self) -> impl Fn(String) + Clone + use<> {
        let seen = self.seen.clone();
        move |line| drop(seen.unbounded_send(line))
    }
}

#[component]
fn Probe(props: &Props) -> Html {
    use_probe(props);
    html! {}
}

/// A [`Probe`] that can be suspended.
#[component]
fn Suspended(props: &Props) -> Html {
    html! { <Suspense><Suspending ..props.clone() /></Suspense> }
}

#[component]
fn Suspending(props: &Props) -> HtmlResult {
    use_probe(props);
    match &props.suspension {
        Some(suspension) if !suspension.resumed() => Err(suspension.clone().into()),
        _ => Ok(html! {}),
    }
}

#[hook]
fn use_probe(props: &Props) {
    let tell = {
        let (name, tell) = (props.name, props.teller());
        move |line: String| tell(format!("{name}: {line}"))
    };
    let (opened, closed, received, onmessage) = (tell.clone(), tell.clone(), tell.clone(), props.onmessage.clone());
    let options = UseWebSocketOptions::default()
        .keep(props.keep)
        .onopen(move |_| opened("open".into()))
        .onmessage(move |_, event| {
            let text = event.data.as_text().unwrap();
            received(format!("message {text}"));
            onmessage.emit(text.to_owned());
        })
        .onclose(move |_, event| closed(format!("close {}", event.code)));
    let socket = use_websocket_with_options(props.url.clone(), options);
    let messages = socket.messages();
    let kept: Vec<_> = messages.iter().map(|event| event.data.as_text().unwrap()).collect();
    let code = socket.close_event().map_or(String::new(), |event| format!(" {}", event.code));
    tell(format!("{:?} {}{code}", socket.ready_state(), kept.join(",")));
    props.handle.replace(Some(socket));
}

/// What a probe tells.
struct Seen(UnboundedReceiver<String>);

impl Seen {
    /// Waits for these, one after the other.
    async fn expect(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.0.next().await.as_deref(), Some(*line));
        }
    }

    /// Waits until nothing is left that could tell anything.
    async fn end(mut self) {
        assert_eq!(self.0.next().await, None);
    }
}

type App = Rc<RefCell<Option<yew::AppHandle<Probe>>>>;

fn show(props: Props) -> App {
    let document = web_sys::window().unwrap().document().unwrap();
    let place = document.create_element("div").unwrap();
    Rc::new(RefCell::new(Some(yew::Renderer::<Probe>::with_root_and_props(place, props).render())))
}

fn take_away(app: &App) {
    if let Some(app) = app.take() {
        app.destroy();
    }
}

/// Waits until this socket is closed, and gives the code.
async fn closed(socket: &WebSocket) -> u16 {
    let (sender, mut receiver) = unbounded();
    socket.set_onclose(move |_, event| drop(sender.unbounded_send(event.code.get())));
    receiver.next().await.unwrap()
}

#[wasm_bindgen_test]
async fn every_event_is_rendered_after_it_is_told() {
    let (mut props, mut seen) = Props::new(url("/order"));
    props.keep = 2;
    let app = show(props);
    seen.expect(&["a: Connecting ", "a: open", "a: Open "]).await;
    seen.expect(&["a: message one", "a: Open one", "a: message two", "a: Open one,two"]).await;
    seen.expect(&["a: message three", "a: Open two,three", "a: close 1000", "a: Closed two,three 1000"]).await;
    take_away(&app);
    seen.end().await;
}

#[wasm_bindgen_test]
async fn messages_that_are_not_kept_render_nothing() {
    let (mut props, mut seen) = Props::new(url("/order"));
    props.keep = 0;
    let app = show(props);
    seen.expect(&["a: Connecting ", "a: open", "a: Open "]).await;
    seen.expect(&["a: message one", "a: message two", "a: message three", "a: close 1000", "a: Closed  1000"]).await;
    take_away(&app);
    seen.end().await;
}

#[wasm_bindgen_test]
async fn a_changed_url_is_another_connection() {
    let id = format!("yew-{}", js_sys::Math::random());
    let (mut props, mut seen) = Props::new(url(&format!("/report?id={id}")));
    let app = show(props.clone());
    seen.expect(&["a: Connecting ", "a: open", "a: Open "]).await;
    let socket = props.handle.borrow().clone().unwrap();
    socket.send("first").unwrap();
    seen.expect(&["a: message first", "a: Open first"]).await;

    props.url = url("/close?code=4001");
    app.borrow_mut().as_mut().unwrap().update(props.clone());
    seen.expect(&["a: Open first", "a: Connecting ", "a: open", "a: Open ", "a: close 4001", "a: Closed  4001"]).await;

    props.url = url(&format!("/reported?id={id}"));
    app.borrow_mut().as_mut().unwrap().update(props.clone());
    drop((props, socket));
    seen.expect(&["a: Closed  4001", "a: Connecting ", "a: open", "a: Open "]).await;
    seen.expect(&["a: message clean 1005 ", "a: Open clean 1005 "]).await;
    take_away(&app);
}

/// Calls a function when the next socket is about to be made.
fn before_the_next_socket(call: impl FnOnce() + 'static) {
    let replace = js_sys::Function::new_with_args(
        "call",
        "const { WebSocket } = globalThis;
         globalThis.WebSocket = function (...given) {
           globalThis.WebSocket = WebSocket;
           call();
           return new WebSocket(...given);
         };",
    );
    replace.call1(&JsValue::NULL, &Closure::once_into_js(call)).unwrap();
}

#[wasm_bindgen_test]
async fn between_two_sockets_a_message_is_refused_as_by_one_that_is_connecting() {
    let (mut props, mut seen) = Props::new(url("/echo"));
    let app = show(props.clone());
    seen.expect(&["a: Connecting ", "a: open", "a: Open "]).await;
    let (sender, mut answer) = unbounded();
    let handle = props.handle.borrow().clone().unwrap();
    before_the_next_socket(move || drop(sender.unbounded_send((handle.ready_state(), handle.send("early")))));
    props.url = url("/silent");
    app.borrow_mut().as_mut().unwrap().update(props);
    assert_eq!(answer.next().await, Some((ReadyState::Connecting, Err(Error::InvalidState))));
    take_away(&app);
}

#[wasm_bindgen_test]
async fn the_callbacks_of_the_newest_render_are_called() {
    let (mut props, mut seen) = Props::new(url("/echo"));
    let app = show(props.clone());
    seen.expect(&["a: Connecting ", "a: open", "a: Open "]).await;
    props.name = "b";
    app.borrow_mut().as_mut().unwrap().update(props.clone());
    seen.expect(&["b: Open "]).await;
    props.handle.borrow().as_ref().unwrap().send("hello").unwrap();
    seen.expect(&["b: message hello", "b: Open hello"]).await;
    take_away(&app);
}

#[wasm_bindgen_test]
async fn a_socket_has_its_own_callbacks_while_a_render_with_another_url_is_suspended() {
    let (mut props, mut seen) = Props::new(url("/echo"));
    let place = web_sys::window().unwrap().document().unwrap().create_element("div").unwrap();
    let mut app = yew::Renderer::<Suspended>::with_root_and_props(place, props.clone()).render();
    seen.expect(&["a: Connecting ", "a: open", "a: Open "]).await;
    props.handle.borrow().as_ref().unwrap().send("hello").unwrap();

    let (suspension, resumption) = Suspension::new();
    (props.name, props.url, props.suspension) = ("b", url("/send?text=other"), Some(suspension));
    app.update(props);
    seen.expect(&["b: Open ", "a: message hello", "b: Open hello"]).await;
    resumption.resume();
    seen.expect(&["b: Open hello", "b: Connecting ", "b: open", "b: Open ", "b: message other", "b: Open other"]).await;
    app.destroy();
}

#[wasm_bindgen_test]
async fn a_handle_that_is_kept_sees_what_is_now_and_keeps_nothing_of_before() {
    const SIZE: usize = 256 << 10;
    let (props, mut seen) = Props::new(url("/echo"));
    let handles = Rc::clone(&props.handle);
    let app = show(props);
    seen.expect(&["a: Connecting "]).await;
    let handle = handles.borrow().clone().unwrap();
    seen.expect(&["a: open", "a: Open "]).await;
    assert_eq!(handle.ready_state(), ReadyState::Open);
    assert!(Some(&handle) != handles.borrow().as_ref());

    let before = memory();
    for round in 0..256 {
        let text = round.to_string() + &"-".repeat(SIZE);
        handle.send(text.as_str()).unwrap();
        seen.0.next().await.unwrap();
        seen.0.next().await.unwrap();
        assert_eq!(handle.last_message().unwrap().data.as_text(), Some(text.as_str()));
        assert_eq!(handle.messages().len(), 1);
    }
    let grown = memory() - before;
    assert!(grown < 64 * SIZE, "256 messages of {SIZE} bytes have taken {grown} bytes");

    handle.close_with(3007, "enough").unwrap();
    assert_eq!(handle.ready_state(), ReadyState::Closing);
    while handle.close_event().is_none() {
        seen.0.next().await.unwrap();
    }
    assert_eq!(handle.close_event().unwrap().code.get(), 3007);
    take_away(&app);
}

/// The bytes of the program's memory, which never become fewer.
fn memory() -> usize {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    buffer.byte_length() as usize
}

#[wasm_bindgen_test]
async fn a_handler_may_be_the_end_of_the_component() {
    let (mut props, mut seen) = Props::new(url("/order"));
    let app = App::default();
    props.onmessage = {
        let app = Rc::clone(&app);
        Callback::from(move |_| take_away(&app))
    };
    app.replace(show(props).take());
    seen.expect(&["a: Connecting ", "a: open", "a: Open ", "a: message one"]).await;
    seen.end().await;
}

#[wasm_bindgen_test]
async fn nothing_is_left_of_a_component_that_goes_while_connecting() {
    let (props, mut seen) = Props::new(url("/silent"));
    let app = show(props);
    seen.expect(&["a: Connecting "]).await;
    take_away(&app);
    seen.end().await;
}

#[wasm_bindgen_test]
async fn a_handle_outlives_its_component() {
    let (props, mut seen) = Props::new(url("/echo"));
    let handle = Rc::clone(&props.handle);
    let app = show(props);
    seen.expect(&["a: Connecting ", "a: open", "a: Open "]).await;
    let handle = handle.take().unwrap();
    let socket = handle.socket().unwrap();
    assert_eq!(handle.ready_state(), ReadyState::Open);
    take_away(&app);
    assert_eq!(closed(&socket).await, 1005);
    assert_eq!(handle.ready_state(), ReadyState::Closed);
    assert_eq!(handle.send("late"), Err(Error::Discarded(ReadyState::Closed)));
    assert_eq!(handle.socket(), None);
    handle.close();
    assert_eq!(handle.close_with(4000, "late"), Ok(()));
    drop(handle);
    seen.end().await;
}

#[wasm_bindgen_test]
async fn closing_is_a_state_and_the_code_goes_out() {
    let (props, mut seen) = Props::new(url("/echo"));
    let handle = Rc::clone(&props.handle);
    let app = show(props);
    seen.expect(&["a: Connecting "]).await;
    assert_eq!(handle.borrow().as_ref().unwrap().send("early"), Err(Error::InvalidState));
    seen.expect(&["a: open", "a: Open "]).await;
    assert_eq!(handle.borrow().as_ref().unwrap().close_with(1001, ""), Err(Error::InvalidAccess(1001.into())));
    handle.borrow().as_ref().unwrap().close_with(3007, "enough").unwrap();
    seen.expect(&["a: Closing ", "a: close 3007", "a: Closed  3007"]).await;
    take_away(&app);
}

#[wasm_bindgen_test]
async fn a_url_that_is_none_is_an_error_and_no_event() {
    let (props, mut seen) = Props::new("ws://127.0.0.1/#fragment".into());
    let handle = Rc::clone(&props.handle);
    let app = show(props);
    seen.expect(&["a: Connecting ", "a: Closed "]).await;
    assert!(matches!(handle.borrow().as_ref().unwrap().error(), Some(Error::Syntax(_))));
    take_away(&app);
    handle.take();
    seen.end().await;
}

/// As [`Probe`], with a socket that connects again.
#[component]
fn Returning(props: &Props) -> Html {
    let tell = props.teller();
    let closed = tell.clone();
    let options = UseWebSocketOptions::reconnecting(soon()).onclose(move |socket: &ReconnectingWebSocket, event| {
        closed(format!("close {}, {:?}", event.code, socket.ready_state()))
    });
    let socket = use_websocket_with_options(props.url.clone(), options);
    let messages = socket.messages();
    let kept: Vec<_> = messages.iter().map(|event| event.data.as_text().unwrap()).collect();
    let code = socket.close_event().map_or(String::new(), |event| format!(" {}", event.code));
    tell(format!("{:?} {}{code}", socket.ready_state(), kept.join(",")));
    html! { <button onclick={move |_| socket.close()} /> }
}

/// Delays that a test can wait for.
fn soon() -> ReconnectConfig {
    let mut config = ReconnectConfig::default();
    config.min_reconnection_delay = std::time::Duration::from_millis(1);
    config.max_reconnection_delay = std::time::Duration::from_millis(5);
    config
}

#[wasm_bindgen_test]
async fn a_socket_that_connects_again_shows_each_connection() {
    let (props, mut seen) = Props::new(url("/close?code=1001"));
    let place = web_sys::window().unwrap().document().unwrap().create_element("div").unwrap();
    let app = yew::Renderer::<Returning>::with_root_and_props(place.clone(), props).render();
    seen.expect(&["Connecting "]).await;
    for _ in 0..2 {
        seen.expect(&["Open ", "close 1001, Connecting", "Connecting  1001"]).await;
    }
    app.destroy();
    while seen.0.next().await.is_some_and(|line| line.contains("1001") || line == "Open ") {}
    seen.end().await;

    let (props, mut seen) = Props::new(url("/send?text=hello"));
    let app = yew::Renderer::<Returning>::with_root_and_props(place.clone(), props).render();
    seen.expect(&["Connecting ", "Open ", "Open hello"]).await;
    place.query_selector("button").unwrap().unwrap().dyn_into::<web_sys::HtmlElement>().unwrap().click();
    seen.expect(&["Closing hello", "close 1005, Closed", "Closed hello 1005"]).await;
    app.destroy();
    seen.end().await;
}

/// A component whose socket does not begin by itself.
#[component]
fn Waiting(props: &Props) -> Html {
    let mut config = soon();
    config.start_closed = true;
    let options = UseWebSocketOptions::reconnecting(config);
    let socket = use_websocket_with_options(props.url.clone(), options);
    props.teller()(format!("{:?}", socket.ready_state()));
    html! { <button onclick={move |_| socket.reconnect()} /> }
}

#[wasm_bindgen_test]
async fn a_socket_that_does_not_begin_by_itself_is_closed_until_it_does() {
    let (props, mut seen) = Props::new(url("/echo"));
    let place = web_sys::window().unwrap().document().unwrap().create_element("div").unwrap();
    let app = yew::Renderer::<Waiting>::with_root_and_props(place.clone(), props).render();
    seen.expect(&["Connecting", "Closed"]).await;
    place.query_selector("button").unwrap().unwrap().dyn_into::<web_sys::HtmlElement>().unwrap().click();
    seen.expect(&["Connecting", "Open"]).await;
    app.destroy();
    seen.end().await;
}

/// A component that has said of the first end that another connection may come, and says nothing any more.
#[component]
fn Undecided(props: &Props) -> Html {
    let tell = props.teller();
    let (decided, retried, closed) = (tell.clone(), tell.clone(), tell);
    let has_decided = use_state(|| false);
    let mut options = UseWebSocketOptions::reconnecting(soon())
        .onreconnecting(move |_, event| retried(format!("retry {}", event.attempt)))
        .onclose(move |_, event| closed(format!("close {}", event.code)));
    if !*has_decided {
        options = options.should_reconnect(move |event| {
            has_decided.set(true);
            decided(format!("end {}", event.code));
            true
        });
    }
    use_websocket_with_options(props.url.clone(), options);
    html! {}
}

#[wasm_bindgen_test]
async fn options_that_say_nothing_any_more_leave_it_to_the_socket() {
    let (props, mut seen) = Props::new(url("/close?code=4001"));
    let place = web_sys::window().unwrap().document().unwrap().create_element("div").unwrap();
    let app = yew::Renderer::<Undecided>::with_root_and_props(place, props).render();
    seen.expect(&["end 4001", "close 4001", "retry 1", "close 4001", "retry 2", "close 4001", "retry 3"]).await;
    app.destroy();
    while seen.0.next().await.is_some() {}
}

/// A component that asks for a URL each time, and has enough of the third end.
#[component]
fn Asking(props: &Props) -> Html {
    let tell = props.teller();
    let (asked, ended, retried, closed) = (tell.clone(), tell.clone(), tell.clone(), tell);
    let ends = use_state(|| 0);
    let code = 4000 + *ends;
    let options = UseWebSocketOptions::reconnecting_with(soon(), move |attempt, url| {
        asked(format!("ask {code}"));
        attempt.connect_to(format!("{url}?code={code}"));
    })
    .should_reconnect(move |event| {
        let before = *ends;
        ends.set(before + 1);
        ended(format!("end {}", event.code));
        before < 2
    })
    .onreconnecting(move |_, event| retried(format!("retry {}", event.attempt)))
    .onclose(move |_, event| closed(format!("close {}", event.code)));
    use_websocket_with_options(props.url.clone(), options);
    html! {}
}

#[wasm_bindgen_test]
async fn a_program_says_what_to_connect_to_and_how_often() {
    let (props, mut seen) = Props::new(url("/close"));
    let place = web_sys::window().unwrap().document().unwrap().create_element("div").unwrap();
    let app = yew::Renderer::<Asking>::with_root_and_props(place, props).render();
    seen.expect(&["ask 4000", "end 4000", "close 4000", "retry 1"]).await;
    seen.expect(&["ask 4001", "end 4001", "close 4001", "retry 2"]).await;
    seen.expect(&["ask 4002", "end 4002", "close 4002"]).await;
    app.destroy();
    seen.end().await;
}
