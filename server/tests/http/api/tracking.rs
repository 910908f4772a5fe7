//! Addresses under `/api/tracking`.

mod lead;
mod refund;
mod s2s;
