//! Imports: taken in once, whatever is repeated or cut off, and counted right by everything that counts.

mod going_on;
mod kept;
mod read;
mod taken_in;

use std::fmt::Write as _;

use domain::{
    id::ImportId,
    import::{DateOrder, ImportKind},
};
use store::{
    audit::Actor,
    import::{Import, Setup},
};

use crate::support::Shop;

const SALES: &str = "\
Sale ID,Affiliate Token,Sale Amount,Currency,Commission Amount,State,Charged At,Customer Email,Stripe Customer ID,Subscription ID,Refund Amount
s1,sarah,\"1,049.00\",USD,209.80,pending,2026-11-10 09:30:00 UTC,ann@example.com,cus_1,sub_1,
s2,sarah,$49.00,USD,9.80,due,2026-08-10T09:30:00Z,bob@example.com,cus_2,,
s3,SARAH,49.00,USD,9.80,paid,2026-03-10,bob@example.com,cus_2,,
s4,sarah,100.00,USD,20.00,paid,2026-03-11,carl@example.com,cus_3,,25.00
s5,sarah,49.00,USD,9.80,voided,2026-03-12,dora@example.com,cus_4,,
s6,sarah,49.00,USD,0.00,refunded,2026-03-12,emil@example.com,cus_5,,49.00
s1,sarah,49.00,USD,9.80,pending,2026-11-10,ann@example.com,cus_1,,
s7,nobody,49.00,USD,9.80,pending,2026-11-10,ann@example.com,,,
s8,sarah,-5,USD,1,pending,2026-11-10,,,,
s9,sarah,5,USD,1,pending,11/10/2026,,,,
";

impl Shop {
    async fn upload(&self, kind: ImportKind, content: &str) -> Import {
        let begun = self
            .store
            .begin_import(Actor::System, self.organization_id, kind, "file.csv")
            .await;
        let mut upload = begun.expect("begins");
        for piece in content.as_bytes().chunks(100_000) {
            upload.push(piece).await.expect("keeps");
        }
        upload.finish().await.expect("is read")
    }

    async fn start(&self, import: &Import, is_dry_run: bool) -> Import {
        let setup = Setup {
            platform: import.platform,
            mapping: import.mapping.clone(),
            dates: DateOrder::Clear,
            campaign_id: None,
            is_dry_run,
        };
        let started = self
            .store
            .start_import(Actor::System, self.organization_id, import.id, setup)
            .await;
        started.expect("starts")
    }

    async fn at(&self, id: ImportId) -> Import {
        let import = self.store.import(self.organization_id, id).await;
        import.expect("reads").expect("is there")
    }

    async fn to_the_end(&self, import: &Import) -> Import {
        while self.store.run_imports().await.expect("runs") {}
        self.at(import.id).await
    }

    pub(crate) async fn imported(&self, kind: ImportKind, content: &str) -> Import {
        let import = self.upload(kind, content).await;
        self.start(&import, false).await;
        self.to_the_end(&import).await
    }

    pub(crate) async fn is_in_order(&self) {
        let recount = self.store.recount().await.expect("counts");
        assert_eq!(recount.differences, Vec::<String>::new());
    }
}

fn counts(import: &Import) -> [i64; 4] {
    [import.read, import.created, import.existing, import.failed]
}

/// So many sales of one affiliate, each of another customer.
fn many(rows: usize) -> String {
    let mut content = String::from(
        "id,affiliate_email,amount,currency,commission,date,customer_email,subscription_id\n",
    );
    for row in 0..rows {
        let day = row % 28 + 1;
        writeln!(
            content,
            "order_{row},sarah@affiliate.example,49.00,USD,9.80,2026-05-{day:02},customer{row}@example.com,sub_{row}"
        )
        .expect("writes");
    }
    content
}
