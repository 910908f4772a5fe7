//! The page of payouts: what is payable, and the list, with what the address asks for.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    id::{AffiliateId, CampaignId, PayoutBatchId},
    money::Currency,
    payout::{PayoutMethod, PayoutStatus},
};
use leptos::prelude::*;
use leptos_router::location::Url;
use store::payout::{Payable, PayoutFilter, PayoutStart};

use super::AppError;
use crate::{
    part::{
        events::Filter,
        payouts::{Told, told},
    },
    query::{PAYOUTS_PATH, format_day, parse_day},
    request::Caller,
    server_fn::{Choice, Written},
    text::payouts as words,
};

/// How many payouts a page lists.
const PAGE: i64 = 50;
/// How many of those who are owed something it lists; all of them are on the page of a run.
const OWED: usize = 25;

/// What the address asks for.
#[derive(Default)]
pub(super) struct Asked {
    status: Option<PayoutStatus>,
    method: Option<PayoutMethod>,
    currency: Option<Currency>,
    campaign: Option<CampaignId>,
    affiliate: Option<AffiliateId>,
    batch: Option<PayoutBatchId>,
    since: Option<NaiveDate>,
    to: Option<NaiveDate>,
    cursor: String,
    made: Option<usize>,
}

impl Asked {
    /// From what stands in the address after the question mark.
    pub(super) fn read(address: &str) -> Result<Self, AppError> {
        let mut asked = Self::default();
        let pairs = address.split('&').filter_map(|pair| pair.split_once('='));
        for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
            let value = Url::unescape(value);
            let bad = || AppError::invalid("", words::bad_filter(name));
            match name {
                "status" => asked.status = Some(PayoutStatus::parse(&value).ok_or_else(bad)?),
                "method" => asked.method = Some(PayoutMethod::parse(&value).ok_or_else(bad)?),
                "currency" => {
                    asked.currency = Some(Currency::parse(&value).map_err(|_| bad())?);
                }
                "campaign" => asked.campaign = Some(value.parse().map_err(|_| bad())?),
                "affiliate" => asked.affiliate = Some(value.parse().map_err(|_| bad())?),
                "batch" => asked.batch = Some(value.parse().map_err(|_| bad())?),
                "since" => asked.since = Some(parse_day(&value).ok_or_else(bad)?),
                "to" => asked.to = Some(parse_day(&value).ok_or_else(bad)?),
                "cursor" => asked.cursor = value,
                "made" => asked.made = Some(value.parse().map_err(|_| bad())?),
                _ => {}
            }
        }
        Ok(asked)
    }

    fn filter(&self) -> PayoutFilter {
        PayoutFilter {
            status: self.status,
            affiliate_id: self.affiliate,
            campaign_id: self.campaign,
            batch_id: self.batch,
            currency: self.currency,
            method: self.method,
            since: self.since.map(midnight),
            until: self.to.and_then(|day| day.succ_opt()).map(midnight),
        }
    }

    /// The address of a list, at a place of it.
    fn href(&self, path: &str, cursor: Option<String>) -> String {
        let parameters = [
            ("status", self.status.map(|word| word.as_str().to_owned())),
            ("method", self.method.map(|word| word.as_str().to_owned())),
            ("currency", self.currency.map(|code| code.to_string())),
            ("campaign", self.campaign.map(|id| id.to_string())),
            ("affiliate", self.affiliate.map(|id| id.to_string())),
            ("batch", self.batch.map(|id| id.to_string())),
            ("since", self.since.map(format_day)),
            ("to", self.to.map(format_day)),
            ("cursor", cursor),
        ];
        let pairs: Vec<String> = parameters
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", Url::escape(&value?))))
            .collect();
        match pairs.join("&") {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

/// When a day begins, in UTC.
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

impl Caller {
    pub(super) async fn payouts_page(&self, asked: &Asked) -> Result<Written, AppError> {
        let (organization, filter) = (self.organization(), asked.filter());
        let start = if asked.cursor.is_empty() {
            PayoutStart::Offset(0)
        } else {
            let opened = self
                .store
                .open_payout_cursor(organization, filter, &asked.cursor);
            let bad = |_| AppError::invalid("", words::bad_filter("cursor"));
            PayoutStart::After(opened.map_err(bad)?)
        };
        let page = self
            .store
            .payouts(organization, filter, start, PAGE)
            .await?;
        let older = page.next.map(|next| {
            let sealed = self.store.seal_payout_cursor(organization, filter, next);
            asked.href(PAYOUTS_PATH, Some(sealed))
        });
        let is_filtered = filter != PayoutFilter::default();
        let is_first = asked.cursor.is_empty();
        let mut owed = if is_filtered || !is_first {
            None
        } else {
            Some(most_first(self.store.payable(organization).await?))
        };
        let owes_more = owed.as_ref().is_some_and(|owed| owed.len() > OWED);
        if let Some(owed) = &mut owed {
            owed.truncate(OWED);
        }
        let page = Told {
            owes_more,
            owed,
            lines: page.payouts,
            filters: self.payout_filters(asked).await?,
            days: [asked.since, asked.to].map(|day| day.map(format_day).unwrap_or_default()),
            is_filtered,
            kept: kept(asked),
            steps: [
                (!is_first).then(|| asked.href(PAYOUTS_PATH, None)),
                None,
                older,
            ],
            export: asked.href(&format!("{PAYOUTS_PATH}/export"), None),
            made: asked.made,
            may_edit: self.viewer.role.may_manage(),
            now: self.store.now().timestamp_millis(),
        };
        Ok(Written {
            html: told(page).to_html(),
        })
    }

    async fn payout_filters(&self, asked: &Asked) -> Result<Vec<Filter>, AppError> {
        let statuses = PayoutStatus::ALL
            .iter()
            .map(|word| Choice::new(word.as_str(), word.label()));
        let status = asked.status.map_or("", PayoutStatus::as_str);
        let mut filters = vec![filter(
            ("status", words::STATUS, words::ALL_STATUSES),
            statuses.collect(),
            status.to_owned(),
        )];
        filters.extend(
            self.limits(
                asked.campaign,
                asked.currency,
                (asked.method, words::ALL_METHODS),
            )
            .await?,
        );
        Ok(filters)
    }

    /// What a list and a run can be limited to: campaign, currency, method.
    pub(super) async fn limits(
        &self,
        campaign: Option<CampaignId>,
        currency: Option<Currency>,
        (method, all_methods): (Option<PayoutMethod>, &str),
    ) -> Result<Vec<Filter>, AppError> {
        let campaigns = self.store.campaigns(self.organization()).await?;
        let mut codes: Vec<Currency> = campaigns.iter().map(|one| one.terms.currency).collect();
        codes.extend(currency);
        codes.sort_by_key(|code| code.code());
        codes.dedup();
        let named = campaigns
            .iter()
            .map(|one| Choice::new(&one.id.to_string(), one.name.as_str()));
        let methods = PayoutMethod::ALL
            .iter()
            .map(|word| Choice::new(word.as_str(), words::method(*word)));
        Ok(vec![
            filter(
                ("campaign", words::CAMPAIGN, words::ALL_CAMPAIGNS),
                named.collect(),
                campaign.map(|id| id.to_string()).unwrap_or_default(),
            ),
            filter(
                ("currency", words::CURRENCY, words::ALL_CURRENCIES),
                codes
                    .iter()
                    .map(|code| Choice::new(code.code(), code.code()))
                    .collect(),
                currency.map(|code| code.to_string()).unwrap_or_default(),
            ),
            filter(
                ("method", words::METHOD, all_methods),
                methods.collect(),
                method.map_or("", PayoutMethod::as_str).to_owned(),
            ),
        ])
    }
}

/// What has no field of its own and stays when a filter is chosen.
fn kept(asked: &Asked) -> Vec<(&'static str, String)> {
    let kept = [
        ("affiliate", asked.affiliate.map(|id| id.to_string())),
        ("batch", asked.batch.map(|id| id.to_string())),
    ];
    kept.into_iter()
        .filter_map(|(name, id)| Some((name, id?)))
        .collect()
}

/// Currencies side by side, and in each the most first.
pub(super) fn most_first(mut payable: Vec<Payable>) -> Vec<Payable> {
    payable.sort_by(|one, other| {
        let key = |line: &Payable| (line.due.currency.code(), -line.due.amount().minor);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.name.cmp(&other.name))
    });
    payable
}

/// A filter whose first choice is all.
fn filter(
    (name, label, all): (&'static str, &'static str, &str),
    choices: Vec<Choice>,
    chosen: String,
) -> Filter {
    Filter {
        name,
        label,
        choices: std::iter::once(Choice::new("", all))
            .chain(choices)
            .collect(),
        chosen,
    }
}
