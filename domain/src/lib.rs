//! The business of Tributary: what words mean and which rule decides.
//!
//! Pure types and functions. This crate owns money, ids, attribution, commission and the life of a
//! conversion. It must not know about time passing, databases, HTTP or any processor's wire format:
//! instants come in as arguments, facts come in as values, decisions go out as values. It compiles
//! to WebAssembly, because the browser shows money and statuses with the same types.
//!
//! Reading order: [`money`], [`fact`] (what the outside told us), [`attribution`] (who earned it),
//! [`commission`] (how much), [`conversion`] (the record that results), [`refund`] and [`settle`] (what
//! it is worth now), [`lifecycle`] (where it stands), [`computation`] (how that came about), [`payout`] (what is paid).

#![deny(clippy::as_conversions)]

pub mod affiliate;
pub mod attribution;
pub mod campaign;
pub mod cap;
pub mod click;
pub mod commission;
pub mod computation;
pub mod connection;
pub mod conversion;
pub mod coupon;
pub mod email;
pub mod event;
pub mod exchange;
pub mod fact;
pub mod fraud;
pub mod id;
pub mod import;
pub mod ledger;
pub mod lifecycle;
pub mod link;
pub mod member;
pub mod money;
#[cfg(feature = "openapi")]
mod openapi;
pub mod organization;
pub mod pay_per_click;
pub mod payout;
pub mod rate;
pub mod refund;
pub mod report;
pub mod sales;
pub mod scope;
pub mod settle;
pub mod site;
pub mod slug;
pub mod target;
pub mod text;
pub mod traffic;
pub mod transfer;
pub mod webhook;
mod words;
