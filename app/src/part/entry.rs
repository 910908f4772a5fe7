//! The form for a sale that is entered by hand, as markup. Written on the server only, and sent as any
//! browser sends a form.

use domain::campaign::{Campaign, CampaignStatus};
use leptos::{prelude::*, server_fn::ServerFn};
use store::affiliate::Named;

use super::fields::{Field, Refused, input, select};
use crate::{
    query::SALES_PATH,
    server_fn::{Choice, sale::EnterSale},
    text::{self, sale as words},
};

/// What there is to choose from.
pub(crate) struct Offered {
    /// Affiliates; others are found by their referral code.
    pub(crate) affiliates: Vec<Named>,
    /// All campaigns.
    pub(crate) campaigns: Vec<Campaign>,
}

const AFFILIATE: Field =
    Field::new("affiliate", words::AFFILIATE, words::AFFILIATE_HINT).suggesting("affiliates");
const CAMPAIGN: Field = Field::new("campaign", words::CAMPAIGN, "");
const AMOUNT: Field = Field::new("amount", words::PAID, words::PAID_HINT).decimal();
const CURRENCY: Field = Field::new("currency", words::CURRENCY, "");
const EMAIL: Field = Field::new("email", words::EMAIL, "")
    .kind("email")
    .optional();
const EXTERNAL_ID: Field =
    Field::new("external_id", words::EXTERNAL_ID, words::EXTERNAL_ID_HINT).optional();
const PAID_ON: Field = Field::new("paid_on", words::PAID_ON, words::PAID_ON_HINT)
    .kind("date")
    .optional();
const NOTE: Field = Field::new("note", words::NOTE, words::NOTE_HINT);

/// The form; `refused`: with what was typed before, and what is wrong with it.
pub(crate) fn entry(offered: &Offered, refused: &Refused) -> impl IntoView + use<> {
    let active = || {
        let campaigns = offered.campaigns.iter();
        campaigns.filter(|campaign| campaign.status == CampaignStatus::Active)
    };
    let currency = active()
        .next()
        .map_or("", |first| first.terms.currency.code());
    let affiliates = offered.affiliates.iter().map(|affiliate| {
        view! { <option value=affiliate.slug.to_string()>{affiliate.name.to_string()}</option> }
    });
    let own = Choice {
        id: String::new(),
        name: words::OWN_CAMPAIGN.to_owned(),
    };
    let campaigns = active().map(|campaign| Choice {
        id: campaign.id.to_string(),
        name: campaign.name.to_string(),
    });
    let campaigns = std::iter::once(own).chain(campaigns).collect();
    view! {
        <header class="head">
            <h1>{words::ADD}</h1>
            <a class="btn quiet push" href=SALES_PATH>{text::CANCEL}</a>
        </header>
        <p class="muted">{words::ADD_HINT}</p>
        <form method="post" action=EnterSale::PATH class="grid panel">
            <p class="form-error" role="alert">{refused.failed.clone()}</p>
            {input(&AFFILIATE, refused, "")}
            {select(&CAMPAIGN, refused, campaigns, "")}
            {input(&AMOUNT, refused, "")}
            {input(&CURRENCY, refused, currency)}
            {input(&NOTE, refused, "")}
            {input(&EMAIL, refused, "")}
            {input(&EXTERNAL_ID, refused, "")}
            {input(&PAID_ON, refused, "")}
            <datalist id="affiliates">{affiliates.collect_view()}</datalist>
            <footer><button type="submit" class="btn main">{words::ADD}</button></footer>
        </form>
    }
}
