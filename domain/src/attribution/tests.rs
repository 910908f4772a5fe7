use super::*;
use crate::{
    affiliate::{AffiliateStatus, Enrollment},
    campaign::{AttributionModel, CampaignStatus, Terms},
    commission::{self, Plan, Rate},
    coupon::CouponCode,
    email::Email,
    fact::ClueKind,
    id::CouponId,
    money::Currency,
    text::Name,
};
use uuid::Uuid;

const SARAH: AffiliateId = AffiliateId(Uuid::from_u128(1));
const PRIMARY: CampaignId = CampaignId(Uuid::from_u128(2));
const CONNECTION: CampaignId = CampaignId(Uuid::from_u128(3));

fn campaign(id: CampaignId, status: CampaignStatus) -> Campaign {
    let plan = Plan {
        rate: Rate::Fixed(500),
        duration: commission::Duration::Recurring,
    };
    Campaign {
        id,
        name: Name::parse("A campaign").expect("a name"),
        slug: Slug::parse("a-campaign").expect("a slug"),
        status,
        terms: Terms::new(Currency::USD, plan),
        created_at: DateTime::UNIX_EPOCH,
    }
}

fn sarah(joined: &[CampaignId]) -> Affiliate {
    let enrollment = |id: &CampaignId| Enrollment {
        campaign_id: *id,
        plan: None,
    };
    Affiliate {
        id: SARAH,
        name: Name::parse("Sarah").expect("a name"),
        email: Email::parse("sarah@example.com").expect("an e-mail"),
        slug: Slug::parse("sarah").expect("a slug"),
        status: AffiliateStatus::Active,
        recruiter_id: None,
        stripe_account_id: None,
        enrollments: joined.iter().map(enrollment).collect(),
        created_at: DateTime::UNIX_EPOCH,
    }
}

/// The campaign of a sale that names Sarah and came through a connection with a campaign.
fn credited(
    joined: &[CampaignId],
    primary: CampaignStatus,
    connection: CampaignStatus,
) -> Option<CampaignId> {
    let sarah = sarah(joined);
    let campaigns = [campaign(PRIMARY, primary), campaign(CONNECTION, connection)];
    let book = Book {
        slugs: HashMap::from([(sarah.slug.clone(), SARAH)]),
        affiliates: HashMap::from([(SARAH, sarah)]),
        campaigns: campaigns
            .into_iter()
            .map(|found| (found.id, found))
            .collect(),
        ..Book::default()
    };
    let case = Case {
        occurred_at: DateTime::UNIX_EPOCH,
        owner: None,
        clues: vec![Clue {
            kind: ClueKind::Slug,
            value: "sarah".to_owned(),
            place: "a test".to_owned(),
        }],
        by_customer: None,
        by_email: None,
        named_campaign: None,
        connection_campaign: Some(CONNECTION),
        server: false,
    };
    decide(&case, &book).credit.map(|credit| credit.campaign_id)
}

#[test]
fn an_archived_campaign_of_the_connection_does_not_take_credit_away() {
    use CampaignStatus::{Active, Archived};
    let both = [PRIMARY, CONNECTION];
    for (joined, primary, connection, campaign) in [
        (&both[..], Active, Active, Some(CONNECTION)),
        (&both[..], Active, Archived, Some(PRIMARY)),
        (&both[..], Archived, Active, Some(CONNECTION)),
        (&both[..], Archived, Archived, None),
        (&both[..1], Active, Active, Some(PRIMARY)),
    ] {
        let found = credited(joined, primary, connection);
        assert_eq!(found, campaign, "{primary:?} {connection:?}");
    }
}

const BOB: AffiliateId = AffiliateId(Uuid::from_u128(4));
const DAY: i64 = 24 * 60 * 60;

fn on_day(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + day * DAY, 0).expect("in range")
}

/// Clicks 1, 2, ... on these affiliates' links, each on a day.
fn book_with_clicks(model: AttributionModel, clicks: &[(AffiliateId, i64)]) -> Book {
    let mut campaign = campaign(PRIMARY, CampaignStatus::Active);
    campaign.terms.attribution_model = model;
    let sarah = sarah(&[PRIMARY]);
    let bob = Affiliate {
        id: BOB,
        name: Name::parse("Bob").expect("a name"),
        slug: Slug::parse("bob").expect("a slug"),
        ..sarah.clone()
    };
    let clicks = (1..)
        .zip(clicks)
        .map(|(number, (affiliate_id, day))| Click {
            id: ClickId(Uuid::from_u128(number)),
            affiliate_id: *affiliate_id,
            campaign_id: PRIMARY,
            clicked_at: on_day(*day),
        });
    Book {
        slugs: HashMap::from([(sarah.slug.clone(), SARAH), (bob.slug.clone(), BOB)]),
        affiliates: HashMap::from([(SARAH, sarah), (BOB, bob)]),
        campaigns: HashMap::from([(PRIMARY, campaign)]),
        clicks: clicks.map(|click| (click.id, click)).collect(),
        ..Book::default()
    }
}

/// Who is credited on day 100 by what the payment carries: click numbers and referral codes.
fn by_clues(book: &Book, clues: &[&str]) -> (Option<AffiliateId>, Vec<String>) {
    let clue = |text: &&str| {
        let number: Option<u128> = text.parse().ok();
        let (kind, value) = match number {
            Some(number) => (ClueKind::Click, Uuid::from_u128(number).to_string()),
            None => (ClueKind::Slug, (*text).to_owned()),
        };
        Clue {
            kind,
            value,
            place: "a test".to_owned(),
        }
    };
    let case = Case {
        occurred_at: on_day(100),
        owner: None,
        clues: clues.iter().map(clue).collect(),
        by_customer: None,
        by_email: None,
        named_campaign: None,
        connection_campaign: None,
        server: false,
    };
    let decision = decide(&case, book);
    let texts = decision.trail.into_iter().map(|step| step.text).collect();
    if let Some(credit) = &decision.credit {
        assert_eq!(credit.source, Source::Link);
        let by_click = credit.click_id.and_then(|id| book.clicks.get(&id));
        assert!(by_click.is_none_or(|click| click.affiliate_id == credit.affiliate_id));
    }
    (decision.credit.map(|credit| credit.affiliate_id), texts)
}

