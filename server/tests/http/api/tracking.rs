//! Addresses under `/api/tracking`.

mod lead;
mod s2s;
