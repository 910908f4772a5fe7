//! The routes of the dashboard, all on one screen.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    moment::Clock,
    page::{
        account::Account, affiliate::Affiliate, affiliates::Affiliates, api_keys::ApiKeys,
        audit::Audit, campaign::Campaign, campaigns::Campaigns, connections::Connections,
        coupons::Coupons, dashboard::Dashboard, event::Event, events::Events, flags::Flags,
        import::Import, imports::Imports, invite::Invite, members::Members, not_found::NotFound,
        payout::Payout, payout_run::PayoutRun, payouts::Payouts, reports::Reports, sale::AddSale,
        sales::Sales, settings::Settings, setup::Setup, sign_in::SignIn, webhook::Webhook,
        webhooks::Webhooks,
    },
    part::icon::Sprite,
    text,
};

/// The whole application, on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Clock::start());
    let home = || view! { <Redirect path="/dashboard/sales"/> };
    view! {
        <Title formatter=|page: String| text::title(&page)/>
        <Sprite/>
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=home ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=Setup ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignIn ssr=SsrMode::Async/>
                <Route path=path!("/invite/:token") view=Invite ssr=SsrMode::Async/>
                <ParentRoute path=path!("/dashboard") view=Dashboard ssr=SsrMode::Async>
                    <Route path=path!("") view=home ssr=SsrMode::Async/>
                    <Route path=path!("sales/new") view=AddSale ssr=SsrMode::Async/>
                    <Route path=path!("sales/:id?") view=Sales ssr=SsrMode::Async/>
                    <Route path=path!("reports") view=Reports ssr=SsrMode::Async/>
                    <Route path=path!("affiliates") view=Affiliates ssr=SsrMode::Async/>
                    <Route path=path!("affiliates/:id") view=Affiliate ssr=SsrMode::Async/>
                    <Route path=path!("campaigns") view=Campaigns ssr=SsrMode::Async/>
                    <Route path=path!("campaigns/:id") view=Campaign ssr=SsrMode::Async/>
                    <Route path=path!("coupons") view=Coupons ssr=SsrMode::Async/>
                    <Route path=path!("payouts") view=Payouts ssr=SsrMode::Async/>
                    <Route path=path!("payouts/new") view=PayoutRun ssr=SsrMode::Async/>
                    <Route path=path!("payouts/:id") view=Payout ssr=SsrMode::Async/>
                    <Route path=path!("connections") view=Connections ssr=SsrMode::Async/>
                    <Route path=path!("flags") view=Flags ssr=SsrMode::Async/>
                    <Route path=path!("events") view=Events ssr=SsrMode::Async/>
                    <Route path=path!("events/:id") view=Event ssr=SsrMode::Async/>
                    <Route path=path!("imports") view=Imports ssr=SsrMode::Async/>
                    <Route path=path!("imports/:id") view=Import ssr=SsrMode::Async/>
                    <Route path=path!("settings/webhooks") view=Webhooks ssr=SsrMode::Async/>
                    <Route path=path!("settings/webhooks/:id") view=Webhook ssr=SsrMode::Async/>
                    <Route path=path!("settings") view=Settings ssr=SsrMode::Async/>
                    <Route path=path!("settings/members") view=Members ssr=SsrMode::Async/>
                    <Route path=path!("settings/api-keys") view=ApiKeys ssr=SsrMode::Async/>
                    <Route path=path!("settings/audit") view=Audit ssr=SsrMode::Async/>
                    <Route path=path!("settings/account") view=Account ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
