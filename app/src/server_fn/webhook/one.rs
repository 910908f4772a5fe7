//! One outgoing webhook: everything about it, changing it, and sending it things again.

use leptos::prelude::*;

use super::WebhookForm;
use crate::{
    call::{Question, parameters},
    error::AppError,
    server_fn::{Written, form::form},
};

form! {
    /// Something that was sent to a webhook.
    DeliveryForm { webhook, delivery }
}

/// One webhook. `done` is what a form has just done; `status` and `cursor` say which deliveries are shown.
#[server(prefix = "/rpc", endpoint = "webhook", input = server_fn::codec::GetUrl)]
pub async fn load_webhook(
    id: String,
    done: String,
    status: String,
    cursor: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.webhook_page(&id, &done, (&status, &cursor)).await;
    page.map_err(crate::request::refuse)
}

/// Changes where messages go and which.
#[server(prefix = "/rpc", endpoint = "change_webhook")]
pub async fn change_webhook(form: WebhookForm) -> Result<(), AppError> {
    use crate::request::{administrator, refuse};
    let caller = administrator()?;
    let changed = caller.change_webhook(&form).await;
    changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    done(&form.webhook, "saved");
    Ok(())
}

/// Makes a new secret and shows it once.
#[server(prefix = "/rpc", endpoint = "rotate_webhook_secret")]
pub async fn rotate_webhook_secret(webhook: String) -> Result<(), AppError> {
    use crate::request::{administrator, refuse};
    let caller = administrator()?;
    let rotated = caller.rotate_webhook_secret(&webhook).await;
    rotated.map_err(refuse)?;
    done(&webhook, "");
    Ok(())
}

/// Enables a webhook, or disables it: `state` is the word of what it is to be.
#[server(prefix = "/rpc", endpoint = "switch_webhook")]
pub async fn switch_webhook(webhook: String, state: String) -> Result<(), AppError> {
    use crate::request::{administrator, refuse};
    let caller = administrator()?;
    let switched = caller.switch_webhook(&webhook, &state).await;
    let status = switched.map_err(refuse)?;
    done(&webhook, status.as_str());
    Ok(())
}

/// Sends a test.
#[server(prefix = "/rpc", endpoint = "test_webhook")]
pub async fn test_webhook(webhook: String) -> Result<(), AppError> {
    use crate::request::{administrator, refuse};
    let caller = administrator()?;
    caller.test_webhook(&webhook).await.map_err(refuse)?;
    done(&webhook, "tested");
    Ok(())
}

/// Sends something again.
#[server(prefix = "/rpc", endpoint = "replay_delivery")]
pub async fn replay_delivery(form: DeliveryForm) -> Result<(), AppError> {
    use crate::request::{administrator, refuse};
    let caller = administrator()?;
    let replayed = caller.replay_delivery(&form).await;
    replayed.map_err(|error| refuse(error.keeping(form.kept())))?;
    done(&form.webhook, "replayed");
    Ok(())
}

/// Removes a webhook.
#[server(prefix = "/rpc", endpoint = "remove_webhook")]
pub async fn remove_webhook(webhook: String) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    caller.remove_webhook(&webhook).await.map_err(refuse)?;
    redirect(crate::query::WEBHOOKS_PATH);
    Ok(())
}

/// Back to the webhook's page, which says what was done.
#[cfg(feature = "ssr")]
fn done(webhook: &str, what: &str) {
    let path = crate::query::WEBHOOKS_PATH;
    let query = match what {
        "" => String::new(),
        what => format!("?done={what}"),
    };
    crate::request::redirect(&format!("{path}/{webhook}{query}"));
}

impl Question for LoadWebhook {
    fn parameters(&self) -> String {
        parameters(&[
            ("id", &self.id),
            ("done", &self.done),
            ("status", &self.status),
            ("cursor", &self.cursor),
        ])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        id::WebhookEndpointId,
        webhook::{DeliveryStatus, EndpointStatus},
    };
    use leptos::prelude::*;
    use store::webhook::{DeliveryFilter, DeliveryStart, EndpointChange};

    use super::{
        super::server::SECRET, AppError, ChangeWebhook, DeliveryForm, WebhookForm, Written,
    };
    use crate::{
        part::{
            fields::Refused,
            webhook::{Deliveries, Done, Told, told},
        },
        query::webhook_path,
        request::Caller,
        text::{error::NOT_UNDERSTOOD, events},
    };

    /// How many deliveries a page lists.
    const PAGE: i64 = 25;

