// Braintree's own library signs, and what it signs is understood. No page is opened.

import { BraintreeAccount, braintreeId, charged } from '../support/braintree';
import { Organization } from '../support/organization';
import { expect, test } from '../support/test';

/** Every kind that the library has a sample of its own for, and what becomes of it. */
const SAMPLES: Record<string, string> = {
  check: 'ignored',
  // The library's samples of charges name neither currency nor type, which real notifications do.
  subscription_charged_successfully: 'failed',
  subscription_charged_unsuccessfully: 'failed',
  subscription_billing_skipped: 'ignored',
  subscription_canceled: 'stored',
  subscription_expired: 'ignored',
  subscription_trial_ended: 'ignored',
  subscription_went_active: 'ignored',
  subscription_went_past_due: 'ignored',
  transaction_disbursed: 'ignored',
  transaction_reviewed: 'ignored',
  transaction_settled: 'unattributed',
  transaction_settlement_declined: 'stored',
  refund_failed: 'parked',
  dispute_opened: 'parked',
  dispute_under_review: 'parked',
  dispute_disputed: 'parked',
  dispute_accepted: 'parked',
  dispute_auto_accepted: 'parked',
  dispute_expired: 'parked',
  dispute_lost: 'parked',
  dispute_won: 'parked',
  disbursement: 'ignored',
  account_updater_daily_report: 'ignored',
  granted_payment_method_revoked: 'ignored',
  local_payment_completed: 'ignored',
  a_kind_of_the_future: 'ignored',
};

let shop: Organization;
let braintree: BraintreeAccount;
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  await shop.affiliate('Sarah');
  braintree = await BraintreeAccount.connect(shop);
});

test('a challenge is answered as the library answers it', async () => {
  const challenge = '20f9f8ed05f77439fe955c977e4c8a53';
  const answer = await fetch(`${braintree.url}?bt_challenge=${challenge}`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe(braintree.proof(challenge));
});

test('every sample of the library is kept', async () => {
  for (const [kind, outcome] of Object.entries(SAMPLES)) {
    expect(await braintree.sample(kind, braintreeId()), kind).toBe(outcome);
  }
});

test('what others sign is refused', async () => {
  await expect(braintree.impostor().sample('check', 'x')).rejects.toThrow(/400 .*signed with public key another/);
});

test('a charge is a sale, and a chargeback takes it until it is won', async () => {
  // The samples of disputes are about a transaction of their own id.
  const id = braintreeId();
  expect(await braintree.send('subscription_charged_successfully', charged(id, 'sarah'))).toBe('recorded');
  const sale = async () => (await shop.sales()).find((one) => one.externalEventId === id);
  expect(await sale()).toMatchObject({ amountCents: 4900, commissionCents: 980, status: 'Pending', affiliateName: 'Sarah' });
  // 250.00, and so all of it.
  expect(await braintree.sample('dispute_lost', id)).toBe('recorded');
  expect(await sale()).toMatchObject({ commissionCents: 0, status: 'Refunded' });
  // Of two tellings the newer one counts, and their times are told in seconds.
  const lost = Date.now() / 1000;
  await expect.poll(() => Date.now() / 1000).toBeGreaterThan(lost + 1);
  // The sample wins 245.00 of the 250.00: 5.00 are lost.
  expect(await braintree.sample('dispute_won', id)).toBe('recorded');
  expect(await sale()).toMatchObject({ refundedCents: 500, commissionCents: 880, status: 'Pending' });
});
