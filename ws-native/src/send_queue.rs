//! What waits to be sent behind a blob that is being read.

use alloc::collections::VecDeque;

use bytes::Bytes;
use ws_core::{BlobError, Close, Text};

/// Names a blob that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobId(u32);

/// Messages and the Close frame, in order, while a blob before them is being read. Otherwise it is
/// empty: what can be sent is sent.
#[derive(Default)]
pub(crate) struct SendQueue {
    waiting: VecDeque<Waiting>,
    /// The bytes of all messages in it, those of blobs that are being read included.
    bytes: u64,
    /// Some of what was in it was thrown away.
    discarded: bool,
    next_blob: u32,
}

pub(crate) enum Waiting {
    /// A blob that is being read.
    Reading {
        id: BlobId,
        size: u64,
    },
    Text(Text),
    Binary(Bytes),
    /// The closing handshake; nothing comes after it.
    Close(Option<Close>),
}

impl SendQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The bytes of all messages in it.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn push(&mut self, message: Waiting) {
        self.bytes += message.len();
        self.waiting.push_back(message);
    }

    /// Keeps a place for a blob of this size.
    pub(crate) fn push_blob(&mut self, size: u64) -> BlobId {
        let id = BlobId(self.next_blob);
        self.next_blob = self.next_blob.wrapping_add(1);
        self.push(Waiting::Reading { id, size });
        id
    }

    /// Puts a blob's bytes in its place. An error if their number is not the one that was announced
    /// and counted.
    pub(crate) fn fill(&mut self, id: BlobId, bytes: Bytes) -> Result<(), BlobError> {
        let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.is_reading(id)) else { return Ok(()) };
        if bytes.len() as u64 != waiting.len() {
            return Err(BlobError("it has another size than it had".into()));
        }
        *waiting = Waiting::Binary(bytes);
        Ok(())
    }

    pub(crate) fn is_reading(&self, id: BlobId) -> bool {
        self.waiting.iter().any(|waiting| waiting.is_reading(id))
    }

    /// The next item that can be sent. `None`: the queue is empty, or the first item is a blob that
    /// is being read.
    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        if let Some(Waiting::Reading { .. }) = self.waiting.front() {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.bytes -= next.len();
        Some(next)
    }

    /// Whether something that was in it was thrown away.
    pub(crate) fn has_discarded(&self) -> bool {
        self.discarded
    }

    pub(crate) fn discard(&mut self) {
        self.discarded |= !self.is_empty();
        self.waiting.clear();
        self.bytes = 0;
    }
}

impl Waiting {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Binary(bytes) => bytes.len() as u64,
            Self::Reading { size, .. } => *size,
            Self::Close(_) => 0,
        }
    }

    fn is_reading(&self, wanted: BlobId) -> bool {
        matches!(self, Self::Reading { id, .. } if *id == wanted)
    }
}

impl BlobId {
    /// The blob of this number, for hosts whose language has no opaque types.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }
}