#[test]
fn a_click_counts_inside_its_campaigns_window_and_is_told_when_it_does_not() {
    let book = book_with_clicks(AttributionModel::LastTouch, &[(SARAH, 40), (SARAH, 27)]);
    assert_eq!(by_clues(&book, &["1"]).0, Some(SARAH));
    let (nobody, trail) = by_clues(&book, &["2"]);
    assert_eq!(nobody, None);
    let text =
        "Click 00000000-0000-0000-0000-000000000002 on Sarah's link is 73 days old, window 60";
    assert_eq!(trail, [text]);
    let (nobody, trail) = by_clues(&book, &["9"]);
    assert_eq!(nobody, None);
    assert!(trail[0].ends_with("was not recorded here"), "{trail:?}");
}

#[test]
fn a_code_that_came_with_a_click_that_is_too_old_does_not_count_either() {
    let book = book_with_clicks(AttributionModel::LastTouch, &[(SARAH, 27)]);
    assert_eq!(by_clues(&book, &["1", "sarah"]).0, None);
    assert_eq!(by_clues(&book, &["1", "bob"]).0, Some(BOB));
    assert_eq!(by_clues(&book, &["sarah"]).0, Some(SARAH));
}

#[test]
fn of_several_clicks_the_campaigns_model_picks_one() {
    let clicks = [(SARAH, 90), (BOB, 95), (SARAH, 20)];
    let last = book_with_clicks(AttributionModel::LastTouch, &clicks);
    assert_eq!(by_clues(&last, &["3", "1", "2"]).0, Some(BOB));
    let first = book_with_clicks(AttributionModel::FirstTouch, &clicks);
    assert_eq!(by_clues(&first, &["3", "2", "1"]).0, Some(SARAH));
}

#[test]
fn when_the_picked_clicks_affiliate_gets_no_credit_the_next_one_is_asked() {
    let mut book = book_with_clicks(AttributionModel::LastTouch, &[(SARAH, 90), (BOB, 95)]);
    book.affiliates.get_mut(&BOB).expect("Bob").status = AffiliateStatus::Paused;
    let (credited, trail) = by_clues(&book, &["1", "2"]);
    assert_eq!(credited, Some(SARAH));
    assert!(
        trail[0].ends_with("Bob is paused and gets no new credit"),
        "{trail:?}"
    );
}

/// Every way to name Sarah: by ownership, coupon, code, click, customer and e-mail.
fn every_way() -> Vec<Case> {
    let empty = Case {
        occurred_at: on_day(100),
        owner: None,
        clues: Vec::new(),
        by_customer: None,
        by_email: None,
        named_campaign: None,
        connection_campaign: None,
        server: false,
    };
    let past = PastCredit {
        conversion_id: ConversionId(Uuid::from_u128(9)),
        affiliate_id: SARAH,
        campaign_id: PRIMARY,
        occurred_at: on_day(1),
        what: "sale in_1".to_owned(),
        click_id: None,
    };
    let clue = |kind, value: &str| Case {
        clues: vec![Clue {
            kind,
            value: value.to_owned(),
            place: "a test".to_owned(),
        }],
        ..empty.clone()
    };
    vec![
        Case {
            owner: Some(("sub_1".to_owned(), past.clone())),
            ..empty.clone()
        },
        clue(ClueKind::CouponCode, "SARAH20"),
        clue(ClueKind::Slug, "sarah"),
        clue(ClueKind::Click, &Uuid::from_u128(1).to_string()),
        Case {
            by_customer: Some(past.clone()),
            ..empty.clone()
        },
        Case {
            by_email: Some(past),
            ..empty
        },
    ]
}

#[test]
fn who_is_paused_blocked_or_removed_is_credited_by_no_rule_and_each_says_why() {
    let mut book = book_with_clicks(AttributionModel::LastTouch, &[(SARAH, 95)]);
    let coupon = Coupon {
        id: CouponId(Uuid::from_u128(5)),
        code: CouponCode::parse("SARAH20").expect("a code"),
        affiliate_id: SARAH,
        campaign_id: PRIMARY,
        processor_discount_id: None,
        expires_at: None,
        created_at: DateTime::UNIX_EPOCH,
        removed_at: None,
    };
    book.coupons.insert(coupon.code.key(), coupon);
    for (status, why) in [
        (AffiliateStatus::Active, None),
        (
            AffiliateStatus::Paused,
            Some("is paused and gets no new credit"),
        ),
        (
            AffiliateStatus::Blocked,
            Some("is blocked and gets no new credit"),
        ),
        (
            AffiliateStatus::Removed,
            Some("was removed and gets no new credit"),
        ),
    ] {
        book.affiliates.get_mut(&SARAH).expect("Sarah").status = status;
        for case in every_way() {
            let decision = decide(&case, &book);
            let credited = decision.credit.map(|credit| credit.affiliate_id);
            let wanted = why.is_none().then_some(SARAH);
            assert_eq!(credited, wanted, "{status} {case:?}");
            let last = &decision.trail.last().expect("a step").text;
            if let Some(why) = why {
                assert!(last.ends_with(why), "{status}: {last}");
            }
        }
    }
}
