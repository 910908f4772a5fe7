//! One campaign: its page, its terms, opening and closing it.

use leptos::prelude::*;

use crate::{
    call::{Question, parameters},
    error::AppError,
    server_fn::{Written, form::form},
};

form! {
    /// The terms of a campaign as typed. Amounts are decimal, in the campaign's currency; choices with two ways
    /// say `yes` or anything else; `sites` are lines; thresholds of flags may be empty: off.
    TermsForm {
        campaign, name, slug, amount, unit, duration, months, hold_days, threshold, lead, lead_day, lead_month,
        click, click_day, click_month, override_percent,
        refund_on_cancel, cookie_days, model, coupons, website, landing, sites, consent, self_referral, disposable,
        clicks_per_day, conversion, review
    }
}

/// One campaign. `cursor` is a place in the list of its affiliates, empty is its top; `days` is the funnel's period;
/// `done` says what was just done.
#[server(prefix = "/rpc", endpoint = "campaign", input = server_fn::codec::GetUrl)]
pub async fn load_campaign(
    id: String,
    #[server(default)] cursor: String,
    #[server(default)] days: String,
    #[server(default)] done: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.campaign_page(&id, (&cursor, &days, &done)).await;
    page.map_err(crate::request::refuse)
}

/// Changes the terms of a campaign.
#[server(prefix = "/rpc", endpoint = "change_campaign")]
pub async fn change_campaign(form: TermsForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let changed = caller.change_campaign(&form).await;
    let id = changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?done=saved", crate::query::campaign_path(id)));
    Ok(())
}

/// Closes a campaign to new credit, or opens it again.
#[server(prefix = "/rpc", endpoint = "set_campaign_status")]
pub async fn set_campaign_status(campaign: String, status: String) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let changed = caller.set_campaign_status(&campaign, &status).await;
    let id = changed.map_err(refuse)?;
    redirect(&format!("{}?done=saved", crate::query::campaign_path(id)));
    Ok(())
}

