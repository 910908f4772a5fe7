//! Outgoing webhooks: their list, and adding one.

pub mod one;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Written;
use crate::{
    call::{Question, parameters},
    error::AppError,
};

/// Where messages go and which. An empty `campaign`: of all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WebhookForm {
    #[serde(default)]
    pub webhook: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub campaign: String,
    #[serde(default)]
    pub topics: Vec<String>,
}

/// All webhooks. `add`: with the form for one more.
#[server(prefix = "/rpc", endpoint = "webhooks", input = server_fn::codec::GetUrl)]
pub async fn load_webhooks(add: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.webhooks_page(!add.is_empty()).await;
    page.map_err(crate::request::refuse)
}

/// Makes a webhook, and shows its secret once.
#[server(prefix = "/rpc", endpoint = "add_webhook")]
pub async fn add_webhook(form: WebhookForm) -> Result<(), AppError> {
    use crate::request::{administrator, redirect, refuse};
    let caller = administrator()?;
    let added = caller.add_webhook(&form).await;
    let id = added.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&crate::query::webhook_path(id));
    Ok(())
}

impl Question for LoadWebhooks {
    fn parameters(&self) -> String {
        parameters(&[("add", &self.add)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        id::{CampaignId, WebhookEndpointId},
        target::{Surroundings, Target},
        text::Name,
        webhook::Topic,
    };
    use leptos::prelude::*;
    use store::webhook::{EndpointError, NewEndpoint};

    use super::{AddWebhook, AppError, WebhookForm, Written};
    use crate::{
        part::{
            fields::Refused,
            webhooks::{Told, told},
        },
        request::{Caller, public_url},
        server_fn::{
            Choice,
            form::{field, optional},
        },
        text::{error::NOT_UNDERSTOOD, webhooks as words},
    };

    /// What a new secret is called on its way to the page.
    pub(super) const SECRET: &str = "webhook";

    impl WebhookForm {
        /// What was typed.
        pub(crate) fn kept(&self) -> Vec<(String, String)> {
            let kept = [
                ("name", self.name.clone()),
                ("url", self.url.clone()),
                ("campaign", self.campaign.clone()),
                ("topics", self.topics.join(" ")),
            ];
            let named = |(name, typed): (&str, String)| (name.to_owned(), typed);
            kept.map(named).into()
        }

        /// What it means.
        pub(crate) fn read(&self) -> Result<NewEndpoint, AppError> {
            let surroundings = Surroundings::of(&public_url());
            let topic = |word: &String| {
                Topic::parse(word).ok_or_else(|| AppError::invalid("", NOT_UNDERSTOOD))
            };
            Ok(NewEndpoint {
                name: field("name", Name::parse(&self.name))?,
                target: field("url", Target::parse(&self.url, surroundings))?,
                campaign_id: optional("campaign", &self.campaign, str::parse::<CampaignId>)?,
                topics: self.topics.iter().map(topic).collect::<Result<_, _>>()?,
            })
        }
    }

    impl From<EndpointError> for AppError {
        fn from(error: EndpointError) -> Self {
            match error {
                EndpointError::NoCampaign => Self::invalid("campaign", error),
                EndpointError::NoTopics | EndpointError::TooMany | EndpointError::Disabled => {
                    Self::invalid("", error)
                }
                EndpointError::NotFound | EndpointError::NoDelivery => Self::NotFound,
                EndpointError::Store(error) => error.into(),
            }
        }
    }

    impl Caller {
        pub(super) async fn webhooks_page(&self, is_open: bool) -> Result<Written, AppError> {
            let may_edit = self.viewer.role.may_administer();
            let organization = self.organization();
            let page = Told {
                endpoints: self.store.webhook_endpoints(organization).await?,
                campaigns: self.webhook_campaigns().await?,
                form: (is_open && may_edit).then(Refused::of::<AddWebhook>),
                may_edit,
                now: self.store.now().timestamp_millis(),
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        /// All of them, or one of them.
        pub(crate) async fn webhook_campaigns(&self) -> Result<Vec<Choice>, AppError> {
            let all = Choice::new("", words::ALL_CAMPAIGNS);
            let campaigns = self.store.campaigns(self.organization()).await?;
            let named = campaigns
                .iter()
                .map(|one| Choice::new(&one.id.to_string(), one.name.as_str()));
            Ok(std::iter::once(all).chain(named).collect())
        }

        pub(super) async fn add_webhook(
            &self,
            form: &WebhookForm,
        ) -> Result<WebhookEndpointId, AppError> {
            let (actor, organization) = (self.actor(), self.organization());
            let added = self
                .store
                .add_webhook_endpoint(actor, organization, form.read()?);
            let (endpoint, secret) = added.await?;
            self.show_once(SECRET, &secret)?;
            Ok(endpoint.id)
        }
    }
}
