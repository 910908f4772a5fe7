//! Forms: labelled fields with a hint and what is wrong beside them. They post to a server function
//! with JavaScript or without; either way what was typed stays.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{call::Sending, error::AppError, server_fn::Choice, text::form as words};

/// How a form does: what its fields share.
#[derive(Clone, Copy)]
pub struct FormState {
    id: &'static str,
    sending: Sending,
}

impl FormState {
    /// The state of a form. `id` tells it from other forms on the page.
    pub fn new(id: &'static str, sending: Sending) -> Self {
        let state = Self { id, sending };
        state.focus_what_is_wrong();
        state
    }

    fn field_id(self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }

    /// What is wrong with a field.
    fn wrong(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || match self.sending.error.get() {
            Some(AppError::Invalid(invalid)) if invalid.field == name => {
                Some(crate::text::sentence(&invalid.message))
            }
            _ => None,
        })
    }

    /// What is wrong with the form as a whole.
    fn failed(self) -> Option<String> {
        match self.sending.error.get()? {
            AppError::Invalid(invalid) if !invalid.field.is_empty() => None,
            other => Some(other.message()),
        }
    }

    /// What was typed before the page was loaded again.
    pub fn kept(self, name: &str) -> Option<String> {
        self.sending.kept(name)
    }

    fn focus_what_is_wrong(self) {
        Effect::new(move |_| {
            let Some(AppError::Invalid(invalid)) = self.sending.error.get() else {
                return;
            };
            let field = document().get_element_by_id(&self.field_id(&invalid.field));
            if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
                drop(field.focus());
            }
        });
    }
}

/// A form that posts to its server function: through the page when it is hydrated, else as any form.
#[component]
pub fn PostForm<C: IntoView + 'static>(
    /// How it does.
    form: FormState,
    /// Its layout.
    class: &'static str,
    /// Its fields.
    children: TypedChildren<C>,
) -> impl IntoView {
    let on_submit = move |event: ev::SubmitEvent| form.sending.take(&event);
    view! {
        <form method="post" action=form.sending.path class=class novalidate on:submit=on_submit>
            <FormError form/>
            {children.into_inner()()}
        </form>
    }
}

/// What is wrong with the form as a whole, above its fields.
#[component]
fn FormError(form: FormState) -> impl IntoView {
    view! { <p class="form-error" role="alert">{move || form.failed()}</p> }
}

/// A field for text.
#[component]
pub fn TextField(
    /// The form it is in.
    form: FormState,
    /// Its name in the server function's form.
    name: &'static str,
    /// What people call it.
    label: &'static str,
    /// What to type.
    #[prop(optional)]
    hint: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What stands in it at first.
    #[prop(optional)]
    value: &'static str,
    /// May it stay empty?
    #[prop(optional)]
    optional: bool,
    /// The keyboard that fits.
    #[prop(optional)]
    inputmode: Option<&'static str>,
) -> impl IntoView {
    let id = form.field_id(name);
    let typed = form.kept(name).unwrap_or_else(|| value.to_owned());
    let wrong = form.wrong(name);
    view! {
        <Field id=id.clone() label hint optional wrong>
            <input id=id.clone() name=format!("form[{name}]") type=kind value=typed autocomplete=autocomplete inputmode=inputmode
                aria-required=(!optional).then_some("true") aria-invalid=move || wrong.read().is_some().then_some("true")
                aria-describedby=described_by(&id) spellcheck="false"/>
        </Field>
    }
}

/// A field to choose one of a list.
#[component]
pub fn SelectField(
    /// The form it is in.
    form: FormState,
    /// Its name in the server function's form.
    name: &'static str,
    /// What people call it.
    label: &'static str,
    /// What to choose.
    #[prop(optional)]
    hint: &'static str,
    /// The list.
    choices: Vec<Choice>,
    /// What is chosen at first.
    #[prop(optional)]
    value: &'static str,
) -> impl IntoView {
    let id = form.field_id(name);
    let chosen = form.kept(name).unwrap_or_else(|| value.to_owned());
    let wrong = form.wrong(name);
    let option = move |choice: Choice| {
        let selected = choice.id == chosen;
        view! { <option value=choice.id selected=selected>{choice.name}</option> }
    };
    view! {
        <Field id=id.clone() label hint optional=false wrong>
            <select id=id.clone() name=format!("form[{name}]") aria-describedby=described_by(&id)
                aria-invalid=move || wrong.read().is_some().then_some("true")>
                {choices.into_iter().map(option).collect_view()}
            </select>
        </Field>
    }
}

/// A label, a control, a hint and what is wrong.
#[component]
fn Field<C: IntoView + 'static>(
    id: String,
    label: &'static str,
    hint: &'static str,
    optional: bool,
    wrong: Signal<Option<String>>,
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <div class="field" class:wrong=move || wrong.read().is_some()>
            <label for=id.clone()>{label}{optional.then(|| view! { <small>{words::OPTIONAL}</small> })}</label>
            {children.into_inner()()}
            <p class="error" id=format!("{id}-error")>{move || wrong.get()}</p>
            <p class="hint" id=format!("{id}-hint")>{hint}</p>
        </div>
    }
}

fn described_by(id: &str) -> String {
    format!("{id}-error {id}-hint")
}

/// The button that sends a form.
#[component]
pub fn Submit(form: FormState, label: &'static str) -> impl IntoView {
    let pending = form.sending.pending;
    view! {
        <button type="submit" class="btn main" disabled=move || pending.get()>
            {move || if pending.get() { words::SAVING } else { label }}
        </button>
    }
}

/// A panel with a form to add something, and the way out of it.
#[component]
pub fn Panel<C: IntoView + 'static>(
    /// What is added.
    title: &'static str,
    /// Where Cancel leads.
    back: &'static str,
    /// The form.
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <section class="panel" aria-label=title>
            <header>
                <h2>{title}</h2>
                <a class="btn quiet" href=back data-noscroll>{crate::text::CANCEL}</a>
            </header>
            {children.into_inner()()}
        </section>
    }
}
