//! What a new organization does next, as markup. Written on the server only (see [`super::served`]).

use leptos::prelude::*;

use super::{
    icon::{Icon, icon},
    served::copy_text,
};
use crate::text::first_steps as words;

/// What a new organization has done already.
pub(crate) struct FirstSteps {
    /// The referral code of an affiliate, when there is one.
    pub(crate) affiliate: Option<String>,
    /// Is a processor connected?
    pub(crate) connected: bool,
    /// Was the snippet seen at work on a site?
    pub(crate) seen: bool,
    /// Where the snippet to copy is.
    pub(crate) snippet: String,
    /// How the outside reaches this server.
    pub(crate) public_url: String,
}

/// The way to the first sale; what is done is ticked.
pub(crate) fn first_steps(steps: &FirstSteps) -> impl IntoView + use<> {
    let slug = steps.affiliate.as_deref().unwrap_or(words::YOUR_AFFILIATE);
    let curl = words::curl(&steps.public_url, slug);
    let has_affiliate = steps.affiliate.is_some();
    view! {
        <section class="steps">
            <h2>{words::TITLE}</h2>
            <p class="muted">{words::LEAD}</p>
            <ol>
                <li class=steps.connected.then_some("done")>
                    {tick(steps.connected)}
                    <div>
                        <h3><a href="/dashboard/connections">{words::CONNECT}</a></h3>
                        <p>{words::CONNECT_HINT}</p>
                    </div>
                </li>
                <li class=has_affiliate.then_some("done")>
                    {tick(has_affiliate)}
                    <div>
                        <h3><a href="/dashboard/affiliates?add=affiliate">{words::AFFILIATE}</a></h3>
                        <p>{words::AFFILIATE_HINT}</p>
                    </div>
                </li>
                <li class=steps.seen.then_some("done")>
                    {tick(steps.seen)}
                    <div>
                        <h3><a href=steps.snippet.clone()>{words::SNIPPET}</a></h3>
                        <p>{words::SNIPPET_HINT}</p>
                    </div>
                </li>
                <li>
                    {tick(false)}
                    <div>
                        <h3>{words::TEST}</h3>
                        <p>{words::TEST_HINT}</p>
                        <div class="command laid-out">
                            <pre tabindex="0"><code>{curl}</code></pre>
                            {copy_text(words::COMMAND)}
                        </div>
                    </div>
                </li>
            </ol>
        </section>
    }
}

fn tick(done: bool) -> impl IntoView {
    let mark = done
        .then(|| view! { {icon(Icon::Check)}<span class="visually-hidden">{words::DONE}</span> });
    view! { <span class="tick">{mark}</span> }
}
