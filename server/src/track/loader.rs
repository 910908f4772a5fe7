//! `GET /t.js`: the script that shops put into their pages.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{
    id::CampaignId,
    site::{Site, open_address},
};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::visitor;
use crate::state::AppState;

const LOADER: &str = include_str!("loader.js");
/// How long browsers use it without asking again.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Weak, because the bytes on the wire are compressed ones.
static ETAG: LazyLock<String> =
    LazyLock::new(|| format!("W/\"{}\"", &hex::encode(Sha256::digest(LOADER))));

/// `GET /t.js`
pub(crate) async fn script(State(state): State<AppState>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    seen(state, &parts);
    let asked = parts.headers.get_all(header::IF_NONE_MATCH).iter();
    let is_known = asked
        .filter_map(|tags| tags.to_str().ok())
        .any(|tags| tags.contains(ETAG.as_str()));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
        (kind, LOADER).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, CACHE);
    answer.extend(HeaderValue::from_str(&ETAG).map(|tag| (header::ETAG, tag)));
    response
}

/// Notes, aside, whose page asks for it, where its browser tells: of the campaign that the page's snippet names
/// (`?program=`), else of every campaign whose page it is. Anybody can tell anything: few may ask the database
/// at a time, of one address not often, and who is turned away has the script all the same.
fn seen(state: AppState, parts: &Parts) {
    let page = parts.headers.get(header::REFERER);
    let page = page.and_then(|page| open_address(page.to_str().ok()?));
    let Some(site) = page.as_ref().and_then(Site::of) else {
        return;
    };
    if state.limits.load(visitor::address(parts, &state)).is_err() {
        return;
    }
    let query = parts.uri.query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "program")
        .map(|(_, id)| id.parse::<CampaignId>());
    let Ok(named) = named.transpose() else {
        return;
    };
    let Ok(turn) = Arc::clone(&state.looking).try_acquire_owned() else {
        return;
    };
    tokio::spawn(async move {
        let _turn = turn;
        match state.store.campaigns_on(&site).await {
            Ok(on_site) => {
                let mut on_page = on_site.to_vec();
                on_page.retain(|one| named.is_none_or(|id| id == one.campaign_id));
                state.store.note_seen(&on_page, &site);
            }
            Err(error) => tracing::warn!(%error, "it was not noted that a site has the loader"),
        }
    });
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::LOADER;

    /// What a shop's visitors load, in bytes.
    const BUDGET: usize = 4096;

    #[test]
    fn the_loader_stays_small() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(LOADER.as_bytes()).expect("packed");
        let size = packed.finish().expect("packed").len();
        assert!(size < BUDGET, "{size} bytes");
    }
}
