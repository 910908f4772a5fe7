//! Commission plans as the four columns that campaign, enrollment and conversion share.

use domain::{
    commission::{Duration, Plan, Rate},
    rate::BasisPoints,
};

use crate::{StoreError, error::readable};

/// `plan_percent_bp`, `plan_fixed_minor`, `plan_duration`, `plan_months`.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlanColumns {
    pub(crate) percent_bp: Option<i32>,
    pub(crate) fixed_minor: Option<i64>,
    pub(crate) duration: Option<String>,
    pub(crate) months: Option<i32>,
}

impl From<&Plan> for PlanColumns {
    fn from(plan: &Plan) -> Self {
        let (percent_bp, fixed_minor) = match plan.rate {
            Rate::Percent(share) => (Some(i32::from(share.get())), None),
            Rate::Fixed(minor) => (None, Some(minor)),
        };
        let (duration, months) = match plan.duration {
            Duration::OneTime => ("one_time", None),
            Duration::Recurring => ("recurring", None),
            Duration::RecurringLimited(months) => ("recurring_limited", Some(i32::from(months))),
        };
        Self {
            percent_bp,
            fixed_minor,
            duration: Some(duration.to_owned()),
            months,
        }
    }
}

impl PlanColumns {
    /// The plan, or `None` where the table has none (an enrollment without one of its own).
    pub(crate) fn read(self, table: &'static str) -> Result<Option<Plan>, StoreError> {
        let Some(word) = self.duration else {
            return Ok(None);
        };
        let rate = match (self.percent_bp, self.fixed_minor) {
            (Some(points), None) => {
                let share = u16::try_from(points)
                    .ok()
                    .and_then(|points| BasisPoints::new(points).ok());
                Rate::Percent(readable(share, table, "plan_percent_bp")?)
            }
            (None, Some(minor)) => Rate::Fixed(minor),
            _ => {
                return Err(StoreError::Corrupt {
                    table,
                    column: "plan_percent_bp",
                });
            }
        };
        let months = self.months.and_then(|months| u16::try_from(months).ok());
        let duration = match (word.as_str(), months) {
            ("one_time", None) => Duration::OneTime,
            ("recurring", None) => Duration::Recurring,
            ("recurring_limited", Some(months)) => Duration::RecurringLimited(months),
            _ => {
                return Err(StoreError::Corrupt {
                    table,
                    column: "plan_duration",
                });
            }
        };
        Ok(Some(Plan { rate, duration }))
    }
}
