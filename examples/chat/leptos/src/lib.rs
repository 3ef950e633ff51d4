//! The chat with Leptos: in a browser, or on a server for the first HTML of its page.

mod entrance;
mod room;

use chat_message::Visitor;
use leptos::either::Either;
use leptos::prelude::*;

pub use entrance::Entrance;
pub use room::Room;

/// Where the visitor is.
#[derive(Clone)]
enum Place {
    Entrance(Visitor),
    Room(Visitor),
}

/// The page. What is in the room, the socket too, is there as long as the room is shown.
#[component]
pub fn Chat() -> impl IntoView {
    let (place, set_place) = signal(Place::Entrance(Visitor::default()));
    let enter = Callback::new(move |visitor| set_place.set(Place::Room(visitor)));
    let leave = Callback::new(move |visitor| set_place.set(Place::Entrance(visitor)));
    let view = move || match place.get() {
        Place::Entrance(visitor) => Either::Left(view! { <Entrance visitor enter /> }),
        Place::Room(visitor) => Either::Right(view! { <Room visitor leave /> }),
    };
    view! { <main>{view}</main> }
}
