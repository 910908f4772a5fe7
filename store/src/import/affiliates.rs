//! Rows of affiliates. Who is here by e-mail stays as he is; a referral code belongs to one.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use std::collections::{HashMap, HashSet};

use domain::{
    affiliate::{Affiliate, Enrollment},
    campaign::{Campaign, CampaignStatus},
    id::AffiliateId,
    import::{AffiliateLine, Field, LineError},
    slug::Slug,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Outcome,
    run::{Batch, see_in, seen_before_in},
    sales::affiliate_ids_in,
};
use crate::{Random, Store, StoreError, affiliate, audit, columns::columns, plan::PlanColumns};

/// Takes rows of affiliates in; tells what became of each.
pub(super) async fn take_in(
    db: &mut PgConnection,
    store: &Store,
    batch: &Batch<'_>,
) -> Result<Vec<Outcome>, StoreError> {
    let lines: Vec<Result<AffiliateLine, LineError>> = batch
        .rows
        .iter()
        .map(|row| AffiliateLine::read(&row.cells, batch.columns))
        .collect();
    let mut known = Known::of_in(db, batch, lines.iter().flatten()).await?;
    let mut new = Vec::new();
    let mut outcomes = Vec::with_capacity(lines.len());
    for line in lines {
        outcomes.push(match line {
            Err(error) => Outcome::Failed(error),
            Ok(line) => known.take(line, batch, &store.random, &mut new),
        });
    }
    if batch.import.is_dry_run {
        let keys: Vec<String> = new.iter().flat_map(keys_of).collect();
        see_in(db, batch, &keys).await?;
    } else {
        write_in(db, store, batch, &new).await?;
    }
    Ok(outcomes)
}

fn email_key(email: &str) -> String {
    format!("e:{email}")
}

fn slug_key(slug: &str) -> String {
    format!("s:{slug}")
}

fn keys_of(one: &Affiliate) -> [String; 2] {
    [email_key(one.email.as_str()), slug_key(one.slug.as_str())]
}

/// Who is here, or would be by now.
struct Known {
    emails: HashSet<String>,
    /// Whose a referral code is: his e-mail, and his id where he has one.
    slugs: HashMap<String, (String, Option<AffiliateId>)>,
}

impl Known {
    async fn of_in(
        db: &mut PgConnection,
        batch: &Batch<'_>,
        lines: impl Iterator<Item = &AffiliateLine>,
    ) -> Result<Self, StoreError> {
        let (mut slugs, mut emails) = (Vec::new(), Vec::new());
        for line in lines {
            let made = || Slug::from_name(line.name.as_str());
            slugs.push(line.slug.clone().unwrap_or_else(made).as_str().to_owned());
            slugs.extend(line.recruiter.as_ref().map(|slug| slug.as_str().to_owned()));
            emails.push(line.email.as_str().to_owned());
        }
        let ids = affiliate_ids_in(db, batch, &slugs, &emails).await?;
        let found = affiliate::by_ids_in(db, batch.organization_id, &ids).await?;
        let mut known = Self {
            emails: HashSet::new(),
            slugs: HashMap::new(),
        };
        for one in &found {
            known.add(one);
        }
        if batch.import.is_dry_run {
            let keys = emails.iter().map(|email| email_key(email));
            let keys: Vec<String> = keys
                .chain(slugs.iter().map(|slug| slug_key(slug)))
                .collect();
            for seen in seen_before_in(db, batch, &keys).await? {
                known.add_seen(&seen);
            }
        }
        Ok(known)
    }

    fn add(&mut self, one: &Affiliate) {
        let email = one.email.as_str().to_owned();
        self.emails.insert(email.clone());
        self.slugs
            .insert(one.slug.as_str().to_owned(), (email, Some(one.id)));
    }

    fn add_seen(&mut self, seen: &str) {
        if let Some(email) = seen.strip_prefix("e:") {
            self.emails.insert(email.to_owned());
        }
        if let Some(slug) = seen.strip_prefix("s:") {
            let owner = "another row of this file".to_owned();
            self.slugs.insert(slug.to_owned(), (owner, None));
        }
    }

    fn take(
        &mut self,
        line: AffiliateLine,
        batch: &Batch<'_>,
        random: &Random,
        new: &mut Vec<Affiliate>,
    ) -> Outcome {
        if self.emails.contains(line.email.as_str()) {
            return Outcome::Existing;
        }
        match self.read(line, batch, random) {
            Err(outcome) => outcome,
            Ok(one) => {
                self.add(&one);
                new.push(one);
                Outcome::Created(None)
            }
        }
    }

    fn read(
        &self,
        line: AffiliateLine,
        batch: &Batch<'_>,
        random: &Random,
    ) -> Result<Affiliate, Outcome> {
        let slug = self.slug(&line, batch, random)?;
        let campaign = campaign_of(&line, batch)?;
        Ok(Affiliate {
            id: AffiliateId(random.uuid_v7(batch.now)),
            recruiter_id: self.recruiter(&line, batch)?,
            slug,
            name: line.name,
            email: line.email,
            status: line.status,
            stripe_account_id: line.stripe_account_id,
            enrollments: vec![Enrollment {
                campaign_id: campaign.id,
                plan: line
                    .share
                    .map(|share| campaign.terms.plan.with_share(share)),
            }],
            created_at: batch.now,
        })
    }

