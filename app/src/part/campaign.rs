//! The page of a campaign as markup. Written on the server only (see [`super::served`]).

use domain::{
    affiliate::Affiliate,
    campaign::{Campaign, CampaignStatus},
    id::OrganizationId,
    site::with_code,
};
use leptos::{either::Either, prelude::*};
use store::{campaign::Seen, funnel::Funnel};

use super::{
    campaign_terms::terms_form,
    events::pager,
    fields::{Refused, form},
    funnel::{Period, funnel},
    icon::{Icon, icon},
    links::Links,
    served::{copy_as, copy_text, moment},
    table::head,
};
use crate::{
    query::{
        AFFILIATES_PATH, CAMPAIGNS_PATH, COUPONS_PATH, SalesQuery, affiliate_path, campaign_path,
    },
    server_fn::campaign::one::SetCampaignStatus,
    text::{self, affiliate, affiliates, campaign as words, campaigns},
};

/// What is told.
pub(crate) struct Told {
    pub(crate) campaign: Campaign,
    pub(crate) organization: OrganizationId,
    pub(crate) links: Links,
    /// Where the loader was seen, the last one first.
    pub(crate) seen: Vec<Seen>,
    /// From click to sale, of a period.
    pub(crate) funnel: (Funnel, Period),
    /// A page of those who are in it, newest first.
    pub(crate) affiliates: Vec<Affiliate>,
    /// Where the newest ones and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// What was just done.
    pub(crate) notice: Option<String>,
    /// What was typed, and what is wrong with it.
    pub(crate) refused: Refused,
    pub(crate) may_edit: bool,
}

/// Everything about one campaign.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let notice = page
        .notice
        .clone()
        .map(|text| view! { <p class="notice" role="status">{text}</p> });
    let campaign = &page.campaign;
    let (counts, period) = page.funnel;
    let class = match campaign.status {
        CampaignStatus::Active => "word",
        CampaignStatus::Archived => "word off",
    };
    let view_only = (!page.may_edit).then(|| view! { <p class="hint">{words::VIEW_ONLY}</p> });
    view! {
        <p class="back"><a class="link" href=CAMPAIGNS_PATH>{words::ALL}</a></p>
        {notice}
        <div class="person campaign">
            <header class="head"><h1>{campaign.name.to_string()}</h1><span class=class>{campaign.status.label()}</span></header>
            {summary(campaign)}
            {funnel(counts, period, &campaign_path(campaign.id))}
            <section aria-labelledby="snippet">
                <header><h2 id="snippet">{words::SNIPPET}</h2></header>
                {snippet(page)}
            </section>
            <section aria-labelledby="links">{links(page)}</section>
            <section aria-labelledby="terms">
                <header><h2 id="terms">{words::TERMS}</h2></header>
                <p class="hint">{words::TERMS_HINT}</p>
                {view_only}
                {terms_form(campaign, &page.refused, page.may_edit)}
            </section>
            {page.may_edit.then(|| archive(campaign))}
            <noscript><p class="hint">{text::TIMES_ARE_UTC}</p></noscript>
        </div>
    }
}

/// In one line, and where its sales and coupons are.
fn summary(campaign: &Campaign) -> impl IntoView + use<> {
    let terms = &campaign.terms;
    let sales = SalesQuery {
        campaign: Some(campaign.id),
        ..SalesQuery::default()
    };
    let coupons = format!("{COUPONS_PATH}?campaign={}", campaign.id);
    view! {
        <p class="summary">
            <span>{text::plan(terms.plan, terms.currency)}" · "{terms.currency.code()}</span>
            <span class="mono">{campaign.slug.to_string()}</span>
            <a class="link" href=sales.href()>{words::SALES_OF}</a>
            <a class="link" href=coupons>{words::COUPONS_OF}</a>
        </p>
    }
}

fn snippet(page: &Told) -> impl IntoView + use<> {
    let (campaign, terms) = (&page.campaign, &page.campaign.terms);
    let code = words::snippet(
        &page.links.public_url,
        page.organization,
        campaign.id,
        terms.tracking_requires_consent,
    );
    let consent = terms.tracking_requires_consent.then(|| {
        way(
            words::CONSENT_TITLE,
            words::CONSENT_WORDS,
            words::CONSENT_CODE,
        )
    });
    let ways = words::WAYS.iter().map(|one| {
        let s2s = words::s2s(&page.links.public_url, terms.currency.code());
        let code = if one.code.is_empty() { &s2s } else { one.code };
        way(one.name, one.words, code)
    });
    view! {
        {sightings(page)}
        <p class="hint">{words::SNIPPET_HINT}</p>
        {command(&code)}
        <details class="ways">
            <summary>{words::HAND_ON}</summary>
            {consent}
            {ways.collect_view()}
        </details>
    }
}

/// A way to hand the referral on.
fn way(name: &'static str, about: &'static str, code: &str) -> impl IntoView + use<> {
    view! { <h3>{name}</h3><p class="hint">{about}</p>{command(code)} }
}

fn command(code: &str) -> impl IntoView + use<> {
    view! { <div class="command laid-out"><pre tabindex="0"><code>{code.to_owned()}</code></pre>{copy_text(words::COPY_CODE)}</div> }
}

