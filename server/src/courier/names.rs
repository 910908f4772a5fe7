//! Which addresses a name leads to, those left out that webhooks may not go to. The address that was looked at is the
//! one that is called: nobody asks a second time.

use std::net::SocketAddr;

use domain::target::Surroundings;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tokio::net::lookup_host;

/// A name leads only where nothing is sent.
#[derive(Debug, Error)]
#[error("its name leads to a private address, where nothing is sent")]
pub(super) struct Closed;

/// The system's own resolver, with what it says looked at.
pub(super) struct Names(pub(super) Surroundings);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let surroundings = self.0;
        Box::pin(async move {
            let host = name.as_str();
            // The port is set by whoever asks.
            let found = lookup_host((host, 0)).await?;
            let is_open = |address: &SocketAddr| surroundings.may_reach(host, address.ip());
            let open: Vec<SocketAddr> = found.filter(is_open).collect();
            if open.is_empty() {
                return Err(Closed.into());
            }
            let open: Addrs = Box::new(open.into_iter());
            Ok(open)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn leads_somewhere(host: &str, surroundings: Surroundings) -> bool {
        let name = host.parse().expect("a name");
        let found = Names(surroundings).resolve(name).await;
        if let Err(error) = &found {
            assert!(error.is::<Closed>(), "{error}");
        }
        found.is_ok()
    }

    #[tokio::test]
    async fn the_machine_itself_is_reached_in_development_only() {
        assert!(leads_somewhere("localhost", Surroundings::Development).await);
        assert!(!leads_somewhere("localhost", Surroundings::Production).await);
    }

    #[tokio::test]
    async fn numbers_that_are_written_as_names_lead_nowhere_private() {
        // What the system's resolver takes for an address.
        for host in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"] {
            assert!(
                !leads_somewhere(host, Surroundings::Production).await,
                "{host}"
            );
            assert!(
                !leads_somewhere(host, Surroundings::Development).await,
                "{host}"
            );
        }
    }
}
