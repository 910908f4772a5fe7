//! Addresses that visitors of shops come to.

mod loader;
mod redirect;
mod troubles;
mod whole_way;
