//! The form of a campaign's terms, as markup. Written on the server only, and sent as any browser sends a form.

use domain::{
    campaign::{AttributionModel, Campaign, Terms},
    commission::{Duration, Rate},
    money::Money,
    rate::BasisPoints,
};
use leptos::prelude::*;

use super::fields::{Field, Refused, area, form, input, select, submit};
use crate::{
    server_fn::{Choice, campaign::one::ChangeCampaign},
    text::{campaign as words, campaigns},
};

const NAME: Field = Field::new("name", words::NAME, words::NAME_HINT);
const SLUG: Field = Field::new("slug", campaigns::SLUG, words::SLUG_HINT);
const AMOUNT: Field = Field::new("amount", words::AMOUNT, words::AMOUNT_HINT).decimal();
const UNIT: Field = Field::new("unit", campaigns::UNIT, words::UNIT_HINT);
const DURATION: Field = Field::new("duration", campaigns::DURATION, words::DURATION_HINT);
const MONTHS: Field = Field::new("months", campaigns::MONTHS, campaigns::MONTHS_HINT)
    .optional()
    .numeric();
const HOLD: Field = Field::new("hold_days", campaigns::HOLD_DAYS, words::HOLD_HINT).numeric();
const LEAD: Field = Field::new("lead", words::LEAD, words::LEAD_HINT).decimal();
const CLICK: Field = Field::new("click", words::CLICK, words::CLICK_HINT).decimal();
const LEAD_DAY: Field = Field::new("lead_day", words::LEAD_DAY, words::CAP_HINT)
    .optional()
    .numeric();
const LEAD_MONTH: Field = Field::new("lead_month", words::LEAD_MONTH, words::CAP_HINT)
    .optional()
    .numeric();
const CLICK_DAY: Field = Field::new("click_day", words::CLICK_DAY, words::CAP_HINT)
    .optional()
    .numeric();
const CLICK_MONTH: Field = Field::new("click_month", words::CLICK_MONTH, words::CAP_HINT)
    .optional()
    .numeric();
const OVERRIDE: Field =
    Field::new("override_percent", words::OVERRIDE, words::OVERRIDE_HINT).decimal();
const CANCEL: Field = Field::new(
    "refund_on_cancel",
    words::REFUND_ON_CANCEL,
    words::REFUND_ON_CANCEL_HINT,
);
const THRESHOLD: Field = Field::new("threshold", words::THRESHOLD, words::THRESHOLD_HINT).decimal();
const COOKIE: Field =
    Field::new("cookie_days", campaigns::COOKIE_DAYS, words::COOKIE_HINT).numeric();
const MODEL: Field = Field::new("model", words::MODEL, words::MODEL_HINT);
const COUPONS: Field = Field::new("coupons", words::COUPONS, words::COUPONS_HINT);
const WEBSITE: Field = Field::new("website", words::WEBSITE, words::WEBSITE_HINT)
    .kind("url")
    .optional();
const LANDING: Field = Field::new("landing", words::LANDING, words::LANDING_HINT)
    .kind("url")
    .optional();
const SITES: Field = Field::new("sites", words::SITES, words::SITES_HINT).optional();
const CONSENT: Field = Field::new("consent", words::CONSENT, words::CONSENT_HINT);
const SELF_REFERRAL: Field = Field::new(
    "self_referral",
    words::SELF_REFERRAL,
    words::SELF_REFERRAL_HINT,
);
const DISPOSABLE: Field = Field::new("disposable", words::DISPOSABLE, words::DISPOSABLE_HINT);
const CLICKS_PER_DAY: Field = Field::new(
    "clicks_per_day",
    words::CLICKS_PER_DAY,
    words::CLICKS_PER_DAY_HINT,
)
.optional()
.numeric();
const CONVERSION: Field = Field::new("conversion", words::CONVERSION, words::CONVERSION_HINT)
    .optional()
    .numeric();
const REVIEW: Field = Field::new("review", words::REVIEW, words::REVIEW_HINT)
    .optional()
    .decimal();

/// The word of a choice that says yes; anything else says no.
pub(crate) const YES: &str = "yes";

/// The form; who may not change anything looks at it.
pub(crate) fn terms_form(
    campaign: &Campaign,
    refused: &Refused,
    may_edit: bool,
) -> impl IntoView + use<> {
    let terms = &campaign.terms;
    let save = may_edit.then(|| submit(words::SAVE));
    let fields = view! {
        <fieldset class="whole" disabled=!may_edit>
            <input type="hidden" name="form[campaign]" value=campaign.id.to_string()/>
            {group(words::EARNING, None, earning(campaign, refused))}
            {group(words::SIGNUPS, Some(words::SIGNUPS_HINT), signups_and_visits(terms, refused))}
            {group(words::CREDITING, None, crediting(terms, refused))}
            {group(words::SITE, None, site(terms, refused))}
            {group(words::FLAGS, Some(words::FLAGS_HINT), flags(terms, refused))}
        </fieldset>
        {save}
    };
    form::<ChangeCampaign>("terms", refused, fields.into_any())
}

fn group(title: &'static str, hint: Option<&'static str>, fields: AnyView) -> impl IntoView {
    let hint = hint.map(|hint| view! { <p class="hint">{hint}</p> });
    view! { <fieldset><legend>{title}</legend>{hint}<div class="grid">{fields}</div></fieldset> }
}

