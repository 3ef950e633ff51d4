//! Negotiating permessage-deflate: [RFC 7692, section 7.1](https://datatracker.ietf.org/doc/html/rfc7692#section-7.1).

mod element;

use alloc::string::{String, ToString as _};
use core::fmt::{self, Write as _};

use element::{Element, parse};

use super::config::Compression;
use super::deflate::{Compressor, Decompressor};

const NAME: &str = "permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The largest window, and the one of an end that says nothing of its window.
pub(super) const MAX_WINDOW_BITS: u8 = 15;

/// What both ends have agreed on, for each end as a compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    pub(super) client: Side,
    pub(super) server: Side,
}

/// How one end compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// It starts each message with an empty window.
    pub(super) no_context_takeover: bool,
    /// The base-2 logarithm of its window, if one was said.
    pub(super) max_window_bits: Option<u8>,
}

impl Agreement {
    /// What a client compresses and decompresses with.
    pub(super) fn client(self, compression: &Compression) -> (Compressor, Decompressor) {
        (Compressor::new(self.client, compression), Decompressor::new(self.server, compression))
    }

    /// What a server compresses and decompresses with.
    pub(super) fn server(self, compression: &Compression) -> (Compressor, Decompressor) {
        (Compressor::new(self.server, compression), Decompressor::new(self.client, compression))
    }
}

impl Side {
    pub(super) fn window_bits(self) -> u8 {
        self.max_window_bits.unwrap_or(MAX_WINDOW_BITS)
    }
}

/// The parameters of a permessage-deflate element, each at most once.
#[derive(Debug, Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// `Some(None)`: given without a value.
    client_max_window_bits: Option<Option<u8>>,
}

/// The client's offer.
///
/// "By including this parameter in an offer, a client informs the peer server that the client supports the
/// "client_max_window_bits" extension parameter in an extension negotiation response".
pub(super) fn offer(compression: &Compression) -> String {
    let mut offer = String::from(NAME);
    if compression.no_context_takeover {
        let _ = write!(offer, "; {CLIENT_NO_CONTEXT_TAKEOVER}");
    }
    if compression.peer_no_context_takeover {
        let _ = write!(offer, "; {SERVER_NO_CONTEXT_TAKEOVER}");
    }
    if compression.peer_max_window_bits < MAX_WINDOW_BITS {
        let _ = write!(offer, "; {SERVER_MAX_WINDOW_BITS}={}", compression.peer_max_window_bits);
    }
    offer.push_str("; ");
    offer.push_str(CLIENT_MAX_WINDOW_BITS);
    if compression.max_window_bits < MAX_WINDOW_BITS {
        let _ = write!(offer, "={}", compression.max_window_bits);
    }
    offer
}

/// Validates the server's answer to [`offer`], given all values of its header. `Ok(None)`: no extension is in use.
///
/// "If the response includes a |Sec-WebSocket-Extensions| header field and this header field indicates the use of an
/// extension that was not present in the client's handshake [...], the client MUST _Fail the WebSocket Connection_." And
/// RFC 7692, section 7.1: "A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension
/// negotiation offer for this extension with an extension negotiation response" that has an unknown parameter, one with an
/// invalid value, one twice, or one that the client does not support.
///
/// Gives the agreement and the element that says so. The error is the element that was not offered so.
pub(super) fn accept_answer<'a>(
    values: impl Iterator<Item = &'a str>,
    compression: Option<&Compression>,
) -> Result<Option<(Agreement, String)>, String> {
    let mut agreement = None;
    for value in values {
        for element in parse(value).ok_or_else(|| value.to_string())? {
            let refused = || element.to_string();
            let offered = compression.filter(|_| element.name == NAME && agreement.is_none()).ok_or_else(refused)?;
            agreement = Some((accept_element(&element, offered).ok_or_else(refused)?, element.to_string()));
        }
    }
    Ok(agreement)
}

fn accept_element(element: &Element<'_>, offered: &Compression) -> Option<Agreement> {
    let parameters = Parameters::read(element)?;
    // "A server accepts an extension negotiation offer that includes the "server_no_context_takeover" extension parameter
    // by including the "server_no_context_takeover" extension parameter in the corresponding extension negotiation
    // response". The client relies on it, for it has no window to keep.
    if offered.peer_no_context_takeover && !parameters.server_no_context_takeover {
        return None;
    }
    // "[...] by including the "server_max_window_bits" extension parameter in the extension negotiation response to send
    // back to the client with the same or smaller value as the offer."
    let server_bits = parameters.server_max_window_bits;
    if server_bits.unwrap_or(MAX_WINDOW_BITS) > offered.peer_max_window_bits {
        return None;
    }
    // "The "client_max_window_bits" extension parameter in an extension negotiation response has a decimal integer value".
    let client_bits = match parameters.client_max_window_bits {
        Some(None) => return None,
        Some(Some(bits)) => Some(bits.min(offered.max_window_bits)),
        None if offered.max_window_bits < MAX_WINDOW_BITS => Some(offered.max_window_bits),
        None => None,
    };
    Some(Agreement {
        client: Side {
            no_context_takeover: parameters.client_no_context_takeover || offered.no_context_takeover,
            max_window_bits: client_bits,
        },
        server: Side { no_context_takeover: parameters.server_no_context_takeover, max_window_bits: server_bits },
    })
}