    /// The row's referral code, which nobody else has; else one made from the name.
    fn slug(
        &self,
        line: &AffiliateLine,
        batch: &Batch<'_>,
        random: &Random,
    ) -> Result<Slug, Outcome> {
        if let Some(slug) = &line.slug {
            return match self.slugs.get(slug.as_str()) {
                None => Ok(slug.clone()),
                Some((owner, _)) => {
                    let message =
                        format!("{slug} is the referral code of {owner}: give another one");
                    Err(Outcome::failed(Field::Slug, batch.columns, message))
                }
            };
        }
        let made = Slug::from_name(line.name.as_str());
        if !self.slugs.contains_key(made.as_str()) {
            return Ok(made);
        }
        // Of several people of one name all but the first get a few letters more.
        let more = hex::encode(random.bytes::<4>());
        let longer = Slug::parse(&format!("{made}-{more}"));
        longer.map_err(|error| Outcome::failed(Field::Name, batch.columns, error.to_string()))
    }

    fn recruiter(
        &self,
        line: &AffiliateLine,
        batch: &Batch<'_>,
    ) -> Result<Option<AffiliateId>, Outcome> {
        let Some(slug) = &line.recruiter else {
            return Ok(None);
        };
        let known = self.slugs.get(slug.as_str());
        known.map(|(_, id)| *id).ok_or_else(|| {
            let message = format!(
                "there is no affiliate {slug} here or in the rows above: put that row first"
            );
            Outcome::failed(Field::Recruiter, batch.columns, message)
        })
    }
}

/// The campaign that a row's affiliate joins: an open one.
fn campaign_of<'a>(line: &AffiliateLine, batch: &'a Batch<'_>) -> Result<&'a Campaign, Outcome> {
    let is_open = |campaign: &&Campaign| campaign.status == CampaignStatus::Active;
    let found = match &line.campaign {
        Some(called) => batch.campaign(called),
        None if batch.import.campaign_id.is_some() => batch.chosen(),
        None => batch.campaigns.iter().find(is_open),
    };
    found.filter(is_open).ok_or_else(|| {
        let called = line.campaign.as_deref().unwrap_or_default();
        let message =
            format!("there is no open campaign {called}: make it first, or leave this column out");
        Outcome::failed(Field::Campaign, batch.columns, message)
    })
}

/// One statement per table.
async fn write_in(
    db: &mut PgConnection,
    store: &Store,
    batch: &Batch<'_>,
    new: &[Affiliate],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    affiliates_in(db, batch, new).await?;
    enrollments_in(db, batch, new).await?;
    let actor = batch.import.actor().manages()?;
    let lines: Vec<_> = new
        .iter()
        .map(|one| audit::Entry {
            actor,
            subject: "affiliate",
            subject_id: one.id.0,
            action: "created",
            detail: one.name.as_str(),
        })
        .collect();
    audit::write_all_in(db, &store.random, batch.organization_id, batch.now, &lines).await
}

async fn affiliates_in(
    db: &mut PgConnection,
    batch: &Batch<'_>,
    new: &[Affiliate],
) -> Result<(), StoreError> {
    columns!(new, one => {
        ids: Uuid = one.id.0,
        names: String = one.name.as_str().to_owned(),
        emails: String = one.email.as_str().to_owned(),
        slugs: String = one.slug.as_str().to_owned(),
        statuses: String = one.status.as_str().to_owned(),
        recruiters: Option<Uuid> = one.recruiter_id.map(|id| id.0),
        accounts: Option<String> = one.stripe_account_id.clone(),
    });
    sqlx::query!(
        "insert into affiliate (organization_id, affiliate_id, name, email, slug, status, recruiter_id,
             stripe_account_id, created_at)
         select $1, a.id, a.name, a.email, a.slug, a.status, a.recruiter, a.account, $2
         from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[])
             as a (id, name, email, slug, status, recruiter, account)",
        batch.organization_id.0,
        batch.now,
        &ids,
        &names,
        &emails,
        &slugs,
        &statuses,
        &recruiters as &[Option<Uuid>],
        &accounts as &[Option<String>],
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn enrollments_in(
    db: &mut PgConnection,
    batch: &Batch<'_>,
    new: &[Affiliate],
) -> Result<(), StoreError> {
    let joined: Vec<(AffiliateId, &Enrollment)> = new
        .iter()
        .flat_map(|one| {
            one.enrollments
                .iter()
                .map(|enrollment| (one.id, enrollment))
        })
        .collect();
    columns!(&joined, (affiliate, enrollment) => {
        affiliates: Uuid = affiliate.0,
        campaigns: Uuid = enrollment.campaign_id.0,
    });
    let plans: Vec<PlanColumns> = joined
        .iter()
        .map(|(_, joined)| {
            joined
                .plan
                .as_ref()
                .map(PlanColumns::from)
                .unwrap_or_default()
        })
        .collect();
    columns!(&plans, plan => {
        percents: Option<i32> = plan.percent_bp,
        fixed: Option<i64> = plan.fixed_minor,
        durations: Option<String> = plan.duration.clone(),
        months: Option<i32> = plan.months,
    });
    sqlx::query!(
        "insert into enrollment (organization_id, affiliate_id, campaign_id, plan_percent_bp, plan_fixed_minor,
             plan_duration, plan_months, created_at)
         select $1, e.affiliate, e.campaign, e.percent, e.fixed, e.duration, e.months, $2
         from unnest($3::uuid[], $4::uuid[], $5::integer[], $6::bigint[], $7::text[], $8::integer[])
             as e (affiliate, campaign, percent, fixed, duration, months)",
        batch.organization_id.0,
        batch.now,
        &affiliates,
        &campaigns,
        &percents as &[Option<i32>],
        &fixed as &[Option<i64>],
        &durations as &[Option<String>],
        &months as &[Option<i32>],
    )
    .execute(db)
    .await?;
    Ok(())
}
