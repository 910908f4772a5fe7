//! Files of affiliates and sales from other platforms, as CSV.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| server::fuzzing::read_import(file));
