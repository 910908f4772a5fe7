//! Exchange rates, as the bank's XML or as CSV.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| server::fuzzing::read_rates(text));
