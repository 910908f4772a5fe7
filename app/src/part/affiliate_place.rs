//! An affiliate's place in the program, as markup: what can be done about his status, the campaigns he is in with
//! their links, and the forms for both. Written on the server only (see [`super::served`]).

use domain::{
    affiliate::{Affiliate, AffiliateStatus, Enrollment},
    campaign::{Campaign, CampaignStatus},
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};

use super::{
    fields::{Field, Refused, input, select, submit},
    links::Links,
    served::copy,
};
use crate::{
    query::affiliate_path,
    server_fn::{
        Choice,
        affiliate::place::{JoinCampaign, SetAffiliateStatus},
    },
    text::{self, affiliate as words, affiliates},
};

/// What the parameter `ask` of the page's address says for a further campaign.
const JOIN: &str = "join";

const CAMPAIGN: Field = Field::new("campaign", affiliates::CAMPAIGN, "");
const PERCENT: Field = Field::new("percent", affiliates::PERCENT, affiliates::PERCENT_HINT)
    .optional()
    .decimal();

/// The form that is open.
pub(crate) enum Asked {
    /// To change the status to this one.
    Status(AffiliateStatus, Refused),
    /// To join one of these campaigns.
    Join(Vec<Choice>, Refused),
}

impl Asked {
    /// What the page's address asks for, if it can be done.
    pub(crate) fn read(ask: &str, affiliate: &Affiliate, campaigns: &[Campaign]) -> Option<Self> {
        if ask == JOIN {
            let open = joinable(affiliate, campaigns);
            return Some(Self::Join(open, Refused::of::<JoinCampaign>()));
        }
        let status = AffiliateStatus::parse(ask)?;
        (status != affiliate.status)
            .then(|| Self::Status(status, Refused::of::<SetAffiliateStatus>()))
    }
}

fn joinable(affiliate: &Affiliate, campaigns: &[Campaign]) -> Vec<Choice> {
    let is_open = |campaign: &&Campaign| {
        campaign.status == CampaignStatus::Active && affiliate.enrollment(campaign.id).is_none()
    };
    let open = campaigns.iter().filter(is_open);
    open.map(|campaign| Choice::new(&campaign.id.to_string(), campaign.name.as_str()))
        .collect()
}

/// The ways to another status.
pub(crate) fn ways(affiliate: &Affiliate) -> impl IntoView + use<> {
    let now = affiliate.status;
    let path = affiliate_path(affiliate.id);
    let others: &[AffiliateStatus] = match now {
        AffiliateStatus::Active => &[
            AffiliateStatus::Paused,
            AffiliateStatus::Blocked,
            AffiliateStatus::Removed,
        ],
        AffiliateStatus::Paused => &[
            AffiliateStatus::Active,
            AffiliateStatus::Blocked,
            AffiliateStatus::Removed,
        ],
        AffiliateStatus::Blocked => &[AffiliateStatus::Active, AffiliateStatus::Removed],
        AffiliateStatus::Removed => &[AffiliateStatus::Active],
    };
    let way = |to: &AffiliateStatus| {
        let href = format!("{path}?ask={}", to.as_str());
        view! { <a class="btn" href=href>{words::verb(now, *to)}</a> }
    };
    others.iter().map(way).collect_view()
}

/// The form that is open, in its panel.
pub(crate) fn panel(affiliate: &Affiliate, asked: &Asked) -> impl IntoView + use<> {
    let path = affiliate_path(affiliate.id);
    let (title, body) = match asked {
        Asked::Status(status, refused) => (
            words::verb(affiliate.status, *status),
            Either::Left(confirm(affiliate, *status, refused)),
        ),
        Asked::Join(campaigns, refused) => (
            words::JOIN,
            Either::Right(join_form(affiliate, campaigns, refused)),
        ),
    };
    view! {
        <section class="panel" aria-label=title>
            <header>
                <h2>{title}</h2>
                <a class="btn quiet" href=path>{text::CANCEL}</a>
            </header>
            {body}
        </section>
    }
}

