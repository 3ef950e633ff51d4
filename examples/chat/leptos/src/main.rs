//! The chat with Leptos.

fn main() {
    leptos::mount::mount_to_body(chat_leptos::Chat);
}
