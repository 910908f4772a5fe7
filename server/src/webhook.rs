//! Webhooks of processors: one shared intake, one adapter per processor.

pub(crate) mod intake;
pub(crate) mod stripe;
