//! Dialect B and management, over HTTP. The modules mirror the addresses.

mod support;

mod api {
    mod v1 {
        mod affiliates;
        mod api_keys;
        mod connections;
        mod coupons;
        mod envelope;
        mod merchant;
        mod paging;
        mod programs;
        mod refusal;
    }
}
