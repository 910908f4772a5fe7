//! What the HTTP tests stand on: the real program on a database of its own, and callers of it.
//!
//! [`TestServer::start`] runs the binary that users run, on a free loopback port, against a fresh
//! database made in the server of `DATABASE_URL`; both are gone when the test ends. It is also a
//! [`Client`] with the first organization's key. Nothing here uses the product's code: signatures and
//! event streams are read and written a second time, so that a mistake can't cancel itself out.

pub(crate) mod braintree;
mod client;
mod database;
mod localstripe;
mod node;
pub(crate) mod paddle;
mod poll;
mod process;
mod proxy;
mod receiver;
mod server;
mod sign;
mod stand_in;
mod stream;
pub(crate) mod stripe;
mod told;
mod visitor;

pub(crate) use self::{
    braintree::BraintreeStandIn,
    client::{Affiliate, Answer, Client, Connection, Organization, padded, send},
    database::Database,
    localstripe::LocalStripe,
    node::verdicts,
    poll::{eventually, now, until},
    process::run,
    proxy::Proxy,
    receiver::{Received, Receiver},
    server::{OWNER_EMAIL, OWNER_PASSWORD, TestServer},
    sign::{braintree_signature, s2s_signature, signature},
    stand_in::{Ending, StandIn},
    stream::{EventStream, Sent},
    told::{Sold, in_some_order, sold},
    visitor::{SHOP, Visitor},
};
