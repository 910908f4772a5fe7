//! Processor connections: the list, adding one, giving one further secrets, removing one.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// A new connection; which secrets it needs is its processor's matter.
    ConnectionForm { processor, name, mode, merchant_id, public_key } secret { secret, api_key, private_key }
}

form! {
    /// One more signing secret or key pair, while one is rolled; or another API key.
    SecretForm { connection, old, public_key } secret { secret, api_key, private_key }
}

/// All connections. `add` opens a form: a processor's word to connect an account of it, a connection's id
/// to give it a further secret.
#[server(prefix = "/rpc", endpoint = "connections", input = server_fn::codec::GetUrl)]
pub async fn load_connections(add: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.connections_page(add).await;
    page.map_err(crate::request::refuse)
}

/// Connects an account.
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

/// Adds a signing secret or key pair to a connection, or replaces its API key.
#[server(prefix = "/rpc", endpoint = "add_secret")]
pub async fn add_secret(form: SecretForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let changed = caller.add_secret(&form).await;
    let id = changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("/dashboard/connections?added={id}"));
    Ok(())
}

/// Removes a connection.
#[server(prefix = "/rpc", endpoint = "remove_connection")]
pub async fn remove_connection(connection: String) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    caller
        .remove_connection(&connection)
        .await
        .map_err(refuse)?;
    redirect("/dashboard/connections");
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
        BraintreeKeys, ConnectionChange, ConnectionError, ConnectionView, KeyPair, NewConnection,
        Secrets,
    };

    use super::{AddConnection, AddSecret, AppError, ConnectionForm, SecretForm, Written};
    use crate::{
        part::{
            connections::{Open, Told, told},
            fields::Refused,
        },
        request::{Caller, public_url},
        server_fn::form::field,
        text::{
            self,
            connections::{self as words, about::about},
        },
    };

    impl Caller {
        pub(super) async fn connections_page(&self, add: String) -> Result<Written, AppError> {
            let may_edit = self.viewer.role.may_administer();
            let known = self.store.connections(self.organization()).await?;
            let open = match (add.as_str(), Processor::parse(&add)) {
                ("", _) => None,
                (_, Some(processor)) => {
                    let refused = Refused::of::<AddConnection>();
                    Some(Open::Connection(about(processor), refused))
                }
                (id, None) => {
                    let of = known.iter().find(|one| one.id.to_string() == id);
                    of.map(|one| Open::Secret(one.clone(), Refused::of::<AddSecret>()))
                }
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

    impl Caller {
        /// Gives a connection what was typed; which one that is.
        pub(super) async fn add_secret(&self, form: &SecretForm) -> Result<ConnectionId, AppError> {
            let id: ConnectionId = form.connection.parse().map_err(|_| AppError::NotFound)?;
            let known = self.store.connections(self.organization()).await?;
            let connection = known.into_iter().find(|one| one.id == id);
            let connection = connection.ok_or(AppError::NotFound)?;
            let change = form.read(connection.processor)?;
            let (actor, organization_id) = (self.actor(), self.organization());
            self.store
                .change_connection(actor, organization_id, id, change)
                .await?;
            Ok(id)
        }

        pub(super) async fn remove_connection(&self, id: &str) -> Result<(), AppError> {
            let id = id.parse().map_err(|_| AppError::NotFound)?;
            let (actor, organization_id) = (self.actor(), self.organization());
            let removed = self.store.remove_connection(actor, organization_id, id);
            Ok(removed.await?)
        }
    }

    impl ConnectionForm {
        pub(super) fn read(&self) -> Result<NewConnection, AppError> {
            let processor = Processor::parse(&self.processor);
            let unknown = || AppError::invalid("processor", text::form::CHOOSE);
            let processor = processor.ok_or_else(unknown)?;
            let mode = Mode::parse(&self.mode);
            Ok(NewConnection {
                processor,
                mode: mode.ok_or_else(|| AppError::invalid("mode", text::form::CHOOSE))?,
                name: field("name", Name::parse(&self.name))?,
                campaign_id: None,
                secrets: match &about(processor).secret {
                    None => Secrets {
                        braintree: Some(BraintreeKeys {
                            merchant_id: needed("merchant_id", &self.merchant_id)?,
                            pairs: vec![pair(&self.public_key, &self.private_key)?],
                        }),
                        ..Secrets::default()
                    },
                    Some(_) => Secrets {
                        signing: vec![signing_secret(processor, &self.secret)?],
                        api_key: typed(&self.api_key),
                        braintree: None,
                    },
                },
            })
        }
    }

    impl SecretForm {
        fn read(&self, processor: Processor) -> Result<ConnectionChange, AppError> {
            let api_key = typed(&self.api_key);
            let mut change = ConnectionChange::default();
            match (&about(processor).secret, typed(&self.secret)) {
                (None, _) => {
                    change.further_pair = Some(pair(&self.public_key, &self.private_key)?);
                }
                // An API key alone may be replaced.
                (_, None) if api_key.is_some() => {}
                _ => change.further_secret = Some(signing_secret(processor, &self.secret)?),
            }
            change.api_key = api_key;
            change.drops_others = self.old == "drop";
            Ok(change)
        }
    }

    /// What was typed, unless it is blank.
    fn typed(text: &str) -> Option<String> {
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn needed(name: &str, text: &str) -> Result<String, AppError> {
        typed(text).ok_or_else(|| AppError::invalid(name, words::NEEDED))
    }

    fn pair(public: &str, private: &str) -> Result<KeyPair, AppError> {
        Ok(KeyPair {
            public: needed("public_key", public)?,
            private: needed("private_key", private)?,
        })
    }

    /// What processors' secrets begin with tells them from other keys that are easily taken for them.
    fn signing_secret(processor: Processor, typed: &str) -> Result<String, AppError> {
        let typed = typed.trim();
        match &about(processor).secret {
            Some(secret) if !typed.starts_with(secret.begins) => {
                Err(AppError::invalid("secret", secret.wrong))
            }
            _ => Ok(typed.to_owned()),
        }
    }

    impl From<ConnectionError> for AppError {
        fn from(error: ConnectionError) -> Self {
            match error {
                ConnectionError::Store(error) => error.into(),
                ConnectionError::NotFound => Self::NotFound,
                ConnectionError::BadSecret => Self::invalid("secret", error),
                ConnectionError::BadKeys => Self::invalid("private_key", error),
                ConnectionError::BadMerchant => Self::invalid("merchant_id", error),
                ConnectionError::Foreign(_) => Self::invalid("processor", error),
                ConnectionError::NoCampaign => Self::invalid("", error),
            }
        }
    }
}
