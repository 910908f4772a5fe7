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
  await form.getByLabel('Referral code').fill('Rita');
  await form.getByLabel('Own commission in %').fill('33.3');
  await form.getByLabel('Recruiter').fill('weber');
  await look();
  await form.getByRole('button', { name: 'Save' }).click();

  await expect(form.getByLabel('Recruiter')).toHaveAccessibleDescription(/Nobody is his own recruiter/);
  await expect(form.getByLabel('Name')).toHaveValue('Jonas W.');
  await expect(form.getByLabel('Own commission in %')).toHaveValue('33.3');
  await expect(form.getByLabel('Referral code')).toHaveValue('Rita');
  await look();
  await form.getByLabel('Recruiter').fill('rita');
  await form.getByRole('button', { name: 'Save' }).click();

  await expect(form.getByLabel('Referral code')).toHaveAccessibleDescription(/Another affiliate already has the referral code rita/);
  await look();
  await form.getByLabel('Referral code').fill('weber-2');
  await form.getByLabel('Stripe account').fill('acct_1A2b3C');
  await form.getByRole('button', { name: 'Save' }).click();

  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Jonas W.' })).toBeVisible();
  await expect(form).toBeHidden();
  await expect(page.getByText('weber-2', { exact: true })).toBeVisible();
  await expect(page.getByText('acct_1A2b3C')).toBeVisible();
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

test('paused, blocked, removed and restored, each after a sentence about it', async ({ page, visit, look }) => {
  const zack = await shop.affiliate('Zack', { code: 'zack' });
  await visit(`${AFFILIATES}/${zack}`);
  const steps: [string, RegExp, string][] = [
    ['Pause', /No new credit until this is resumed/, 'Paused'],
    ['Resume', /are credited again/, 'Active'],
    ['Block', /pending sales can be denied one by one/, 'Blocked'],
    ['Remove', /this can be restored/, 'Removed'],
  ];
  for (const [verb, sentence, word] of steps) {
    await page.getByRole('link', { name: verb, exact: true }).click();
    const panel = page.getByRole('region', { name: verb });
    await expect(panel.getByText(sentence)).toBeVisible();
    await look();
    await panel.getByRole('button', { name: verb }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1, name: 'Zack' }).locator('..')).toContainText(word);
  }
  await visit(AFFILIATES);
  await expect(page.getByRole('rowheader', { name: 'Zack' })).toBeHidden();
  await visit(`${AFFILIATES}?status=removed`);
  await page.getByRole('link', { name: 'Zack' }).click();
  await page.getByRole('link', { name: 'Restore' }).click();
  await page.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByRole('link', { name: 'Pause' })).toBeVisible();
});

test('a further campaign has a link of its own', async ({ page, visit, look }) => {
  await shop.campaign('Resellers', { commissionPercent: 10 });
  const mia = await shop.affiliate('Mia', { code: 'mia' });
  await visit(`${AFFILIATES}/${mia}`);
  await page.getByRole('link', { name: 'Add to a campaign' }).click();
  const form = page.getByRole('region', { name: 'Add to a campaign' });
  await form.getByLabel('Campaign').selectOption('Resellers');
  await form.getByLabel('Own commission in %').fill('101');
  await form.getByRole('button', { name: 'Add to a campaign' }).click();
  await expect(form.getByLabel('Own commission in %')).toHaveAttribute('aria-invalid', 'true');
  await look();
  await form.getByLabel('Own commission in %').fill('12.5');
  await form.getByRole('button', { name: 'Add to a campaign' }).click();
  await expect(page.getByText(/\/r\/mia(\?o=[\w-]+)?$/)).toBeVisible();
  await expect(page.getByText(/\/r\/mia\?c=resellers(&o=[\w-]+)?$/)).toBeVisible();
  await expect(page.getByText('primary', { exact: true })).toBeVisible();
  await look();
});

test('the list is found by what names begin with, and its way through is kept', async ({ page, visit, look, javaScriptEnabled }) => {
  for (let index = 1; index <= 55; index += 1) await shop.affiliate(`Many ${index}`, { code: `many-${index}` });
  await visit(AFFILIATES);
  const rows = page.getByRole('table', { name: 'Affiliates' }).getByRole('row');
  await expect(rows).toHaveCount(1 + 50);
  await look();
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page.getByRole('link', { name: 'Newest' })).toBeVisible();
  await page.getByLabel('Begins with').fill('sarah');
  if (javaScriptEnabled === false) await page.getByRole('button', { name: 'Apply' }).click();
  else await page.getByLabel('Begins with').press('Tab');
  await expect(rows).toHaveCount(1 + 1);
  await expect(page).toHaveURL(/q=sarah/);
  await expect(rows.nth(1)).toContainText('Sarah Chen');
  await look();
  await visit(`${AFFILIATES}?q=nobody-of-this-name`);
  await expect(page.getByRole('heading', { name: 'Nobody fits' })).toBeVisible();
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await expect(rows).toHaveCount(1 + 50);
});

test('the way from click to sale is told for a period', async ({ page, visit, look }) => {
  await visit(`${AFFILIATES}/${sarah}`);
  const funnel = page.getByRole('region', { name: 'From click to sale' });
  await expect(funnel.getByRole('listitem').last()).toContainText(/Sales\s*3/);
  await funnel.getByRole('link', { name: '90 days' }).click();
  await expect(page).toHaveURL(/days=90/);
  await expect(funnel.getByRole('link', { name: '90 days' })).toHaveAttribute('aria-current', 'true');
  await look();
});
