//! Webhooks of processors: one shared intake, one adapter per processor.
//!
//! How to add a processor: see the README. Facts, storage, attribution and money are the same for all of
//! them.

pub(crate) mod braintree;
mod clue;
pub(crate) mod event;
pub(crate) mod intake;
mod json;
mod paddle;
mod signature;
pub(crate) mod stripe;
pub(crate) mod xml;
