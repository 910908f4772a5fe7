use super::*;
use crate::{conversion::example::sale, exchange::ExchangeRate};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

/// What these rules find about a sale of an affiliate with the address `sarah@gmail.com`.
struct Case {
    rules: FlagRules,
    sale: Conversion,
    payer: Option<&'static str>,
    disposable_domain: Option<&'static str>,
    traffic: Option<Traffic>,
}

impl Case {
    fn new() -> Self {
        Self {
            rules: FlagRules::default(),
            sale: sale(),
            payer: Some("ann@example.com"),
            disposable_domain: None,
            traffic: None,
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&FlagRules, &Facts<'_>) -> T) -> T {
        let payer = self.payer.map(email);
        let facts = Facts {
            sale: &self.sale,
            customer_email: payer.as_ref(),
            affiliate_email: &email("sarah@gmail.com"),
            disposable_domain: self.disposable_domain,
            traffic: self.traffic,
            currency: Currency::USD,
        };
        ask(&self.rules, &facts)
    }

    fn found(&self) -> Vec<FlagRule> {
        let found = self.ask(FlagRules::suspicions);
        found.iter().map(Evidence::rule).collect()
    }
}

fn traffic(clicks_today: i64, clicks_yesterday: i64, sales: i64) -> Traffic {
    Traffic {
        today: NOW.date_naive(),
        clicks_today,
        clicks_yesterday,
        sales,
    }
}

#[test]
fn an_ordinary_sale_is_not_suspicious() {
    assert_eq!(Case::new().found(), []);
    let busy = Case {
        traffic: Some(traffic(900, 4000, 40)),
        ..Case::new()
    };
    assert_eq!(busy.found(), []);
}

#[test]
fn who_pays_for_his_own_sale_is_seen_through_tags_and_dots() {
    for payer in [
        "sarah@gmail.com",
        "Sa.rah@gmail.com",
        "sarah+2@googlemail.com",
    ] {
        let own = Case {
            payer: Some(payer),
            ..Case::new()
        };
        assert_eq!(own.found(), [FlagRule::SelfReferral], "{payer}");
        let rules = FlagRules {
            self_referral: false,
            ..own.rules
        };
        assert_eq!(Case { rules, ..own }.found(), [], "{payer}");
    }
    for payer in [None, Some("sarah@example.com"), Some("sara@gmail.com")] {
        let other = Case {
            payer,
            ..Case::new()
        };
        assert_eq!(other.found(), [], "{payer:?}");
    }
}

#[test]
fn disposable_addresses_are_suspicious() {
    let thrown = Case {
        disposable_domain: Some("mailinator.com"),
        ..Case::new()
    };
    assert_eq!(thrown.found(), [FlagRule::SuspiciousActivity]);
    let rules = FlagRules {
        suspicious_activity: false,
        ..thrown.rules
    };
    assert_eq!(Case { rules, ..thrown }.found(), []);
}

#[test]
fn clicks_are_too_many_from_the_threshold_on_on_either_day() {
    let rules = FlagRules {
        clicks_per_day: Some(100),
        ..FlagRules::default()
    };
    for (today, yesterday, is_flagged) in [
        (99, 99, false),
        (100, 0, true),
        (3, 100, true),
        (0, 0, false),
    ] {
        let case = Case {
            rules,
            traffic: Some(traffic(today, yesterday, 1)),
            ..Case::new()
        };
        let expected: &[FlagRule] = if is_flagged {
            &[FlagRule::HighClickFrequency]
        } else {
            &[]
        };
        assert_eq!(case.found(), expected, "{today} and {yesterday}");
    }
    let day = NOW.date_naive().pred_opt().expect("a day");
    let case = Case {
        rules,
        traffic: Some(traffic(3, 100, 1)),
        ..Case::new()
    };
    let evidence = Evidence::Clicks {
        clicks: 100,
        day,
        threshold: 100,
    };
    assert_eq!(case.ask(FlagRules::suspicions), [evidence]);
}

#[test]
fn sales_are_unlikely_from_a_share_of_the_clicks_on_once_there_are_enough() {
    for (clicks, sales, is_flagged) in [
        (20, 9, false),
        (21, 10, false),
        (20, 10, true),
        (0, 9, false),
        (0, 10, true),
        (1000, 499, false),
        (1000, 500, true),
    ] {
        let case = Case {
            traffic: Some(traffic(clicks / 2, clicks - clicks / 2, sales)),
            ..Case::new()
        };
        let found = case.found().contains(&FlagRule::ConversionAnomaly);
        assert_eq!(found, is_flagged, "{sales} of {clicks}");
        let rules = FlagRules {
            conversion_percent: None,
            ..case.rules
        };
        assert_eq!(Case { rules, ..case }.found(), []);
    }
}

#[test]
fn great_amounts_are_looked_at_whatever_their_currency() {
    let rules = FlagRules {
        review_from_minor: Some(5390),
        ..FlagRules::default()
    };
    let found = |sale: Conversion| {
        let case = Case {
            rules,
            sale,
            ..Case::new()
        };
        case.found() == [FlagRule::ManualReview]
    };
    assert!(found(sale()));
    let less = Conversion {
        amount: Money::new(5389, Currency::USD),
        ..sale()
    };
    assert!(!found(less));
    let yen = |exchange| Conversion {
        amount: Money::new(5390, Currency::parse("JPY").expect("yen")),
        exchange,
        ..sale()
    };
    let rate = |numerator| ExchangeRate {
        numerator,
        denominator: 100,
        day: NOW.date_naive(),
    };
    // 5,390 yen are $53.90 at a hundredth, and less at less.
    assert!(found(yen(Some(rate(1)))));
    assert!(!found(Conversion {
        amount: Money::new(5389, Currency::parse("JPY").expect("yen")),
        ..yen(Some(rate(1)))
    }));
    assert!(found(yen(None)), "what it is worth is not known yet");
    let lead = Conversion {
        kind: ConversionType::Lead,
        ..sale()
    };
    assert!(!found(lead));
}

#[test]
fn what_costs_nothing_and_what_follows_another_is_not_suspected() {
    let own = || Case {
        payer: Some("sarah@gmail.com"),
        ..Case::new()
    };
    let lead = Conversion {
        kind: ConversionType::Lead,
        ..sale()
    };
    let free = Conversion {
        commission: Money::zero(Currency::USD),
        ..lead.clone()
    };
    let share = Conversion {
        parent_conversion_id: Some(sale().id),
        ..sale()
    };
    assert_eq!(
        Case {
            sale: free,
            ..own()
        }
        .found(),
        []
    );
    assert_eq!(
        Case {
            sale: share,
            ..own()
        }
        .found(),
        []
    );
    assert_eq!(
        Case {
            sale: lead,
            ..own()
        }
        .found(),
        [FlagRule::SelfReferral]
    );
}

#[test]
fn what_is_about_the_payer_is_told_apart() {
    let case = Case {
        payer: Some("sarah@gmail.com"),
        rules: FlagRules {
            review_from_minor: Some(1),
            ..FlagRules::default()
        },
        traffic: Some(traffic(1_000_000, 0, 1)),
        ..Case::new()
    };
    assert_eq!(case.found().len(), 3);
    let mut about_payer = case.ask(FlagRules::suspicions);
    about_payer.retain(Evidence::is_about_payer);
    let rules: Vec<_> = about_payer.iter().map(Evidence::rule).collect();
    assert_eq!(rules, [FlagRule::SelfReferral]);
}

#[test]
fn evidence_is_told_in_words() {
    let same = |payer: &str| Evidence::SameMailbox {
        customer_email: payer.to_owned(),
        affiliate_email: "sarah@gmail.com".to_owned(),
    };
    let amount = Evidence::Amount {
        amount_cents: 250_000,
        currency: Currency::USD,
        threshold_cents: 100_000,
        threshold_currency: Currency::USD,
    };
    for (evidence, words) in [
        (
            same("sarah@gmail.com"),
            "sarah@gmail.com paid, which is the affiliate's own address",
        ),
        (
            same("sa.rah+1@gmail.com"),
            "sa.rah+1@gmail.com paid, which leads to the affiliate's mailbox sarah@gmail.com",
        ),
        (
            amount,
            "$2,500.00 was paid; the campaign asks from $1,000.00 on",
        ),
        (
            Evidence::ByHand {
                note: "odd".to_owned(),
            },
            "a member asks for a review: odd",
        ),
    ] {
        assert_eq!(evidence.to_string(), words);
    }
}

#[test]
fn a_confirmed_flag_denies_what_can_still_be_denied() {
    let status = |sale: Conversion| {
        let after = sale.after_confirmed_flag(NOW)?;
        Ok(after.restated(NOW).expect("fits").status)
    };
    assert_eq!(status(sale()), Ok(Status::Denied));
    let approved = Conversion {
        status: Status::Approved,
        approved_at: Some(NOW),
        ..sale()
    };
    assert_eq!(status(approved), Ok(Status::Denied));
    let paid = Conversion {
        status: Status::Paid,
        paid_at: Some(NOW),
        ..sale()
    };
    assert_eq!(status(paid), Err(Refusal::PaidOut));
    let back = Conversion {
        refunded_minor: 5390,
        status: Status::Refunded,
        ..sale()
    };
    assert_eq!(status(back.clone()), Ok(Status::Refunded));
    let again = Conversion {
        refunded_minor: 0,
        ..back.after_confirmed_flag(NOW).expect("denied")
    };
    assert_eq!(again.restated(NOW).expect("fits").status, Status::Denied);
}
