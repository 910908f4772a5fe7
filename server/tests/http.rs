//! The server as callers see it, over real connections to the real program.
//!
//! The modules in `http/` mirror the tree of addresses; what belongs to no address (crashes, the
//! command line, limits) has files of its own beside `api`. `support` says how tests are made.
//! One crate for all of them, because every test crate is linked with everything again.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod support;

mod http {
    mod api;
    mod attempts;
    mod command_line;
    mod crash;
    mod dashboard;
    mod database_away;
    mod embedded;
    mod every_answer;
    mod health;
    mod idempotency;
    mod rate_limit;
    mod sign_in;
    mod stopping;
    mod track;
    mod walk;
}
