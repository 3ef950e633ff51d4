//! JSON as JavaScript has it.

use serde_core::{Serialize, de::DeserializeOwned};
use ws_core::{Data, Decode, Encode};

use super::{CodecError, text};

/// JSON as a peer in JavaScript writes and reads it. Sends text; reads text, and binary messages that are text in UTF-8.
///
/// In browsers this uses the engine's own `JSON` and serde-wasm-bindgen, so that a program needs
/// neither a parser nor a printer: a small one is 1.3 KB smaller, compressed. Natively serde_json
/// does what a browser would do, with the same bytes for the same value, except that browsers put a
/// map's keys like `10` and `9` first, in the order of the numbers:
///
/// - numbers are those of JavaScript: an integer beyond 2⁵³ - 1, on either side of zero, is refused, by the sender and by the
///   receiver, where others would round it; `1.0` is `1`, and whole numbers are read as either kind;
/// - integers of 128 bits are refused by the sender, and in browsers by the receiver; numbers that
///   are not finite are `null`;
/// - of two members of an object with the same name the last one counts.
///
/// Members of an object are read in the order that JavaScript gives them in browsers, and natively in the order of their names, unless
/// something in the program asks for serde_json's feature `preserve_order`.
///
/// The keys of a map have to be text: browsers refuse others, and lose the key `__proto__` of a map
/// that they write. An escaped lone surrogate in a text is refused natively, and becomes a
/// replacement character in browsers.
///
/// When reading, browsers accept things that serde_json refuses: members that the type does not
/// have, even with `deny_unknown_fields`; surplus elements for a tuple; a number that is too large
/// for an `f64`, as infinity. They keep the sign of `-0`. But they do not read an array as a struct. A missing member is looked
/// up among those that every object has: an optional field must not be named `constructor`,
/// `toString` or `valueOf`.
///
/// ```
/// use isosocket::{Data, JsValues};
/// let data = Data::encode::<JsValues, _>(&(1.0, "one"))?;
/// assert_eq!(data.as_text(), Some(r#"[1,"one"]"#));
/// assert!(Data::encode::<JsValues, _>(&(1_u64 << 53)).is_err());
/// # Ok::<(), isosocket::codec::CodecError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct JsValues;

impl<T: Serialize + ?Sized> Encode<T> for JsValues {
    type Error = CodecError;

    fn encode(value: &T) -> Result<Data, CodecError> {
        json::to_text(value).map(Data::from).map_err(CodecError::library)
    }
}

impl<T: DeserializeOwned> Decode<T> for JsValues {
    type Error = CodecError;

    fn decode(data: &Data) -> Result<T, CodecError> {
        json::from_text(text(data)?).map_err(CodecError::library)
    }
}

#[cfg(target_arch = "wasm32")]
use ws_wasm::json;

/// What a browser's `JSON` and serde-wasm-bindgen do, by serde_json.
#[cfg(not(target_arch = "wasm32"))]
mod json {
    use std::io;

    use serde_core::{Serialize, de::DeserializeOwned};
    use serde_json::ser::Formatter;
    use serde_json::{Error, Number, Serializer, Value};

    /// `Number.MAX_SAFE_INTEGER`
    const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

    pub(super) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
        let mut bytes = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut bytes, JavaScript))?;
        String::from_utf8(bytes).map_err(|error| Error::io(io::Error::other(error)))
    }

    pub(super) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
        let mut value = serde_json::from_str(text)?;
        make_javascript(&mut value);
        T::deserialize(value)
    }

    /// Makes all numbers what they are in JavaScript: integers if they are safe integers, and
    /// otherwise doubles.
    fn make_javascript(value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::String(_) => {}
            Value::Array(values) => values.iter_mut().for_each(make_javascript),
            Value::Object(members) => members.values_mut().for_each(make_javascript),
            Value::Number(number) => {
                let Some(double) = number.as_f64() else { return };
                if double.fract() == 0.0 && double.abs() <= MAX_SAFE_INTEGER as f64 {
                    *number = Number::from(double as i64);
                } else if let Some(inexact) = Number::from_f64(double) {
                    *number = inexact;
                }
            }
        }
    }

    /// Numbers as `JSON.stringify()` prints them.
    struct JavaScript;

    impl Formatter for JavaScript {
        fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
            if value.unsigned_abs() > MAX_SAFE_INTEGER {
                return Err(unsafe_integer(value));
            }
            write!(writer, "{value}")
        }

        fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
            if value > MAX_SAFE_INTEGER {
                return Err(unsafe_integer(value));
            }
            write!(writer, "{value}")
        }

        fn write_i128<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i128) -> io::Result<()> {
            Err(unsafe_integer(value))
        }

        fn write_u128<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u128) -> io::Result<()> {
            Err(unsafe_integer(value))
        }

        fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
            self.write_f64(writer, f64::from(value))
        }

        /// <https://tc39.es/ecma262/#sec-numeric-types-number-tostring>: the shortest digits that are read as the same
        /// number, with an exponent from 10²¹ on and below 10⁻⁶.
        fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
            let size = value.abs();
            if value == 0.0 {
                writer.write_all(b"0")
            } else if (1e-6..1e21).contains(&size) {
                write!(writer, "{value}")
            } else {
                let digits = format!("{value:e}");
                let plus = if size < 1.0 { "e" } else { "e+" };
                writer.write_all(digits.replace('e', plus).as_bytes())
            }
        }
    }

    fn unsafe_integer(value: impl std::fmt::Display) -> io::Error {
        io::Error::other(format!("{value} can't be represented as a JavaScript number"))
    }
}
