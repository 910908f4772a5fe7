//! Paddle's events and their signatures: the first line is the header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use server::fuzzing::{Processor, read_event, verify};

fuzz_target!(|bytes: &[u8]| {
    read_event(Processor::Paddle, bytes);
    if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        verify(Processor::Paddle, &bytes[..end], &bytes[end + 1..]);
    }
});
