//! Affiliates: who earns, with their referral codes and coupons.

use domain::affiliate::AffiliateStatus;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use super::use_param;
use crate::{
    at_once::at_once,
    call::{Sending, load},
    part::{
        copy::CopyButton,
        form::{FormState, Panel, PostForm, SelectField, Submit, TextField},
        icon::{Icon, icon},
        state::{Awaited, Empty, shows},
        table::head,
    },
    query::{AFFILIATES_PATH as HERE, affiliate_path},
    server_fn::{
        Choice,
        affiliate::{AddAffiliate, AddCoupon, AffiliateRow, AffiliatesPage, LoadAffiliates},
    },
    text::{affiliate as one, affiliates as words},
};

/// The affiliates page.
#[component]
pub fn Affiliates() -> impl IntoView {
    let forms = [Sending::to::<AddAffiliate>(), Sending::to::<AddCoupon>()];
    let changes = Signal::derive(move || forms[0].taken.get() + forms[1].taken.get());
    let page = load(changes, || LoadAffiliates {});
    let add = use_param("add");
    let show = shows(move |page: AffiliatesPage| view! { <Screen page add forms/> });
    at_once(view! {
        <Title text=words::TITLE/>
        <Awaited answers=vec![page] show/>
    })
}

#[component]
fn Screen(page: AffiliatesPage, add: Memo<Option<String>>, forms: [Sending; 2]) -> impl IntoView {
    let AffiliatesPage {
        rows,
        total,
        campaigns,
        may_edit,
    } = page;
    let added = use_param("added");
    let names: Vec<_> = rows
        .iter()
        .map(|row| Choice {
            id: row.id.to_string(),
            name: row.name.clone(),
        })
        .collect();
    let may_coupon = may_edit && !rows.is_empty();
    let more = (usize::try_from(total).unwrap_or(0) > rows.len())
        .then(|| words::newest_of(rows.len(), total));
    let panel = move || match add.read().as_deref() {
        Some("affiliate") if may_edit => Some(Either::Left(
            view! { <AddForm sending=forms[0] campaigns=campaigns.clone()/> },
        )),
        Some("coupon") if may_coupon => Some(Either::Right(
            view! { <CouponForm sending=forms[1] affiliates=names.clone() campaigns=campaigns.clone()/> },
        )),
        _ => None,
    };
    let list = if rows.is_empty() {
        Either::Left(view! { <Empty title=words::EMPTY hint=words::EMPTY_HINT>{()}</Empty> })
    } else {
        Either::Right(
            view! { <Table rows added/>{more.map(|more| view! { <p class="muted foot">{more}</p> })} },
        )
    };
    view! {
        <header class="head">
            <h1>{words::TITLE}</h1>
            <div class="push actions">
                {may_coupon.then(|| view! { <a class="btn" href="/dashboard/affiliates?add=coupon">{icon(Icon::Coupon)}<span>{words::ADD_COUPON}</span></a> })}
                {may_edit.then(|| view! { <a class="btn main" href="/dashboard/affiliates?add=affiliate">{icon(Icon::Plus)}<span>{words::ADD}</span></a> })}
            </div>
        </header>
        {panel}
        {list}
    }
}

#[component]
fn Table(rows: Vec<AffiliateRow>, added: Memo<Option<String>>) -> impl IntoView {
    // A cell without anything in it is left out where rows are cards.
    let some = |text: String| (!text.is_empty()).then_some(text);
    let row = move |row: AffiliateRow| {
        let slug = row.slug.clone();
        let campaigns = row.campaigns.into_iter().map(|(name, own)| match own {
            Some(own) => format!("{name} ({own})"),
            None => name,
        });
        let status = (row.status != AffiliateStatus::Active)
            .then(|| view! { <span class="word off">{row.status.label()}</span> });
        let owes = (!row.debt.is_empty())
            .then(|| view! { <small class="owes">{one::owes(&row.debt)}</small> });
        view! {
            <tr role="row" class:added=move || added.read().as_deref() == Some(slug.as_str())>
                <th role="rowheader" scope="row" class="who"><a class="name" href=affiliate_path(row.id)>{row.name}</a>{status}<small>{row.email}</small></th>
                <td role="cell" data-label=words::SLUG class="id"><span class="mono">{row.slug.clone()}</span><CopyButton value=row.slug.clone() what=row.slug/></td>
                <td role="cell" data-label=words::CAMPAIGNS>{campaigns.collect::<Vec<_>>().join(", ")}</td>
                <td role="cell" data-label=words::COUPONS>{row.coupons.into_iter().map(|code| view! { <code class="code">{code}</code> }).collect_view()}</td>
                <td role="cell" data-label=one::PENDING class="num">{some(row.pending)}</td>
                <td role="cell" data-label=one::PAYABLE class="num">{some(row.payable)}{owes}</td>
            </tr>
        }
    };
    let columns = vec![
        (words::NAME, ""),
        (words::SLUG, ""),
        (words::CAMPAIGNS, ""),
        (words::COUPONS, ""),
        (one::PENDING, "num"),
        (one::PAYABLE, "num"),
    ];
    view! {
        <table role="table" class="plain accounts">
            {head(words::TITLE, columns)}
            <tbody role="rowgroup">{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn AddForm(sending: Sending, campaigns: Vec<Choice>) -> impl IntoView {
    let form = FormState::new("affiliate", sending);
    view! {
        <Panel title=words::ADD back=HERE>
            <PostForm form class="grid">
                <TextField form name="name" label=words::NAME/>
                <TextField form name="email" label=words::EMAIL kind="email"/>
                <TextField form name="slug" label=words::SLUG hint=words::SLUG_HINT optional=true/>
                <SelectField form name="campaign" label=words::CAMPAIGN choices=campaigns/>
                <TextField form name="percent" label=words::PERCENT hint=words::PERCENT_HINT optional=true inputmode="decimal"/>
                <footer><Submit form label=words::ADD/></footer>
            </PostForm>
        </Panel>
    }
}

#[component]
fn CouponForm(sending: Sending, affiliates: Vec<Choice>, campaigns: Vec<Choice>) -> impl IntoView {
    let form = FormState::new("coupon", sending);
    let nobody = Choice {
        id: String::new(),
        name: words::CHOOSE.to_owned(),
    };
    let affiliates: Vec<_> = std::iter::once(nobody).chain(affiliates).collect();
    view! {
        <Panel title=words::ADD_COUPON back=HERE>
            <PostForm form class="grid">
                <TextField form name="code" label=words::CODE hint=words::CODE_HINT/>
                <SelectField form name="affiliate" label=words::AFFILIATE choices=affiliates/>
                <SelectField form name="campaign" label=words::CAMPAIGN choices=campaigns/>
                <TextField form name="discount" label=words::DISCOUNT hint=words::DISCOUNT_HINT optional=true/>
                <footer><Submit form label=words::ADD_COUPON/></footer>
            </PostForm>
        </Panel>
    }
}
