//! The memory that a thread's connections share for reading and writing: a connection that waits
//! has none of its own.
//!
//! A connection borrows memory when it is about to read or to write, and returns it when it waits
//! and next to nothing is left in it. So thousands of idle connections need no buffers, and the few
//! that are busy use the same ones, which are then in the processor's caches.

use std::cell::RefCell;
use std::mem;

use bytes::BytesMut;

use crate::proto::{self, Role};

/// The least room a read is worth.
const LEAST: usize = 4 << 10;
/// A frame is large if it is longer than the memory of a read divided by this. Reads then end soon
/// after it.
const LARGE: usize = 2;
/// What is read beyond a large frame, in bytes: the next header, and some short frames.
const BEYOND: usize = 256;
/// The most bytes that room is made for because the header of a large frame announces them.
const TRUSTED: usize = (1 << 20) + LEAST;
/// Beyond that, room is made for this many bytes for each byte of the frame that has come.
const PROVEN: usize = 4;
/// While a connection waits for the rest of a frame, what it has of it moves to memory of just that
/// size, if it is shorter than the memory of a read divided by this.
const MOVED: usize = 8;
/// The most memory for writing that is kept, in bytes.
const WRITE: usize = 256 << 10;
/// How many pieces of each kind a thread keeps.
const KEPT: usize = 4;

#[derive(Default)]
struct Spare {
    read: Vec<Piece>,
    write: Vec<proto::Frames>,
}

impl Spare {
    /// A place for memory to read into: a free one, or else the next in turn.
    fn place_for_reading(&mut self) -> &mut Piece {
        let free = self.read.iter().position(|piece| piece.bytes.capacity() == 0);
        let place = free.unwrap_or_else(|| {
            if self.read.len() < KEPT {
                self.read.push(Piece::default());
            } else {
                self.read.rotate_left(1);
            }
            self.read.len() - 1
        });
        &mut self.read[place]
    }
}

/// Memory to read into; without capacity while a connection has it.
#[derive(Default)]
struct Piece {
    bytes: BytesMut,
    /// The size of the reads it is for. For connections with other settings it would be too small,
    /// or too large to stay in the processor's caches.
    read: usize,
}

thread_local! {
    static SPARE: RefCell<Spare> = RefCell::default();
}

/// Makes room for a read. Returns the most bytes to be read: not far beyond a large frame, so that little of the next one
/// has to be moved to where there is room for it.
pub(crate) fn lend_for_reading(connection: &mut proto::Connection) -> usize {
    let (missing, read) = (connection.missing(), room(connection));
    let buffer = connection.read_memory();
    let length = buffer.len();
    let to_its_end = missing.saturating_add(BEYOND);
    let wanted = missing.saturating_add(LEAST);
    // A frame that has memory of its own need not be read in one go: that memory would grow too
    // early.
    let least = wanted.min(read / LARGE);
    if buffer.capacity() - length < least && !buffer.try_reclaim(least) {
        if length.saturating_add(wanted) <= read {
            move_to_spare(buffer, length + wanted, read);
        } else {
            buffer.reserve(wanted.min(TRUSTED.max(length.saturating_mul(PROVEN))));
        }
    }
    match connection.role() {
        _ if missing == 0 || length.saturating_add(missing) <= read / LARGE => read,
        // A server unmasks what it has read before it reads on, while it is still in the
        // processor's caches.
        Role::Server => to_its_end.min(read),
        Role::Client => to_its_end,
    }
}

/// The memory for one read of a connection.
fn room(connection: &proto::Connection) -> usize {
    connection.config().most_read() + LEAST
}

