//! Coupons: a page of the list, adding, changing and removing one.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// A new coupon. `affiliate` is a referral code, `last_day` a day or empty.
    CouponForm { code, affiliate, campaign, discount, last_day }
}

form! {
    /// What changes about a coupon.
    CouponChangeForm { coupon, discount, last_day }
}

/// A page of coupons. `typed`, `state` and `campaign` narrow the list, `cursor` is a place in it; `open` asks for
/// the form for a new one ([`NEW`]), for the affiliate whose referral code is in `affiliate`, or for that of a
/// coupon by its id; `done` says what was just done, or with [`ADDED`] which code was added.
#[server(prefix = "/rpc", endpoint = "coupons", input = server_fn::codec::GetUrl)]
pub async fn load_coupons(
    #[server(default)] typed: String,
    #[server(default)] state: String,
    #[server(default)] campaign: String,
    #[server(default)] cursor: String,
    #[server(default)] open: String,
    #[server(default)] affiliate: String,
    #[server(default)] done: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let asked = server::Asked {
        narrowed: crate::part::coupons::Narrowed {
            typed: typed.trim().to_owned(),
            state,
            campaign,
        },
        cursor,
        open,
        affiliate,
        done,
    };
    let page = caller.coupons_page(asked).await;
    page.map_err(crate::request::refuse)
}

/// Adds a coupon.
#[server(prefix = "/rpc", endpoint = "add_coupon")]
pub async fn add_coupon(form: CouponForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let added = caller.add_coupon(&form).await;
    let added = added.map_err(|error| refuse(error.keeping(form.kept())))?;
    let code = leptos_router::location::Url::escape(added.code.as_str());
    redirect(&format!("{}?added={code}", crate::query::COUPONS_PATH));
    Ok(())
}

/// Changes a coupon.
#[server(prefix = "/rpc", endpoint = "change_coupon")]
pub async fn change_coupon(form: CouponChangeForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let changed = caller.change_coupon(&form).await;
    changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?done=saved", crate::query::COUPONS_PATH));
    Ok(())
}

/// Removes a coupon.
#[server(prefix = "/rpc", endpoint = "remove_coupon")]
pub async fn remove_coupon(coupon: String) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    caller.remove_coupon(&coupon).await.map_err(refuse)?;
    redirect(&format!("{}?done=removed", crate::query::COUPONS_PATH));
    Ok(())
}

impl Question for LoadCoupons {
    fn parameters(&self) -> String {
        parameters(&[
            ("typed", &self.typed),
            ("state", &self.state),
            ("campaign", &self.campaign),
            ("cursor", &self.cursor),
            ("open", &self.open),
            ("affiliate", &self.affiliate),
            ("done", &self.done),
        ])
    }
}

/// Asks for the form for a new coupon.
pub const NEW: &str = "coupon";

/// Comes before the code of a coupon that was just added.
pub const ADDED: &str = "+";

#[cfg(feature = "ssr")]
pub(crate) use server::last_day;

#[cfg(feature = "ssr")]
mod server {
    use chrono::{DateTime, NaiveDate, Utc};
    use domain::{
        campaign::CampaignStatus,
        coupon::{Coupon, CouponCode, CouponState},
        id::{CampaignId, CouponId},
        text::MAX_EXTERNAL_ID,
    };
    use leptos::prelude::*;
    use leptos_router::location::Url;
    use store::coupon::{CouponChange, CouponCursor, CouponError, CouponFilter, NewCoupon};

    use super::{
        ADDED, AddCoupon, AppError, ChangeCoupon, CouponChangeForm, CouponForm, NEW, Written,
    };
    use crate::{
        part::{
            coupons::{Narrowed, Open, Told, told},
            fields::Refused,
        },
        query::COUPONS_PATH,
        request::Caller,
        server_fn::{
            Choice,
            form::{end_of, end_of_day, field, optional},
            sales::MAX_CHOICES,
        },
        text::{coupons as words, form},
    };

    /// How many coupons a page lists.
    const PAGE: i64 = 50;

    /// What stands in the page's address.
    pub(super) struct Asked {
        pub(super) narrowed: Narrowed,
        pub(super) cursor: String,
        pub(super) open: String,
        pub(super) affiliate: String,
        pub(super) done: String,
    }

    /// The last day on which a coupon earns, in UTC.
    pub(crate) fn last_day(coupon: &Coupon) -> Option<NaiveDate> {
        let last = coupon
            .expires_at?
            .checked_sub_signed(chrono::TimeDelta::milliseconds(1))?;
        Some(last.date_naive())
    }

    impl Narrowed {
        fn filter(&self) -> Result<CouponFilter, AppError> {
            let bad = || AppError::invalid("", words::BAD_FILTER);
            let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let state = given(&self.state).map(|word| CouponState::parse(&word).ok_or_else(bad));
            let campaign =
                given(&self.campaign).map(|id| id.parse::<CampaignId>().map_err(|_| bad()));
            Ok(CouponFilter {
                campaign_id: campaign.transpose()?,
                affiliate_id: None,
                state: state.transpose()?,
                typed: given(&self.typed),
            })
        }

        /// The address of the page, at a place of its list.
        fn href(&self, cursor: &str) -> String {
            let parameters = [
                ("q", self.typed.as_str()),
                ("state", &self.state),
                ("campaign", &self.campaign),
                ("cursor", cursor),
            ];
            let given = parameters.iter().filter(|(_, value)| !value.is_empty());
            let pairs: Vec<String> = given
                .map(|(name, value)| format!("{name}={}", Url::escape(value)))
                .collect();
            match pairs.join("&") {
                query if query.is_empty() => COUPONS_PATH.to_owned(),
                query => format!("{COUPONS_PATH}?{query}"),
            }
        }
    }

