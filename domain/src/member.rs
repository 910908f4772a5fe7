//! People of an organization and what their role lets them do.

use crate::words::words;

words! {
    /// A member's role, strongest first.
    Role {
        /// Everything, including other owners.
        Owner = "owner" / "Owner",
        /// Everything but owners.
        Admin = "admin" / "Admin",
        /// Sales, affiliates, campaigns and payouts; no keys, secrets or members.
        Manager = "manager" / "Manager",
        /// Reads; changes nothing.
        Viewer = "viewer" / "Viewer",
    }
}

impl Role {
    /// May this role change affiliates, campaigns and sales?
    pub fn may_manage(self) -> bool {
        self != Self::Viewer
    }

    /// May this role change connections, keys and secrets?
    pub fn may_administer(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May this role make owners, and change those there are?
    pub fn may_own(self) -> bool {
        self == Self::Owner
    }
}

/// The shortest password accepted, in characters.
pub const MIN_PASSWORD: usize = 10;

/// The longest password accepted, in bytes: hashing must not become a way to keep the server busy.
pub const MAX_PASSWORD: usize = 1024;
