//! One affiliate: balances, sales, account. Written by the server; nothing on it changes by itself.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};

use super::use_param;
use crate::{
    at_once::at_once,
    call::load,
    part::{
        served::Served,
        state::{Awaited, shows},
    },
    query::AFFILIATES_PATH,
    server_fn::{affiliate::one::LoadAffiliate, sale::Written},
    text::affiliate as words,
};

/// One affiliate at its own address.
#[component]
pub fn Affiliate() -> impl IntoView {
    let (params, search) = (use_params_map(), use_location().search);
    let (cursor, edit, saved) = (use_param("cursor"), use_param("edit"), use_param("saved"));
    // The server reads the address; here it only says when to ask again.
    let again = Memo::new(move |asked: Option<&usize>| {
        params.track();
        search.track();
        asked.map_or(0, |asked| asked + 1)
    });
    let page = load(again.into(), move || LoadAffiliate {
        id: params.read_untracked().get("id").unwrap_or_default(),
        cursor: cursor.get_untracked().unwrap_or_default(),
        edit: edit.get_untracked().unwrap_or_default(),
    });
    let show = shows(|page: Written| {
        let html = RwSignal::new(page.html);
        view! { <Served html/> }
    });
    // The name is not in the title, where leptos_meta escapes nothing on the server.
    at_once(view! {
        <Title text=words::ONE/>
        <p class="back"><a class="link" href=AFFILIATES_PATH>{words::ALL}</a></p>
        <p class="notice" role="status" hidden=move || saved.read().is_none()>{words::SAVED}</p>
        <Awaited answers=vec![page] show/>
    })
}
