//! Subprotocol names: step 9 of the constructor, <https://websockets.spec.whatwg.org/#dom-websocket-websocket>.

use crate::SyntaxError;

/// Validates the subprotocols given to the constructor.
///
/// # Errors
/// [`SyntaxError::Subprotocol`] for the first that is not an HTTP token, [`SyntaxError::DuplicateSubprotocol`] for the
/// first that occurs again. Names are compared exactly: `chat` and `Chat` are two.
///
/// ```
/// use ws_core::subprotocol::validate;
/// assert!(validate(&["chat", "superchat"]).is_ok());
/// assert!(validate(&["chat", "chat"]).is_err());
/// assert!(validate(&[""]).is_err());
/// ```
pub fn validate<S: AsRef<str>>(protocols: &[S]) -> Result<(), SyntaxError> {
    // 9. If any of the values in protocols occur more than once or otherwise fail to match the requirements for
    //    elements that comprise the value of `Sec-WebSocket-Protocol` fields as defined by The WebSocket protocol,
    //    then throw a "SyntaxError" DOMException.
    for (index, protocol) in protocols.iter().map(AsRef::as_ref).enumerate() {
        if !is_token(protocol) {
            return Err(SyntaxError::Subprotocol(protocol.into()));
        }
        if protocols[..index].iter().any(|earlier| earlier.as_ref() == protocol) {
            return Err(SyntaxError::DuplicateSubprotocol(protocol.into()));
        }
    }
    Ok(())
}

/// Whether the text is an HTTP `token`: not empty, and of the characters RFC 9110, section 5.6.2 lists.
///
/// RFC 6455, section 4.1, item 10 asks for "non-empty strings with characters in the range U+0021 to U+007E not
/// including separator characters as defined in \[RFC2616\]", which are the same characters.
///
/// ```
/// use ws_core::subprotocol::is_token;
/// assert!(is_token("v1.chat+json"));
/// assert!(!is_token("two words"));
/// ```
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_all_outside_of_the_visible_range_are_refused() {
        for byte in 0u8..=0x7F {
            let text = alloc::string::String::from(byte as char);
            let separator = b"()<>@,;:\\\"/[]?={} \t".contains(&byte);
            assert_eq!(is_token(&text), (0x21..=0x7E).contains(&byte) && !separator, "U+{byte:04X}");
        }
        assert!(!is_token("é"));
    }

    #[test]
    fn names_are_compared_exactly() {
        assert_eq!(validate(&["echo", "eCho"]), Ok(()));
        assert_eq!(validate(&["a", "b", "a"]), Err(SyntaxError::DuplicateSubprotocol("a".into())));
    }

    #[test]
    fn the_first_fault_is_named() {
        assert_eq!(validate(&["a", "b c", "a"]), Err(SyntaxError::Subprotocol("b c".into())));
    }
}
