//! `/api/v1/conversions`

mod decisions;
mod entry;
mod story;
