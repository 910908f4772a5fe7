//! Reports: one page.

use leptos::prelude::*;

use super::Written;
use crate::{
    call::{Question, parameters},
    error::AppError,
};

/// A report. Parameters are as they stand in the address.
#[server(prefix = "/rpc", endpoint = "report", input = server_fn::codec::GetUrl)]
pub async fn load_report(
    period: String,
    since: String,
    to: String,
    campaign: String,
    affiliate: String,
    currency: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let typed = [
        ("period", period),
        ("since", since),
        ("to", to),
        ("campaign", campaign),
        ("affiliate", affiliate),
        ("currency", currency),
    ];
    let page = caller.report_page(&typed).await;
    page.map_err(crate::request::refuse)
}

impl Question for LoadReport {
    fn parameters(&self) -> String {
        parameters(&[
            ("period", &self.period),
            ("since", &self.since),
            ("to", &self.to),
            ("campaign", &self.campaign),
            ("affiliate", &self.affiliate),
            ("currency", &self.currency),
        ])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use leptos::prelude::*;

    use super::{AppError, Written};
    use crate::{
        part::{
            events::Filter,
            report::{Told, told},
        },
        query::format_day,
        report_query::{BadParameter, NotReported, Period, ReportQuery},
        request::Caller,
        server_fn::Choice,
        text::{self, reports as words},
    };

    impl From<BadParameter> for AppError {
        fn from(BadParameter(name): BadParameter) -> Self {
            Self::invalid("", text::sales::bad_filter(name))
        }
    }

    impl From<NotReported> for AppError {
        fn from(error: NotReported) -> Self {
            match error {
                NotReported::Store(error) => error.into(),
                other => Self::invalid("", other),
            }
        }
    }

    impl Caller {
        pub(super) async fn report_page(
            &self,
            typed: &[(&str, String)],
        ) -> Result<Written, AppError> {
            let mut query = ReportQuery::default();
            for (name, value) in typed {
                query.set(name, value)?;
            }
            let organization = self.organization();
            let (filter, before) = query.asked(&self.store, organization).await?;
            let report = self
                .store
                .report(organization, &filter, before, query.currency);
            let is_own = query.period() == Period::Own;
            let days = is_own.then(|| [filter.span.first(), filter.span.last()].map(format_day));
            let page = Told {
                report: report.await?,
                filter,
                before,
                filters: self.report_filters(&query).await?,
                affiliate: query
                    .affiliate
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                days,
                export: query.csv_href(),
                here: query.href(),
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        async fn report_filters(&self, query: &ReportQuery) -> Result<Vec<Filter>, AppError> {
            let campaigns = self.store.campaigns(self.organization()).await?;
            let campaigns = campaigns
                .iter()
                .map(|one| Choice::new(&one.id.to_string(), one.name.as_str()));
            let names = [
                words::WEEK,
                words::MONTH,
                words::QUARTER,
                words::ALL,
                words::CUSTOM,
            ];
            let periods = Period::EVERY.into_iter().zip(names);
            Ok(vec![
                Filter {
                    name: "period",
                    label: words::PERIOD,
                    choices: periods
                        .map(|(period, name)| Choice::new(period.word(), name))
                        .collect(),
                    chosen: query.period().word().to_owned(),
                },
                Filter {
                    name: "campaign",
                    label: words::CAMPAIGN,
                    choices: std::iter::once(Choice::new("", words::EVERY_CAMPAIGN))
                        .chain(campaigns)
                        .collect(),
                    chosen: query.campaign.map(|id| id.to_string()).unwrap_or_default(),
                },
            ])
        }
    }
}
