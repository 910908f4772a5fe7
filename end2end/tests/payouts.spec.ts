// Payouts: what is payable is paid in a run, which is seen before it is made; a refund afterwards is taken off the next one.

import { Organization, type Sale } from '../support/organization';
import { expect, test } from '../support/test';

const PAYOUTS = '/dashboard/payouts';

let shop: Organization;

/** A sale that a member approves before its hold ends. */
async function approved(amountCents: number): Promise<Sale> {
  const made = await shop.sale({ affiliateSlug: 'sarah-chen', amountCents });
  await shop.call('POST', `/api/v1/conversions/${made.id}/approve`, { reason: 'an old customer' });
  return made;
}

test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  const terms = await shop.campaign('Partners', { payoutThreshold: 1000 });
  await shop.affiliate('Sarah Chen', { programId: terms });
});

test.beforeEach(({ context }) => shop.signIn(context));

test('nothing is payable at first', async ({ page, visit }) => {
  await visit(PAYOUTS);
  await expect(page).toHaveTitle('Payouts · Tributary');
  await expect(page.getByText('Nothing is owed.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'No payouts yet' })).toBeVisible();
  await page.getByRole('link', { name: 'Prepare a run' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing to pay out' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make these payouts' })).toBeHidden();
});

test('from approval to paid, and a refund afterwards is taken off the next run', async ({ page, visit, look }) => {
  const sale = await approved(4900);
  await approved(4900);

  await visit(PAYOUTS);
  const payable = page.getByRole('table', { name: 'What affiliates are owed, the most first' });
  await expect(payable.getByRole('row', { name: /Sarah Chen/ })).toContainText('$19.60');
  await expect(payable.getByRole('row', { name: /Sarah Chen/ })).toContainText('Paid by hand');

  await page.getByRole('link', { name: 'Prepare a run' }).click();
  const run = page.getByRole('table', { name: 'Payouts of this run' });
  await expect(run.getByRole('row', { name: /Sarah Chen/ })).toContainText('$19.60');
  await expect(page.getByRole('group', { name: 'Totals of this run' })).toContainText('$19.60');
  await look();
  await page.getByRole('button', { name: 'Make these payouts' }).click();

  await expect(page.getByRole('status').filter({ hasText: '1 payout was made.' })).toBeVisible();
  const history = page.getByRole('table', { name: 'Payouts, newest first' });
  await expect(history.getByRole('row', { name: /Sarah Chen/ })).toContainText('Pending');
  await look();
  await history.getByRole('link', { name: 'Sarah Chen' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '$19.60' })).toBeVisible();
  await look();
  await page.getByRole('button', { name: 'Start paying' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  await expect(page.locator('.head .status')).toHaveText('Processing');
  await page.locator('summary', { hasText: 'Mark as paid' }).click();
  await page.getByLabel('Note').fill('bank transfer 4711');
  await page.getByRole('button', { name: 'Mark as paid' }).click();
  await expect(page.locator('.head .status')).toHaveText('Completed');
  await expect(page.getByText('bank transfer 4711').first()).toBeVisible();
  await look();
  const entries = page.getByRole('table', { name: 'Entries that the payout takes, oldest first' });
  await entries.getByRole('link', { name: 'Open sale' }).first().click();
  await expect(page.getByRole('complementary', { name: 'Sale' })).toContainText('Paid');

  await shop.call('POST', '/api/tracking/s2s/refund', { externalEventId: sale.externalEventId, refundId: 'r1' });
  await approved(9900);
  await visit(`${PAYOUTS}/new`);
  // 19.80 were earned, 9.80 of what was paid out went back.
  const row = page.getByRole('table', { name: 'Payouts of this run' }).getByRole('row', { name: /Sarah Chen/ });
  await expect(row).toContainText('$19.80');
  await expect(row).toContainText('-$9.80');
  await expect(row).toContainText('$10.00');
});

test('a payout that failed is payable again', async ({ page, visit, look }) => {
  await visit(`${PAYOUTS}/new`);
  await page.getByRole('button', { name: 'Make these payouts' }).click();
  const history = page.getByRole('table', { name: 'Payouts, newest first' });
  await history.getByRole('link', { name: 'Sarah Chen' }).click();
  await page.locator('summary', { hasText: 'Mark as failed' }).click();
  await page.getByLabel('Reason').fill('the account is closed');
  await page.getByRole('button', { name: 'Mark as failed' }).click();
  await expect(page.locator('.head .status')).toHaveText('Failed');
  await expect(page.getByText('The account is closed.').first()).toBeVisible();
  await look();
  await visit(`${PAYOUTS}?status=failed`);
  await expect(history.getByRole('row', { name: /Sarah Chen/ })).toContainText('$10.00');
  await visit(`${PAYOUTS}?status=processing`);
  await expect(page.getByRole('heading', { name: 'No payout fits these filters' })).toBeVisible();
  await visit(`${PAYOUTS}/new`);
  await expect(page.getByRole('table', { name: 'Payouts of this run' })).toContainText('$10.00');
});

test('payouts come as a file', async ({ page, visit }) => {
  await visit(PAYOUTS);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
  expect(download.suggestedFilename()).toMatch(/^payouts-\d{4}-\d{2}-\d{2}\.csv$/);
});
