//! Where a visitor says who they are.

use std::rc::Rc;

use chat_message::Visitor;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// What the fields begin with.
    pub visitor: Rc<Visitor>,
    pub onenter: Callback<Visitor>,
}

#[component]
pub fn Entrance(Props { visitor, onenter }: &Props) -> Html {
    let server = use_node_ref();
    let name = use_node_ref();
    let value = |field: &NodeRef| field.cast::<HtmlInputElement>().map(|field| field.value()).unwrap_or_default();
    let onsubmit = {
        let (server, name, onenter) = (server.clone(), name.clone(), onenter.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            onenter.emit(Visitor { server: value(&server), name: value(&name) });
        }
    };
    html! {
        <>
            <header><h1>{"Chat "}<small>{"with Yew"}</small></h1></header>
            <form id="entrance" {onsubmit}>
                <label for="server">{"Server"}</label>
                <input id="server" ref={server} value={visitor.server.clone()} required={true} autocomplete="off" spellcheck="false" />
                <label for="name">{"Your name"}</label>
                <input id="name" ref={name} value={visitor.name.clone()} required={true} maxlength="40" autocomplete="nickname" />
                <button id="join" type="submit">{"Join"}</button>
            </form>
        </>
    }
}