/// Whether all values of a client's header have the form they must have. "If a value is received by either the client or
/// the server during negotiation that does not conform to the ABNF below, the recipient of such malformed data MUST
/// immediately _Fail the WebSocket Connection_."
pub(super) fn are_well_formed<'a>(mut values: impl Iterator<Item = &'a str>) -> bool {
    values.all(|value| parse(value).is_some())
}

/// Chooses the first of the client's offers that can be accepted, given all values of its header.
///
/// Gives the agreement and the value of the header that says so. `None`: none of them; the connection does without.
pub(super) fn choose<'a>(
    values: impl Iterator<Item = &'a str>,
    compression: &Compression,
) -> Option<(Agreement, String)> {
    values
        .filter_map(parse)
        .flatten()
        .filter(|element| element.name == NAME)
        .find_map(|element| Parameters::read(&element))
        .map(|parameters| answer(&parameters, compression))
}

/// Every valid offer can be accepted: what the client asks of the server is always done, and a window of 256 bytes by
/// not compressing.
fn answer(offer: &Parameters, compression: &Compression) -> (Agreement, String) {
    let own = compression.max_window_bits;
    let server = Side {
        no_context_takeover: offer.server_no_context_takeover || compression.no_context_takeover,
        // It "MAY include the "server_max_window_bits" extension parameter [...] even if the extension negotiation offer
        // [...] didn't include" it.
        max_window_bits: match offer.server_max_window_bits {
            Some(asked) => Some(asked.min(own)),
            None => (own < MAX_WINDOW_BITS).then_some(own),
        },
    };
    // "If a received extension negotiation offer doesn't have the "client_max_window_bits" extension parameter, the
    // corresponding extension negotiation response to the offer MUST NOT include" it.
    let peer = compression.peer_max_window_bits;
    let client = Side {
        no_context_takeover: offer.client_no_context_takeover || compression.peer_no_context_takeover,
        max_window_bits: match offer.client_max_window_bits {
            Some(hint) => Some(hint.unwrap_or(MAX_WINDOW_BITS).min(peer)).filter(|bits| *bits < MAX_WINDOW_BITS),
            None => None,
        },
    };
    let agreement = Agreement { client, server };
    (agreement, agreement.to_string())
}

/// The agreement as a server's answer says it; also the value of the `extensions` attribute.
impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server.no_context_takeover {
            write!(f, "; {SERVER_NO_CONTEXT_TAKEOVER}")?;
        }
        if self.client.no_context_takeover {
            write!(f, "; {CLIENT_NO_CONTEXT_TAKEOVER}")?;
        }
        if let Some(bits) = self.server.max_window_bits {
            write!(f, "; {SERVER_MAX_WINDOW_BITS}={bits}")?;
        }
        if let Some(bits) = self.client.max_window_bits {
            write!(f, "; {CLIENT_MAX_WINDOW_BITS}={bits}")?;
        }
        Ok(())
    }
}

impl Parameters {
    /// Reads them. `None`: one is unknown, there twice, or has a value that it must not have.
    fn read(element: &Element<'_>) -> Option<Self> {
        let mut parameters = Self::default();
        for (name, value) in &element.parameters {
            let value = value.as_deref();
            match *name {
                SERVER_NO_CONTEXT_TAKEOVER => set_flag(&mut parameters.server_no_context_takeover, value)?,
                CLIENT_NO_CONTEXT_TAKEOVER => set_flag(&mut parameters.client_no_context_takeover, value)?,
                SERVER_MAX_WINDOW_BITS => set_once(&mut parameters.server_max_window_bits, window_bits(value?)?)?,
                CLIENT_MAX_WINDOW_BITS => {
                    let bits = value.map(|value| window_bits(value).ok_or(())).transpose().ok()?;
                    set_once(&mut parameters.client_max_window_bits, bits)?;
                }
                _ => return None,
            }
        }
        Some(parameters)
    }
}

fn set_flag(flag: &mut bool, value: Option<&str>) -> Option<()> {
    (value.is_none() && !core::mem::replace(flag, true)).then_some(())
}

fn set_once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

