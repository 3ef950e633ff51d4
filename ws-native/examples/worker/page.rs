//! The page that scripts seem to come from.

use ws_native::policy::{Origin, Policy};

/// A page's settings, as the Fetch standard asks for them.
#[derive(Debug)]
pub(crate) struct Page {
    base_url: Option<String>,
    origin: Origin,
}

impl Page {
    pub(crate) fn new(base_url: Option<String>, origin: Origin) -> Self {
        Self { base_url, origin }
    }
}

impl Policy for Page {
    fn base_url(&self) -> Option<String> {
        self.base_url.clone()
    }

    fn origin(&self) -> Origin {
        self.origin.clone()
    }
}
