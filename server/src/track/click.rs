//! `POST /api/tracking/click`: a shop's page tells that somebody came through an affiliate's link.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use domain::{
    affiliate::Affiliate,
    campaign::{AttributionModel, Campaign},
    click::Click,
    id::{CampaignId, ClickId, OrganizationId},
    link::campaign_on_page,
    site::{self, Site},
    slug::Slug,
    text::MAX_EXTERNAL_ID,
};
use serde::{Deserialize, Serialize};
use store::{
    click::{ONE_VISIT, Visit},
    link::{Asked, Link, OnSite},
};
use url::Url;
use utoipa::ToSchema;

use super::{count, keep, site::campaigns, token, told, visitor};
use crate::{problem::Problem, state::AppState};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PageClick)]
struct Body {
    program_id: Option<CampaignId>,
    #[schema(max_length = 8192, example = "https://shop.example.com/?via=sarah")]
    page_url: String,
    #[schema(max_length = 255, example = "sarah")]
    referral_code: String,
    referrer: Option<String>,
    consent_granted: Option<bool>,
    /// The click that the page knows of from before.
    previous_token: Option<String>,
    /// The click that the link has made and handed to the page in its address.
    link_token: Option<String>,
}

/// What became of the visit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClickStatus)]
enum Status {
    Ok,
    ConsentRequired,
    Ignored,
}

/// Why a visit is not counted.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClickReason)]
enum Reason {
    /// A program, or a page that nobody looks at yet.
    Bot,
    /// No affiliate who earns on this page has that code.
    UnknownCode,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClickAnswer)]
struct Answer<'a> {
    status: Status,
    affiliate_code: Option<&'a str>,
    program_id: Option<CampaignId>,
    click_token: Option<ClickId>,
    /// How long the page should remember the token.
    cookie_days: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Reason>,
}

/// Tells of a visit through an affiliate's link.
///
/// Called by the loader `/t.js` on a shop's page; only pages of the campaign's sites may.
#[utoipa::path(
    post, path = "/api/tracking/click", tag = "Browser tracking",
    request_body = Body,
    responses((status = 200, body = Answer), (status = 403)),
    security(())
)]
pub(crate) async fn record(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body): (_, Body) = told(&state, request).await?;
    let page = body.page()?;
    let on_site = campaigns(&state, &parts, Some(&page)).await?;
    let on_page = body.of_program(on_site.clone())?;
    if let Some(site) = Site::of(&page) {
        state.store.note_seen(&on_page, &site);
    }
    if !visitor::is_person(&parts.headers) {
        return Ok(ignored(Reason::Bot));
    }
    // The link has named the campaign already, which may be another than the page's script names.
    let handed = body.handed(&state, &on_site).await?;
    let (on_page, handed) = match handed {
        Some((one, click)) => (vec![one], Some(click)),
        None => (on_page, None),
    };
    match body.link(&state, &on_page).await? {
        Some(link) => counted(&state, &parts, &body, (&page, &on_page), (&link, handed)).await,
        None => Ok(ignored(Reason::UnknownCode)),
    }
}

/// The visit, if it counts for the link's affiliate and the visitor has agreed where that is asked; it is the click
/// that the link has handed over, if it has.
async fn counted(
    state: &AppState,
    parts: &Parts,
    body: &Body,
    (page, on_page): (&Url, &[OnSite]),
    (link, handed): (&Link, Option<Click>),
) -> Result<Response, Problem> {
    let Some((affiliate, campaign)) = credited(link, on_page) else {
        return Ok(ignored(Reason::UnknownCode));
    };
    if !body.may_keep(campaign) {
        count("unasked");
        return Ok(answer(Status::ConsentRequired, affiliate, campaign, None));
    }
    let click = if let Some(click) = handed {
        count("handed");
        click
    } else {
        let visit = body.visit(state, parts, (affiliate, campaign), page);
        keep(state, link.organization_id, visit).await?.click()
    };
    let before = body
        .first_touch(state, link.organization_id, campaign)
        .await?;
    let (token, affiliate) = match &before {
        Some((token, first)) => (*token, first.as_ref()),
        None => (click.id, affiliate),
    };
    Ok(answer(Status::Ok, affiliate, campaign, Some(token)))
}

fn answer(
    status: Status,
    affiliate: &Affiliate,
    campaign: &Campaign,
    click_token: Option<ClickId>,
) -> Response {
    let answer = Answer {
        status,
        affiliate_code: Some(affiliate.slug.as_str()),
        program_id: Some(campaign.id),
        click_token,
        cookie_days: Some(campaign.terms.cookie_days),
        reason: None,
    };
    Json(answer).into_response()
}

/// Not an error: a parameter called `ref` may be anybody's, and the page has done nothing wrong.
fn ignored(reason: Reason) -> Response {
    count(match reason {
        Reason::Bot => "bot",
        Reason::UnknownCode => "uncredited",
    });
    let answer = Answer {
        status: Status::Ignored,
        affiliate_code: None,
        program_id: None,
        click_token: None,
        cookie_days: None,
        reason: Some(reason),
    };
    Json(answer).into_response()
}

