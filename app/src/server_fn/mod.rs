//! Server functions: what the pages ask the server. Bodies are a few lines that call one verb of the
//! store. Reads are GET, writes are POST and also work as plain forms.

pub mod affiliate;
pub mod campaign;
pub mod connection;
pub mod form;
pub mod sales;
pub mod session;

use serde::{Deserialize, Serialize};

/// Something to choose from a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The value that is sent.
    pub id: String,
    /// What people read.
    pub name: String,
}
