//! Addresses under `/api/live`.

mod sales;