fn earning(campaign: &Campaign, refused: &Refused) -> AnyView {
    let terms = &campaign.terms;
    let decimal = |minor| Money::new(minor, terms.currency).to_decimal();
    let (amount, unit) = match terms.plan.rate {
        Rate::Percent(share) => (share.to_percent(), "percent"),
        Rate::Fixed(minor) => (decimal(minor), "fixed"),
    };
    let (duration, months) = match terms.plan.duration {
        Duration::OneTime => ("one_time", String::new()),
        Duration::Recurring => ("recurring", String::new()),
        Duration::RecurringLimited(months) => ("recurring_limited", months.to_string()),
    };
    let share = BasisPoints::to_percent(terms.override_share);
    let cancel = choice(terms.refund_on_cancel);
    view! {
        {input(&NAME, refused, campaign.name.as_str())}
        {input(&SLUG, refused, campaign.slug.as_str())}
        {currency(terms)}
        {input(&AMOUNT, refused, &amount)}
        {select(&UNIT, refused, campaigns::units(), unit)}
        {select(&DURATION, refused, campaigns::durations(), duration)}
        {input(&MONTHS, refused, &months)}
        {input(&HOLD, refused, &terms.hold_days.to_string())}
        {input(&THRESHOLD, refused, &decimal(terms.payout_threshold_minor))}
        {input(&OVERRIDE, refused, &share)}
        {select(&CANCEL, refused, choices(words::TAKE_BACK, words::KEEP), cancel)}
    }
    .into_any()
}

fn signups_and_visits(terms: &Terms, refused: &Refused) -> AnyView {
    let decimal = |minor| Money::new(minor, terms.currency).to_decimal();
    let cap = |most: Option<u32>| most.map_or_else(String::new, |most| most.to_string());
    let (leads, clicks) = (terms.lead_caps, terms.click_caps);
    view! {
        {input(&LEAD, refused, &decimal(terms.lead_commission_minor))}
        {input(&LEAD_DAY, refused, &cap(leads.per_day))}
        {input(&LEAD_MONTH, refused, &cap(leads.per_month))}
        {input(&CLICK, refused, &decimal(terms.click_commission_minor))}
        {input(&CLICK_DAY, refused, &cap(clicks.per_day))}
        {input(&CLICK_MONTH, refused, &cap(clicks.per_month))}
    }
    .into_any()
}

/// Shown, because everything else is told in it.
fn currency(terms: &Terms) -> impl IntoView + use<> {
    view! {
        <div class="field">
            <label for="currency">{words::CURRENCY}</label>
            <input id="currency" value=terms.currency.code() readonly aria-describedby="currency-hint"/>
            <p class="hint" id="currency-hint">{words::CURRENCY_HINT}</p>
        </div>
    }
}

fn crediting(terms: &Terms, refused: &Refused) -> AnyView {
    let models = vec![
        Choice::new(AttributionModel::LastTouch.as_str(), words::LAST_TOUCH),
        Choice::new(AttributionModel::FirstTouch.as_str(), words::FIRST_TOUCH),
    ];
    let coupons = choice(terms.coupons_override_clicks);
    view! {
        {input(&COOKIE, refused, &terms.cookie_days.to_string())}
        {select(&MODEL, refused, models, terms.attribution_model.as_str())}
        {select(&COUPONS, refused, choices(words::COUPON_WINS, words::CLICK_WINS), coupons)}
    }
    .into_any()
}

fn site(terms: &Terms, refused: &Refused) -> AnyView {
    let sites: Vec<String> = terms.sites.iter().map(ToString::to_string).collect();
    let added = terms.added_by_landing();
    let added = added.map(|site| view! { <p class="hint">{words::adds(&site)}</p> });
    let consent = choice(terms.tracking_requires_consent);
    view! {
        {input(&WEBSITE, refused, terms.website.as_deref().unwrap_or_default())}
        {input(&LANDING, refused, terms.landing_page_url.as_deref().unwrap_or_default())}
        {added}
        {area(&SITES, refused, &sites.join("\n"))}
        {select(&CONSENT, refused, choices(words::CONSENT_YES, words::CONSENT_NO), consent)}
    }
    .into_any()
}

fn flags(terms: &Terms, refused: &Refused) -> AnyView {
    let rules = &terms.flags;
    let whether = || choices(words::FLAG, words::LET_THROUGH);
    let number = |value: Option<String>| value.unwrap_or_default();
    let clicks = number(rules.clicks_per_day.map(|clicks| clicks.to_string()));
    let percent = number(rules.conversion_percent.map(|percent| percent.to_string()));
    let review = rules.review_from_minor;
    let review = number(review.map(|minor| Money::new(minor, terms.currency).to_decimal()));
    view! {
        {select(&SELF_REFERRAL, refused, whether(), choice(rules.self_referral))}
        {select(&DISPOSABLE, refused, whether(), choice(rules.suspicious_activity))}
        {input(&CLICKS_PER_DAY, refused, &clicks)}
        {input(&CONVERSION, refused, &percent)}
        {input(&REVIEW, refused, &review)}
    }
    .into_any()
}

/// Two ways, of which the first says yes.
fn choices(yes: &str, no: &str) -> Vec<Choice> {
    vec![Choice::new(YES, yes), Choice::new("no", no)]
}

fn choice(yes: bool) -> &'static str {
    if yes { YES } else { "no" }
}
