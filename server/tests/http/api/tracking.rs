//! Addresses under `/api/tracking`.

mod click;
mod lead;
mod refund;
mod s2s;
