//! Processor connections: the list, adding one, and adding a secret to one.

use domain::{connection::Mode, id::ConnectionId};
use leptos::prelude::*;

use super::form::form;
use crate::{call::Question, error::AppError, moment::Millis, wire::wire};

wire! {
    /// The connections page.
    ConnectionsPage {
        /// All connections.
        rows: Vec<ConnectionRow>,
        /// When this was answered.
        now: Millis,
        /// May the viewer change connections?
        may_edit: bool,
    }
}

wire! {
    /// One connection. Secrets never leave the server; only their number does.
    ConnectionRow {
        /// Which.
        id: ConnectionId,
        /// Its name.
        name: String,
        /// Real money or a sandbox.
        mode: Mode,
        /// The address the processor sends events to.
        webhook_url: String,
        /// How many signing secrets it holds.
        secrets: usize,
        /// When the last event came.
        last_event_at: Option<Millis>,
    }
}

form! {
    /// A new Stripe connection.
    ConnectionForm { name, mode } secret { secret }
}

form! {
    /// One more signing secret, while one is rolled.
    SecretForm { connection } secret { secret }
}

/// All connections.
#[server(prefix = "/rpc", endpoint = "connections", input = server_fn::codec::GetUrl)]
pub async fn load_connections() -> Result<ConnectionsPage, AppError> {
    let caller = crate::request::reader()?;
    let rows = caller
        .store
        .connections(caller.organization())
        .await
        .map_err(crate::request::refuse)?;
    Ok(ConnectionsPage {
        rows: rows.into_iter().map(ConnectionRow::from).collect(),
        now: caller.store.now().timestamp_millis(),
        may_edit: caller.viewer.role.may_administer(),
    })
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

impl Question for LoadConnections {}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        connection::{Mode, Processor},
        id::ConnectionId,
        text::Name,
    };
    use store::connection::{
        ConnectionChange, ConnectionError, ConnectionView, NewConnection, Secrets,
    };

    use super::{AppError, ConnectionForm, ConnectionRow, SecretForm};
    use crate::{request::public_url, server_fn::form::field, text};

    impl From<ConnectionView> for ConnectionRow {
        fn from(view: ConnectionView) -> Self {
            Self {
                id: view.id,
                name: view.name.into(),
                mode: view.mode,
                webhook_url: format!(
                    "{}/api/webhooks/{}/{}",
                    public_url(),
                    view.processor.as_str(),
                    view.id
                ),
                secrets: view.secrets,
                last_event_at: view.last_event_at.map(|at| at.timestamp_millis()),
            }
        }
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
                    ..Secrets::default()
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
                ConnectionError::BadSecret | ConnectionError::BadKeys => {
                    Self::invalid("secret", error)
                }
                ConnectionError::Foreign(_) => Self::invalid("processor", error),
                ConnectionError::NoCampaign => Self::invalid("", error),
            }
        }
    }
}
