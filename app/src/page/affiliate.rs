//! One affiliate: balances, sales, account. Written by the server; nothing on it changes by itself.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};

use super::use_param;
use crate::{
    at_once::at_once,
    call::{Answer, load},
    part::{
        served::Served,
        state::{Awaited, Failure},
    },
    query::AFFILIATES_PATH,
    server_fn::{affiliate::one::LoadAffiliate, sale::Written},
    text::affiliate as words,
};

/// One affiliate at its own address.
#[component]
pub fn Affiliate() -> impl IntoView {
    let (params, path) = (use_params_map(), use_location().pathname);
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let (cursor, edit, saved) = (use_param("cursor"), use_param("edit"), use_param("saved"));
    // The server reads the address; here it only says when to ask again.
    let again = Memo::new(move |asked: Option<&usize>| {
        // A memo that nobody reads does not notice changes.
        drop((cursor.read(), edit.read()));
        let asked = asked.copied();
        // On the way to another page there is nothing to ask.
        let is_here = path.read().ends_with(id.read().as_str());
        asked.map_or(0, |asked| asked + usize::from(is_here))
    });
    let page = load(again.into(), move || LoadAffiliate {
        id: id.get_untracked(),
        cursor: cursor.get_untracked().unwrap_or_default(),
        edit: edit.get_untracked().unwrap_or_default(),
    });
    let show = Arc::new(move |answers: Vec<Answer>| {
        match answers.into_iter().next().map(Answer::read::<Written>) {
            Some(Ok(page)) => {
                let html = RwSignal::new(page.html);
                at_once(view! { <Served html/> }).into_any()
            }
            Some(Err(error)) => at_once(view! {
                <header class="head"><h1>{words::ONE}</h1></header>
                <Failure error/>
            })
            .into_any(),
            None => ().into_any(),
        }
    });
    // The name is not in the title, where leptos_meta escapes nothing on the server.
    at_once(view! {
        <Title text=words::ONE/>
        <p class="back"><a class="link" href=AFFILIATES_PATH>{words::ALL}</a></p>
        <p class="notice" role="status" hidden=move || saved.read().is_none()>{words::SAVED}</p>
        <Awaited answers=vec![page] show/>
    })
}
