//! Settings of the organization as markup. Written on the server only (see [`super::served`]).

use domain::organization::Defaults;
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use store::organization::Organization;

use super::{
    fields::{Field, Refused, form, input, select, submit},
    once::once,
    served::copy_as,
    settings_tabs::{Tab, head, section},
};
use crate::{
    error::AppError,
    server_fn::{
        Choice,
        settings::{ChangeDefaults, ChangeOrganization, RotateS2sSecret, threshold},
    },
    text::{campaign, campaigns, settings as words},
};

const NAME: Field = Field::new("name", words::NAME, words::NAME_HINT).autocomplete("organization");
const TIME_ZONE: Field =
    Field::new("time_zone", words::TIME_ZONE, words::TIME_ZONE_HINT).suggesting("time-zones");
const HOLD: Field = Field::new("hold_days", campaigns::HOLD_DAYS, campaign::HOLD_HINT).numeric();
const COOKIE: Field =
    Field::new("cookie_days", campaigns::COOKIE_DAYS, campaign::COOKIE_HINT).numeric();
const THRESHOLD: Field =
    Field::new("threshold", campaign::THRESHOLD, words::THRESHOLD_HINT).decimal();
const CONSENT: Field = Field::new("consent", campaign::CONSENT, "");

/// What is told.
pub(crate) struct Told {
    pub(crate) organization: Organization,
    /// The time zones there are.
    pub(crate) time_zones: Vec<String>,
    pub(crate) organization_refused: Refused,
    pub(crate) defaults_refused: Refused,
    /// How many secrets for signed calls are valid.
    pub(crate) s2s_secrets: usize,
    pub(crate) s2s_refused: Refused,
    /// One that was just made.
    pub(crate) new_s2s_secret: Option<String>,
    /// Was something just saved?
    pub(crate) is_saved: bool,
    pub(crate) may_edit: bool,
}

/// The page.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let new = page.new_s2s_secret.as_deref();
    let new = new.map(|secret| once(words::S2S_SECRET, words::S2S_ONCE, secret));
    let saved = page
        .is_saved
        .then(|| view! { <p class="notice" role="status">{words::SAVED}</p> });
    view! {
        {head(Tab::General, None)}
        {saved}
        {new}
        {section("organization", words::ORGANIZATION, words::ORGANIZATION_HINT, organization(page))}
        {section("defaults", words::DEFAULTS, words::DEFAULTS_HINT, defaults(page))}
        {section("s2s", words::S2S, words::S2S_HINT, s2s(page))}
    }
}

fn organization(page: &Told) -> AnyView {
    let id = page.organization.id.to_string();
    let (settings, refused) = (&page.organization.settings, &page.organization_refused);
    let zone = |name: &String| view! { <option value=name.clone()></option> };
    let zones = page.time_zones.iter().map(zone).collect_view();
    let fields = view! {
        {input(&NAME, refused, settings.name.as_str())}
        <div>{input(&TIME_ZONE, refused, settings.time_zone.as_str())}<datalist id="time-zones">{zones}</datalist></div>
        {submit(words::SAVE)}
    };
    view! {
        {editable::<ChangeOrganization>(page, refused, fields.into_any())}
        <div class="labelled">
            <p>{words::ID}</p>
            <span class="copied-text"><code>{id.clone()}</code>{copy_as(words::ID, &id)}</span>
        </div>
    }
    .into_any()
}

fn defaults(page: &Told) -> AnyView {
    let Defaults {
        hold_days,
        cookie_days,
        payout_threshold_hundredths,
        requires_consent,
    } = page.organization.settings.defaults;
    let refused = &page.defaults_refused;
    let consent = vec![
        Choice::new("no", campaign::CONSENT_NO),
        Choice::new("yes", campaign::CONSENT_YES),
    ];
    let chosen = if requires_consent { "yes" } else { "no" };
    let fields = view! {
        {input(&HOLD, refused, &hold_days.to_string())}
        {input(&COOKIE, refused, &cookie_days.to_string())}
        {input(&THRESHOLD, refused, &threshold(payout_threshold_hundredths))}
        {select(&CONSENT, refused, consent, chosen)}
        {submit(words::SAVE)}
    };
    editable::<ChangeDefaults>(page, refused, fields.into_any())
}

/// A form, which those who may not change anything can read.
fn editable<S: ServerFn<Error = AppError>>(
    page: &Told,
    refused: &Refused,
    fields: AnyView,
) -> AnyView {
    if page.may_edit {
        return form::<S>("grid", refused, fields);
    }
    view! {
        <fieldset class="grid looked-at" disabled>{fields}</fieldset>
        <p class="hint">{words::ONLY_ADMINS}</p>
    }
    .into_any()
}

fn s2s(page: &Told) -> AnyView {
    let count = words::s2s_count(page.s2s_secrets);
    let change = if page.may_edit {
        let button = view! {
            <button type="submit" class="btn">{words::S2S_NEW}</button>
            <p class="hint">{words::S2S_OVERLAP}</p>
        };
        let button = button.into_any();
        Either::Left(form::<RotateS2sSecret>(
            "stack narrow",
            &page.s2s_refused,
            button,
        ))
    } else {
        Either::Right(view! { <p class="hint">{words::ONLY_ADMINS}</p> })
    };
    view! { <p>{count}</p>{change} }.into_any()
}
