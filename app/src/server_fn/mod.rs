//! Server functions: what the pages ask the server. Bodies are a few lines that call one verb of the
//! store. Reads are GET, writes are POST and also work as plain forms.

pub mod account;
pub mod affiliate;
pub mod api_key;
pub mod audit;
pub mod campaign;
pub mod connection;
pub mod coupon;
pub mod event;
pub mod flag;
pub mod form;
pub mod import;
pub mod invitation;
pub mod member;
pub mod payout;
pub mod report;
pub mod sale;
pub mod sales;
pub mod session;
pub mod settings;
pub mod webhook;

use crate::wire::wire;

wire! {
    /// A page, or a part of one, that the server has written.
    Written {
        /// Its markup.
        html: String,
    }
}

wire! {
    /// Something to choose from a list.
    Choice {
        /// The value that is sent.
        id: String,
        /// What people read.
        name: String,
    }
}

impl Choice {
    /// A choice of ours.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }
}
