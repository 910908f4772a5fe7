//! Flags: a page of them, resolving one, and putting one on a sale.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

form! {
    /// What becomes of a flag. `block` is anything when the affiliate is to be blocked with a confirmed one, `back`
    /// the query of the page that the form stands on.
    ResolveForm { flag, resolution, note, block, back }
}

form! {
    /// A sale to be looked at, and why.
    FlagForm { sale, note }
}

/// A page of flags. Filters are as they stand in the address; `resolved`: one just was.
#[server(prefix = "/rpc", endpoint = "flags", input = server_fn::codec::GetUrl)]
pub async fn load_flags(
    status: String,
    kind: String,
    sale: String,
    cursor: String,
    resolved: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let asked = server::Asked::read(&status, &kind, &sale);
    let page = match asked {
        Ok(asked) => {
            caller
                .flags_page(&asked, &cursor, !resolved.is_empty())
                .await
        }
        Err(error) => Err(error),
    };
    page.map_err(crate::request::refuse)
}

/// Resolves a flag.
#[server(prefix = "/rpc", endpoint = "resolve_flag")]
pub async fn resolve_flag(form: ResolveForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let resolved = caller.resolve_flag(&form).await;
    let back = resolved.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&back);
    Ok(())
}

/// Puts a flag on a sale and shows the sale.
#[server(prefix = "/rpc", endpoint = "flag_sale")]
pub async fn flag_sale(form: FlagForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let flagged = caller.flag_sale(&form).await;
    let id = flagged.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&crate::query::sale_path(id));
    Ok(())
}

impl Question for LoadFlags {
    fn parameters(&self) -> String {
        parameters(&[
            ("status", &self.status),
            ("kind", &self.kind),
            ("sale", &self.sale),
            ("cursor", &self.cursor),
            ("resolved", &self.resolved),
        ])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        fraud::{FlagRule, FlagStatus, Resolution},
        id::ConversionId,
        text::Reason,
    };
    use leptos::prelude::*;
    use store::flag::{FlagDecision, FlagFilter, FlagPage, FlagStart, Flagging};

    use super::{AppError, FlagForm, ResolveFlag, ResolveForm, Written};
    use crate::{
        part::{
            events::Filter,
            fields::Refused,
            flags::{ALL, HERE, Told, told},
        },
        request::Caller,
        server_fn::{
            Choice,
            form::{field, optional},
        },
        text::{self, flags as words},
    };

    /// How many flags a page lists.
    const PAGE: i64 = 25;

    /// All that are not open any more.
    const RESOLVED: &str = "resolved";

    /// What the address asks for; open flags when it says nothing.
    pub(super) struct Asked {
        status: String,
        rule: Option<FlagRule>,
        filter: FlagFilter,
    }

    impl Asked {
        pub(super) fn read(status: &str, kind: &str, sale: &str) -> Result<Self, AppError> {
            let bad = |name| AppError::invalid("", words::bad_filter(name));
            let rule = Some(kind).filter(|kind| !kind.is_empty());
            let rule = rule
                .map(|word| FlagRule::parse(word).ok_or_else(|| bad(words::TYPE)))
                .transpose()?;
            let sale = Some(sale).filter(|sale| !sale.is_empty());
            let conversion_id = sale
                .map(|id| id.parse().map_err(|_| bad(words::SALE)))
                .transpose()?;
            let only = match status {
                "" => Some(FlagStatus::Open),
                RESOLVED | ALL => None,
                word => Some(FlagStatus::parse(word).ok_or_else(|| bad(words::STATUS))?),
            };
            let filter = FlagFilter {
                status: only,
                is_resolved: status == RESOLVED,
                rule,
                conversion_id,
                ..FlagFilter::default()
            };
            Ok(Self {
                status: status.to_owned(),
                rule,
                filter,
            })
        }

        /// Reads what [`Asked::query`] wrote, and the place. Whoever else wrote it may have written anything.
        fn read_back(query: &str) -> Option<(Self, &str)> {
            let pairs = || query.split('&').filter_map(|pair| pair.split_once('='));
            let value = |wanted| {
                pairs()
                    .find_map(|(name, value)| (name == wanted).then_some(value))
                    .unwrap_or_default()
            };
            let asked = Self::read(value("status"), value("type"), value("sale")).ok()?;
            Some((asked, value("cursor")))
        }

        /// What stands in the address of the page, at a place of its list.
        fn query(&self, cursor: &str) -> String {
            let sale = self.filter.conversion_id.map(|id| id.to_string());
            let parameters = [
                ("status", self.status.as_str()),
                ("type", self.rule.map_or("", FlagRule::as_str)),
                ("sale", sale.as_deref().unwrap_or_default()),
                ("cursor", cursor),
            ];
            let given = parameters.iter().filter(|(_, value)| !value.is_empty());
            let pairs: Vec<String> = given
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            pairs.join("&")
        }

        fn href(&self, cursor: &str) -> String {
            match self.query(cursor) {
                query if query.is_empty() => HERE.to_owned(),
                query => format!("{HERE}?{query}"),
            }
        }

        /// Is it something else than all open ones?
        fn is_filtered(&self) -> bool {
            let open = FlagFilter {
                status: Some(FlagStatus::Open),
                ..FlagFilter::default()
            };
            self.filter != open
        }

