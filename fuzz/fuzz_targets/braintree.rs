//! Braintree's notifications: forms as they come, with their signatures, and the XML inside.

#![no_main]

use libfuzzer_sys::fuzz_target;
use server::fuzzing::{Processor, read_event, verify};

fuzz_target!(|bytes: &[u8]| {
    read_event(Processor::Braintree, bytes);
    verify(Processor::Braintree, b"", bytes);
});
