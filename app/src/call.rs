//! One way for pages to ask the server, and one for forms to tell it.
//!
//! Leptos' own `Resource` and `ActionForm` work per type: the browser would hold a copy of their
//! machinery for every server function, half of its program. Here answers stay text until a page
//! reads them, so there is one copy. Server functions are declared as usual.

use std::{fmt, pin::Pin, str::FromStr};

use leptos::{
    prelude::*,
    server::{ServerActionError, codee::string::FromToStringCodec},
    server_fn::{ServerFn, error::ServerFnUrlError},
    task::spawn_local,
};
use leptos_router::location::Url;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlElement, HtmlFormElement, SubmitEvent, UrlSearchParams};

use crate::error::AppError;

/// What the server answered: JSON that has not been read yet, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(Result<String, AppError>);

/// An answer that a page waits for.
pub type Loaded = Resource<Answer, FromToStringCodec>;

/// An answer that is on its way.
pub type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A server function that reads.
pub trait Question: ServerFn<Error = AppError, Output: Serialize> + 'static {
    /// Its arguments as they stand in the address, escaped.
    fn parameters(&self) -> String {
        String::new()
    }
}

/// Names and values as they stand in an address, escaped.
pub(crate) fn parameters(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", Url::escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Asks now, and again whenever `again` changes.
pub fn load<Q: Question>(
    again: Signal<usize>,
    question: impl Fn() -> Q + Send + Sync + 'static,
) -> Loaded {
    load_boxed(again, Box::new(move || ask(question())))
}

pub(crate) fn load_boxed(
    again: Signal<usize>,
    ask: Box<dyn Fn() -> Asked + Send + Sync>,
) -> Loaded {
    Resource::new_str(move || again.get(), move |_| ask())
}

/// Asks: on the server by calling the function, in the browser by fetching its address.
pub fn ask<Q: Question>(question: Q) -> Asked {
    #[cfg(feature = "ssr")]
    return Box::pin(async move { Answer::write(question.run_body().await) });
    #[cfg(not(feature = "ssr"))]
    return browser::get(Q::PATH, question.parameters());
}

impl Answer {
    /// Reads the answer as what it is.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, AppError> {
        serde_json::from_str(&self.0?).map_err(|_| AppError::broken())
    }

    #[cfg(feature = "ssr")]
    fn write(output: Result<impl Serialize, AppError>) -> Self {
        Self(
            output
                .and_then(|output| serde_json::to_string(&output).map_err(|_| AppError::broken())),
        )
    }
}

/// How an answer travels inside the page: a plus and its text, or a minus and the error.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(text) => write!(f, "+{text}"),
            Err(error) => write!(f, "-{}", serde_json::to_string(error).unwrap_or_default()),
        }
    }
}

impl FromStr for Answer {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text.strip_prefix('+') {
            Some(json) => Ok(json.to_owned()),
            None => Err(serde_json::from_str(text.get(1..).unwrap_or_default())
                .unwrap_or_else(|_| AppError::broken())),
        }))
    }
}

/// What stands in a form's fields, as the browser would send it.
pub(crate) fn fields(form: &HtmlFormElement) -> Option<UrlSearchParams> {
    let fields = FormData::new_with_form(form).ok()?;
    UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()
}

/// A form that a server function takes, with JavaScript or without.
#[derive(Clone, Copy)]
pub struct Sending {
    /// The server function's address.
    pub path: &'static str,
    /// Why it was refused.
    pub error: RwSignal<Option<AppError>>,
    /// Is it under way?
    pub pending: RwSignal<bool>,
    /// How often it was taken.
    pub taken: RwSignal<usize>,
}

impl Sending {
    /// The form of a server function that writes. A refusal of a form that was sent without
    /// JavaScript stands in the page's address.
    pub fn to<S: ServerFn<Error = AppError>>() -> Self {
        Self::to_path(S::PATH)
    }

    fn to_path(path: &'static str) -> Self {
        let refused = use_context::<ServerActionError>().filter(|refused| refused.path() == path);
        let error = refused.map(|refused| ServerFnUrlError::<AppError>::decode_err(refused.err()));
        Self {
            path,
            error: RwSignal::new(error),
            pending: RwSignal::new(false),
            taken: RwSignal::new(0),
        }
    }

