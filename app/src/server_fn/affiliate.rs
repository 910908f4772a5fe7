//! Affiliates with their coupons: the list, and adding one.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
mod list;
pub mod one;
pub mod place;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// A new affiliate.
    AffiliateForm { name, email, slug, campaign, percent }
}

/// A page of affiliates. `add` opens the form; `added` is the referral code of one to show
/// off. `q` is what names, referral codes or e-mails begin with, `status` empty is everybody but who was removed.
#[server(prefix = "/rpc", endpoint = "affiliates", input = server_fn::codec::GetUrl)]
pub async fn load_affiliates(
    #[server(default)] add: String,
    #[server(default)] added: String,
    #[server(default)] q: String,
    #[server(default)] status: String,
    #[server(default)] cursor: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = match list::Asked::read(q, &status) {
        Ok(asked) => caller.affiliates_page(&asked, &cursor, (&add, added)).await,
        Err(error) => Err(error),
    };
    page.map_err(crate::request::refuse)
}

/// Adds an affiliate.
#[server(prefix = "/rpc", endpoint = "add_affiliate")]
pub async fn add_affiliate(form: AffiliateForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let added = caller
        .add_affiliate(&form)
        .await
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("/dashboard/affiliates?added={}", added.slug));
    Ok(())
}

impl Question for LoadAffiliates {
    fn parameters(&self) -> String {
        parameters(&[
            ("add", &self.add),
            ("added", &self.added),
            ("q", &self.q),
            ("status", &self.status),
            ("cursor", &self.cursor),
        ])
    }
}

#[cfg(feature = "ssr")]
pub(crate) use list::AffiliateRow;

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        affiliate::Affiliate, email::Email, id::CampaignId, rate::BasisPoints, slug::Slug,
        text::Name,
    };
    use store::affiliate::{AffiliateError, NewAffiliate};

    use super::{AffiliateForm, AppError};
    use crate::{
        request::Caller,
        server_fn::form::{field, optional},
    };

    impl Caller {
        pub(super) async fn add_affiliate(
            &self,
            form: &AffiliateForm,
        ) -> Result<Affiliate, AppError> {
            let new = NewAffiliate {
                name: field("name", Name::parse(&form.name))?,
                email: field("email", Email::parse(&form.email))?,
                slug: optional("slug", &form.slug, Slug::parse)?,
                campaign_id: optional("campaign", &form.campaign, str::parse::<CampaignId>)?,
                share: optional("percent", &form.percent, BasisPoints::from_percent)?,
                recruiter_id: None,
                stripe_account_id: None,
            };
            Ok(self
                .store
                .add_affiliate(self.actor(), self.organization(), new)
                .await?)
        }
    }

    impl From<AffiliateError> for AppError {
        fn from(error: AffiliateError) -> Self {
            match error {
                AffiliateError::Store(error) => error.into(),
                AffiliateError::NotFound => Self::NotFound,
                AffiliateError::SlugTaken(_) => Self::invalid("slug", error),
                AffiliateError::NoCampaign | AffiliateError::NotOpen => {
                    Self::invalid("campaign", error)
                }
                AffiliateError::NoRecruiter
                | AffiliateError::OwnRecruiter
                | AffiliateError::EachOther(_) => Self::invalid("recruiter", error),
            }
        }
    }
}
