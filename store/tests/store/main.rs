//! The store on a real Postgres: every test has a database of its own.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod account;
mod affiliate_list;
mod affiliates;
mod audit;
mod by_hand;
mod cancelled;
mod clicks;
mod coupons;
mod decisions;
mod events;
mod export;
mod flags;
mod funnel;
mod histories;
mod imported;
mod imports;
mod intake;
mod ledger;
mod limits;
mod live;
mod members;
mod organization;
mod pay_per_click;
mod payouts;
mod plans;
mod rates;
mod reconcile;
mod references;
mod refunds;
mod report;
mod roles;
mod sales;
mod search;
mod seen;
mod sessions;
mod story;
mod support;
mod view;
mod waiting;
mod webhooks;
