//! The navigation of the dashboard.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::components::A;

use super::icon::{Icon, icon};
use crate::{
    query::{
        ACCOUNT_PATH, AFFILIATES_PATH, CAMPAIGNS_PATH, COUPONS_PATH, PAYOUTS_PATH, REPORTS_PATH,
        SALES_PATH, SETTINGS_PATH,
    },
    server_fn::session::{Session, SignOut},
    text,
};

/// The brand and the pages there are, by what one comes for; `children` are the account's part at the end.
/// On a narrow screen all but the brand folds into a menu.
#[component]
pub fn Nav<O: IntoView + 'static, F: IntoView + 'static, C: IntoView + 'static>(
    /// How many flags are open, once that is known.
    open: O,
    /// How many events failed, once that is known.
    failed: F,
    children: TypedChildren<C>,
) -> impl IntoView {
    let link = |(href, shape, name)| view! { <li><A href=href>{icon(shape)}{name}</A></li> };
    let program = [
        (AFFILIATES_PATH, Icon::Affiliates, text::nav::AFFILIATES),
        (CAMPAIGNS_PATH, Icon::Campaigns, text::nav::CAMPAIGNS),
        (COUPONS_PATH, Icon::Coupon, text::nav::COUPONS),
    ];
    let connections = (
        "/dashboard/connections",
        Icon::Connections,
        text::nav::CONNECTIONS,
    );
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
            <div class="pages" id="pages" popover="auto" node_ref=menu on:click=close>
                <div class="groups">
                    <ul aria-label=text::nav::LEDGER>
                        {link((SALES_PATH, Icon::Sales, text::nav::SALES))}
                        {link((REPORTS_PATH, Icon::Reports, text::nav::REPORTS))}
                        {link((PAYOUTS_PATH, Icon::Paid, text::nav::PAYOUTS))}
                        <li><A href="/dashboard/flags">{icon(Icon::Flag)}{text::nav::FLAGS}{open}</A></li>
                    </ul>
                    <ul aria-label=text::nav::PROGRAM>{program.map(link)}</ul>
                    <ul aria-label=text::nav::DATA>
                        {link(connections)}
                        <li><A href="/dashboard/events">{icon(Icon::Events)}{text::nav::EVENTS}{failed}</A></li>
                        {link(("/dashboard/imports", Icon::Imported, text::nav::IMPORTS))}
                    </ul>
                    <ul aria-label=text::nav::SETTINGS>{link((SETTINGS_PATH, Icon::Settings, text::nav::SETTINGS))}</ul>
                </div>
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

/// Who is signed in, the way to his account, and the way out.
#[component]
pub fn Account(session: Session) -> impl IntoView {
    view! {
        <div class="account">
            <a href=ACCOUNT_PATH><b>{session.organization}</b><span title=session.email.clone()>{session.email.clone()}</span></a>
            <form method="post" action=SignOut::PATH>
                <button type="submit" class="btn quiet">{icon(Icon::Out)}{text::nav::SIGN_OUT}</button>
            </form>
        </div>
    }
}
