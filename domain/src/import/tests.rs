use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::{amount::*, mapping::plain, moment::moment, *};
use crate::{affiliate::AffiliateStatus, money::Money};

fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn cells(line: &str) -> Vec<String> {
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// What a platform's header and one row of its file come to.
fn sale(header: &str, row: &str) -> (Platform, Result<SaleLine, LineError>) {
    let header = cells(header);
    let platform = Platform::detect(&header);
    let mapping = Mapping::guess(ImportKind::Sales, platform, &header);
    let columns = mapping.columns(ImportKind::Sales, &header);
    let columns = columns.unwrap_or_else(|error| panic!("{platform}: {error} in {mapping:?}"));
    let reading = Reading {
        platform,
        dates: DateOrder::Clear,
        currency: Currency::USD,
    };
    (
        platform,
        SaleLine::read(&cells(row), &columns, reading, now()),
    )
}

fn affiliate(header: &str, row: &str) -> (Platform, Result<AffiliateLine, LineError>) {
    let header = cells(header);
    let platform = Platform::detect(&header);
    let mapping = Mapping::guess(ImportKind::Affiliates, platform, &header);
    let columns = mapping
        .columns(ImportKind::Affiliates, &header)
        .expect("enough");
    (platform, AffiliateLine::read(&cells(row), &columns))
}

#[test]
fn the_sales_of_each_platform_are_known_by_their_columns() {
    let files = [
        (
            Platform::Rewardful,
            "ID|Created At|Amount|Currency|State|Due At|Paid At|Campaign ID|Affiliate Email|Affiliate Token|Sale ID|Sale Charged At|Sale Amount|Stripe Customer ID",
            "39e6|2026-08-19T16:28:31.164Z|30.00|USD|due|2026-09-18||c34|jb@example.com|jamie|74e3|2026-08-19 16:28:25 UTC|100.00|cus_1",
        ),
        (
            Platform::FirstPromoter,
            "id|event_id|promoter_email|ref_id|referral_email|cust_id|sale_amount|commission_amount|currency|status|created_at",
            "77001|ch_1|jb@example.com|jamie|a@example.com|cus_1|100.00|30.00|usd|approved|2026-08-19T16:28:31Z",
        ),
        (
            Platform::Tapfiliate,
            "Conversion ID|External ID|Affiliate ID|Affiliate firstname|Conversion amount|Commission amount|Currency|Approved|Program title|Created at",
            "1|ord_1|jamie|Jamie|100|30|USD|true||2026-08-19 16:28:31",
        ),
        (
            Platform::Tolt,
            "id|charge_id|partner_email|customer_email|revenue|amount|currency|status|billing_type|created_at",
            "comm_1|ch_1|jb@example.com|a@example.com|100.00|30.00|usd|approved|subscription|2026-08-19T16:28:31.000Z",
        ),
        (
            Platform::PartnerStack,
            "Transaction Key|Partner Key|Partner Email|Customer Key|Transaction Amount|Reward Amount|Currency|Reward Status|Created At",
            "tran_1|jamie|jb@example.com|cus_1|$100.00|$30.00|USD|approved|2026-08-19",
        ),
        (
            Platform::Dub,
            "ID|Type|Amount|Earnings|Currency|Status|Invoice ID|Quantity|Created at|Partner ID|Partner name|Partner email|Partner tenant ID|Customer ID|Customer email|Customer external ID",
            "cm_1|sale|$100.00|$30.00|usd|processed|in_1|1|2026-08-19T16:28:31.000Z|pn_1|Jamie|jb@example.com||cus_d|a@example.com|user_1",
        ),
        (
            Platform::Other,
            "Order ID|Affiliate code|Total|Currency|Commission|Date",
            "ord_1|jamie|100|USD|30|19 Aug 2026",
        ),
    ];
    for (expected, header, row) in files {
        let (platform, sale) = sale(header, row);
        assert_eq!(platform, expected, "{header}");
        let sale = sale.unwrap_or_else(|error| panic!("{platform}: {error}"));
        assert_eq!(sale.amount, Money::new(10_000, Currency::USD), "{platform}");
        assert_eq!(
            sale.commission,
            Some(Money::new(3_000, Currency::USD)),
            "{platform}"
        );
        assert_eq!(
            sale.occurred_at.date_naive().to_string(),
            "2026-08-19",
            "{platform}"
        );
        let is_jamie = |earner: &Earner| {
            let slug = earner
                .slug
                .as_ref()
                .is_some_and(|slug| slug.as_str() == "jamie");
            slug || earner
                .email
                .as_ref()
                .is_some_and(|email| email.as_str() == "jb@example.com")
        };
        assert!(is_jamie(&sale.earner), "{platform}: {:?}", sale.earner);
        let is_approved = sale.standing == Standing::Approved;
        assert!(
            is_approved || platform == Platform::Other,
            "{platform}: {:?}",
            sale.standing
        );
    }
}

#[test]
fn the_affiliates_of_each_platform_are_known_by_their_columns() {
    let files = [
        (
            Platform::Rewardful,
            "First Name|Last Name|Email|Token|State|PayPal Email",
            "Jamie|Bond|jb@example.com|jamie|active|",
        ),
        (
            Platform::FirstPromoter,
            "promoter_id|email|name|ref_id|state",
            "1|jb@example.com|Jamie Bond|jamie|active",
        ),
        (
            Platform::Tapfiliate,
            "Affiliate ID|Firstname|Lastname|Email|Affiliate group",
            "jamie|Jamie|Bond|jb@example.com|",
        ),
        (
            Platform::Tolt,
            "partner_first_name|partner_last_name|partner_email|link_value|payout_method|status",
            "Jamie|Bond|jb@example.com|jamie||active",
        ),
        (
            Platform::PartnerStack,
            "Partner Key|First Name|Last Name|Partner Email|Partner Group|Status",
            "jamie|Jamie|Bond|jb@example.com||approved",
        ),
        (
            Platform::Dub,
            "Name|Email|Tenant ID|Status|Total clicks|Net revenue",
            "Jamie Bond|jb@example.com|jamie|approved|3|4",
        ),
        (
            Platform::Other,
            "Name|E-mail|Code",
            "Jamie Bond|jb@example.com|JAMIE",
        ),
    ];
    for (expected, header, row) in files {
        let (platform, line) = affiliate(header, row);
        assert_eq!(platform, expected, "{header}");
        let line = line.unwrap_or_else(|error| panic!("{platform}: {error}"));
        assert_eq!(line.name.as_str(), "Jamie Bond", "{platform}");
        assert_eq!(line.email.as_str(), "jb@example.com", "{platform}");
        assert_eq!(
            line.slug.map(String::from).as_deref(),
            Some("jamie"),
            "{platform}"
        );
        assert_eq!(line.status, AffiliateStatus::Active, "{platform}");
    }
}

#[test]
fn amounts_are_read_without_guessing() {
    let usd = |text| decimal(text, Currency::USD);
    for (text, minor) in [
        ("49", 4900),
        ("49.5", 4950),
        ("$1,049.00", 104_900),
        ("1.049,00 USD", 104_900),
        ("1 049,5", 104_950),
        ("1'049.50", 104_950),
        ("1,049", 104_900),
        ("1,234,567", 123_456_700),
        ("49.0000", 4900),
        ("49,90", 4990),
        ("0", 0),
    ] {
        assert_eq!(usd(text), Ok(minor), "{text}");
    }
    assert_eq!(decimal("€49,90", currency("EUR")), Ok(4990));
    assert_eq!(decimal("¥1,580", currency("JPY")), Ok(1580));
    for text in [
        "",
        "-",
        "-5",
        "49.999",
        "1,04,9",
        "1.2.3",
        "abc",
        "(5.00)",
        "1,2,3.4",
        "12 apples",
        "1..5",
    ] {
        assert!(usd(text).is_err(), "{text}");
    }
    assert_eq!(
        usd("€49.00"),
        Err(NotAnAmount::OtherCurrency(Currency::USD))
    );
    assert_eq!(
        usd("49.00 EUR"),
        Err(NotAnAmount::OtherCurrency(Currency::USD))
    );
    assert_eq!(usd("1.049"), Err(NotAnAmount::Ambiguous));
    assert_eq!(
        decimal("1,049", currency("KWD")),
        Err(NotAnAmount::Ambiguous)
    );
    assert_eq!(minor("4900", Currency::USD), Ok(4900));
    assert!(minor("49.00", Currency::USD).is_err());
}

#[test]
fn dates_are_read_without_guessing() {
    let read = |text| moment(text, DateOrder::Clear).map(|at| at.to_rfc3339());
    for (text, expected) in [
        ("2026-08-19T16:28:31.164Z", "2026-08-19T16:28:31.164+00:00"),
        ("2026-08-19 16:28:31 UTC", "2026-08-19T16:28:31+00:00"),
        ("2026-08-19 16:28:31 +0200", "2026-08-19T14:28:31+00:00"),
        ("2026-08-19 16:28", "2026-08-19T16:28:00+00:00"),
        ("2026-08-19", "2026-08-19T12:00:00+00:00"),
        ("2026/08/19", "2026-08-19T12:00:00+00:00"),
        ("Aug 19, 2026", "2026-08-19T12:00:00+00:00"),
        ("August 19, 2026 4:28 PM", "2026-08-19T16:28:00+00:00"),
        ("19 Aug 2026", "2026-08-19T12:00:00+00:00"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
    }
    for text in [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "26-08-19",
        "08/19/2026",
        "0001-01-01",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let month = moment("03/04/2026 10:00", DateOrder::MonthFirst).expect("a date");
    assert_eq!(month.to_rfc3339(), "2026-03-04T10:00:00+00:00");
    let day = moment("03/04/2026", DateOrder::DayFirst).expect("a date");
    assert_eq!(day.to_rfc3339(), "2026-04-03T12:00:00+00:00");
}

#[test]
fn a_row_says_which_column_is_wrong() {
    const HEADER: &str = "Order|Affiliate code|Amount|Date|Status|Customer email";
    let header = HEADER.replace("Order", "Order ID");
    let column = |row: &str| sale(&header, row).1.expect_err("is refused").column;
    assert_eq!(column("|ann|49|2026-05-01||"), "Order ID");
    assert_eq!(column("1|a|49|2026-05-01||"), "Affiliate code");
    assert_eq!(column("1|ann|0|2026-05-01||"), "Amount");
    assert_eq!(column("1|ann|49|soon||"), "Date");
    assert_eq!(column("1|ann|49|2027-05-01||"), "Date");
    assert_eq!(column("1|ann|49|2026-05-01|who knows|"), "Status");
    assert_eq!(column("1|ann|49|2026-05-01||nobody"), "Customer email");
    assert!(sale(&header, "1|ann|49|2026-05-01").1.is_ok());
}

#[test]
fn where_a_sale_stood_is_told_by_its_status_and_its_dates() {
    const HEADER: &str = "Order ID|Code|Amount|Date|Status|Paid out at|Refunded";
    let standing = |rest: &str| {
        let row = format!("1|ann|49|2026-05-01|{rest}");
        sale(HEADER, &row)
            .1
            .map(|sale| (sale.standing, sale.refunded_minor))
    };
    assert_eq!(standing("||"), Ok((Standing::Pending, 0)));
    assert_eq!(standing("Paid||"), Ok((Standing::Paid(None), 0)));
    let paid = moment("2026-06-01", DateOrder::Clear).ok();
    assert_eq!(standing("|2026-06-01|"), Ok((Standing::Paid(paid), 0)));
    assert_eq!(standing("due|2026-06-01|"), Ok((Standing::Approved, 0)));
    assert_eq!(standing("pending|2026-06-01|"), Ok((Standing::Pending, 0)));
    assert_eq!(standing("paid|2026-06-01|"), Ok((Standing::Paid(paid), 0)));
    assert_eq!(standing("due|2027-06-01|"), Ok((Standing::Approved, 0)));
    assert_eq!(standing("paid||10"), Ok((Standing::Paid(None), 1000)));
    assert_eq!(standing("approved||49"), Ok((Standing::Refunded, 4900)));
    assert_eq!(standing("refunded||"), Ok((Standing::Refunded, 4900)));
    assert_eq!(standing("voided||"), Ok((Standing::Denied, 0)));
}

#[test]
fn when_the_customer_paid_is_not_when_the_affiliate_was() {
    let (platform, sale) = sale(
        "Order ID|Code|Amount|Created at|Paid at",
        "1|ann|49|2026-05-01|2026-05-02",
    );
    assert_eq!(platform, Platform::Other);
    assert_eq!(sale.map(|sale| sale.standing), Ok(Standing::Pending));
    let guess = |header: &str| {
        let header = cells(header);
        let platform = Platform::detect(&header);
        let mapping = Mapping::guess(ImportKind::Sales, platform, &header);
        mapping.column(Field::PaidAt).map(str::to_owned)
    };
    for header in [
        "Order ID|Code|Amount|Paid at",
        "Transaction Key|Partner Key|Paid At|Invoice Payment Date",
        "event_id|promoter_email|paid_at",
    ] {
        assert_eq!(guess(header), None, "{header}");
    }
    let of_commissions = guess("Affiliate Token|Sale Charged At|Due At|Paid At");
    assert_eq!(of_commissions.as_deref(), Some("Paid At"));
    assert_eq!(
        guess("Order ID|Payout date").as_deref(),
        Some("Payout date")
    );
}

proptest! {
    #[test]
    fn no_text_breaks_the_reading(
        header in proptest::collection::vec(".{0,20}", 1..8),
        row in proptest::collection::vec(".{0,40}", 0..10),
        sales in any::<bool>(),
    ) {
        let kind = if sales { ImportKind::Sales } else { ImportKind::Affiliates };
        let platform = Platform::detect(&header);
        let mut mapping = Mapping::guess(kind, platform, &header);
        for (field, column) in Field::of(kind).iter().zip(header.iter().cycle()) {
            mapping.set(*field, column);
        }
        let Ok(columns) = mapping.columns(kind, &header) else { return Ok(()) };
        for dates in DateOrder::ALL {
            let reading = Reading { platform, dates: *dates, currency: Currency::USD };
            let _ = SaleLine::read(&row, &columns, reading, now());
            let _ = AffiliateLine::read(&row, &columns);
        }
    }

    #[test]
    fn no_amount_and_no_date_breaks_the_reading(text in "[0-9.,'$€A-Za-z/: +-]{0,24}") {
        for code in ["USD", "JPY", "KWD", "EUR"] {
            let _ = decimal(&text, currency(code));
            let _ = minor(&text, currency(code));
        }
        for order in DateOrder::ALL {
            let _ = moment(&text, *order);
        }
    }

    #[test]
    fn what_is_written_as_an_amount_is_read_as_it(minor in 0..=1_000_000_000_000_i64) {
        for code in ["USD", "JPY", "EUR"] {
            let money = Money::new(minor, currency(code));
            prop_assert_eq!(decimal(&money.to_string(), money.currency), Ok(minor));
            if code == "USD" {
                prop_assert_eq!(decimal(&money.to_decimal(), money.currency), Ok(minor));
            }
        }
    }

    #[test]
    fn names_of_columns_are_compared_by_letters_and_digits(name in "[a-z]{1,8}", gap in "[ _.-]{0,2}") {
        let spelled = format!("{}{gap}{}", name.to_uppercase(), name);
        prop_assert_eq!(plain(&spelled), format!("{name}{name}"));
    }
}
