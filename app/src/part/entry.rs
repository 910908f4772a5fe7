//! The form for a sale that is entered by hand, as markup. Written on the server only, and sent as any
//! browser sends a form.

use domain::campaign::{Campaign, CampaignStatus};
use leptos::{prelude::*, server_fn::ServerFn};
use store::affiliate::Named;

use crate::{
    error::{AppError, Invalid},
    query::SALES_PATH,
    server_fn::sale::EnterSale,
    text::{self, form, sale as words},
};

/// What there is to choose from.
pub struct Offered {
    /// Affiliates; others are found by their referral code.
    pub affiliates: Vec<Named>,
    /// All campaigns.
    pub campaigns: Vec<Campaign>,
}

/// A field: its name, what people call it, what to type, and its input's attributes.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: &'static str,
    optional: bool,
}

impl Field {
    const fn new(name: &'static str, label: &'static str, hint: &'static str) -> Self {
        Self {
            name,
            label,
            hint,
            kind: "text",
            optional: false,
        }
    }

    const fn optional(self, kind: &'static str) -> Self {
        Self {
            kind,
            optional: true,
            ..self
        }
    }
}

const AFFILIATE: Field = Field::new("affiliate", words::AFFILIATE, words::AFFILIATE_HINT);
const CAMPAIGN: Field = Field::new("campaign", words::CAMPAIGN, "");
const AMOUNT: Field = Field::new("amount", words::PAID, words::PAID_HINT);
const CURRENCY: Field = Field::new("currency", words::CURRENCY, "");
const EMAIL: Field = Field::new("email", words::EMAIL, "").optional("email");
const EXTERNAL_ID: Field =
    Field::new("external_id", words::EXTERNAL_ID, words::EXTERNAL_ID_HINT).optional("text");
const PAID_ON: Field = Field::new("paid_on", words::PAID_ON, words::PAID_ON_HINT).optional("date");
const NOTE: Field = Field::new("note", words::NOTE, words::NOTE_HINT);

/// The form; `refused`: with what was typed before, and what is wrong with it.
pub fn entry(offered: &Offered, refused: Option<AppError>) -> impl IntoView + use<> {
    let (wrong, failed) = match refused {
        Some(AppError::Invalid(invalid)) if !invalid.field.is_empty() => (invalid, None),
        Some(AppError::Invalid(invalid)) => {
            let failed = text::sentence(&invalid.message);
            (invalid, Some(failed))
        }
        Some(other) => (Invalid::default(), Some(other.message())),
        None => (Invalid::default(), None),
    };
    let active = || {
        let campaigns = offered.campaigns.iter();
        campaigns.filter(|campaign| campaign.status == CampaignStatus::Active)
    };
    let currency = active()
        .next()
        .map_or("", |first| first.terms.currency.code());
    let affiliates = offered.affiliates.iter().map(|affiliate| {
        view! { <option value=affiliate.slug.to_string()>{affiliate.name.to_string()}</option> }
    });
    let chosen = kept(&wrong, CAMPAIGN.name).unwrap_or_default();
    let campaigns = active().map(|campaign| {
        let id = campaign.id.to_string();
        let selected = id == chosen;
        view! { <option value=id selected=selected>{campaign.name.to_string()}</option> }
    });
    let choices = view! {
        <select id=CAMPAIGN.name name=form_name(&CAMPAIGN)>
            <option value="">{words::OWN_CAMPAIGN}</option>
            {campaigns.collect_view()}
        </select>
    };
    view! {
        <header class="head">
            <h1>{words::ADD}</h1>
            <a class="btn quiet push" href=SALES_PATH>{text::CANCEL}</a>
        </header>
        <p class="muted">{words::ADD_HINT}</p>
        <form method="post" action=EnterSale::PATH class="grid panel">
            <p class="form-error" role="alert">{failed}</p>
            {input(&AFFILIATE, &wrong, "")}
            {labelled(&CAMPAIGN, &wrong, choices)}
            {input(&AMOUNT, &wrong, "")}
            {input(&CURRENCY, &wrong, currency)}
            {input(&NOTE, &wrong, "")}
            {input(&EMAIL, &wrong, "")}
            {input(&EXTERNAL_ID, &wrong, "")}
            {input(&PAID_ON, &wrong, "")}
            <datalist id="affiliates">{affiliates.collect_view()}</datalist>
            <footer><button type="submit" class="btn main">{words::ADD}</button></footer>
        </form>
    }
}

fn form_name(field: &Field) -> String {
    format!("form[{}]", field.name)
}

fn kept(wrong: &Invalid, name: &str) -> Option<String> {
    let typed = wrong.kept.iter().find(|(kept, _)| kept == name);
    typed.map(|(_, typed)| typed.clone())
}

fn input(field: &Field, wrong: &Invalid, value: &str) -> impl IntoView + use<> {
    let typed = kept(wrong, field.name).unwrap_or_else(|| value.to_owned());
    let is_wrong = wrong.field == field.name;
    let list = (field.name == AFFILIATE.name).then_some("affiliates");
    let mode = (field.name == AMOUNT.name).then_some("decimal");
    let control = view! {
        <input id=field.name name=form_name(field) type=field.kind value=typed autocomplete="off" spellcheck="false"
            required=!field.optional list=list inputmode=mode autofocus=is_wrong aria-invalid=is_wrong.then_some("true")
            aria-describedby=described_by(field)/>
    };
    labelled(field, wrong, control)
}

fn labelled<V: IntoView>(field: &Field, wrong: &Invalid, control: V) -> impl IntoView + use<V> {
    let is_wrong = wrong.field == field.name;
    let message = is_wrong.then(|| text::sentence(&wrong.message));
    let optional = field
        .optional
        .then(|| view! { <small>{form::OPTIONAL}</small> });
    view! {
        <div class=if is_wrong { "field wrong" } else { "field" }>
            <label for=field.name>{field.label}{optional}</label>
            {control}
            <p class="error" id=format!("{}-error", field.name)>{message}</p>
            <p class="hint" id=format!("{}-hint", field.name)>{field.hint}</p>
        </div>
    }
}

fn described_by(field: &Field) -> String {
    format!("{0}-error {0}-hint", field.name)
}
