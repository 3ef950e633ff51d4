//! Where messages are read and written.

use chat_message::{Message, Visitor};
use isosocket::ReadyState;
use isosocket::leptos::{UseWebSocketOptions, UseWebSocketReturn, use_websocket_with_options};
use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;

/// How many messages are shown.
const SHOWN: usize = 200;

/// A message, with a number that no other one has.
type Numbered = (u64, Message);

/// The room of the chat.
#[component]
pub fn Room(
    /// Who is in it.
    visitor: Visitor,
    /// Where the visitor goes out.
    leave: Callback<Visitor>,
) -> impl IntoView {
    let (messages, set_messages) = signal(Vec::<Numbered>::new());
    let options = UseWebSocketOptions::default().keep(0).onmessage(move |_, event| {
        if let Some(message) = event.data.as_text().and_then(Message::from_json) {
            set_messages.update(|messages| push(messages, message));
        }
    });
    let socket = use_websocket_with_options(visitor.server.clone(), options);
    let visitor = StoredValue::new(visitor);
    let name = move || visitor.with_value(|visitor| visitor.name.clone());

    let field = NodeRef::<Input>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            // A field that cannot be focused can be clicked at.
            let _ = field.focus();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = field.get() else { return };
        let message = Message { name: name(), text: field.value() };
        // What could not be sent stays in the field.
        if !message.text.is_empty() && socket.send(message.to_json()).is_ok() {
            field.set_value("");
        }
    };
    let item = move |(_, message): Numbered| {
        let own = message.name == name();
        view! { <li class:own=own><b>{message.name}</b>{message.text}</li> }
    };
    view! {
        <header>
            <h1>"Chat "<small>"with Leptos"</small></h1>
            <p id="state" role="status" data-state=move || format!("{:?}", socket.ready_state.get())>
                {move || describe(socket)}
            </p>
            <button id="leave" type="button" on:click=move |_| leave.run(visitor.get_value())>"Leave"</button>
        </header>
        <div id="scroller" tabindex="0" role="log" aria-label="Messages">
            <ol id="messages">
                <For each=move || messages.get() key=|(number, _)| *number children=item />
            </ol>
        </div>
        <form id="say" on:submit=submit>
            <label for="text">"Message"</label>
            <input id="text" node_ref=field autocomplete="off" />
            <button id="send" type="submit" disabled=move || socket.ready_state.get() != ReadyState::Open>
                "Send"
            </button>
        </form>
    }
}

/// Adds a message, with the next number, and lets go of the oldest.
fn push(messages: &mut Vec<Numbered>, message: Message) {
    let number = messages.last().map_or(0, |(number, _)| number + 1);
    let surplus = (messages.len() + 1).saturating_sub(SHOWN);
    messages.drain(..surplus);
    messages.push((number, message));
}

/// The state of the connection in words.
fn describe(socket: UseWebSocketReturn) -> String {
    if let Some(error) = socket.error.get() {
        return format!("not connected: {error}");
    }
    if let Some(event) = socket.close_event.get() {
        return format!("closed with code {}", event.code);
    }
    match socket.ready_state.get() {
        ReadyState::Connecting => "connecting".into(),
        ReadyState::Open => "connected".into(),
        ReadyState::Closing | ReadyState::Closed => "closing".into(),
    }
}
