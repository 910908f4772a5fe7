// Flags: what is suspicious waits for a person, who resolves it in one action; any sale can be flagged by hand.

import { Organization, type Sale } from '../support/organization';
import { expect, test } from '../support/test';

const FLAGS = '/dashboard/flags';

let shop: Organization;
let ordinary: Sale;

test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  await shop.affiliate('Sarah Chen', { email: 'sarah@partner.example' });
  ordinary = await shop.sale({ affiliateSlug: 'sarah-chen', customerEmail: 'ann@customer.example' });
});
test.beforeEach(({ context }) => shop.signIn(context));

test('nothing to look at, then a flag that is dismissed and one that is confirmed', async ({ page, visit, look }) => {
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Flags/ });
  const items = page.getByRole('list', { name: 'Flags, newest first' }).getByRole('article');
  await visit(FLAGS);
  await expect(page).toHaveTitle('Flags · Tributary');
  await expect(page.getByRole('heading', { name: 'Nothing to look at' })).toBeVisible();

  for (const amountCents of [4900, 9900]) {
    await shop.sale({ affiliateSlug: 'sarah-chen', customerEmail: 'Sarah+shop@partner.example', amountCents });
  }
  await visit(FLAGS);
  await expect(link).toHaveAccessibleName(/2 open/);
  await expect(items).toHaveCount(2);
  const small = items.filter({ hasText: '$49.00' });
  await expect(small.getByRole('heading', { name: 'Self-referral' })).toBeVisible();
  await expect(small).toContainText("leads to the affiliate's mailbox sarah@partner.example.");
  await expect(small.getByRole('link', { name: 'Sarah Chen' })).toHaveAttribute('href', /^\/dashboard\/affiliates\//);
  await small.getByLabel('Note').fill('a present');
  await small.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Resolved.' })).toBeVisible();
  await expect(items).toHaveCount(1);
  await expect(link).toHaveAccessibleName(/1 open/);
  await look();

  await items.getByRole('checkbox', { name: 'If confirmed, also block Sarah Chen' }).check();
  await items.getByRole('button', { name: 'Confirm and deny' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing to look at' })).toBeVisible();
  await page.getByRole('link', { name: 'Show resolved flags' }).click();
  await expect(items).toHaveCount(2);
  await expect(items.filter({ hasText: '$99.00' })).toContainText('Confirmed');
  await expect(items.filter({ hasText: '$49.00' })).toContainText('a present');
  await look();
  const denied = (await shop.sales()).find((sale) => sale.amountCents === 9900);
  expect(denied?.status).toBe('Denied');
});

test('a sale is flagged by hand', async ({ page, visit, look }) => {
  await visit(`/dashboard/sales/${ordinary.id}`);
  const story = page.getByRole('complementary', { name: 'Sale' });
  await story.locator('summary', { hasText: 'Flag for review' }).click();
  await story.getByLabel('Note').fill('an odd name');
  await story.getByRole('button', { name: 'Flag for review' }).click();
  await expect(story.getByRole('heading', { name: 'Flags' })).toBeVisible();
  await expect(story).toContainText('A member asks for a review: an odd name.');
  await look();
  await story.getByRole('link', { name: 'Resolve' }).click();
  const item = page.getByRole('article').filter({ hasText: 'ann@customer.example' });
  await item.getByRole('button', { name: 'Mark reviewed' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Resolved.' })).toBeVisible();
  await expect(item).toContainText('Reviewed');
  await look();
});