/// Moves what is in a buffer to the memory that the thread has for such reads, with room for
/// `least` bytes in all. Buffers are swapped in place, here and below: moving the struct that
/// describes one would take longer than most messages do.
fn move_to_spare(buffer: &mut BytesMut, least: usize, read: usize) {
    let is_moved = spare(|spare| {
        let piece = spare.read.iter_mut().rfind(|piece| piece.read == read && piece.bytes.capacity() > 0)?;
        // If no message shares it any more, all of it can be used again; otherwise the rest of it,
        // if that is enough.
        let is_usable = piece.bytes.try_reclaim(read) || piece.bytes.capacity() >= least;
        if is_usable {
            mem::swap(&mut piece.bytes, buffer);
            buffer.extend_from_slice(&piece.bytes);
        }
        piece.bytes = BytesMut::new();
        is_usable.then_some(())
    });
    if is_moved.flatten().is_none() {
        let mut fresh = BytesMut::with_capacity(read);
        fresh.extend_from_slice(buffer);
        *buffer = fresh;
    }
}

/// Lends memory to write into.
pub(crate) fn lend_for_writing(connection: &mut proto::Connection) {
    if let Some(frames) = connection.write_memory().filter(|frames| frames.capacity() == 0) {
        spare(|spare| {
            if let Some(kept) = spare.write.iter_mut().rfind(|frames| frames.capacity() > 0) {
                mem::swap(kept, frames);
            }
        });
    }
}

/// Takes back what a connection that waits has no use for.
pub(crate) fn take_back(connection: &mut proto::Connection) {
    connection.release_idle();
    take_back_read(connection);
    if let Some(frames) = connection.write_memory().filter(|frames| frames.capacity() > 0) {
        if frames.capacity() <= WRITE {
            spare(|spare| {
                if spare.write.len() < KEPT && spare.write.iter().all(|frames| frames.capacity() > 0) {
                    spare.write.push(proto::Frames::default());
                }
                if let Some(free) = spare.write.iter_mut().find(|frames| frames.capacity() == 0) {
                    mem::swap(free, frames);
                }
            });
        }
        *frames = proto::Frames::default();
    }
}

/// Takes back the memory that was read into, if nothing is left in it: the program may take long
/// over the last message.
#[inline]
pub(crate) fn take_back_if_read(connection: &mut proto::Connection) {
    if connection.read_memory().is_empty() {
        take_back_read(connection);
    }
}

fn take_back_read(connection: &mut proto::Connection) {
    let (missing, read) = (connection.missing(), room(connection));
    let buffer = connection.read_memory();
    // Memory that was made for a large frame stays with the connection.
    let is_of_large_frame = buffer.len().saturating_add(missing).saturating_add(LEAST) > read;
    if buffer.len() >= read / MOVED || buffer.capacity() == 0 || is_of_large_frame {
        return;
    }
    // The little that may be left of a frame moves to memory of just its size.
    let rest = BytesMut::from(&buffer[..]);
    if buffer.capacity() >= 2 * read {
        *buffer = rest;
        return;
    }
    spare(|spare| {
        let piece = spare.place_for_reading();
        *piece = Piece { bytes: rest, read };
        mem::swap(&mut piece.bytes, buffer);
        piece.bytes.clear();
    });
}

