//! The API for programs: dialect A (`conversions`, `s2s`, `live`) and, under `v1`, dialect B.

pub(crate) mod conversions;
pub(crate) mod live;
pub(crate) mod s2s;
pub(crate) mod signature;
pub(crate) mod v1;