    impl Caller {
        pub(super) async fn coupons_page(&self, asked: Asked) -> Result<Written, AppError> {
            let (organization, narrowed) = (self.organization(), asked.narrowed.clone());
            let filter = narrowed.filter()?;
            let bad = |_| AppError::invalid("", words::BAD_FILTER);
            let open = |text| self.store.open_coupon_cursor(organization, &filter, text);
            let start = Some(asked.cursor.as_str()).filter(|text| !text.is_empty());
            let start = start.map(open).transpose().map_err(bad)?;
            let page = self
                .store
                .coupon_page(organization, &filter, start, PAGE)
                .await?;
            let place = |cursor: CouponCursor| {
                let sealed = self.store.seal_coupon_cursor(organization, &filter, cursor);
                narrowed.href(&sealed)
            };
            let campaigns = self.store.campaigns(organization).await?;
            let active = campaigns
                .iter()
                .filter(|one| one.status == CampaignStatus::Active);
            let choice = |one: &domain::campaign::Campaign| {
                Choice::new(&one.id.to_string(), one.name.as_str())
            };
            let page = Told {
                steps: [
                    page.newer.map(|_| narrowed.href("")),
                    page.newer.map(place),
                    page.older.map(place),
                ],
                coupons: page.coupons,
                open_campaigns: active.map(choice).collect(),
                campaigns: campaigns.iter().map(choice).collect(),
                form: self.coupon_form(&asked).await?,
                narrowed,
                added: asked.done.strip_prefix(ADDED).map(str::to_owned),
                notice: match asked.done.as_str() {
                    "saved" => Some(words::SAVED),
                    "removed" => Some(words::REMOVED),
                    _ => None,
                },
                now: self.store.now(),
                may_edit: self.viewer.role.may_manage(),
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        /// The form that is asked for.
        async fn coupon_form(&self, asked: &Asked) -> Result<Option<Open>, AppError> {
            let organization = self.organization();
            if !self.viewer.role.may_manage() {
                return Ok(None);
            }
            match asked.open.as_str() {
                "" => return Ok(None),
                NEW => {}
                id => {
                    let coupon = self.coupon_with(id).await?;
                    return Ok(Some(Open::Change(coupon, Refused::of::<ChangeCoupon>())));
                }
            }
            let known = self
                .store
                .newest_affiliates(organization, MAX_CHOICES)
                .await?;
            let known = known
                .iter()
                .map(|one| Choice::new(one.slug.as_str(), one.name.as_str()));
            Ok(Some(Open::New {
                known: known.collect(),
                affiliate: asked.affiliate.clone(),
                refused: Refused::of::<AddCoupon>(),
            }))
        }

        /// A coupon that was not removed.
        async fn coupon_with(&self, id: &str) -> Result<Coupon, AppError> {
            let id: CouponId = id.parse().map_err(|_| AppError::NotFound)?;
            let coupon = self.store.coupon(self.organization(), id).await?;
            coupon
                .filter(|coupon| coupon.removed_at.is_none())
                .ok_or(AppError::NotFound)
        }

        pub(super) async fn add_coupon(&self, form: &CouponForm) -> Result<Coupon, AppError> {
            let code = field("code", CouponCode::parse(&form.code))?;
            let affiliate = self
                .affiliate_called("affiliate", form.affiliate.trim())
                .await?;
            let campaign: Result<CampaignId, _> = form.campaign.parse();
            let new = NewCoupon {
                code,
                affiliate_id: affiliate.id,
                campaign_id: campaign.map_err(|_| AppError::invalid("campaign", form::CHOOSE))?,
                processor_discount_id: optional("discount", &form.discount, discount_id)?,
                expires_at: optional("last_day", &form.last_day, |typed| self.end_to_come(typed))?,
            };
            let (actor, organization) = (self.actor(), self.organization());
            Ok(self.store.add_coupon(actor, organization, new).await?)
        }

        /// The end of a day that is not over: one in the past is a slip where a coupon is only beginning.
        fn end_to_come(&self, typed: &str) -> Result<DateTime<Utc>, &'static str> {
            let end = end_of(typed)?;
            Some(end)
                .filter(|end| *end > self.store.now())
                .ok_or(words::PAST)
        }

        pub(super) async fn change_coupon(
            &self,
            form: &CouponChangeForm,
        ) -> Result<Coupon, AppError> {
            let coupon = self.coupon_with(&form.coupon).await?;
            let end = optional("last_day", &form.last_day, end_of)?;
            let shown = last_day(&coupon).map(end_of_day);
            let change = CouponChange {
                processor_discount_id: Some(optional("discount", &form.discount, discount_id)?),
                // An end inside a day is shown as that day, and stays unless another is typed.
                expires_at: (shown.flatten() != end).then_some(end),
            };
            let (actor, organization) = (self.actor(), self.organization());
            let changed = self
                .store
                .change_coupon(actor, organization, coupon.id, change);
            Ok(changed.await?)
        }

        pub(super) async fn remove_coupon(&self, id: &str) -> Result<Coupon, AppError> {
            let coupon = self.coupon_with(id).await?;
            let (actor, organization) = (self.actor(), self.organization());
            let removed = self.store.remove_coupon(actor, organization, coupon.id);
            Ok(removed.await?)
        }
    }

    /// An id as a processor writes it.
    fn discount_id(typed: &str) -> Result<String, &'static str> {
        let plain = |letter: char| !letter.is_whitespace() && !letter.is_control();
        let fits = typed.len() <= MAX_EXTERNAL_ID && typed.chars().all(plain);
        fits.then(|| typed.to_owned()).ok_or(words::NEED_ID)
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