/// Looks at what the thread has to spare: nothing while the thread ends.
fn spare<R>(look: impl FnOnce(&mut Spare) -> R) -> Option<R> {
    SPARE.try_with(|spare| look(&mut spare.borrow_mut())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Config, Connection};

    /// The memory of a read, if nothing else is set.
    const READ: usize = (256 << 10) + LEAST;

    fn connection() -> Connection {
        Connection::client_established(Config::default(), Box::new(|bytes: &mut [u8]| bytes.fill(7)))
    }

    fn address(connection: &mut Connection) -> usize {
        connection.read_memory().as_ptr() as usize
    }

    #[test]
    fn connections_read_into_the_same_memory_by_turns() {
        let (mut first, mut second) = (connection(), connection());
        lend_for_reading(&mut first);
        let lent = address(&mut first);
        first.receive(b"\x81\x01a");
        assert!(first.advance(crate::proto::Delivery::Whole).is_some());
        take_back(&mut first);
        assert_eq!(first.read_memory().capacity(), 0);
        lend_for_reading(&mut second);
        assert_eq!(address(&mut second), lent);
    }

    #[test]
    fn connections_that_read_less_leave_the_memory_of_others_alone() {
        let less = Config { read_size: 16 << 10, ..Config::default() };
        for _ in 0..2 {
            for (config, read) in [(Config::default(), READ), (less.clone(), (16 << 10) + LEAST)] {
                let mut connection = Connection::server_established(config);
                assert_eq!(lend_for_reading(&mut connection), read);
                assert_eq!(connection.read_memory().capacity(), read);
                take_back(&mut connection);
            }
        }
    }

    #[test]
    fn what_is_left_of_a_frame_or_of_output_is_kept() {
        let mut connection = connection();
        lend_for_reading(&mut connection);
        connection.receive(b"\x81\x02a");
        assert!(connection.advance(crate::proto::Delivery::Whole).is_none());
        connection.send_text("a").unwrap();
        take_back(&mut connection);
        assert_eq!(connection.read_memory()[..], b"a"[..]);
        assert!(connection.read_memory().capacity() < 100);
        assert!(!connection.output().is_empty());
        connection.receive(b"b");
        assert!(
            matches!(connection.advance(crate::proto::Delivery::Whole), Some(crate::proto::Event::Text(text)) if text == "ab")
        );
    }

    #[test]
    fn a_message_that_is_kept_keeps_its_memory() {
        let mut connection = connection();
        lend_for_reading(&mut connection);
        connection.receive(b"\x82\x03abc");
        let Some(crate::proto::Event::Binary(kept)) = connection.advance(crate::proto::Delivery::Whole) else {
            panic!("a message")
        };
        take_back(&mut connection);
        lend_for_reading(&mut connection);
        connection.receive(b"\x82\x03xyz");
        assert!(connection.advance(crate::proto::Delivery::Whole).is_some());
        assert_eq!(kept, "abc");
    }

    #[test]
    fn a_frame_that_comes_byte_by_byte_does_not_get_its_memory_again_and_again() {
        // Around what fits into the memory of one read.
        for length in [READ - LEAST - 100, READ - LEAST, READ - LEAST + 1, READ, READ + 1, 2 * READ] {
            let mut connection = connection();
            let info = allocation_counter::measure(|| {
                lend_for_reading(&mut connection);
                connection.receive(b"\x82\x7f");
                connection.receive(&(length as u64).to_be_bytes());
                for _ in 0..1000 {
                    assert!(connection.advance(crate::proto::Delivery::Whole).is_none());
                    take_back(&mut connection);
                    lend_for_reading(&mut connection);
                    connection.receive(b"x");
                }
            });
            // Small memory for the little there is, and large memory twice: the thread's, and the frame's.
            assert!(info.bytes_total < 1_000_000 + 2 * (length + READ) as u64, "{length}: {info:?}");
        }
    }

    #[test]
    fn a_large_frame_gets_room_for_itself_alone() {
        let mut connection = connection();
        lend_for_reading(&mut connection);
        let length = 3 << 20;
        connection.receive(&[&b"\x82\x7f\x00\x00\x00\x00\x00\x30\x00\x00"[..], &[1; 1000]].concat());
        assert!(connection.advance(crate::proto::Delivery::Whole).is_none());
        let mut reads = 0;
        while connection.missing() > 0 {
            lend_for_reading(&mut connection);
            let room = connection.read_memory().capacity() - connection.read_memory().len();
            assert!(room > 0 && connection.read_memory().capacity() < 2 * length);
            connection.receive(&vec![1; room.min(connection.missing())]);
            reads += 1;
        }
        assert!(
            matches!(connection.advance(crate::proto::Delivery::Whole), Some(crate::proto::Event::Binary(bytes)) if bytes.len() == length)
        );
        assert!(reads < 5, "{reads}");
        assert_eq!(connection.read_memory().capacity(), 0);
    }
}
