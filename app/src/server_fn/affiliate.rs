//! Affiliates with their coupons: the list, and adding either.

use leptos::prelude::*;

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

/// The newest affiliates. `add` opens a form: `affiliate` or `coupon`; `added` is the referral code of
/// one to show off.
#[server(prefix = "/rpc", endpoint = "affiliates", input = server_fn::codec::GetUrl)]
pub async fn load_affiliates(add: String, added: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.affiliates_page(&add, added).await;
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
        parameters(&[("add", &self.add), ("added", &self.added)])
    }
}

#[cfg(feature = "ssr")]
pub(crate) use server::AffiliateRow;

#[cfg(feature = "ssr")]
mod server {
    use std::collections::HashMap;

    use domain::{
        affiliate::{Affiliate, AffiliateStatus},
        campaign::CampaignStatus,
        coupon::CouponCode,
        email::Email,
        id::{AffiliateId, CampaignId},
        ledger::Balance,
        money::Money,
        rate::BasisPoints,
        slug::Slug,
        text::Name,
    };
    use leptos::prelude::*;
    use store::{
        affiliate::{AffiliateError, AffiliateFilter, NewAffiliate, Start},
        coupon::{CouponError, NewCoupon},
    };

    use super::{AddAffiliate, AddCoupon, AffiliateForm, AppError, CouponForm, Written};
    use crate::{
        part::{
            affiliates::{Open, Told, told},
            fields::Refused,
        },
        request::Caller,
        server_fn::{
            Choice,
            form::{field, optional},
        },
        text,
    };

    /// How many affiliates a page lists.
    const PAGE: i64 = 200;

    /// One affiliate of a list.
    pub(crate) struct AffiliateRow {
        pub(crate) id: AffiliateId,
        pub(crate) name: String,
        pub(crate) email: String,
        /// The referral code.
        pub(crate) slug: String,
        /// Whether new credit is given.
        pub(crate) status: AffiliateStatus,
        /// The campaigns joined, with the commission of one's own.
        pub(crate) campaigns: Vec<(String, Option<String>)>,
        /// The coupon codes.
        pub(crate) coupons: Vec<String>,
        /// What is held, by currency side by side.
        pub(crate) pending: String,
        /// What can be paid out.
        pub(crate) payable: String,
        /// What was paid out and taken back.
        pub(crate) debt: String,
    }

    impl Caller {
        pub(super) async fn affiliates_page(
            &self,
            add: &str,
            added: String,
        ) -> Result<Written, AppError> {
            let organization = self.organization();
            let page = self
                .store
                .affiliates(
                    organization,
                    AffiliateFilter::default(),
                    Start::Offset(0),
                    PAGE,
                )
                .await?;
            let campaigns = self.store.campaigns(organization).await?;
            let names: HashMap<_, _> = campaigns
                .iter()
                .map(|c| (c.id, (c.name.to_string(), c.terms.currency)))
                .collect();
            let mut coupons: HashMap<AffiliateId, Vec<String>> = HashMap::new();
            for coupon in self.store.coupons(organization, None).await? {
                coupons
                    .entry(coupon.affiliate_id)
                    .or_default()
                    .push(coupon.code.to_string());
            }
            let ids: Vec<AffiliateId> = page.affiliates.iter().map(|one| one.id).collect();
            let mut balances = self.store.balances(organization, &ids).await?;
            let row = |affiliate: Affiliate| {
                let [pending, payable, debt] =
                    amounts(&balances.remove(&affiliate.id).unwrap_or_default());
                AffiliateRow {
                    id: affiliate.id,
                    campaigns: affiliate
                        .enrollments
                        .iter()
                        .filter_map(|enrollment| {
                            let (name, currency) = names.get(&enrollment.campaign_id)?;
                            Some((
                                name.clone(),
                                enrollment.plan.map(|plan| text::rate(plan.rate, *currency)),
                            ))
                        })
                        .collect(),
                    coupons: coupons.remove(&affiliate.id).unwrap_or_default(),
                    name: affiliate.name.into(),
                    email: affiliate.email.into(),
                    slug: affiliate.slug.into(),
                    status: affiliate.status,
                    pending,
                    payable,
                    debt,
                }
            };
            let open = campaigns
                .iter()
                .filter(|campaign| campaign.status == CampaignStatus::Active);
            let may_edit = self.viewer.role.may_manage();
            let form = match add {
                "affiliate" => Some(Open::Affiliate(Refused::of::<AddAffiliate>())),
                "coupon" => Some(Open::Coupon(Refused::of::<AddCoupon>())),
                _ => None,
            };
            let page = Told {
                campaigns: open
                    .map(|c| Choice::new(&c.id.to_string(), c.name.as_str()))
                    .collect(),
                rows: page.affiliates.into_iter().map(row).collect(),
                total: page.total,
                added,
                open: form.filter(|_| may_edit),
                may_edit,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

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

    /// What is pending, payable and owed, of all currencies in which there is something.
    fn amounts(balances: &[Balance]) -> [String; 3] {
        let told = |part: fn(&Balance) -> i64| {
            let some = balances.iter().filter(|balance| part(balance) != 0);
            text::affiliate::amounts(some.map(|one| Money::new(part(one), one.currency)))
        };
        [
            told(|balance| balance.pending_minor),
            told(|balance| balance.approved_minor),
            told(|balance| balance.debt_minor),
        ]
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
