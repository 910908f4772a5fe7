// One affiliate: from the list to the page, balances, sales and ledger, and changing what is known.

import { Organization, type Sale } from '../support/organization';
import { expect, test } from '../support/test';

const AFFILIATES = '/dashboard/affiliates';

let shop: Organization;
let sarah: string;
let sold: Sale;

// Sarah earns in two currencies; one of her sales is refunded by half. Jonas has sold nothing.
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  await shop.affiliate('Rita');
  await shop.affiliate('Jonas');
  const euro = await shop.campaign('EU partners', { currency: 'EUR', commissionPercent: 15 });
  sarah = await shop.affiliate('Sarah Chen', { code: 'sarah', commissionPercent: 25 });
  await shop.call('PATCH', `/api/v1/affiliates/${sarah}`, { programId: euro });
  await shop.sale({ affiliateSlug: 'sarah', currency: 'EUR', campaignId: euro });
  await shop.sale({ affiliateSlug: 'sarah', amountCents: 10_000, externalEventId: 'order-1' });
  await shop.call('POST', '/api/tracking/s2s/refund', { externalEventId: 'order-1', refundId: 'back-1', amountCents: 5000 });
  sold = await shop.sale({ affiliateSlug: 'sarah', externalEventId: 'order-2' });
  await shop.call('POST', `/api/v1/conversions/${sold.id}/approve`, { reason: 'a friend of the house' });
});
test.beforeEach(({ context }) => shop.signIn(context));

test('from the list to balances, sales and ledger', async ({ page, visit, look }) => {
  await visit(AFFILIATES);
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Sarah Chen' }) });
  await expect(row).toContainText('€7.35 + $12.50');
  await expect(row).toContainText('$12.25');
  await row.getByRole('link', { name: 'Sarah Chen' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sarah Chen' })).toBeVisible();
  await expect(page).toHaveTitle('Affiliate · Tributary');

  const dollars = page.getByRole('group', { name: 'Balance in USD' });
  await expect(dollars.getByRole('definition')).toHaveText(['$12.50', '$12.25', '$0.00', '$0.00']);
  const euros = page.getByRole('group', { name: 'Balance in EUR' });
  await expect(euros.getByRole('definition')).toHaveText(['€7.35', '€0.00', '€0.00', '€0.00']);

  const sales = page.getByRole('table', { name: 'Newest sales' }).getByRole('row');
  await expect(sales).toHaveCount(1 + 3);
  await expect(sales.nth(1)).toContainText('Approved');
  const entries = page.getByRole('table', { name: 'Entries on the account, newest first' }).getByRole('row');
  await expect(entries).toHaveCount(1 + 4);
  await expect(entries.nth(1)).toContainText('+$12.25');
  await expect(entries.nth(2)).toContainText(/Clawback.*-\$12\.50/);
  await look();

  await entries.nth(1).getByRole('link', { name: 'Open sale' }).click();
  await expect(page).toHaveURL(new RegExp(`/dashboard/sales/${sold.id}`));
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Sarah Chen' })).toBeVisible();
  await page.getByRole('link', { name: 'All sales' }).click();
  await expect(page).toHaveURL(new RegExp(`/dashboard/sales\\?affiliate=${sarah}`));
});

test('a long account is read page by page', async ({ page, visit, look }) => {
  const zoe = await shop.affiliate('Zoe');
  for (let index = 1; index <= 30; index += 1) await shop.sale({ affiliateSlug: 'zoe', externalEventId: `long-${index}` });
  await visit(`${AFFILIATES}/${zoe}`);
  const entries = page.getByRole('table', { name: 'Entries on the account, newest first' }).getByRole('row');
  await expect(entries).toHaveCount(1 + 25);
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(entries).toHaveCount(1 + 5);
  await expect(entries.last()).toContainText('long-1');
  await expect(page.getByRole('link', { name: 'Older' })).toBeHidden();
  await look();
  await page.getByRole('link', { name: 'Newest' }).click();
  await expect(entries).toHaveCount(1 + 25);
});

test('nothing earned yet', async ({ page, visit }) => {
  await visit(AFFILIATES);
  await page.getByRole('link', { name: 'Jonas' }).click();
  await expect(page.getByText('Nothing was earned yet.')).toBeVisible();
  await expect(page.getByText(/^No sales yet\./)).toBeVisible();
  await expect(page.getByText(/^Nothing has been earned yet\./)).toBeVisible();
});

test('what is known is changed by a form that keeps what was typed', async ({ page, visit, look }) => {
  const jonas = await shop.affiliate('Jonas Weber', { code: 'weber' });
  await visit(`${AFFILIATES}/${jonas}`);
  await page.getByRole('link', { name: 'Edit' }).click();
  const form = page.getByRole('region', { name: 'Edit affiliate' });
  await expect(form.getByLabel('Name')).toHaveValue('Jonas Weber');
  await form.getByLabel('Name').fill('Jonas W.');
  await form.getByLabel('Status').selectOption('Paused');
  await form.getByLabel('Own commission in %').fill('33.3');
  await form.getByLabel('Recruiter').fill('weber');
  await look();
  await form.getByRole('button', { name: 'Save' }).click();

  await expect(form.getByText(/Nobody is his own recruiter/)).toBeVisible();
  await expect(form.getByLabel('Name')).toHaveValue('Jonas W.');
  await expect(form.getByLabel('Own commission in %')).toHaveValue('33.3');
  await expect(form.getByLabel('Status')).toHaveValue('paused');
  await look();
  await form.getByLabel('Recruiter').fill('rita');
  await form.getByRole('button', { name: 'Save' }).click();

  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Jonas W.' })).toBeVisible();
  await expect(form).toBeHidden();
  await expect(page.getByText('Paused', { exact: true })).toBeVisible();
  await expect(page.getByRole('definition').filter({ hasText: 'Default' })).toContainText(/33\.3\s%.*own commission/);
  await look();
  await page.getByRole('link', { name: 'Rita' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Rita' })).toBeVisible();
});

test('in several campaigns each commission is changed by itself', async ({ page, visit }) => {
  await visit(`${AFFILIATES}/${sarah}`);
  await page.getByRole('link', { name: 'Change EU partners' }).click();
  const form = page.getByRole('region', { name: 'Edit affiliate' });
  await expect(form.getByText('In EU partners')).toBeVisible();
  await expect(form.getByLabel('Own commission in %')).toHaveValue('');
  await form.getByLabel('Own commission in %').fill('20');
  await form.getByRole('button', { name: 'Save' }).click();
  const campaigns = page.getByRole('definition').filter({ hasText: 'EU partners' });
  await expect(campaigns).toContainText(/Default: 25\s%.*own commission.*EU partners: 20\s%.*own commission/);
});