/// For whom the visit counts, and in which of the page's campaigns.
fn credited<'a>(link: &'a Link, on_page: &[OnSite]) -> Option<(&'a Affiliate, &'a Campaign)> {
    let affiliate = link.affiliate.as_deref()?;
    let campaigns = on_page
        .iter()
        .filter_map(|one| link.campaigns.get(&one.campaign_id));
    Some((affiliate, campaign_on_page(affiliate, campaigns)?))
}

impl Body {
    fn page(&self) -> Result<Url, Problem> {
        let refused = || Problem::invalid("pageUrl", "the web address of the page is needed");
        if self.referral_code.len() > MAX_EXTERNAL_ID {
            let needs = format!("at most {MAX_EXTERNAL_ID} bytes are possible");
            return Err(Problem::invalid("referralCode", needs));
        }
        site::open_address(&self.page_url).ok_or_else(refused)
    }

    /// The page's campaigns, or the one of them that is named.
    fn of_program(&self, mut on_page: Vec<OnSite>) -> Result<Vec<OnSite>, Problem> {
        on_page.retain(|one| self.program_id.is_none_or(|id| id == one.campaign_id));
        if on_page.is_empty() {
            return Err(Problem::origin_not_allowed());
        }
        Ok(on_page)
    }

    /// Whose code it is, in the organization that the page belongs to; of several that have it nobody's.
    async fn link(
        &self,
        state: &AppState,
        on_page: &[OnSite],
    ) -> Result<Option<Arc<Link>>, Problem> {
        let Ok(code) = Slug::parse(&self.referral_code) else {
            return Ok(None);
        };
        let mut organizations: Vec<OrganizationId> =
            on_page.iter().map(|one| one.organization_id).collect();
        organizations.dedup();
        let mut found = None;
        for id in organizations {
            let asked = Asked {
                organization_id: Some(id),
                code: Some(code.clone()),
            };
            let link = state.store.link(&asked).await?;
            let link = link.filter(|link| credited(link, on_page).is_some());
            if link.is_some() && found.is_some() {
                let needs = "this page and code belong to several organizations: name the program";
                return Err(Problem::invalid("programId", needs));
            }
            found = found.or(link);
        }
        Ok(found)
    }

    /// Has the visitor agreed, where that is asked? Nobody's no is passed over.
    fn may_keep(&self, campaign: &Campaign) -> bool {
        self.consent_granted
            .unwrap_or(!campaign.terms.tracking_requires_consent)
    }

    fn visit(
        &self,
        state: &AppState,
        parts: &Parts,
        (affiliate, campaign): (&Affiliate, &Campaign),
        page: &Url,
    ) -> Visit {
        Visit {
            affiliate_id: affiliate.id,
            campaign_id: campaign.id,
            network: visitor::network(parts, state),
            visitor: visitor::known(&parts.headers),
            page_url: Some(site::kept_page(page)),
            referrer: self.referrer.as_deref().and_then(site::kept_referrer),
        }
    }

    /// The click that the link has handed to the page, and its campaign: if it was made less than half an hour ago, on
    /// the link of the affiliate whose code it is, and the page is its campaign's. What else the address of a page
    /// says is nothing to go by: anybody can write one.
    async fn handed(
        &self,
        state: &AppState,
        on_site: &[OnSite],
    ) -> Result<Option<(OnSite, Click)>, Problem> {
        let Some(token) = self.link_token.as_deref().and_then(token) else {
            return Ok(None);
        };
        let Ok(code) = Slug::parse(&self.referral_code) else {
            return Ok(None);
        };
        let mut before = None;
        for one in on_site {
            if before.replace(one.organization_id) == Some(one.organization_id) {
                continue;
            }
            let found = state.store.click(one.organization_id, token).await?;
            let fresh = state.store.now() - ONE_VISIT;
            let Some((click, _)) =
                found.filter(|(click, who)| who.slug == code && click.clicked_at > fresh)
            else {
                continue;
            };
            let one = OnSite {
                organization_id: one.organization_id,
                campaign_id: click.campaign_id,
            };
            return Ok(on_site.contains(&one).then_some((one, click)));
        }
        Ok(None)
    }

    /// Where the first touch counts: the click that the page knows of, if it still counts in this campaign.
    async fn first_touch(
        &self,
        state: &AppState,
        organization_id: OrganizationId,
        campaign: &Campaign,
    ) -> Result<Option<(ClickId, Arc<Affiliate>)>, Problem> {
        let token = self.previous_token.as_deref().and_then(token);
        let is_first = campaign.terms.attribution_model == AttributionModel::FirstTouch;
        let Some(token) = token.filter(|_| is_first) else {
            return Ok(None);
        };
        let known = state.store.click(organization_id, token).await?;
        let now = state.store.now();
        let counts = known.filter(|(click, affiliate)| {
            click.campaign_id == campaign.id
                && click.counts(now, campaign.terms.cookie_days)
                && affiliate.earns_in(campaign)
        });
        Ok(counts.map(|(click, affiliate)| (click.id, affiliate)))
    }
}
