//! What a new organization does next.

use leptos::prelude::*;

use super::{
    copy::CopyButton,
    icon::{Icon, icon},
};
use crate::{server_fn::sales::FirstSteps, text::first_steps as words};

/// The way to the first sale; what is done is ticked.
#[component]
pub fn Checklist(steps: FirstSteps) -> impl IntoView {
    let slug = steps.affiliate.as_deref().unwrap_or(words::YOUR_AFFILIATE);
    let curl = words::curl(&steps.public_url, slug);
    let has_affiliate = steps.affiliate.is_some();
    view! {
        <section class="steps">
            <h2>{words::TITLE}</h2>
            <p class="muted">{words::LEAD}</p>
            <ol>
                <li class:done=steps.connected>
                    {tick(steps.connected)}
                    <div>
                        <h3><a href="/dashboard/connections?add=stripe">{words::CONNECT}</a></h3>
                        <p>{words::CONNECT_HINT}</p>
                    </div>
                </li>
                <li class:done=has_affiliate>
                    {tick(has_affiliate)}
                    <div>
                        <h3><a href="/dashboard/affiliates?add=affiliate">{words::AFFILIATE}</a></h3>
                        <p>{words::AFFILIATE_HINT}</p>
                    </div>
                </li>
                <li>
                    {tick(false)}
                    <div>
                        <h3>{words::TEST}</h3>
                        <p>{words::TEST_HINT}</p>
                        <div class="command">
                            <pre tabindex="0"><code>{curl.clone()}</code></pre>
                            <CopyButton value=curl what=words::COMMAND/>
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
