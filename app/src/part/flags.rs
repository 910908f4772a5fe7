//! Flags as markup: the page of them, and those of one sale. Written on the server only (see [`super::served`]).

use domain::{
    fraud::{Flag, FlagStatus},
    id::ConversionId,
    text::MAX_REASON,
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use store::flag::FlagView;

use super::{
    badge::{flag_badge, status_badge},
    events::{Filter, pager, select},
    fields::Refused,
    icon::{Icon, icon},
    served::{moment, short_moment},
    state::Empty,
};
use crate::{
    moment::Millis,
    query::{affiliate_path, sale_path},
    server_fn::flag::{FlagSale, ResolveFlag},
    text::{self, events, flags as words, form},
};

/// Where the page lives.
pub(crate) const HERE: &str = "/dashboard/flags";

/// Open ones and resolved ones, in the address.
pub(crate) const ALL: &str = "all";

/// What is told.
pub(crate) struct Told {
    /// Newest first.
    pub(crate) flags: Vec<FlagView>,
    pub(crate) filters: Vec<Filter>,
    /// Are other flags than all open ones asked for?
    pub(crate) is_filtered: bool,
    /// Where the newest rows, newer ones and older ones are.
    pub(crate) steps: [Option<String>; 3],
    /// What of the page's address leads back to its filters and its place.
    pub(crate) back: String,
    /// Was one just resolved?
    pub(crate) is_resolved: bool,
    /// Why one was not.
    pub(crate) refused: Refused,
    pub(crate) may_edit: bool,
    /// When this is told, which decides how moments are written.
    pub(crate) now: Millis,
}

/// The page of flags.
pub(crate) fn told(page: Told) -> impl IntoView {
    // A refused form comes back to the address that the one before it led to.
    let done = (page.is_resolved && page.refused.failed.is_none())
        .then(|| view! { <p class="notice" role="status">{words::DONE}</p> });
    let failed = page
        .refused
        .failed
        .clone()
        .map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    let list = match (page.flags.is_empty(), page.is_filtered) {
        (false, _) => {
            let item = |view: &FlagView| item(view, &page);
            let items = page.flags.iter().map(item).collect_view();
            Either::Left(view! {
                <ol class="flags" aria-label=words::LIST>{items}</ol>
                {pager(page.steps)}
            })
        }
        (true, true) => Either::Right(Either::Left(view! {
            <Empty title=words::NOTHING_FITS hint=words::NOTHING_FITS_HINT>
                <a class="btn" href=HERE>{events::CLEAR_FILTERS}</a>
            </Empty>
        })),
        (true, false) => Either::Right(Either::Right(view! {
            <Empty title=words::EMPTY hint=words::EMPTY_HINT>
                <a class="btn" href=format!("{HERE}?status=resolved")>{words::TO_RESOLVED}</a>
            </Empty>
        })),
    };
    // Going back, a browser would restore what was chosen on the page that was left.
    view! {
        <header class="head"><h1>{words::TITLE}</h1></header>
        {done}
        {failed}
        <form class="selects" method="get" autocomplete="off" action=HERE aria-label=words::FILTERS>
            {page.filters.into_iter().map(select).collect_view()}
            <button type="submit" class="btn">{events::APPLY}</button>
        </form>
        {list}
    }
}

fn item(view: &FlagView, page: &Told) -> impl IntoView + use<> {
    let (flag, sale) = (&view.flag, &view.row.conversion);
    let title = format!("flag-{}", flag.id);
    let labelled_by = title.clone();
    let payer = sale.customer_email.as_deref();
    let resolve = (page.may_edit && flag.status == FlagStatus::Open)
        .then(|| resolve(flag, &view.row.affiliate_name, page));
    view! {
        <li>
            <article class="card flag" aria-labelledby=labelled_by>
                <header>
                    <h2 id=title>{icon(Icon::Flag)}{flag.evidence.rule().label()}</h2>
                    {flag_badge(flag.status)}
                    <span class="muted">{short_moment(flag.created_at, page.now)}</span>
                </header>
                <p class="why">{text::sentence(&flag.evidence.to_string())}</p>
                <dl>
                    <dt>{words::AFFILIATE}</dt>
                    <dd><a class="link" href=affiliate_path(flag.affiliate_id)>{view.row.affiliate_name.clone()}</a></dd>
                    <dt>{words::SALE}</dt>
                    <dd><a class="link" href=sale_path(sale.id)>{words::sale(sale.amount, payer)}</a>" "{status_badge(sale.status, None)}</dd>
                    <dt>{words::COMMISSION}</dt>
                    <dd>{sale.commission.to_string()}</dd>
                    <dt>{words::CAMPAIGN}</dt>
                    <dd>{view.row.campaign_name.clone()}</dd>
                    {outcome(flag)}
                </dl>
                {resolve}
            </article>
        </li>
    }
}

/// What became of it.
fn outcome(flag: &Flag) -> Option<impl IntoView + use<>> {
    let at = flag.resolved_at?;
    let note = flag.note.clone();
    Some(view! {
        <dt>{flag.status.label()}</dt>
        <dd>{moment(at)}{note.map(|note| view! { <small>{note}</small> })}</dd>
    })
}

/// Note, box and one button for each way it can go.
fn resolve(flag: &Flag, affiliate: &str, page: &Told) -> impl IntoView + use<> {
    let refused = &page.refused;
    let is_again = refused.kept("flag") == Some(flag.id.to_string().as_str());
    let kept = |name| refused.kept(name).filter(|_| is_again).unwrap_or_default();
    let (note, is_ticked) = (kept("note").to_owned(), !kept("block").is_empty());
    let field = format!("note-{}", flag.id);
    let choice = |class, value: &'static str, name, hint| {
        view! { <button type="submit" class=class name="form[resolution]" value=value title=hint>{name}</button> }
    };
    view! {
        <form method="post" action=ResolveFlag::PATH class="resolve">
            <input type="hidden" name="form[flag]" value=flag.id.to_string()/>
            <input type="hidden" name="form[back]" value=page.back.clone()/>
            <div class="field">
                <label for=field.clone()>{words::NOTE}<small>{form::OPTIONAL}</small></label>
                <input id=field name="form[note]" value=note maxlength=MAX_REASON autocomplete="off"/>
            </div>
            <label class="tick"><input type="checkbox" name="form[block]" value="1" checked=is_ticked/>{words::block(affiliate)}</label>
            <div class="choices">
                {choice("btn", "dismissed", words::DISMISS, words::DISMISS_HINT)}
                {choice("btn", "reviewed", words::REVIEW, words::REVIEW_HINT)}
                {choice("btn danger", "confirmed", words::CONFIRM, words::CONFIRM_HINT)}
            </div>
        </form>
    }
}

