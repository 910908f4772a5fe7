//! What the columns of sales are called.

use super::{Names, Platform};
use crate::import::Field;

impl Platform {
    #[expect(clippy::too_many_lines, reason = "one line per column")]
    pub(super) const fn names_of_sales(self) -> Names {
        match self {
            Self::Rewardful => &[
                (
                    Field::ExternalEventId,
                    &[
                        "saleid",
                        "stripeinvoiceid",
                        "stripechargeid",
                        "commissionid",
                        "id",
                    ],
                ),
                (
                    Field::AffiliateSlug,
                    &["affiliatetoken", "affiliatelinktoken", "linktoken", "token"],
                ),
                (
                    Field::AmountMinor,
                    &["saleamountcents", "chargeamountcents"],
                ),
                (Field::Amount, &["saleamount", "chargeamount", "sale"]),
                (Field::CommissionMinor, &["commissionamountcents"]),
                (
                    Field::Commission,
                    &["commissionamount", "commission", "amount"],
                ),
                (Field::Status, &["state", "commissionstate"]),
                (
                    Field::OccurredAt,
                    &[
                        "chargedat",
                        "salechargedat",
                        "saledate",
                        "createdat",
                        "date",
                    ],
                ),
                // Of the commission: the sale's own is "charged at".
                (Field::PaidAt, &["paidat"]),
                (Field::CustomerId, &["stripecustomerid", "customerstripeid"]),
                (Field::RefundedMinor, &["refundamountcents"]),
            ],
            Self::FirstPromoter => &[
                (Field::ExternalEventId, &["eventid", "commissionid", "id"]),
                (
                    Field::AffiliateSlug,
                    &["refid", "reftoken", "promoterrefid", "promoterreftoken"],
                ),
                (Field::AffiliateEmail, &["promoteremail", "promoter"]),
                (Field::Amount, &["saleamount", "sale", "salevalue"]),
                (Field::AmountMinor, &["saleamountcents"]),
                (
                    Field::Commission,
                    &["commissionamount", "commission", "reward", "amount"],
                ),
                (
                    Field::CustomerEmail,
                    &["referralemail", "leademail", "customeremail"],
                ),
                (Field::CustomerId, &["custid", "referraluid", "uid"]),
                (
                    Field::Campaign,
                    &["campaignname", "promotercampaign", "campaign"],
                ),
            ],
            Self::Tapfiliate => &[
                (
                    Field::ExternalEventId,
                    &["conversionexternalid", "externalid", "conversionid", "id"],
                ),
                (Field::AffiliateSlug, &["referralcode", "affiliateid"]),
                (Field::Amount, &["conversionamount", "amount"]),
                (
                    Field::Commission,
                    &["commissionamount", "commissions", "commission", "payout"],
                ),
                (
                    Field::Status,
                    &[
                        "approved",
                        "commissionapproved",
                        "commissionstatus",
                        "status",
                    ],
                ),
                (Field::Campaign, &["programtitle", "programname", "program"]),
                (Field::OccurredAt, &["conversiondate", "createdat", "date"]),
            ],
            Self::Tolt => &[
                (
                    Field::ExternalEventId,
                    &["chargeid", "transactionid", "commissionid", "id"],
                ),
                (Field::AffiliateSlug, &["linkvalue", "partnerslug", "slug"]),
                (Field::AffiliateEmail, &["partneremail", "partner"]),
                (
                    Field::Amount,
                    &["revenue", "saleamount", "transactionamount"],
                ),
                (
                    Field::Commission,
                    &["commission", "commissionamount", "amount"],
                ),
            ],
            Self::PartnerStack => &[
                (
                    Field::ExternalEventId,
                    &["transactionkey", "transactionid", "rewardkey", "key"],
                ),
                (
                    Field::AffiliateSlug,
                    &[
                        "partnerkey",
                        "partnershipkey",
                        "partnerstackkey",
                        "stackkey",
                    ],
                ),
                (Field::AffiliateEmail, &["partneremail"]),
                (Field::Amount, &["transactionamount", "amount"]),
                (Field::Commission, &["rewardamount", "reward", "commission"]),
                (Field::Status, &["rewardstatus", "paymentstatus", "status"]),
                (
                    Field::CustomerId,
                    &["customerproviderkey", "customerexternalkey", "customerkey"],
                ),
            ],
            Self::Dub => &[
                (Field::ExternalEventId, &["invoiceid", "id"]),
                (Field::AffiliateEmail, &["partneremail"]),
                (Field::AffiliateSlug, &["partnertenantid", "linkkey"]),
                (Field::Amount, &["amount", "saleamount"]),
                (Field::Commission, &["earnings"]),
                (Field::CustomerId, &["customerexternalid", "customerid"]),
            ],
            Self::Other => &[
                (
                    Field::ExternalEventId,
                    &[
                        "externaleventid",
                        "externalid",
                        "saleid",
                        "orderid",
                        "transactionid",
                        "eventid",
                        "conversionid",
                        "invoiceid",
                        "id",
                    ],
                ),
                (
                    Field::AffiliateSlug,
                    &[
                        "affiliateslug",
                        "affiliatecode",
                        "referralcode",
                        "slug",
                        "affiliatetoken",
                        "refcode",
                        "ref",
                        "via",
                        "code",
                    ],
                ),
                (
                    Field::AffiliateEmail,
                    &["affiliateemail", "partneremail", "promoteremail"],
                ),
                (
                    Field::AmountMinor,
                    &[
                        "amountcents",
                        "amountminor",
                        "saleamountcents",
                        "totalcents",
                    ],
                ),
                (
                    Field::Amount,
                    &[
                        "amount",
                        "saleamount",
                        "total",
                        "revenue",
                        "orderamount",
                        "price",
                    ],
                ),
                (Field::CommissionCurrency, &["commissioncurrency"]),
                (
                    Field::Currency,
                    &["currency", "currencycode", "salecurrency"],
                ),
                (
                    Field::CommissionMinor,
                    &[
                        "commissioncents",
                        "commissionminor",
                        "commissionamountcents",
                    ],
                ),
                (
                    Field::Commission,
                    &[
                        "commission",
                        "commissionamount",
                        "earnings",
                        "payout",
                        "reward",
                    ],
                ),
                (
                    Field::RefundedMinor,
                    &["refundedcents", "refundamountcents"],
                ),
                (
                    Field::Refunded,
                    &[
                        "refunded",
                        "refundamount",
                        "refundedamount",
                        "amountrefunded",
                    ],
                ),
                (
                    Field::Status,
                    &["status", "state", "commissionstatus", "conversionstatus"],
                ),
                (
                    Field::OccurredAt,
                    &[
                        "occurredat",
                        "date",
                        "saledate",
                        "orderdate",
                        "createdat",
                        "created",
                        "paidon",
                        "timestamp",
                        "conversiondate",
                        "transactiondate",
                        "paidat",
                    ],
                ),
                // "Paid at" is mostly when the customer paid.
                (Field::PaidAt, &["paidoutat", "payoutdate"]),
                (
                    Field::Campaign,
                    &["campaign", "campaignname", "program", "programname"],
                ),
                (
                    Field::CustomerEmail,
                    &[
                        "customeremail",
                        "buyeremail",
                        "referralemail",
                        "leademail",
                        "clientemail",
                    ],
                ),
                (
                    Field::CustomerName,
                    &["customername", "customer", "buyername", "referralname"],
                ),
                (
                    Field::CustomerId,
                    &["customerid", "stripecustomerid", "customerexternalid"],
                ),
                (
                    Field::SubscriptionId,
                    &["subscriptionid", "stripesubscriptionid", "subscription"],
                ),
                (
                    Field::InvoiceId,
                    &["invoiceid", "stripeinvoiceid", "invoice"],
                ),
                (Field::ChargeId, &["chargeid", "stripechargeid", "charge"]),
            ],
        }
    }
}
