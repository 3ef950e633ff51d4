//! What goes between scripts and the host, whatever the engine.

use bytes::Bytes;

/// A value that a script gives to the host, or is given by it.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Undefined,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// A Uint8Array.
    Bytes(Bytes),
    /// An Array of strings.
    List(Vec<String>),
}

/// An exception: the name of a DOMException, or that of a class of errors, and a message.
#[derive(Debug)]
pub(crate) struct Exception {
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl Exception {
    pub(crate) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into() }
    }
}

impl From<ws_core::Error> for Exception {
    fn from(error: ws_core::Error) -> Self {
        Self::new(error.name().unwrap_or("Error"), error.to_string())
    }
}

/// The arguments of a call, one after the other. What is not there, or is of another type, is a defect of the glue.
pub(crate) struct Arguments<'a>(&'a [Value]);

impl<'a> Arguments<'a> {
    pub(crate) fn new(values: &'a [Value]) -> Self {
        Self(values)
    }

    fn next(&mut self) -> &'a Value {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                first
            }
            [] => &Value::Undefined,
        }
    }

    pub(crate) fn number(&mut self) -> Result<f64, Exception> {
        match self.next() {
            Value::Number(number) => Ok(*number),
            other => Err(unfit("a number", other)),
        }
    }

    /// The number by which the host knows something.
    pub(crate) fn id(&mut self) -> Result<u32, Exception> {
        self.number().map(|number| number as u32)
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Exception> {
        match self.next() {
            Value::Boolean(boolean) => Ok(*boolean),
            other => Err(unfit("a boolean", other)),
        }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Exception> {
        match self.next() {
            Value::Text(text) => Ok(text),
            other => Err(unfit("a string", other)),
        }
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>, Exception> {
        match self.next() {
            Value::Undefined => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(unfit("a string", other)),
        }
    }

    pub(crate) fn optional_number(&mut self) -> Result<Option<f64>, Exception> {
        match self.next() {
            Value::Undefined => Ok(None),
            Value::Number(number) => Ok(Some(*number)),
            other => Err(unfit("a number", other)),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, Exception> {
        match self.next() {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            other => Err(unfit("a Uint8Array", other)),
        }
    }

    pub(crate) fn list(&mut self) -> Result<&'a [String], Exception> {
        match self.next() {
            Value::List(list) => Ok(list),
            other => Err(unfit("an array of strings", other)),
        }
    }
}

fn unfit(wanted: &str, given: &Value) -> Exception {
    Exception::new("TypeError", format!("{wanted} was expected, not {given:?}"))
}