/// One sentence about what happens, and the button that does it.
fn confirm(
    affiliate: &Affiliate,
    status: AffiliateStatus,
    refused: &Refused,
) -> impl IntoView + use<> {
    view! {
        <form method="post" action=SetAffiliateStatus::PATH class="stack">
            <p class="form-error" role="alert">{refused.failed.clone()}</p>
            <input type="hidden" name="form[affiliate]" value=affiliate.id.to_string()/>
            <input type="hidden" name="form[status]" value=status.as_str()/>
            <p>{words::means(status)}</p>
            {submit(words::verb(affiliate.status, status))}
        </form>
    }
}

fn join_form(
    affiliate: &Affiliate,
    campaigns: &[Choice],
    refused: &Refused,
) -> impl IntoView + use<> {
    if campaigns.is_empty() {
        return Either::Left(view! { <p>{words::IN_ALL}</p> });
    }
    Either::Right(view! {
        <form method="post" action=JoinCampaign::PATH class="grid">
            <p class="form-error" role="alert">{refused.failed.clone()}</p>
            <input type="hidden" name="form[affiliate]" value=affiliate.id.to_string()/>
            {select(&CAMPAIGN, refused, campaigns.to_vec(), "")}
            {input(&PERCENT, refused, "")}
            {submit(words::JOIN)}
        </form>
    })
}

/// The campaigns that were joined, each with what it pays and its link.
pub(crate) fn enrollments(
    affiliate: &Affiliate,
    campaigns: &[Campaign],
    links: &Links,
    may_edit: bool,
) -> impl IntoView + use<> {
    let joined = affiliate.enrollments.iter().filter_map(|joined| {
        let mut of_it = campaigns.iter().filter(|one| one.id == joined.campaign_id);
        Some(enrollment(
            affiliate,
            joined,
            of_it.next()?,
            links,
            may_edit,
        ))
    });
    let joined: Vec<_> = joined.collect();
    let none = joined.is_empty().then_some(words::NO_CAMPAIGN);
    let join = may_edit.then(|| {
        let href = format!("{}?ask={JOIN}", affiliate_path(affiliate.id));
        view! { <a class="link" href=href>{words::JOIN}</a> }
    });
    view! { <ul>{joined}</ul>{none}{join} }
}

fn enrollment(
    affiliate: &Affiliate,
    joined: &Enrollment,
    campaign: &Campaign,
    links: &Links,
    may_edit: bool,
) -> impl IntoView + use<> {
    let terms = &campaign.terms;
    let earns = text::plan(joined.plan.unwrap_or(terms.plan), terms.currency);
    let own = joined
        .plan
        .map(|_| view! { " "<span class="word">{words::OWN}</span> });
    let is_primary = affiliate.primary_campaign() == Some(campaign.id);
    let several = affiliate.enrollments.len() > 1;
    let primary =
        (is_primary && several).then(|| view! { " "<span class="word">{words::PRIMARY}</span> });
    let closed = (campaign.status != CampaignStatus::Active)
        .then(|| view! { " "<span class="word off">{campaign.status.label()}</span> });
    let change = (may_edit && several).then(|| {
        let href = format!("{}?edit={}", affiliate_path(affiliate.id), campaign.id);
        let of = format!(" {}", campaign.name);
        view! { " "<a class="link" href=href>{words::CHANGE}<span class="visually-hidden">{of}</span></a> }
    });
    // The link into the primary campaign needs no name; others name theirs.
    let link = links.of(&affiliate.slug, (!is_primary).then_some(&campaign.slug));
    view! {
        <li>
            <b>{campaign.name.to_string()}</b>": "{earns}{own}{primary}{closed}{change}
            <span class="copied-text"><code>{link.clone()}</code>{copy(&link)}</span>
        </li>
    }
}