/// The flags of one sale, for its story.
pub(super) fn of_sale(flags: &[Flag]) -> impl IntoView + use<> {
    let line = |flag: &Flag| {
        let note = flag
            .note
            .clone()
            .map(|note| view! { <small>{note}</small> });
        let way = (flag.status == FlagStatus::Open).then(|| {
            let href = format!(
                "{HERE}?sale={}&status={ALL}#flag-{}",
                flag.conversion_id, flag.id
            );
            view! { " "<a class="link" href=href>{words::RESOLVE}</a> }
        });
        view! {
            <li>
                {moment(flag.created_at)}
                <span>
                    <b>{flag.evidence.rule().label()}</b>" "{flag_badge(flag.status)}
                    <small>{text::sentence(&flag.evidence.to_string())}{way}</small>
                    {note}
                </span>
            </li>
        }
    };
    view! { <ol class="time">{flags.iter().map(line).collect_view()}</ol> }
}

/// Has a sale looked at; asks why when it is chosen.
pub(super) fn flag_sale(id: ConversionId) -> AnyView {
    let refused = Refused::of::<FlagSale>();
    let failed = refused.failed.clone();
    let is_open = failed.is_some() || refused.kept("note").is_some();
    let note = refused.kept("note").unwrap_or_default().to_owned();
    let failed = failed.map(|why| view! { <p class="form-error" role="alert">{why}</p> });
    // The button says where the form goes: it leaves the page, as the decisions beside it don't.
    view! {
        <details name="decide" open=is_open>
            <summary class="btn">{words::FLAG}</summary>
            <form method="post" action=FlagSale::PATH class="field">
                {failed}
                <input type="hidden" name="form[sale]" value=id.to_string()/>
                <label for="flag-note">{words::NOTE}</label>
                <input id="flag-note" name="form[note]" value=note required maxlength=MAX_REASON autocomplete="off" aria-describedby="flag-note-hint"/>
                <p class="hint" id="flag-note-hint">{words::FLAG_HINT}</p>
                <button type="submit" class="btn main" formaction=FlagSale::PATH>{words::FLAG}</button>
            </form>
        </details>
    }
    .into_any()
}
