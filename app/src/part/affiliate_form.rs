//! The form for what is known about an affiliate, as markup. Written on the server only, and sent as any
//! browser sends a form.

use domain::{
    affiliate::Affiliate, campaign::Campaign, commission::Rate, id::CampaignId, rate::BasisPoints,
};
use leptos::{prelude::*, server_fn::ServerFn};
use store::affiliate::Named;

use super::fields::{Field, Refused, input};
use crate::{
    query::affiliate_path,
    server_fn::affiliate::one::ChangeAffiliate,
    text::{self, affiliate as words, affiliates},
};

/// What the form needs besides the affiliate.
pub(crate) struct Edited {
    /// Whose commission of one's own is meant.
    pub(crate) campaign_id: Option<CampaignId>,
    /// The recruiter's referral code.
    pub(crate) recruiter: Option<String>,
    /// Affiliates to suggest as recruiters.
    pub(crate) known: Vec<Named>,
    /// What was typed before, and what is wrong with it.
    pub(crate) refused: Refused,
}

const NAME: Field = Field::new("name", affiliates::NAME, "");
const EMAIL: Field = Field::new("email", affiliates::EMAIL, "").kind("email");
const SLUG: Field = Field::new("slug", affiliates::SLUG, words::SLUG_HINT);
const ACCOUNT: Field = Field::new("account", words::ACCOUNT, words::ACCOUNT_HINT).optional();
const PERCENT: Field = Field::new("percent", affiliates::PERCENT, words::PERCENT_HINT)
    .optional()
    .decimal();
const RECRUITER: Field = Field::new("recruiter", words::RECRUITER, words::RECRUITER_HINT)
    .optional()
    .suggesting("affiliates");

/// The affiliate's own share in a campaign.
pub(crate) fn own_share(
    affiliate: &Affiliate,
    campaign_id: Option<CampaignId>,
) -> Option<BasisPoints> {
    match affiliate.enrollment(campaign_id?)?.plan?.rate {
        Rate::Percent(share) => Some(share),
        Rate::Fixed(_) => None,
    }
}

/// The form in its panel.
pub(crate) fn edit_form(
    affiliate: &Affiliate,
    campaigns: &[Campaign],
    edited: &Edited,
) -> impl IntoView + use<> {
    let refused = &edited.refused;
    let share = own_share(affiliate, edited.campaign_id);
    let share = share.map_or_else(String::new, BasisPoints::to_percent);
    let several = affiliate.enrollments.len() > 1;
    let meant = campaigns
        .iter()
        .find(|campaign| several && Some(campaign.id) == edited.campaign_id)
        .map(|campaign| view! { <p class="hint">{words::percent_in(campaign.name.as_str())}</p> });
    let suggested = edited
        .known
        .iter()
        .filter(|known| known.id != affiliate.id)
        .map(|known| view! { <option value=known.slug.to_string()>{known.name.to_string()}</option> });
    let account = affiliate.stripe_account_id.as_deref().unwrap_or_default();
    let campaign = edited.campaign_id.map(|id| id.to_string());
    view! {
        <section class="panel" aria-label=words::EDIT_TITLE>
            <header>
                <h2>{words::EDIT_TITLE}</h2>
                <a class="btn quiet" href=affiliate_path(affiliate.id)>{text::CANCEL}</a>
            </header>
            <form method="post" action=ChangeAffiliate::PATH class="grid">
                <p class="form-error" role="alert">{refused.failed.clone()}</p>
                <input type="hidden" name="form[affiliate]" value=affiliate.id.to_string()/>
                <input type="hidden" name="form[campaign]" value=campaign/>
                {input(&NAME, refused, affiliate.name.as_str())}
                {input(&EMAIL, refused, affiliate.email.as_str())}
                {input(&SLUG, refused, affiliate.slug.as_str())}
                <div>{input(&PERCENT, refused, &share)}{meant}</div>
                {input(&RECRUITER, refused, edited.recruiter.as_deref().unwrap_or_default())}
                {input(&ACCOUNT, refused, account)}
                <datalist id="affiliates">{suggested.collect_view()}</datalist>
                <footer><button type="submit" class="btn main">{words::SAVE}</button></footer>
            </form>
        </section>
    }
}
