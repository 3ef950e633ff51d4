//! Immutable raw data that may have to be read asynchronously: <https://w3c.github.io/FileAPI/#blob-section>.

use alloc::{boxed::Box, string::String};
use core::{fmt, future::Future, pin::Pin};

use bytes::Bytes;

use crate::{MaybeSend, MaybeSync, counted::Counted};

/// Immutable raw data, such as a file the user picked.
///
/// On every target a blob can be made [from bytes](Blob::from). A backend brings its own kind as a [`HostBlob`]: in a
/// browser that is a JavaScript `Blob`, whose bytes stay outside of the program until they are asked for.
///
/// ```
/// use ws_core::Blob;
/// let blob = Blob::from(vec![1, 2, 3]);
/// assert_eq!(blob.size(), 3);
/// ```
#[derive(Clone)]
pub struct Blob(Repr);

#[derive(Clone)]
enum Repr {
    /// The bytes are here.
    Bytes(Bytes),
    /// The host has them.
    Host(Counted<dyn HostBlob>),
}

/// The bytes of a blob, once they are read.
#[cfg(not(target_arch = "wasm32"))]
pub type BlobFuture = Pin<Box<dyn Future<Output = Result<Bytes, BlobError>> + Send>>;
/// The bytes of a blob, once they are read.
#[cfg(target_arch = "wasm32")]
pub type BlobFuture = Pin<Box<dyn Future<Output = Result<Bytes, BlobError>>>>;

/// A blob's bytes could not be read, in the host's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the blob could not be read: {0}")]
pub struct BlobError(pub String);

/// A kind of blob that the host keeps.
pub trait HostBlob: MaybeSend + MaybeSync + core::any::Any {
    /// Its size in bytes.
    fn size(&self) -> u64;
    /// Its media type; empty if none is known.
    fn media_type(&self) -> String;
    /// Starts reading it.
    fn bytes(&self) -> BlobFuture;
}

impl Blob {
    /// A blob the host keeps.
    pub fn from_host(blob: impl HostBlob) -> Self {
        Self(Repr::Host(Counted::new(blob)))
    }

    /// The size in bytes.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Repr::Bytes(bytes) => bytes.len() as u64,
            Repr::Host(host) => host.size(),
        }
    }

    /// The media type; empty if none is known.
    pub fn media_type(&self) -> String {
        match &self.0 {
            Repr::Bytes(_) => String::new(),
            Repr::Host(host) => host.media_type(),
        }
    }

    /// The bytes, if they are in the program's memory already.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Repr::Bytes(bytes) => Some(bytes),
            Repr::Host(_) => None,
        }
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// [`BlobError`], such as when a file has changed since the user picked it.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: the blob can be read again.
    pub async fn bytes(&self) -> Result<Bytes, BlobError> {
        match &self.0 {
            Repr::Bytes(bytes) => Ok(bytes.clone()),
            Repr::Host(host) => host.bytes().await,
        }
    }

    /// The host's own kind of blob, if it is of this type.
    pub fn downcast_host<T: HostBlob>(&self) -> Option<&T> {
        match &self.0 {
            Repr::Bytes(_) => None,
            Repr::Host(host) => (&**host as &dyn core::any::Any).downcast_ref(),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Blob {
    fn from(bytes: T) -> Self {
        Self(Repr::Bytes(bytes.into()))
    }
}

/// By the bytes, if both are in the program's memory. One that the host keeps equals its clones alone.
impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Bytes(one), Repr::Bytes(other)) => one == other,
            (Repr::Host(one), Repr::Host(other)) => Counted::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Blob {}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("size", &self.size()).field("media_type", &self.media_type()).finish()
    }
}
