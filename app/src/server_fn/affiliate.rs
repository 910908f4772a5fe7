//! Affiliates with their coupons: the list, and adding either.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
mod list;
pub mod one;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// A new affiliate.
    AffiliateForm { name, email, slug, campaign, percent }
}

form! {
    /// A new coupon.
    CouponForm { code, affiliate, campaign, discount }
}

/// A page of affiliates. `add` opens a form: `affiliate` or `coupon`; `added` is the referral code of one to show
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

/// Adds a coupon.
#[server(prefix = "/rpc", endpoint = "add_coupon")]
pub async fn add_coupon(form: CouponForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let new = form
        .read()
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    let added = caller
        .store
        .add_coupon(caller.actor(), caller.organization(), new)
        .await;
    added.map_err(|error| refuse(AppError::from(error).keeping(form.kept())))?;
    redirect("/dashboard/affiliates");
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
        affiliate::Affiliate, coupon::CouponCode, email::Email, id::CampaignId, rate::BasisPoints,
        slug::Slug, text::Name,
    };
    use store::{
        affiliate::{AffiliateError, NewAffiliate},
        coupon::{CouponError, NewCoupon},
    };

    use super::{AffiliateForm, AppError, CouponForm};
    use crate::{
        request::Caller,
        server_fn::form::{field, optional},
        text,
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

    impl CouponForm {
        pub(super) fn read(&self) -> Result<NewCoupon, AppError> {
            Ok(NewCoupon {
                code: field("code", CouponCode::parse(&self.code))?,
                affiliate_id: self
                    .affiliate
                    .parse()
                    .map_err(|_| AppError::invalid("affiliate", text::form::CHOOSE))?,
                campaign_id: self
                    .campaign
                    .parse()
                    .map_err(|_| AppError::invalid("campaign", text::form::CHOOSE))?,
                processor_discount_id: Some(self.discount.trim().to_owned())
                    .filter(|id| !id.is_empty()),
                expires_at: None,
            })
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
                AffiliateError::NoRecruiter | AffiliateError::OwnRecruiter => {
                    Self::invalid("recruiter", error)
                }
            }
        }
    }

    impl From<CouponError> for AppError {
        fn from(error: CouponError) -> Self {
            match error {
                CouponError::Store(error) => error.into(),
                CouponError::NotFound => Self::NotFound,
                CouponError::CodeTaken(_) => Self::invalid("code", error),
                CouponError::DiscountTaken => Self::invalid("discount", error),
                CouponError::NoAffiliate => Self::invalid("affiliate", error),
                CouponError::NotEnrolled => Self::invalid("campaign", error),
            }
        }
    }
}
