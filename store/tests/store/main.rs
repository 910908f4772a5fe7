//! The store on a real Postgres: every test has a database of its own.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod affiliates;
mod export;
mod intake;
mod limits;
mod live;
mod organization;
mod plans;
mod refunds;
mod roles;
mod sales;
mod sessions;
mod support;
mod waiting;
