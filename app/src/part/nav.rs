//! The navigation of the dashboard.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::components::A;

use super::icon::{Icon, icon};
use crate::{
    query::COUPONS_PATH,
    server_fn::session::{Session, SignOut},
    text,
};

/// The brand and the pages there are; `children` are the account's part at the end. On a narrow screen
/// all but the brand folds into a menu.
#[component]
pub fn Nav<O: IntoView + 'static, F: IntoView + 'static, C: IntoView + 'static>(
    /// How many flags are open, once that is known.
    open: O,
    /// How many events failed, once that is known.
    failed: F,
    children: TypedChildren<C>,
) -> impl IntoView {
    let pages = [
        ("/dashboard/sales", Icon::Sales, text::nav::SALES),
        (
            "/dashboard/affiliates",
            Icon::Affiliates,
            text::nav::AFFILIATES,
        ),
        (
            "/dashboard/campaigns",
            Icon::Campaigns,
            text::nav::CAMPAIGNS,
        ),
        (COUPONS_PATH, Icon::Coupon, text::nav::COUPONS),
        (
            "/dashboard/connections",
            Icon::Connections,
            text::nav::CONNECTIONS,
        ),
    ];
    let link = |(href, shape, name)| view! { <li><A href=href>{icon(shape)}{name}</A></li> };
    let menu = NodeRef::<leptos::html::Div>::new();
    let close = move |_| {
        if let Some(menu) = menu.get_untracked() {
            // Refused where it isn't open: on a wide screen.
            drop(menu.hide_popover());
        }
    };
    view! {
        <nav class="nav" aria-label=text::nav::MAIN>
            <p class="brand">{icon(Icon::Brand)}<span>{text::PRODUCT}</span></p>
            <button type="button" class="btn menu" popovertarget="pages">{icon(Icon::Menu)}{text::nav::MENU}</button>
            <div class="pages" id="pages" popover="auto" node_ref=menu>
                <ul on:click=close>
                    {pages.map(link)}
                    <li><A href="/dashboard/flags">{icon(Icon::Flag)}{text::nav::FLAGS}{open}</A></li>
                    <li><A href="/dashboard/events">{icon(Icon::Events)}{text::nav::EVENTS}{failed}</A></li>
                    {link(("/dashboard/imports", Icon::Imported, text::nav::IMPORTS))}
                </ul>
                {children.into_inner()()}
            </div>
        </nav>
    }
}

/// How many events failed; nothing when none did.
pub fn failed_count(session: Session) -> impl IntoView {
    let failed = session.failed_events;
    (failed > 0).then(|| {
        view! { <b class="count"><span class="visually-hidden">", "</span>{text::events::count(failed)}{text::events::FAILED}</b> }
    })
}

/// How many flags are open; nothing when none is.
pub fn open_count(session: Session) -> impl IntoView {
    let open = session.open_flags;
    (open > 0).then(|| {
        view! { <b class="count"><span class="visually-hidden">", "</span>{text::flags::count(open)}</b> }
    })
}

/// Who is signed in, and the way out.
#[component]
pub fn Account(session: Session) -> impl IntoView {
    view! {
        <div class="account">
            <p><b>{session.organization}</b><span title=session.email.clone()>{session.email.clone()}</span></p>
            <form method="post" action=SignOut::PATH>
                <button type="submit" class="btn quiet">{icon(Icon::Out)}{text::nav::SIGN_OUT}</button>
            </form>
        </div>
    }
}
