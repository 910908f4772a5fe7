//! The audit log, read.

use leptos::prelude::*;

use super::Written;
use crate::{
    call::{Question, parameters},
    error::AppError,
};

/// A page of the log. Filters are as they stand in the address: `who` is a member's or key's id, or a word; `about`
/// is what the log calls a kind of thing.
#[server(prefix = "/rpc", endpoint = "audit", input = server_fn::codec::GetUrl)]
pub async fn load_audit(
    #[server(default)] who: String,
    #[server(default)] about: String,
    #[server(default)] since: String,
    #[server(default)] to: String,
    #[server(default)] cursor: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let asked = server::Asked {
        who,
        about,
        since,
        to,
    };
    let page = caller.audit_page(&asked, &cursor).await;
    page.map_err(crate::request::refuse)
}

impl Question for LoadAudit {
    fn parameters(&self) -> String {
        parameters(&[
            ("who", &self.who),
            ("about", &self.about),
            ("since", &self.since),
            ("to", &self.to),
            ("cursor", &self.cursor),
        ])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use chrono::{DateTime, NaiveTime, Utc};
    use domain::id::{ApiKeyId, PersonId};
    use leptos::prelude::*;
    use leptos_router::location::Url;
    use store::audit::{AuditFilter, Whose};

    use super::{AppError, Written};
    use crate::{
        part::{
            audit::{Told, told},
            events::Filter,
        },
        query::{AUDIT_PATH, parse_day},
        request::Caller,
        server_fn::{Choice, form::end_of},
        text::{audit as words, events, sale},
    };

    /// How many lines a page lists.
    const PAGE: i64 = 50;

    const EVENTS: &str = "events";
    const SYSTEM: &str = "system";
    /// Stands before the id of a key, as nothing does before a member's.
    const KEY: &str = "key-";

    /// What stands in the page's address.
    pub(super) struct Asked {
        pub(super) who: String,
        pub(super) about: String,
        pub(super) since: String,
        pub(super) to: String,
    }

    impl Asked {
        fn filter(&self) -> Result<AuditFilter, AppError> {
            let about = given(&self.about).map(|word| known(word).ok_or_else(|| bad(words::KIND)));
            let since =
                given(&self.since).map(|day| begin_of(day).ok_or_else(|| bad(events::SINCE)));
            let until = given(&self.to).map(|day| end_of(day).map_err(|_| bad(events::TO)));
            Ok(AuditFilter {
                whose: given(&self.who).map(whose).transpose()?,
                subject: about.transpose()?,
                since: since.transpose()?,
                until: until.transpose()?,
            })
        }

        /// The address of the page, at a place of its list.
        fn href(&self, cursor: &str) -> String {
            let parameters = [
                ("who", self.who.as_str()),
                ("about", &self.about),
                ("since", &self.since),
                ("to", &self.to),
                ("cursor", cursor),
            ];
            let given = parameters.iter().filter(|(_, value)| !value.is_empty());
            let pairs: Vec<String> = given
                .map(|(name, value)| format!("{name}={}", Url::escape(value)))
                .collect();
            match pairs.join("&") {
                query if query.is_empty() => AUDIT_PATH.to_owned(),
                query => format!("{AUDIT_PATH}?{query}"),
            }
        }
    }

    fn bad(name: &str) -> AppError {
        AppError::invalid("", events::bad_filter(name))
    }

    fn given(text: &str) -> Option<&str> {
        Some(text).filter(|text| !text.is_empty())
    }

    fn known(word: &str) -> Option<String> {
        let mut subjects = words::SUBJECTS.iter();
        subjects.find_map(|(kind, _)| (*kind == word).then(|| word.to_owned()))
    }

    /// When a day begins, in UTC.
    fn begin_of(day: &str) -> Option<DateTime<Utc>> {
        Some(parse_day(day)?.and_time(NaiveTime::MIN).and_utc())
    }

    fn whose(word: &str) -> Result<Whose, AppError> {
        let unknown = |_| bad(words::WHO);
        match (word, word.strip_prefix(KEY)) {
            (EVENTS, _) => Ok(Whose::Events),
            (SYSTEM, _) => Ok(Whose::System),
            (_, Some(id)) => id.parse::<ApiKeyId>().map(Whose::Key).map_err(unknown),
            (id, None) => id.parse::<PersonId>().map(Whose::Person).map_err(unknown),
        }
    }

    impl Caller {
        pub(super) async fn audit_page(
            &self,
            asked: &Asked,
            cursor: &str,
        ) -> Result<Written, AppError> {
            let (organization, filter) = (self.organization(), asked.filter()?);
            let open = |text| self.store.open_audit_cursor(organization, &filter, text);
            let after = given(cursor).map(open).transpose();
            let after = after.map_err(|_| bad("cursor"))?;
            let found = self
                .store
                .audit_lines(organization, &filter, after, PAGE)
                .await?;
            let older = found.next.map(|next| {
                let sealed = self.store.seal_audit_cursor(organization, &filter, next);
                asked.href(&sealed)
            });
            let page = Told {
                lines: found.lines,
                filters: self.audit_filters(asked).await?,
                days: [asked.since.clone(), asked.to.clone()],
                steps: [after.map(|_| asked.href("")), None, older],
                now: self.store.now().timestamp_millis(),
            };
            Ok(Written {
                html: told(page).to_html(),
            })
        }

        async fn audit_filters(&self, asked: &Asked) -> Result<Vec<Filter>, AppError> {
            let organization = self.organization();
            let members = self.store.members(organization).await?;
            let members = members
                .iter()
                .map(|one| Choice::new(&one.person_id.to_string(), &one.email));
            let keys = self.store.api_keys(organization).await?;
            let keys = keys
                .iter()
                .map(|one| Choice::new(&format!("{KEY}{}", one.id), &sale::key(&one.name)));
            let mut who = vec![Choice::new("", words::EVERYBODY)];
            who.extend(members.chain(keys));
            who.push(Choice::new(EVENTS, words::EVENTS));
            who.push(Choice::new(SYSTEM, words::SYSTEM));
            let mut about = vec![Choice::new("", words::EVERYTHING)];
            about.extend(words::SUBJECTS.map(|(kind, name)| Choice::new(kind, name)));
            Ok(vec![
                Filter {
                    name: "who",
                    label: words::WHO,
                    choices: who,
                    chosen: asked.who.clone(),
                },
                Filter {
                    name: "about",
                    label: words::KIND,
                    choices: about,
                    chosen: asked.about.clone(),
                },
            ])
        }
    }
}