/// "a decimal integer value without leading zeroes between 8 to 15, inclusive"
fn window_bits(value: &str) -> Option<u8> {
    let bits: u8 = value.parse().ok()?;
    (value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0') && (8..=15).contains(&bits))
        .then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn answer_to(offer: &str, compression: &Compression) -> Option<String> {
        choose([offer].into_iter(), compression).map(|(_, answer)| answer)
    }

    fn accept(answer: &str) -> Result<Option<String>, String> {
        let agreement = accept_answer([answer].into_iter(), Some(&Compression::default()))?;
        Ok(agreement.map(|(_, element)| element))
    }

    #[test]
    fn the_default_offer_is_the_one_browsers_make() {
        assert_eq!(offer(&Compression::default()), "permessage-deflate; client_max_window_bits");
        let compression = Compression {
            no_context_takeover: true,
            peer_no_context_takeover: true,
            max_window_bits: 10,
            peer_max_window_bits: 9,
            ..Compression::default()
        };
        assert_eq!(
            offer(&compression),
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=9; \
             client_max_window_bits=10"
        );
    }

    #[test]
    fn a_server_grants_what_it_is_asked_for() {
        let cases = [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=\"8\"", "permessage-deflate; server_max_window_bits=8"),
            (
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            ),
            // The first one that is valid is taken.
            (
                "x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=7, permessage-deflate",
                "permessage-deflate",
            ),
        ];
        for (offer, answer) in cases {
            assert_eq!(answer_to(offer, &Compression::default()).as_deref(), Some(answer), "{offer}");
        }
        let lines = ["x, y", "permessage-deflate; server_max_window_bits=9"];
        let (agreement, _) = choose(lines.into_iter(), &Compression::default()).unwrap();
        assert_eq!(agreement.server.window_bits(), 9);
    }

    #[test]
    fn a_server_declines_what_is_no_valid_offer() {
        for parameters in [
            "server_max_window_bits",
            "server_max_window_bits=7",
            "server_max_window_bits=16",
            "server_max_window_bits=08",
            "server_max_window_bits=+9",
            "server_max_window_bits=9; server_max_window_bits=9",
            "client_max_window_bits=x",
            "client_max_window_bits=16",
            "client_max_window_bits; client_max_window_bits",
            "server_no_context_takeover=1",
            "client_no_context_takeover=true",
            "client_no_context_takeover; client_no_context_takeover",
            "unknown",
        ] {
            assert_eq!(answer_to(&format!("permessage-deflate; {parameters}"), &Compression::default()), None);
        }
        assert_eq!(answer_to("permessage-bzip2", &Compression::default()), None);
        assert_eq!(answer_to("permessage-deflate;", &Compression::default()), None);
    }

    #[test]
    fn a_server_may_want_less_than_it_is_offered() {
        let compression = Compression {
            no_context_takeover: true,
            peer_no_context_takeover: true,
            max_window_bits: 12,
            peer_max_window_bits: 11,
            ..Compression::default()
        };
        let own =
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12";
        assert_eq!(answer_to("permessage-deflate", &compression).unwrap(), own);
        let with_bits = format!("{own}; client_max_window_bits=11");
        assert_eq!(answer_to("permessage-deflate; client_max_window_bits", &compression).unwrap(), with_bits);
    }

    #[test]
    fn a_client_accepts_what_it_has_offered() {
        for answer in [
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; server_max_window_bits=8; client_max_window_bits=15",
        ] {
            assert_eq!(accept(answer), Ok(Some(answer.into())));
        }
        assert_eq!(accept(""), Ok(None));
        assert_eq!(accept(" , "), Ok(None));
    }

    #[test]
    fn a_client_refuses_any_other_answer() {
        for answer in [
            "x",
            "permessage-deflate, permessage-deflate",
            "permessage-deflate; unknown",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=016",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover=x",
            "permessage-deflate;",
        ] {
            assert!(answer.starts_with(&accept(answer).unwrap_err()), "{answer}");
        }
        let twice = ["permessage-deflate", "permessage-deflate"];
        assert!(accept_answer(twice.into_iter(), Some(&Compression::default())).is_err());
        assert!(accept_answer(["permessage-deflate"].into_iter(), None).is_err(), "nothing was offered");
    }

    #[test]
    fn a_client_insists_on_what_it_relies_on() {
        let compression =
            Compression { peer_no_context_takeover: true, peer_max_window_bits: 10, ..Compression::default() };
        let accept = |answer: &str| accept_answer([answer].into_iter(), Some(&compression));
        assert!(accept("permessage-deflate; server_no_context_takeover; server_max_window_bits=10").is_ok());
        assert!(accept("permessage-deflate; server_no_context_takeover; server_max_window_bits=11").is_err());
        assert!(accept("permessage-deflate; server_no_context_takeover").is_err());
        assert!(accept("permessage-deflate; server_max_window_bits=10").is_err());
    }
}
