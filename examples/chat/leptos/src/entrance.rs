//! Where a visitor says who they are.

use chat_message::Visitor;
use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;

/// The form of the entrance.
#[component]
pub fn Entrance(
    /// What the fields begin with.
    visitor: Visitor,
    /// Where the visitor goes in.
    enter: Callback<Visitor>,
) -> impl IntoView {
    let server = NodeRef::<Input>::new();
    let name = NodeRef::<Input>::new();
    let value = |field: NodeRef<Input>| field.get_untracked().map(|field| field.value()).unwrap_or_default();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        enter.run(Visitor { server: value(server), name: value(name) });
    };
    view! {
        <header><h1>"Chat "<small>"with Leptos"</small></h1></header>
        <form id="entrance" on:submit=submit>
            <label for="server">"Server"</label>
            <input id="server" node_ref=server value=visitor.server required autocomplete="off" spellcheck="false" />
            <label for="name">"Your name"</label>
            <input id="name" node_ref=name value=visitor.name required maxlength="40" autocomplete="nickname" />
            <button id="join" type="submit">"Join"</button>
        </form>
    }
}
