//! Where messages are read and written.

use std::rc::Rc;

use chat_message::{Message, Visitor};
use isosocket::ReadyState;
use isosocket::yew::{UseWebSocketHandle, UseWebSocketOptions, use_websocket_with_options};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// How many messages are shown.
const SHOWN: usize = 200;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub visitor: Rc<Visitor>,
    pub onleave: Callback<()>,
}

#[component]
pub fn Room(Props { visitor, onleave }: &Props) -> Html {
    let socket = use_websocket_with_options(visitor.server.clone(), UseWebSocketOptions::default().keep(SHOWN));
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with((), move |()| {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                // A field that cannot be focused can be clicked at.
                let _ = field.focus();
            }
        });
    }
    let onsubmit = {
        let (socket, field, visitor) = (socket.clone(), field.clone(), Rc::clone(visitor));
        move |event: SubmitEvent| {
            event.prevent_default();
            let Some(field) = field.cast::<HtmlInputElement>() else { return };
            let message = Message { name: visitor.name.clone(), text: field.value() };
            // What could not be sent stays in the field.
            if !message.text.is_empty() && socket.send(message.to_json()).is_ok() {
                field.set_value("");
            }
        }
    };
    let onclick = {
        let onleave = onleave.clone();
        move |_| onleave.emit(())
    };
    let events = socket.messages();
    let messages = events.iter().filter_map(|event| Message::from_json(event.data.as_text()?));
    let items = messages.map(|message| {
        let class = (message.name == visitor.name).then_some("own");
        html! { <li {class}><b>{message.name}</b>{message.text}</li> }
    });
    let ready_state = socket.ready_state();
    html! {
        <>
            <header>
                <h1>{"Chat "}<small>{"with Yew"}</small></h1>
                <p id="state" role="status" data-state={format!("{ready_state:?}")}>{describe(&socket)}</p>
                <button id="leave" type="button" {onclick}>{"Leave"}</button>
            </header>
            <div id="scroller" tabindex="0" role="log" aria-label="Messages">
                <ol id="messages">{ for items }</ol>
            </div>
            <form id="say" {onsubmit}>
                <label for="text">{"Message"}</label>
                <input id="text" ref={field} autocomplete="off" />
                <button id="send" type="submit" disabled={ready_state != ReadyState::Open}>{"Send"}</button>
            </form>
        </>
    }
}

/// The state of the connection in words.
fn describe(socket: &UseWebSocketHandle) -> String {
    if let Some(error) = socket.error() {
        return format!("not connected: {error}");
    }
    if let Some(event) = socket.close_event() {
        return format!("closed with code {}", event.code);
    }
    match socket.ready_state() {
        ReadyState::Connecting => "connecting".into(),
        ReadyState::Open => "connected".into(),
        ReadyState::Closing | ReadyState::Closed => "closing".into(),
    }
}
