//! The page of coupons as markup. Written on the server only (see [`super::served`]).

use chrono::Datelike;
use domain::coupon::{Coupon, CouponState};
use leptos::{either::Either, prelude::*};
use store::coupon::ListedCoupon;

use super::{
    events::pager,
    fields::{Field, Refused, form, input, panel, select, submit},
    icon::{Icon, icon},
    served::copy,
    state::Empty,
    table::head,
};
use crate::{
    moment::short_day,
    query::{COUPONS_PATH as HERE, affiliate_path, campaign_path},
    server_fn::{
        Choice,
        coupon::{AddCoupon, ChangeCoupon, RemoveCoupon, last_day},
    },
    text::coupons as words,
};

const CODE: Field = Field::new("code", words::CODE, words::CODE_HINT);
const AFFILIATE: Field =
    Field::new("affiliate", words::AFFILIATE_CODE, words::AFFILIATE_HINT).suggesting("affiliates");
const CAMPAIGN: Field = Field::new("campaign", words::CAMPAIGN, words::CAMPAIGN_HINT);
const DISCOUNT: Field = Field::new("discount", words::DISCOUNT, words::DISCOUNT_HINT).optional();
const LAST_DAY: Field = Field::new("last_day", words::LAST_DAY, words::LAST_DAY_HINT)
    .kind("date")
    .optional();
const NEW_LAST_DAY: Field = Field::new("last_day", words::LAST_DAY, words::EDIT_LAST_DAY_HINT)
    .kind("date")
    .optional();

/// A form that is open.
pub(crate) enum Open {
    /// To add a coupon: affiliates to suggest, by referral code and name, and the one who is meant.
    New {
        known: Vec<Choice>,
        affiliate: String,
        refused: Refused,
    },
    /// To change this one.
    Change(Coupon, Refused),
}

/// What the list is narrowed to, as it stands in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowed {
    pub(crate) typed: String,
    pub(crate) state: String,
    pub(crate) campaign: String,
}

/// What is told.
pub(crate) struct Told {
    pub(crate) coupons: Vec<ListedCoupon>,
    /// All campaigns, by id and name.
    pub(crate) campaigns: Vec<Choice>,
    /// Those that are open to new credit.
    pub(crate) open_campaigns: Vec<Choice>,
    pub(crate) narrowed: Narrowed,
    /// Where the newest rows, newer ones and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// The code of the one that was just added.
    pub(crate) added: Option<String>,
    /// What was just done.
    pub(crate) notice: Option<&'static str>,
    pub(crate) form: Option<Open>,
    pub(crate) now: chrono::DateTime<chrono::Utc>,
    pub(crate) may_edit: bool,
}

/// A page of coupons, and the form that is open.
pub(crate) fn told(page: &Told) -> impl IntoView + use<> {
    let add = page.may_edit.then(|| {
        view! { <a class="btn main push" href=format!("{HERE}?add=coupon")>{icon(Icon::Plus)}<span>{words::ADD}</span></a> }
    });
    let notice = page
        .notice
        .map(|text| view! { <p class="notice" role="status">{text}</p> });
    let panel = page.form.as_ref().map(|open| match open {
        Open::New {
            known,
            affiliate,
            refused,
        } => add_form(page, known, affiliate, refused),
        Open::Change(coupon, refused) => change_form(coupon, refused),
    });
    view! {
        <header class="head"><h1>{words::TITLE}</h1>{add}</header>
        {notice}
        {panel}
        {list(page)}
    }
}

fn list(page: &Told) -> impl IntoView + use<> {
    let is_narrowed = page.narrowed != Narrowed::default();
    if page.coupons.is_empty() && !is_narrowed {
        return Either::Left(
            view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> },
        );
    }
    let rows = if page.coupons.is_empty() {
        Either::Left(view! {
            <Empty title=words::NOTHING_FITS hint=words::NOTHING_FITS_HINT>
                <a class="btn" href=HERE>{words::CLEAR}</a>
            </Empty>
        })
    } else {
        Either::Right(view! {
            {table(page)}
            {page.steps.iter().any(Option::is_some).then(|| pager(page.steps.clone()))}
            <details class="explained"><summary>{words::HOW}</summary><p>{words::HOW_HINT}</p></details>
        })
    };
    Either::Right(view! { {filters(page)}{rows} })
}

fn filters(page: &Told) -> impl IntoView + use<> {
    let narrowed = &page.narrowed;
    let states = CouponState::ALL
        .iter()
        .map(|state| Choice::new(state.as_str(), state.label()));
    let states = std::iter::once(Choice::new("", words::ANY_STATE)).chain(states);
    let all = std::iter::once(Choice::new("", words::ALL_CAMPAIGNS));
    let campaigns = all.chain(page.campaigns.iter().cloned());
    let on = |text: &str| (!text.is_empty()).then_some("on");
    let options = |choices: Vec<Choice>, chosen: &str| {
        let option = |choice: Choice| {
            let is_chosen = choice.id == chosen;
            view! { <option value=choice.id selected=is_chosen>{choice.name}</option> }
        };
        choices.into_iter().map(option).collect_view()
    };
    view! {
        <form class="selects" method="get" autocomplete="off" action=HERE aria-label=words::FILTERS>
            <label class=on(&narrowed.typed)>
                <span>{words::SEARCH}</span>
                <input type="search" name="q" value=narrowed.typed.clone() spellcheck="false"/>
            </label>
            <label class=on(&narrowed.campaign)>
                <span>{words::CAMPAIGN}</span>
                <select name="campaign">{options(campaigns.collect(), &narrowed.campaign)}</select>
            </label>
            <label class=on(&narrowed.state)>
                <span>{words::STATE}</span>
                <select name="state">{options(states.collect(), &narrowed.state)}</select>
            </label>
            <button type="submit" class="btn">{words::FIND}</button>
        </form>
    }
}

