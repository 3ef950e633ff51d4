//! The grammar of Sec-WebSocket-Extensions: [RFC 6455, section 9.1](https://datatracker.ietf.org/doc/html/rfc6455#section-9.1).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ws_core::subprotocol::is_token;

/// An element of the header: an extension and its parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: Vec<(&'a str, Option<String>)>,
}

/// Reads one value of the header:
///
/// ```text
/// extension-list  = 1#extension
/// extension       = extension-token *( ";" extension-param )
/// extension-param = token [ "=" (token | quoted-string) ]
/// ```
///
/// "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST conform to the 'token'
/// ABNF."
pub(super) fn parse(value: &str) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let mut rest = trim(value);
    while !rest.is_empty() {
        // An empty element of a list is to be ignored: RFC 9110, section 5.6.1.2.
        if let Some(after) = rest.strip_prefix(',') {
            rest = trim(after);
            continue;
        }
        let (name, after) = token(rest)?;
        rest = trim(after);
        let mut parameters = Vec::new();
        while let Some(after) = rest.strip_prefix(';') {
            let (name, after) = token(trim(after))?;
            rest = trim(after);
            let value = match rest.strip_prefix('=') {
                None => None,
                Some(after) => {
                    let (value, after) = token_or_quoted(trim(after))?;
                    rest = trim(after);
                    Some(value)
                }
            };
            parameters.push((name, value));
        }
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
        elements.push(Element { name, parameters });
    }
    Some(elements)
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The token that the text begins with, and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.find([' ', '\t', ',', ';', '=', '"']).unwrap_or(text.len());
    let (token, rest) = text.split_at(end);
    is_token(token).then_some((token, rest))
}

fn token_or_quoted(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return token(text).map(|(token, rest)| (token.into(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    loop {
        match characters.next()? {
            (end, '"') => return is_token(&value).then(|| (value, &quoted[end + 1..])),
            (_, '\\') => value.push(characters.next()?.1),
            (_, character) => value.push(character),
        }
    }
}

impl fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (name, value) in &self.parameters {
            match value {
                Some(value) => write!(f, "; {name}={value}")?,
                None => write!(f, "; {name}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_list_is_read_with_tokens_and_quoted_values() {
        let parameter = |name, value: Option<&str>| (name, value.map(String::from));
        assert_eq!(
            parse(" a ; x = 1;y=\"2\" , ,b;z").unwrap(),
            [
                Element { name: "a", parameters: vec![parameter("x", Some("1")), parameter("y", Some("2"))] },
                Element { name: "b", parameters: vec![parameter("z", None)] },
            ]
        );
        assert_eq!(parse("a; x=\"\\1\\2\"").unwrap()[0].parameters, [parameter("x", Some("12"))]);
        assert_eq!(parse("").unwrap(), []);
        for bad in
            ["a b", "a;", "a;=1", "a;x=", "a;x=\"1", "a;x=\"1 2\"", "a;x=\"\"", "a;x=1 2", ";x", "a;x=\"1\"2", "ä"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