/// Where and when the loader was seen, or how to see it.
fn sightings(page: &Told) -> impl IntoView + use<> {
    let terms = &page.campaign.terms;
    let newest = page.affiliates.first().map(|one| one.slug.to_string());
    if !page.seen.is_empty() {
        let one = |seen: &Seen| {
            let first = (seen.first_seen_at != seen.last_seen_at).then(
                || view! { <small>{words::FIRST_SEEN}" "{moment(seen.first_seen_at)}</small> },
            );
            view! { <li><span class="status approved">{icon(Icon::Approved)}{words::SEEN}</span><b>{seen.site.to_string()}</b>{moment(seen.last_seen_at)}{first}</li> }
        };
        return Either::Left(view! {
            <ul class="sightings" title=words::SEEN_HINT>{page.seen.iter().map(one).collect_view()}</ul>
        });
    }
    let how = match (terms.landing(), newest) {
        (None, _) if terms.all_sites().is_empty() => words::NO_SITE.to_owned(),
        (_, None) => words::NO_AFFILIATE_YET.to_owned(),
        (_, Some(code)) => words::not_seen(&code),
    };
    let test = terms.landing().zip(page.affiliates.first());
    let test = test.map(|(landing, one)| {
        let href = with_code(landing, one.slug.as_str()).to_string();
        view! { <a class="btn" href=href target="_blank" rel="noopener">{words::TEST}</a> }
    });
    Either::Right(view! {
        <div class="sightings none-yet">
            <p><span class="status pending">{icon(Icon::Pending)}{words::NOT_SEEN}</span>" "{how}</p>
            {test}
        </div>
    })
}

/// Who is in it, with what to pass on to them.
fn links(page: &Told) -> impl IntoView + use<> {
    let campaign = &page.campaign;
    let add = (page.may_edit && campaign.status == CampaignStatus::Active).then(|| {
        let href = format!("{AFFILIATES_PATH}?add=affiliate");
        view! { <a class="link" href=href>{words::ADD_AFFILIATE}</a> }
    });
    let title = view! { <header><h2 id="links">{words::LINKS}</h2>{add}</header> };
    if page.affiliates.is_empty() {
        return Either::Left(view! { {title}<p class="none">{words::NO_LINKS}</p> });
    }
    let nowhere = campaign
        .terms
        .landing()
        .is_none()
        .then(|| view! { <p class="hint">{words::LINKS_LEAD_NOWHERE}</p> });
    let columns = vec![
        (affiliates::NAME, ""),
        (words::LINK, ""),
        (words::EARNS, ""),
    ];
    let rows = page.affiliates.iter().map(|one| row(page, one));
    Either::Right(view! {
        {title}
        {nowhere}
        <table role="table" class="plain links">
            {head(words::LINKS_CAPTION, columns)}
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
        {page.steps.iter().any(Option::is_some).then(|| pager(page.steps.clone()))}
    })
}

fn row(page: &Told, one: &Affiliate) -> impl IntoView + use<> {
    let (campaign, terms) = (&page.campaign, &page.campaign.terms);
    let own = one
        .enrollment(campaign.id)
        .and_then(|enrollment| enrollment.plan);
    let earns = text::plan(own.unwrap_or(terms.plan), terms.currency);
    let own = own.map(|_| view! { " "<span class="word">{affiliate::OWN}</span> });
    let link = page.links.of(&one.slug, Some(&campaign.slug));
    let status = (one.status != domain::affiliate::AffiliateStatus::Active)
        .then(|| view! { <span class="word off">{one.status.label()}</span> });
    let name = format!("{} · {}", words::LINK, one.name);
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="who"><a class="name" href=affiliate_path(one.id)>{one.name.to_string()}</a>{status}<small>{one.slug.to_string()}</small></th>
            <td role="cell" data-label=words::LINK class="id"><span class="copied-text"><code>{link.clone()}</code>{copy_as(&name, &link)}</span></td>
            <td role="cell" data-label=words::EARNS>{earns}{own}</td>
        </tr>
    }
}

/// Closing it to new credit, and opening it again.
fn archive(campaign: &Campaign) -> impl IntoView + use<> {
    let (hint, button, status) = match campaign.status {
        CampaignStatus::Active => (
            words::ARCHIVE_HINT,
            words::ARCHIVE_NOW,
            CampaignStatus::Archived,
        ),
        CampaignStatus::Archived => (words::RESTORE_HINT, words::RESTORE, CampaignStatus::Active),
    };
    let refused = Refused::of::<SetCampaignStatus>();
    let fields = view! {
        <input type="hidden" name="campaign" value=campaign.id.to_string()/>
        <input type="hidden" name="status" value=status.as_str()/>
        <p class="hint">{hint}</p>
        <button type="submit" class="btn">{button}</button>
    };
    let fields = form::<SetCampaignStatus>("", &refused, fields.into_any());
    match campaign.status {
        CampaignStatus::Active => Either::Left(view! {
            <details class="removal"><summary>{words::ARCHIVE}</summary>{fields}</details>
        }),
        CampaignStatus::Archived => Either::Right(view! {
            <section class="panel" aria-label=campaigns::ARCHIVED>{fields}</section>
        }),
    }
}
