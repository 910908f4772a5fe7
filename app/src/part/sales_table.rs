//! The list of sales. Rows are keyed by id: what stays keeps its place, what comes slides in.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

use super::{sale_cells::cells, table::head};
use crate::{
    call::Sending,
    query::SalesQuery,
    shown::{Mark, Shown, ShownRow},
    text::sales as words,
};

/// The table of what is shown.
#[component]
pub fn SalesTable(
    /// The rows.
    shown: Shown,
    /// The page's state, which stays as it is when a sale is opened.
    query: Memo<SalesQuery>,
    /// The sale that is open.
    open: Memo<Option<String>>,
    /// How decisions about picked sales do.
    deciding: Sending,
) -> impl IntoView {
    let body = NodeRef::<html::Tbody>::new();
    Effect::new(move |_| {
        let arrived = shown.arrived.get();
        if let Some(body) = body.get().filter(|_| arrived > 0) {
            slide_in(&body, arrived);
        }
    });
    let (server_now, may_edit) = {
        let summary = shown.summary.read_untracked();
        (summary.now, summary.may_edit)
    };
    // A refused selection stays picked.
    let picked = deciding.kept("ids").unwrap_or_default();
    let row = move |row: ShownRow| {
        let (id, sale, mark) = (row.id, row.sale, row.mark);
        let text = id.to_string();
        let pick = may_edit.then(|| picked.contains(&text));
        let class = move || match (mark.get(), open.read().as_ref() == Some(&text)) {
            (_, true) => "opened",
            (Mark::None, _) => "",
            (Mark::New, _) => "new",
            (Mark::Changed(true), _) => "changed",
            (Mark::Changed(false), _) => "changed again",
        };
        let href = Signal::derive(move || query.read().sale_href(id));
        view! {
            <tr role="row" id=format!("sale-{id}") class=class>
                {move || cells(sale.get(), server_now, href, pick)}
            </tr>
        }
    };
    let columns = vec![
        (words::DATE, "date"),
        (words::AFFILIATE, ""),
        (words::TYPE, "type"),
        (words::SOURCE, ""),
        (words::AMOUNT, "num"),
        (words::COMMISSION, "num"),
        (words::STATUS, ""),
        (words::PROCESSOR, "id"),
    ];
    view! {
        <table role="table" class="sales">
            {head(words::CAPTION, columns)}
            <tbody role="rowgroup" node_ref=body>
                <For each=move || shown.rows.get() key=|row| row.id children=row/>
            </tbody>
        </table>
    }
}

/// Lets the list glide down from where it was, instead of jumping, when rows came in at its top.
/// Skipped for those who asked for less motion.
fn slide_in(body: &HtmlElement, arrived: usize) {
    let calm = window()
        .match_media("(prefers-reduced-motion: reduce)")
        .ok()
        .flatten();
    if calm.is_some_and(|calm| calm.matches()) {
        return;
    }
    let rows = body.children();
    let height: i32 = (0..u32::try_from(arrived).unwrap_or(0))
        .filter_map(|index| rows.item(index)?.dyn_into::<HtmlElement>().ok())
        .map(|row| row.offset_height())
        .sum();
    drop(animate(body, &format!("translateY(-{height}px)")));
}

/// `element.animate({transform: [from, "none"]}, {..})`, which web-sys does not offer yet.
fn animate(element: &HtmlElement, from: &str) -> Result<(), JsValue> {
    let set = |object: &js_sys::Object, name: &str, value: &JsValue| {
        js_sys::Reflect::set(object, &name.into(), value)
    };
    let (frames, timing) = (js_sys::Object::new(), js_sys::Object::new());
    set(
        &frames,
        "transform",
        &js_sys::Array::of2(&from.into(), &"none".into()),
    )?;
    set(&timing, "duration", &280.into())?;
    set(&timing, "easing", &"cubic-bezier(.2, .7, .2, 1)".into())?;
    let animate: js_sys::Function = js_sys::Reflect::get(element, &"animate".into())?.dyn_into()?;
    animate.call2(element, &frames, &timing)?;
    Ok(())
}
