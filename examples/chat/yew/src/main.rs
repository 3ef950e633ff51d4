//! The chat with Yew.

mod entrance;
mod room;

use std::rc::Rc;

use chat_message::Visitor;
use yew::prelude::*;

use entrance::Entrance;
use room::Room;

fn main() {
    yew::Renderer::<Chat>::new().render();
}

/// Where the visitor is.
enum Place {
    Entrance(Rc<Visitor>),
    Room(Rc<Visitor>),
}

/// The page. What is in the room, the socket too, is there as long as the room is shown.
#[component]
fn Chat() -> Html {
    let place = use_state(|| Place::Entrance(Rc::default()));
    let go = place.setter();
    let view = match &*place {
        Place::Entrance(visitor) => {
            let onenter = move |visitor| go.set(Place::Room(Rc::new(visitor)));
            html! { <Entrance visitor={Rc::clone(visitor)} {onenter} /> }
        }
        Place::Room(visitor) => {
            let onleave = {
                let visitor = Rc::clone(visitor);
                move |()| go.set(Place::Entrance(Rc::clone(&visitor)))
            };
            html! { <Room visitor={Rc::clone(visitor)} {onleave} /> }
        }
    };
    html! { <main>{view}</main> }
}