impl Question for LoadCampaign {
    fn parameters(&self) -> String {
        parameters(&[
            ("id", &self.id),
            ("cursor", &self.cursor),
            ("days", &self.days),
            ("done", &self.done),
        ])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use std::collections::BTreeSet;

    use domain::{
        campaign::{AttributionModel, Campaign, CampaignStatus, MAX_COOKIE_DAYS, MAX_SITES, Terms},
        cap::{Caps, MAX_CAP},
        commission::Plan,
        fraud::{FlagRules, MAX_FLAG_CLICKS, MAX_FLAG_PERCENT},
        id::CampaignId,
        lifecycle::MAX_HOLD_DAYS,
        money::{Currency, Money},
        rate::BasisPoints,
        site::{Site, open_address},
        slug::Slug,
        text::Name,
    };
    use leptos::prelude::*;
    use store::affiliate::{AffiliateFilter, Start};

    use super::{AppError, ChangeCampaign, TermsForm, Written};
    use crate::{
        part::{
            campaign::{Told, told},
            campaign_terms::YES,
            fields::Refused,
            funnel::Period,
        },
        query::campaign_path,
        request::Caller,
        server_fn::{
            campaign::server::{amount, duration, rate},
            form::{field, number, optional},
        },
        text::{self, campaign as words, sales::bad_filter},
    };

    /// How many affiliates a page lists.
    const PAGE: i64 = 25;
    /// The longest address of a page, in bytes.
    const MAX_PAGE: usize = 2048;

    impl Caller {
        pub(super) async fn campaign_page(
            &self,
            id: &str,
            (cursor, days, done): (&str, &str, &str),
        ) -> Result<Written, AppError> {
            let organization = self.organization();
            let campaign = self.campaign_with(id).await?;
            let period = Period::read(days)?;
            let since = period.since(self.store.now().date_naive());
            let counts = self.store.campaign_funnel(organization, campaign.id, since);
            let counts = counts.await?;
            let (affiliates, steps) = self.enrolled(campaign.id, cursor).await?;
            let page = Told {
                organization,
                links: self.links().await?,
                seen: self.store.seen_sites(organization, campaign.id).await?,
                funnel: (counts, period),
                affiliates,
                steps,
                notice: match done {
                    "added" => Some(words::PAGE_ADDED.to_owned()),
                    "saved" => Some(words::saved(campaign.terms.added_by_landing().as_ref())),
                    _ => None,
                },
                refused: Refused::of::<ChangeCampaign>(),
                may_edit: self.viewer.role.may_manage(),
                campaign,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        async fn campaign_with(&self, id: &str) -> Result<Campaign, AppError> {
            let id: CampaignId = id.parse().map_err(|_| AppError::NotFound)?;
            let campaign = self.store.campaign(self.organization(), id).await?;
            campaign.ok_or(AppError::NotFound)
        }

        /// A page of those who are in it, and where its beginning and the next page are.
        async fn enrolled(
            &self,
            id: CampaignId,
            cursor: &str,
        ) -> Result<(Vec<domain::affiliate::Affiliate>, [Option<String>; 3]), AppError> {
            let organization = self.organization();
            let filter = AffiliateFilter {
                campaign_id: Some(id),
                without_removed: true,
                ..AffiliateFilter::default()
            };
            let bad = |_| AppError::invalid("", bad_filter("cursor"));
            let open = |text| {
                self.store
                    .open_affiliate_cursor(organization, &filter, text)
            };
            let beside = Some(cursor).filter(|text| !text.is_empty());
            let beside = beside.map(open).transpose().map_err(bad)?;
            let start = beside.map_or(Start::Offset(0), Start::Beside);
            let page = self.store.affiliates(organization, &filter, start, PAGE);
            let page = page.await?;
            let path = campaign_path(id);
            let place = |cursor| {
                let sealed = self
                    .store
                    .seal_affiliate_cursor(organization, &filter, cursor);
                format!("{path}?cursor={sealed}#links")
            };
            let newest = page.newer.map(|_| format!("{path}#links"));
            let steps = [newest, page.newer.map(place), page.older.map(place)];
            Ok((page.affiliates, steps))
        }

        pub(super) async fn change_campaign(
            &self,
            form: &TermsForm,
        ) -> Result<CampaignId, AppError> {
            let id = self.campaign_with(&form.campaign).await?.id;
            let (actor, organization) = (self.actor(), self.organization());
            let change = |old| form.applied_to(old);
            let changed = self.store.change_campaign(actor, organization, id, change);
            Ok(changed.await?.id)
        }

        pub(super) async fn set_campaign_status(
            &self,
            id: &str,
            status: &str,
        ) -> Result<CampaignId, AppError> {
            let id = self.campaign_with(id).await?.id;
            let status = CampaignStatus::parse(status)
                .ok_or_else(|| AppError::invalid("", text::error::NOT_UNDERSTOOD))?;
            let change = |old| Ok::<_, AppError>(Campaign { status, ..old });
            let (actor, organization) = (self.actor(), self.organization());
            let changed = self.store.change_campaign(actor, organization, id, change);
            Ok(changed.await?.id)
        }
    }

    impl TermsForm {
        /// The campaign with what was typed; currency and status stay.
        fn applied_to(&self, old: Campaign) -> Result<Campaign, AppError> {
            let name = field("name", Name::parse(&self.name))?;
            let slug = field("slug", Slug::parse(&self.slug))?;
            let terms = self.terms(old.terms)?;
            Ok(Campaign {
                name,
                slug,
                terms,
                ..old
            })
        }

        fn terms(&self, old: Terms) -> Result<Terms, AppError> {
            let currency = old.currency;
            let money = |name, typed| amount(name, typed, currency).map(|money| money.minor);
            let plan = Plan {
                rate: rate(&self.amount, &self.unit, currency)?,
                duration: duration(&self.duration, &self.months)?,
            };
            let share = BasisPoints::from_percent(self.override_percent.trim());
            let model = AttributionModel::parse(&self.model);
            Ok(Terms {
                plan,
                hold_days: number("hold_days", &self.hold_days, 0..=MAX_HOLD_DAYS)?,
                payout_threshold_minor: money("threshold", &self.threshold)?,
                lead_commission_minor: money("lead", &self.lead)?,
                click_commission_minor: money("click", &self.click)?,
                lead_caps: Caps {
                    per_day: cap("lead_day", &self.lead_day)?,
                    per_month: cap("lead_month", &self.lead_month)?,
                },
                click_caps: Caps {
                    per_day: cap("click_day", &self.click_day)?,
                    per_month: cap("click_month", &self.click_month)?,
                },
                override_share: field("override_percent", share)?,
                refund_on_cancel: self.refund_on_cancel == YES,
                cookie_days: number("cookie_days", &self.cookie_days, 1..=MAX_COOKIE_DAYS)?,
                attribution_model: model
                    .ok_or_else(|| AppError::invalid("model", text::form::CHOOSE))?,
                coupons_override_clicks: self.coupons == YES,
                website: optional("website", &self.website, page)?,
                landing_page_url: optional("landing", &self.landing, page)?,
                sites: sites(&self.sites)?,
                tracking_requires_consent: self.consent == YES,
                flags: self.flags(currency)?,
                ..old
            })
        }

        fn flags(&self, currency: Currency) -> Result<FlagRules, AppError> {
            let given = |typed: &str| !typed.trim().is_empty();
            let clicks = || number("clicks_per_day", &self.clicks_per_day, 1..=MAX_FLAG_CLICKS);
            let percent = || number("conversion", &self.conversion, 1..=MAX_FLAG_PERCENT);
            let review = || amount("review", &self.review, currency).map(review_from);
            Ok(FlagRules {
                self_referral: self.self_referral == YES,
                suspicious_activity: self.disposable == YES,
                clicks_per_day: given(&self.clicks_per_day).then(clicks).transpose()?,
                conversion_percent: given(&self.conversion).then(percent).transpose()?,
                review_from_minor: given(&self.review).then(review).transpose()?,
            })
        }
    }

    /// How many at most; nothing typed is as many as come.
    fn cap(name: &str, typed: &str) -> Result<Option<u32>, AppError> {
        let given = !typed.trim().is_empty();
        given.then(|| number(name, typed, 1..=MAX_CAP)).transpose()
    }

    /// Every sale from nothing on is every sale.
    fn review_from(from: Money) -> i64 {
        from.minor.max(1)
    }

    /// The address of a page that anybody can open.
    fn page(typed: &str) -> Result<String, &'static str> {
        let plain = typed.len() <= MAX_PAGE && !typed.chars().any(char::is_whitespace);
        let open = plain && open_address(typed).is_some();
        open.then(|| typed.to_owned()).ok_or(words::NEED_PAGE)
    }

    /// One site in a line, or between commas; each once.
    fn sites(typed: &str) -> Result<Vec<Site>, AppError> {
        let texts = typed.split(['\n', ',']).map(str::trim);
        let texts = texts.filter(|text| !text.is_empty());
        let read = |text| {
            let site = Site::parse(text);
            site.map_err(|error| AppError::invalid("sites", format!("{error}, not “{text}”")))
        };
        let sites: BTreeSet<Site> = texts.map(read).collect::<Result<_, _>>()?;
        if sites.len() > MAX_SITES {
            return Err(AppError::invalid("sites", words::TOO_MANY_SITES));
        }
        Ok(sites.into_iter().collect())
    }
}