    fn id_of(text: &str) -> Result<WebhookEndpointId, AppError> {
        text.parse().map_err(|_| AppError::NotFound)
    }

    impl Caller {
        pub(super) async fn webhook_page(
            &self,
            id: &str,
            done: &str,
            listed: (&str, &str),
        ) -> Result<Written, AppError> {
            let (organization, id) = (self.organization(), id_of(id)?);
            let endpoint = self.store.webhook_endpoint(organization, id).await?;
            let page = Told {
                endpoint: endpoint.ok_or(AppError::NotFound)?,
                deliveries: self.deliveries(id, listed).await?,
                campaigns: self.webhook_campaigns().await?,
                secret: self.shown_once(SECRET),
                done: Done::parse(done),
                refused: Refused::of::<ChangeWebhook>(),
                may_edit: self.viewer.role.may_administer(),
                now: self.store.now(),
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        async fn deliveries(
            &self,
            id: WebhookEndpointId,
            (status, cursor): (&str, &str),
        ) -> Result<Deliveries, AppError> {
            let organization = self.organization();
            let bad = |name| AppError::invalid("", events::bad_filter(name));
            let only = Some(status).filter(|status| !status.is_empty());
            let read = |word| DeliveryStatus::parse(word).ok_or_else(|| bad("status"));
            let filter = DeliveryFilter {
                endpoint_id: id,
                status: only.map(read).transpose()?,
                topic: None,
            };
            let start = if cursor.is_empty() {
                DeliveryStart::Offset(0)
            } else {
                let opened = self
                    .store
                    .open_delivery_cursor(organization, filter, cursor);
                DeliveryStart::After(opened.map_err(|_| bad("cursor"))?)
            };
            let found = self
                .store
                .webhook_deliveries(organization, filter, start, PAGE)
                .await?;
            let sealed = |next| self.store.seal_delivery_cursor(organization, filter, next);
            let href = |cursor: &str| format!("{}?status={status}{cursor}", webhook_path(id));
            let older = found.next.map(sealed);
            Ok(Deliveries {
                rows: found.deliveries,
                status: filter.status,
                steps: [
                    (!cursor.is_empty()).then(|| href("")),
                    None,
                    older.map(|older| href(&format!("&cursor={older}"))),
                ],
            })
        }

        pub(super) async fn change_webhook(&self, form: &WebhookForm) -> Result<(), AppError> {
            let (actor, id) = (self.actor(), id_of(&form.webhook)?);
            let new = form.read()?;
            let change = EndpointChange {
                name: Some(new.name),
                target: Some(new.target),
                campaign_id: Some(new.campaign_id),
                topics: Some(new.topics),
                is_active: None,
            };
            self.store
                .change_webhook_endpoint(actor, self.organization(), id, change)
                .await?;
            Ok(())
        }

        pub(super) async fn rotate_webhook_secret(&self, id: &str) -> Result<(), AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let rotated = self
                .store
                .rotate_webhook_secret(actor, organization, id_of(id)?);
            let (_, secret) = rotated.await?;
            self.show_once(SECRET, &secret)
        }

        pub(super) async fn switch_webhook(
            &self,
            id: &str,
            state: &str,
        ) -> Result<EndpointStatus, AppError> {
            let status = EndpointStatus::parse(state);
            let status = status.ok_or_else(|| AppError::invalid("", NOT_UNDERSTOOD))?;
            let change = EndpointChange {
                is_active: Some(status == EndpointStatus::Active),
                ..EndpointChange::default()
            };
            let (actor, organization) = (self.actor(), self.organization());
            let store = &self.store;
            store
                .change_webhook_endpoint(actor, organization, id_of(id)?, change)
                .await?;
            Ok(status)
        }

        pub(super) async fn test_webhook(&self, id: &str) -> Result<(), AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let store = &self.store;
            store
                .test_webhook_endpoint(actor, organization, id_of(id)?)
                .await?;
            Ok(())
        }

        pub(super) async fn replay_delivery(&self, form: &DeliveryForm) -> Result<(), AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let delivery = form.delivery.parse().map_err(|_| AppError::NotFound)?;
            let id = id_of(&form.webhook)?;
            self.store
                .replay_webhook_delivery(actor, organization, id, delivery)
                .await?;
            Ok(())
        }

        pub(super) async fn remove_webhook(&self, id: &str) -> Result<(), AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let store = &self.store;
            store
                .remove_webhook_endpoint(actor, organization, id_of(id)?)
                .await?;
            Ok(())
        }
    }
}