    /// What was typed before the page was loaded again.
    pub fn kept(self, name: &str) -> Option<String> {
        let kept = self.error.get_untracked()?.kept();
        kept.into_iter()
            .find_map(|(kept, typed)| (kept == name).then_some(typed))
    }

    /// Sends the form that is being submitted as the browser would, and stays on the page. What a button
    /// with an address of its own asks for is left to the browser.
    pub fn take(self, event: &SubmitEvent) {
        let button = event.submitter();
        if button.is_some_and(|button| button.has_attribute("formaction")) {
            return;
        }
        event.prevent_default();
        let form = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        if let Some(form) = form.filter(|_| !self.pending.get_untracked()) {
            self.send(&form, event.submitter());
        }
    }

    /// A button with a name says what is wanted.
    fn send(self, form: &HtmlFormElement, button: Option<HtmlElement>) {
        let Some(fields) = fields(form) else { return };
        let of_button = |name| {
            button
                .as_ref()
                .and_then(|button| button.get_attribute(name))
        };
        if let (Some(name), Some(value)) = (of_button("name"), of_button("value")) {
            fields.append(&name, &value);
        }
        self.pending.set(true);
        spawn_local(async move {
            let refused = browser::post(self.path, String::from(fields.to_string()))
                .await
                .err();
            self.pending.try_set(false);
            if refused.is_none() {
                self.taken.try_update(|taken| *taken += 1);
            }
            self.error.try_set(refused);
        });
    }
}

/// Fetching, with the client of the server functions.
#[cfg(feature = "hydrate")]
mod browser {
    use leptos::server_fn::{
        client::{Client, browser::BrowserClient},
        error::FromServerFnError,
        redirect::call_redirect_hook,
        request::{ClientReq, browser::BrowserRequest},
        response::ClientRes,
    };

    use super::{Answer, AppError, Asked};

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";

    pub(super) fn get(path: &'static str, parameters: String) -> Asked {
        Box::pin(async move {
            let request = BrowserRequest::try_new_get(path, FORM, JSON, &parameters);
            Answer(fetch(request).await)
        })
    }

    /// Follows the redirect that the function answers with.
    pub(super) async fn post(path: &'static str, fields: String) -> Result<(), AppError> {
        fetch(BrowserRequest::try_new_post(path, FORM, JSON, fields))
            .await
            .map(drop)
    }

    async fn fetch(request: Result<BrowserRequest, AppError>) -> Result<String, AppError> {
        let response = <BrowserClient as Client<AppError>>::send(request?).await?;
        let failed = ClientRes::<AppError>::status(&response) >= 400;
        let redirect = ClientRes::<AppError>::has_redirect(&response)
            .then(|| ClientRes::<AppError>::location(&response));
        let text: String = ClientRes::<AppError>::try_into_string(response).await?;
        if failed {
            return Err(AppError::de(text.into()));
        }
        if let Some(location) = redirect {
            call_redirect_hook(&location);
        }
        Ok(text)
    }
}

/// Nothing is fetched on the server.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use super::AppError;

    #[expect(clippy::unused_async, reason = "what it is in the browser")]
    pub(super) async fn post(_path: &'static str, _fields: String) -> Result<(), AppError> {
        Err(AppError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_travels_inside_the_page() {
        for answer in [
            Answer(Ok("{\"a\":1}".to_owned())),
            Answer(Err(AppError::invalid("name", "too long"))),
        ] {
            assert_eq!(answer.to_string().parse(), Ok(answer));
        }
        assert_eq!("".parse::<Answer>(), Ok(Answer(Err(AppError::broken()))));
        assert_eq!(
            Answer(Ok("[1,2]".to_owned())).read::<Vec<u8>>(),
            Ok(vec![1, 2])
        );
        assert_eq!(
            Answer(Ok("{".to_owned())).read::<Vec<u8>>(),
            Err(AppError::broken())
        );
    }
}
