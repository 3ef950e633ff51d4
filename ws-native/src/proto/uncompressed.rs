//! What a build without the feature `deflate` has in place of permessage-deflate: types of which there are no values,
//! so that the compiler leaves out what would handle them.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};

/// Settings of permessage-deflate, of which this build has none: see the feature `deflate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compression {}

#[derive(Clone, Copy, Debug)]
pub(super) enum Agreement {}

#[derive(Debug)]
pub(super) enum Compressor {}

#[derive(Debug)]
pub(super) enum Decompressor {}

#[derive(Default)]
pub(super) struct Shared(());

pub(super) enum InflateError {
    #[allow(dead_code, reason = "the same shape as with the feature")]
    TooLong,
    #[allow(dead_code, reason = "the same shape as with the feature")]
    NotDeflate,
}

impl Compression {
    pub(super) const DEFAULT: Option<Self> = None;

    pub(super) fn in_range(self) -> Self {
        match self {}
    }
}

pub(super) fn offer(compression: &Compression) -> String {
    match *compression {}
}

pub(super) fn accept_answer<'a>(
    mut values: impl Iterator<Item = &'a str>,
    _: Option<&Compression>,
) -> Result<Option<(Agreement, String)>, String> {
    match values.find(|value| !value.trim_matches([' ', '\t', ',']).is_empty()) {
        Some(extension) => Err(extension.to_string()),
        None => Ok(None),
    }
}

pub(super) fn are_well_formed<'a>(_: impl Iterator<Item = &'a str>) -> bool {
    true
}

pub(super) fn choose<'a>(_: impl Iterator<Item = &'a str>, compression: &Compression) -> Option<(Agreement, String)> {
    match *compression {}
}

impl Agreement {
    pub(super) fn client(self, _: &Compression) -> (Compressor, Decompressor) {
        match self {}
    }

    pub(super) fn server(self, _: &Compression) -> (Compressor, Decompressor) {
        match self {}
    }
}

impl Compressor {
    pub(super) fn release(&mut self) {
        match *self {}
    }

    pub(super) fn compress(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(super) fn shared(&mut self, _: &[u8], _: &Shared, _: impl FnOnce(&[u8]) -> Bytes) -> Option<Bytes> {
        match *self {}
    }

    pub(super) fn begin(&mut self) -> bool {
        match *self {}
    }

    pub(super) fn part(&mut self, _: &[u8], _: bool) -> Vec<u8> {
        match *self {}
    }
}

impl Decompressor {
    pub(super) fn release(&mut self) {
        match *self {}
    }

    pub(super) fn push(&mut self, _: &[u8], _: &mut BytesMut, _: usize) -> Result<(), InflateError> {
        match *self {}
    }

    pub(super) fn remember(&mut self, _: &[u8]) {
        match *self {}
    }

    pub(super) fn finish(&mut self, _: &mut BytesMut, _: usize) -> Result<(), InflateError> {
        match *self {}
    }
}
