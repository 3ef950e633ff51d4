//! The ready state: <https://websockets.spec.whatwg.org/#dom-websocket-readystate>.

/// The state of the connection as the interface shows it.
///
/// The numeric values are those of the standard's constants.
///
/// ```
/// use ws_core::ReadyState;
/// assert_eq!(ReadyState::Open as u16, 1);
/// assert!(ReadyState::Connecting < ReadyState::Closed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum ReadyState {
    /// The connection has not yet been established.
    Connecting = 0,
    /// The WebSocket connection is established and communication is possible.
    Open = 1,
    /// The connection is going through the closing handshake, or `close()` has been called.
    Closing = 2,
    /// The connection has been closed or could not be opened.
    Closed = 3,
}

impl ReadyState {
    /// The state with this number, as a host's `readyState` attribute gives it.
    ///
    /// ```
    /// use ws_core::ReadyState;
    /// assert_eq!(ReadyState::from_number(2), Some(ReadyState::Closing));
    /// assert_eq!(ReadyState::from_number(4), None);
    /// ```
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Connecting),
            1 => Some(Self::Open),
            2 => Some(Self::Closing),
            3 => Some(Self::Closed),
            _ => None,
        }
    }
}