fn table(page: &Told) -> impl IntoView + use<> {
    let columns = vec![
        (words::CODE, ""),
        (words::AFFILIATE, ""),
        (words::CAMPAIGN, ""),
        (words::DISCOUNT_SHORT, ""),
        (words::LAST_DAY, ""),
        (words::STATE, ""),
    ];
    view! {
        <table role="table" class="plain coupons">
            {head(words::CAPTION, columns)}
            <tbody role="rowgroup">{page.coupons.iter().map(|listed| row(page, listed)).collect_view()}</tbody>
        </table>
    }
}

fn row(page: &Told, listed: &ListedCoupon) -> impl IntoView + use<> {
    let coupon = &listed.coupon;
    let code = coupon.code.to_string();
    let state = coupon.state(page.now);
    let is_added = page.added.as_ref() == Some(&code);
    let id = coupon.campaign_id;
    let campaign = page
        .campaigns
        .iter()
        .find(|choice| choice.id == id.to_string());
    let campaign = campaign.map(|choice| choice.name.clone());
    let discount = coupon.processor_discount_id.clone();
    let discount = discount.map(|id| view! { <span class="mono">{id.clone()}</span>{copy(&id)} });
    let edit = (page.may_edit && state != CouponState::Removed).then(|| {
        let href = format!("{HERE}?edit={}", coupon.id);
        view! { " "<a class="link" href=href>{words::EDIT_ONE}<span class="visually-hidden">" "{code.clone()}</span></a> }
    });
    view! {
        <tr role="row" class=is_added.then_some("added")>
            <th role="rowheader" scope="row" class="id"><code class="code">{code.clone()}</code>{copy(&code)}</th>
            <td role="cell" data-label=words::AFFILIATE class="who"><a class="name" href=affiliate_path(coupon.affiliate_id)>{listed.affiliate_name.to_string()}</a><small>{listed.affiliate_slug.to_string()}</small></td>
            <td role="cell" data-label=words::CAMPAIGN><a class="link" href=campaign_path(id)>{campaign}</a></td>
            <td role="cell" data-label=words::DISCOUNT_SHORT class="id">{discount}</td>
            <td role="cell" data-label=words::LAST_DAY class="muted">{last_day(coupon).map_or_else(|| words::NEVER.to_owned(), |day| short_day(day, page.now.year()))}</td>
            <td role="cell" data-label=words::STATE>{badge(state)}{edit}</td>
        </tr>
    }
}

/// Its word, its shape and its colour.
fn badge(state: CouponState) -> impl IntoView {
    let (shape, class) = match state {
        CouponState::Active => (Icon::Approved, "status approved"),
        CouponState::Expired => (Icon::Pending, "status pending"),
        CouponState::Removed => (Icon::Denied, "status denied"),
    };
    view! { <span class=class>{icon(shape)}{state.label()}</span> }
}

fn add_form(page: &Told, known: &[Choice], affiliate: &str, refused: &Refused) -> AnyView {
    let suggested = known.iter().cloned();
    let suggested = suggested.map(|one| view! { <option value=one.id>{one.name}</option> });
    let campaigns = page.open_campaigns.clone();
    let fields = view! {
        {input(&CODE, refused, "")}
        <div>{input(&AFFILIATE, refused, affiliate)}<datalist id="affiliates">{suggested.collect_view()}</datalist></div>
        {select(&CAMPAIGN, refused, campaigns, &page.narrowed.campaign)}
        {input(&DISCOUNT, refused, "")}
        {input(&LAST_DAY, refused, "")}
        {submit(words::ADD)}
    }
    .into_any();
    panel(words::ADD, HERE, form::<AddCoupon>("grid", refused, fields))
}

fn change_form(coupon: &Coupon, refused: &Refused) -> AnyView {
    let discount = coupon.processor_discount_id.as_deref().unwrap_or_default();
    let day = last_day(coupon).map_or_else(String::new, crate::query::format_day);
    let fields = view! {
        <input type="hidden" name="form[coupon]" value=coupon.id.to_string()/>
        {input(&DISCOUNT, refused, discount)}
        {input(&NEW_LAST_DAY, refused, &day)}
        {submit(words::SAVE)}
    }
    .into_any();
    let removal = view! {
        <input type="hidden" name="coupon" value=coupon.id.to_string()/>
        <p class="hint">{words::REMOVE_HINT}</p>
        <button type="submit" class="btn">{words::REMOVE_NOW}</button>
    }
    .into_any();
    let both = view! {
        <p class="about"><code class="code">{coupon.code.to_string()}</code></p>
        {form::<ChangeCoupon>("grid", refused, fields)}
        <details class="removal">
            <summary>{words::REMOVE}</summary>
            {form::<RemoveCoupon>("", &Refused::of::<RemoveCoupon>(), removal)}
        </details>
    };
    panel(words::EDIT, HERE, both.into_any())
}
