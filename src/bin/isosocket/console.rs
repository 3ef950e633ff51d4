//! The standard input as messages, and messages on the standard output.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal as _, Read as _, StdinLock};
use std::thread;

use tokio::io::{AsyncWriteExt as _, BufWriter, Stdout};
use tokio::sync::mpsc;
use ws_core::Data;

/// The most bytes of a line, without its end.
const MAX_LINE: usize = 64 << 20;

/// The most bytes of a binary message.
const MAX_CHUNK: usize = 64 << 10;

/// How many messages are read ahead of the connection.
const AHEAD: usize = 16;

/// The standard input: its lines as text, or its bytes as they come.
pub(crate) struct Input {
    messages: mpsc::Receiver<Result<Data, String>>,
    /// A message that could not be sent: the next connection gets it.
    unsent: Option<Data>,
}

impl Input {
    /// Begins to read.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn read(binary: bool) -> io::Result<Self> {
        let (sender, messages) = mpsc::channel(AHEAD);
        let next: fn(&mut StdinLock<'static>, u64) -> _ = if binary { next_chunk } else { next_line };
        // A read cannot be given up. The program can end without waiting for this thread, but not
        // for one of the runtime's.
        thread::Builder::new().name("input".into()).spawn(move || {
            let mut stdin = io::stdin().lock();
            for number in 1.. {
                let Some(message) = next(&mut stdin, number).transpose() else { break };
                let is_last = message.is_err();
                if sender.blocking_send(message).is_err() || is_last {
                    break;
                }
            }
        })?;
        Ok(Self { messages, unsent: None })
    }

    /// The next message, if it is there.
    pub(crate) fn at_hand(&mut self) -> Option<Result<Data, String>> {
        self.unsent.take().map(Ok).or_else(|| self.messages.try_recv().ok())
    }

    /// Waits for the next message. `None`: the input has ended.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub(crate) async fn next(&mut self) -> Option<Result<Data, String>> {
        match self.at_hand() {
            None => self.messages.recv().await,
            next => next,
        }
    }

    /// Takes back a message that was not sent. It is the next one again.
    pub(crate) fn take_back(&mut self, message: Data) {
        self.unsent = Some(message);
    }
}

fn next_line(input: &mut impl BufRead, number: u64) -> Result<Option<Data>, String> {
    let mut line = Vec::new();
    // The end of a line, of one byte or two, is no part of it.
    input.take(MAX_LINE as u64 + 2).read_until(b'\n', &mut line).map_err(unreadable)?;
    match line.pop() {
        None => return Ok(None),
        Some(b'\n') if line.last() == Some(&b'\r') => line.truncate(line.len() - 1),
        Some(b'\n') => {}
        // The last line need not have an end.
        Some(byte) => line.push(byte),
    }
    if line.len() > MAX_LINE {
        return Err(format!("line {number} of the input has more than {MAX_LINE} bytes"));
    }
    let text = String::from_utf8(line)
        .map_err(|_| format!("line {number} of the input is not UTF-8, as text must be: --binary sends bytes"))?;
    Ok(Some(text.into()))
}

fn next_chunk(stdin: &mut StdinLock<'_>, _number: u64) -> Result<Option<Data>, String> {
    let mut chunk = vec![0; MAX_CHUNK];
    let length = stdin.read(&mut chunk).map_err(unreadable)?;
    chunk.truncate(length);
    Ok((length > 0).then(|| chunk.into()))
}

fn unreadable(error: io::Error) -> String {
    format!("the input cannot be read: {error}")
}

/// The standard output.
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    binary: bool,
    /// The output is for people, not for a program that wants the messages as they are.
    is_seen: bool,
}

impl Output {
    /// Writes messages as lines, or as they are.
    pub(crate) fn new(binary: bool) -> Self {
        let is_seen = !binary && io::stdout().is_terminal();
        Self { stdout: BufWriter::new(tokio::io::stdout()), binary, is_seen }
    }

    /// Writes a text message.
    ///
    /// # Errors
    /// What the system says, about this message or one before: that nobody reads any more, say.
    pub(crate) async fn write_text(&mut self, text: &str) -> io::Result<()> {
        if self.is_seen {
            self.stdout.write_all(harmless(text, &['\n', '\t']).as_bytes()).await?;
        } else {
            self.stdout.write_all(text.as_bytes()).await?;
        }
        self.end_message().await
    }

    /// Writes a binary message.
    ///
    /// # Errors
    /// As [`write_text`](Self::write_text).
    pub(crate) async fn write_binary(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.binary {
            self.stdout.write_all(bytes).await?;
        } else {
            for byte in bytes {
                self.stdout.write_all(format!("{byte:02x}").as_bytes()).await?;
            }
        }
        self.end_message().await
    }

    async fn end_message(&mut self) -> io::Result<()> {
        if self.binary { Ok(()) } else { self.stdout.write_all(b"\n").await }
    }

    /// Writes what it has kept.
    ///
    /// # Errors
    /// As [`write_text`](Self::write_text).
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush().await
    }
}

/// Text that is safe to show on a terminal: without the characters that command it, and, unless
/// those are kept, without the ones that change the order of the text.
pub(crate) fn harmless(text: &str, kept: &[char]) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        let is_order = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (character.is_control() || is_order) && !kept.contains(&character) {
            // Writing to a string cannot fail.
            let _ = write!(written, "{}", character.escape_default());
        } else {
            written.push(character);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::{MAX_LINE, harmless, next_line};

    #[test]
    fn the_end_of_a_line_does_not_count_in_its_length() {
        for end in ["", "\n", "\r\n"] {
            for (length, is_taken) in [(MAX_LINE, true), (MAX_LINE + 1, false)] {
                let input: Vec<u8> = iter::repeat_n(b'a', length).chain(end.bytes()).collect();
                let line = next_line(&mut &input[..], 1);
                assert_eq!(line.is_ok_and(|line| line.is_some()), is_taken, "{length} {end:?}");
            }
        }
    }

    #[test]
    fn what_commands_a_terminal_is_written_out() {
        for (text, expected) in [
            ("grüß dich \\ 🎉", "grüß dich \\ 🎉"),
            ("a\n\tb\r", "a\n\tb\\r"),
            ("\x1b[2J\0\x7f\u{9b}2J", "\\u{1b}[2J\\u{0}\\u{7f}\\u{9b}2J"),
            ("\u{202a}\u{202e}\u{2066}\u{2069}", "\\u{202a}\\u{202e}\\u{2066}\\u{2069}"),
            ("\u{2029}\u{202f}\u{2065}\u{206a}", "\u{2029}\u{202f}\u{2065}\u{206a}"),
        ] {
            assert_eq!(harmless(text, &['\n', '\t']), expected);
        }
        assert_eq!(harmless("a\nb", &[]), "a\\nb");
    }
}
