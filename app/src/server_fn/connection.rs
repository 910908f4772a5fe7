//! Processor connections: the list, adding one, and adding a secret to one.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// A new Stripe connection.
    ConnectionForm { name, mode } secret { secret }
}

form! {
    /// One more signing secret, while one is rolled.
    SecretForm { connection } secret { secret }
}

/// All connections. `add` opens a form: `stripe` to connect an account, a connection's id to give it a
/// further secret.
#[server(prefix = "/rpc", endpoint = "connections", input = server_fn::codec::GetUrl)]
pub async fn load_connections(add: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.connections_page(add).await;
    page.map_err(crate::request::refuse)
}

/// Connects a Stripe account.
#[server(prefix = "/rpc", endpoint = "add_connection")]
pub async fn add_connection(form: ConnectionForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let new = form
        .read()
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    let added = caller
        .store
        .add_connection(caller.actor(), caller.organization(), new)
        .await;
    let added = added.map_err(|error| refuse(AppError::from(error).keeping(form.kept())))?;
    redirect(&format!("/dashboard/connections?added={}", added.id));
    Ok(())
}

/// Adds a signing secret to a connection.
#[server(prefix = "/rpc", endpoint = "add_secret")]
pub async fn add_secret(form: SecretForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let (id, change) = form
        .read()
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    let changed = caller
        .store
        .change_connection(caller.actor(), caller.organization(), id, change)
        .await;
    changed.map_err(|error| refuse(AppError::from(error).keeping(form.kept())))?;
    redirect(&format!("/dashboard/connections?added={id}"));
    Ok(())
}

impl Question for LoadConnections {
    fn parameters(&self) -> String {
        parameters(&[("add", &self.add)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        connection::{Mode, Processor},
        id::ConnectionId,
        text::Name,
    };
    use leptos::prelude::*;
    use store::connection::{
        ConnectionChange, ConnectionError, ConnectionView, NewConnection, Secrets,
    };

    use super::{AddConnection, AddSecret, AppError, ConnectionForm, SecretForm, Written};
    use crate::{
        part::{
            connections::{Open, Told, told},
            fields::Refused,
        },
        request::{Caller, public_url},
        server_fn::form::field,
        text,
    };

    impl Caller {
        pub(super) async fn connections_page(&self, add: String) -> Result<Written, AppError> {
            let may_edit = self.viewer.role.may_administer();
            let known = self.store.connections(self.organization()).await?;
            let open = match add.as_str() {
                "" => None,
                "stripe" => Some(Open::Connection(Refused::of::<AddConnection>())),
                _ => Some(Open::Secret(add, Refused::of::<AddSecret>())),
            };
            let page = Told {
                connections: known.into_iter().map(with_address).collect(),
                open: open.filter(|_| may_edit),
                may_edit,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }
    }

    /// A connection with the address the processor sends events to.
    fn with_address(connection: ConnectionView) -> (ConnectionView, String) {
        let (processor, id) = (connection.processor.as_str(), connection.id);
        let url = format!("{}/api/webhooks/{processor}/{id}", public_url());
        (connection, url)
    }

    impl ConnectionForm {
        pub(super) fn read(&self) -> Result<NewConnection, AppError> {
            Ok(NewConnection {
                processor: Processor::Stripe,
                mode: Mode::parse(&self.mode)
                    .ok_or_else(|| AppError::invalid("mode", text::form::CHOOSE))?,
                name: field("name", Name::parse(&self.name))?,
                campaign_id: None,
                secrets: Secrets {
                    signing: vec![signing_secret(&self.secret)?],
                    api_key: None,
                },
            })
        }
    }

    impl SecretForm {
        pub(super) fn read(&self) -> Result<(ConnectionId, ConnectionChange), AppError> {
            let id = self.connection.parse().map_err(|_| AppError::NotFound)?;
            let further_secret = Some(signing_secret(&self.secret)?);
            Ok((
                id,
                ConnectionChange {
                    further_secret,
                    ..ConnectionChange::default()
                },
            ))
        }
    }

    fn signing_secret(typed: &str) -> Result<String, AppError> {
        let secret = typed.trim();
        if !secret.starts_with("whsec_") {
            return Err(AppError::invalid("secret", text::connections::NOT_A_SECRET));
        }
        Ok(secret.to_owned())
    }

    impl From<ConnectionError> for AppError {
        fn from(error: ConnectionError) -> Self {
            match error {
                ConnectionError::Store(error) => error.into(),
                ConnectionError::NotFound => Self::NotFound,
                ConnectionError::BadSecret => Self::invalid("secret", error),
                ConnectionError::NoCampaign => Self::invalid("", error),
            }
        }
    }
}
