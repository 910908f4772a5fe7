//! What can be done with the sales that are ticked in the list: a bar that shows while any is.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use crate::{
    call::Sending,
    query::EXPORT_PICKED_PATH,
    text::{sale as words, sales},
};

/// The form that the rows' boxes belong to.
pub const SELECTION: &str = "selection";
/// The class of those boxes.
pub const BOX: &str = "pick";

/// The bar. Which boxes are ticked only the browser knows: it also shows, hides and counts (see its
/// styles).
#[component]
pub fn Selection(
    /// How its decisions do.
    sending: Sending,
) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    // What was decided about is picked no more.
    Effect::new(move |_| {
        if let Some(form) = form.get().filter(|_| sending.taken.get() > 0) {
            form.reset();
        }
    });
    let pick_all = |_| {
        let boxes = document().get_elements_by_class_name(BOX);
        for one in (0..boxes.length()).filter_map(|index| boxes.item(index)) {
            if let Ok(one) = one.dyn_into::<HtmlInputElement>() {
                one.set_checked(true);
            }
        }
    };
    let failed = move || sending.error.get().map(|error| error.message());
    view! {
        <form id=SELECTION class="selection" method="post" action=sending.path aria-label=words::SELECTION node_ref=form
            on:submit=move |event| sending.take(&event)>
            <p class="form-error" role="alert">{failed}</p>
            <p class="picked">{words::SELECTED}</p>
            <button type="button" class="btn quiet" on:click=pick_all>{words::SELECT_ALL}</button>
            <input name="form[reason]" aria-label=words::REASON placeholder=words::REASON maxlength="500" autocomplete="off" value=sending.kept("reason")/>
            <button type="submit" class="btn" name="form[action]" value="approve">{words::APPROVE}</button>
            <button type="submit" class="btn" name="form[action]" value="deny">{words::DENY}</button>
            <button type="submit" class="btn" formaction=EXPORT_PICKED_PATH>{sales::EXPORT}</button>
        </form>
    }
}