        fn filters(&self, found: &FlagPage) -> Vec<Filter> {
            let mut filters = self.kinds();
            filters.extend(self.of_one_sale(found));
            filters
        }

        /// One sale is come to from its story; here it can be let go.
        fn of_one_sale(&self, found: &FlagPage) -> Option<Filter> {
            let id = self.filter.conversion_id?.to_string();
            let sale = found.flags.first().map(|view| &view.row.conversion);
            let name = sale.map(|sale| words::sale(sale.amount, sale.customer_email.as_deref()));
            let one = Choice::new(&id, name.as_deref().unwrap_or(words::ONE_SALE));
            Some(Filter {
                name: "sale",
                label: words::SALE,
                choices: vec![Choice::new("", words::ALL_SALES), one],
                chosen: id,
            })
        }

        fn kinds(&self) -> Vec<Filter> {
            let word = |status: &FlagStatus| Choice::new(status.as_str(), status.label());
            let resolved = FlagStatus::ALL
                .iter()
                .filter(|one| **one != FlagStatus::Open);
            let statuses = [
                Choice::new("", words::OPEN),
                Choice::new(RESOLVED, words::RESOLVED),
                Choice::new(ALL, words::ALL),
            ];
            let rules = FlagRule::ALL
                .iter()
                .map(|rule| Choice::new(rule.as_str(), rule.label()));
            let rule = self.rule.map_or("", FlagRule::as_str);
            let status = Some(&self.status).filter(|status| *status != FlagStatus::Open.as_str());
            vec![
                Filter {
                    name: "status",
                    label: words::STATUS,
                    choices: statuses.into_iter().chain(resolved.map(word)).collect(),
                    chosen: status.cloned().unwrap_or_default(),
                },
                Filter {
                    name: "type",
                    label: words::TYPE,
                    choices: std::iter::once(Choice::new("", words::ALL_TYPES))
                        .chain(rules)
                        .collect(),
                    chosen: rule.to_owned(),
                },
            ]
        }
    }

    impl Caller {
        pub(super) async fn flags_page(
            &self,
            asked: &Asked,
            cursor: &str,
            is_resolved: bool,
        ) -> Result<Written, AppError> {
            let (organization, filter) = (self.organization(), asked.filter);
            let start = if cursor.is_empty() {
                FlagStart::Offset(0)
            } else {
                let opened = self.store.open_flag_cursor(organization, filter, cursor);
                let bad = |_| AppError::invalid("", words::bad_filter("cursor"));
                FlagStart::After(opened.map_err(bad)?)
            };
            let mut found = self.store.flags(organization, filter, start, PAGE).await?;
            let is_emptied = !cursor.is_empty() && found.flags.is_empty();
            if is_emptied {
                // The last ones here were resolved meanwhile.
                let top = FlagStart::Offset(0);
                found = self.store.flags(organization, filter, top, PAGE).await?;
            }
            let cursor = if is_emptied { "" } else { cursor };
            let older = found
                .next
                .map(|next| self.store.seal_flag_cursor(organization, filter, next));
            let page = Told {
                filters: asked.filters(&found),
                flags: found.flags,
                is_filtered: asked.is_filtered(),
                steps: [
                    (!cursor.is_empty()).then(|| asked.href("")),
                    None,
                    older.map(|older| asked.href(&older)),
                ],
                back: asked.query(cursor),
                is_resolved,
                refused: Refused::of::<ResolveFlag>(),
                may_edit: self.viewer.role.may_manage(),
                now: self.store.now().timestamp_millis(),
            };
            Ok(Written {
                html: told(page).to_html(),
            })
        }

        /// Resolves it; the address of the page that the form stands on.
        pub(super) async fn resolve_flag(&self, form: &ResolveForm) -> Result<String, AppError> {
            let resolution = Resolution::parse(&form.resolution);
            let resolution =
                resolution.ok_or_else(|| AppError::invalid("", text::error::NOT_UNDERSTOOD))?;
            let decision = FlagDecision {
                flag_id: form.flag.parse().map_err(|_| AppError::NotFound)?,
                resolution,
                note: optional("", &form.note, Reason::parse)?.map(String::from),
                blocks_affiliate: resolution == Resolution::Confirmed && !form.block.is_empty(),
                actor: self.actor(),
            };
            self.store
                .resolve_flag(self.organization(), decision)
                .await?;
            Ok(self.back_to(&form.back))
        }

        /// Written anew from what it says, so it leads nowhere else; a place that is not ours is left out.
        fn back_to(&self, query: &str) -> String {
            let Some((asked, cursor)) = Asked::read_back(query) else {
                return format!("{HERE}?resolved=1");
            };
            let (organization, filter) = (self.organization(), asked.filter);
            let opened = self.store.open_flag_cursor(organization, filter, cursor);
            match asked.query(opened.map_or("", |_| cursor)) {
                query if query.is_empty() => format!("{HERE}?resolved=1"),
                query => format!("{HERE}?{query}&resolved=1"),
            }
        }

        pub(super) async fn flag_sale(&self, form: &FlagForm) -> Result<ConversionId, AppError> {
            let conversion_id = form.sale.parse().map_err(|_| AppError::NotFound)?;
            let flagging = Flagging {
                conversion_id,
                note: field("", Reason::parse(&form.note))?.into(),
                actor: self.actor(),
            };
            self.store.flag_sale(self.organization(), flagging).await?;
            Ok(conversion_id)
        }
    }
}
