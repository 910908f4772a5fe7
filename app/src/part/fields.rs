//! Fields of forms that are written on the server only, with what was typed before and what is wrong
//! with it. Sent as any browser sends a form. (`super::form` has those that don't leave the page.)

use leptos::{
    prelude::*,
    server::ServerActionError,
    server_fn::{ServerFn, error::ServerFnUrlError},
};

use crate::{
    error::{AppError, Invalid},
    server_fn::Choice,
    text::{self, form as words},
};

/// A field: its name, what people call it, what to type, and its input's attributes.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    kind: &'static str,
    optional: bool,
    list: Option<&'static str>,
    inputmode: Option<&'static str>,
    autocomplete: &'static str,
}

impl Field {
    pub(crate) const fn new(name: &'static str, label: &'static str, hint: &'static str) -> Self {
        Self {
            name,
            label,
            hint,
            kind: "text",
            optional: false,
            list: None,
            inputmode: None,
            autocomplete: "off",
        }
    }

    /// The input's type.
    pub(crate) const fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// It may stay empty.
    pub(crate) const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// The list of suggestions with this id.
    pub(crate) const fn suggesting(self, list: &'static str) -> Self {
        Self {
            list: Some(list),
            ..self
        }
    }

    /// Typed on a keyboard for amounts.
    pub(crate) const fn decimal(self) -> Self {
        Self {
            inputmode: Some("decimal"),
            ..self
        }
    }

    /// Typed on a keyboard for whole numbers.
    pub(crate) const fn numeric(self) -> Self {
        Self {
            inputmode: Some("numeric"),
            ..self
        }
    }

    /// What the browser may fill in.
    pub(crate) const fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self {
            autocomplete,
            ..self
        }
    }

    fn form_name(&self) -> String {
        format!("form[{}]", self.name)
    }

    fn described_by(&self) -> String {
        format!("{0}-error {0}-hint", self.name)
    }
}

/// Why a form was refused, and what had been typed.
#[derive(Default)]
pub(crate) struct Refused {
    invalid: Invalid,
    /// What is wrong with the form as a whole.
    pub(crate) failed: Option<String>,
}

impl Refused {
    /// What stands in the page's address of a refusal of this server function.
    pub(crate) fn of<S: ServerFn<Error = AppError>>() -> Self {
        let refused =
            use_context::<ServerActionError>().filter(|refused| refused.path() == S::PATH);
        let error = refused.map(|refused| ServerFnUrlError::<AppError>::decode_err(refused.err()));
        match error {
            Some(AppError::Invalid(invalid)) => Self {
                failed: invalid
                    .field
                    .is_empty()
                    .then(|| text::sentence(&invalid.message)),
                invalid,
            },
            Some(other) => Self {
                failed: Some(other.message()),
                invalid: Invalid {
                    kept: other.kept(),
                    ..Invalid::default()
                },
            },
            None => Self::default(),
        }
    }

    /// What had been typed into a field, else `value`.
    fn typed(&self, field: &Field, value: &str) -> String {
        self.kept(field.name)
            .map_or_else(|| value.to_owned(), str::to_owned)
    }

    /// What had been typed into the field of a name.
    pub(crate) fn kept(&self, name: &str) -> Option<&str> {
        let mut kept = self.invalid.kept.iter();
        kept.find_map(|(kept, typed)| (kept == name).then_some(typed.as_str()))
    }

    /// What is wrong with the field of a name.
    pub(crate) fn about(&self, name: &str) -> Option<&str> {
        (self.invalid.field == name).then_some(self.invalid.message.as_str())
    }

    fn is_about(&self, field: &Field) -> bool {
        self.invalid.field == field.name
    }
}

/// A field to type in, with `value` in it at first.
pub(crate) fn input(field: &Field, refused: &Refused, value: &str) -> impl IntoView + use<> {
    let is_wrong = refused.is_about(field);
    let control = view! {
        <input id=field.name name=field.form_name() type=field.kind value=refused.typed(field, value) autocomplete=field.autocomplete
            spellcheck="false" required=!field.optional list=field.list inputmode=field.inputmode autofocus=is_wrong
            aria-invalid=is_wrong.then_some("true") aria-describedby=field.described_by()/>
    };
    labelled(field, refused, control)
}

/// A field to type lines in, with `value` in it at first.
pub(crate) fn area(field: &Field, refused: &Refused, value: &str) -> impl IntoView + use<> {
    let is_wrong = refused.is_about(field);
    let typed = refused.typed(field, value);
    let control = view! {
        <textarea id=field.name name=field.form_name() rows="3" autocomplete=field.autocomplete spellcheck="false" required=!field.optional
            autofocus=is_wrong aria-invalid=is_wrong.then_some("true") aria-describedby=field.described_by()>{typed}</textarea>
    };
    labelled(field, refused, control)
}

/// A field to choose one of `choices`, `value` at first.
pub(crate) fn select(
    field: &Field,
    refused: &Refused,
    choices: Vec<Choice>,
    value: &str,
) -> impl IntoView + use<> {
    let chosen = refused.typed(field, value);
    let option = move |choice: Choice| {
        let selected = choice.id == chosen;
        view! { <option value=choice.id selected=selected>{choice.name}</option> }
    };
    let control = view! {
        <select id=field.name name=field.form_name() aria-invalid=refused.is_about(field).then_some("true")
            aria-describedby=field.described_by()>
            {choices.into_iter().map(option).collect_view()}
        </select>
    };
    labelled(field, refused, control)
}

fn labelled<V: IntoView>(field: &Field, refused: &Refused, control: V) -> impl IntoView + use<V> {
    let is_wrong = refused.is_about(field);
    let message = is_wrong.then(|| text::sentence(&refused.invalid.message));
    let optional = field
        .optional
        .then(|| view! { <small>{words::OPTIONAL}</small> });
    view! {
        <div class=if is_wrong { "field wrong" } else { "field" }>
            <label for=field.name>{field.label}{optional}</label>
            {control}
            <p class="error" id=format!("{}-error", field.name)>{message}</p>
            <p class="hint" id=format!("{}-hint", field.name)>{field.hint}</p>
        </div>
    }
}

/// A form that a server function takes, sent as any browser sends a form.
pub(crate) fn form<S: ServerFn<Error = AppError>>(
    class: &'static str,
    refused: &Refused,
    fields: AnyView,
) -> AnyView {
    view! {
        <form method="post" action=S::PATH class=class novalidate>
            <p class="form-error" role="alert">{refused.failed.clone()}</p>
            {fields}
        </form>
    }
    .into_any()
}

/// The button at a form's end.
pub(crate) fn submit(label: &'static str) -> impl IntoView {
    view! { <footer><button type="submit" class="btn main">{label}</button></footer> }
}

/// A panel with a form to add something, and the way out of it.
pub(crate) fn panel(title: &'static str, back: &'static str, form: AnyView) -> AnyView {
    view! {
        <section class="panel" aria-label=title>
            <header>
                <h2>{title}</h2>
                <a class="btn quiet" href=back data-noscroll>{text::CANCEL}</a>
            </header>
            {form}
        </section>
    }
    .into_any()
}
