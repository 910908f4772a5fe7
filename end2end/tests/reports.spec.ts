// Reports: what came in over a span of days, in figures, charts and tables, with the way to the sales behind a number.

import { Organization } from '../support/organization';
import { expect, test } from '../support/test';

const REPORTS = '/dashboard/reports';

let shop: Organization;

test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
});
test.beforeEach(({ context }) => shop.signIn(context));

test('nothing came yet, then sales in two currencies are told', async ({ page, visit, look }) => {
  await visit(REPORTS);
  await expect(page).toHaveTitle('Reports · Tributary');
  await expect(page.getByRole('heading', { name: 'Nothing came in these days' })).toBeVisible();
  await look();

  await shop.affiliate('Sarah Chen');
  for (const amountCents of [4900, 9900]) await shop.sale({ affiliateSlug: 'sarah-chen', amountCents });
  await shop.sale({ affiliateSlug: 'sarah-chen', amountCents: 2500, currency: 'EUR' });
  await visit(REPORTS);
  const figures = page.getByRole('region', { name: 'In figures' });
  await expect(figures).toContainText('$148.00');
  await expect(figures).toContainText('none before');
  await expect(page.getByRole('img', { name: /^Revenue by day\. Most: \$148\.00/ })).toBeVisible();
  const top = page.getByRole('table', { name: 'Top affiliates' });
  await expect(top.getByRole('row', { name: /Sarah Chen/ })).toContainText('$148.00');
  await look();

  await page.locator('summary', { hasText: 'The numbers behind the charts' }).click();
  const behind = page.getByRole('table', { name: 'The numbers behind the charts' });
  await expect(behind.getByRole('row').nth(1)).toContainText('$148.00');
  await expect(behind.getByRole('row')).toHaveCount(31);
  await look();

  await page.getByRole('list', { name: 'Currency of the money' }).getByRole('link', { name: 'EUR' }).click();
  await expect(figures).toContainText('€25.00');
  await expect(figures).not.toContainText('$148.00');
});

test('a number leads to its sales, and the period is chosen in the address', async ({ page, visit, look }) => {
  await visit(`${REPORTS}?period=7`);
  const behind = page.getByRole('table', { name: 'The numbers behind the charts', includeHidden: true });
  await expect(behind.getByRole('row', { includeHidden: true })).toHaveCount(8);
  await page.getByRole('table', { name: 'Top affiliates' }).getByRole('link', { name: '2', exact: true }).click();
  await expect(page).toHaveURL(/\/dashboard\/sales\?.*affiliate=/);
  await expect(page.getByRole('table').getByRole('row')).toHaveCount(4);

  await visit(`${REPORTS}?period=own&since=2020-01-01&to=2020-01-31`);
  await expect(page.getByRole('heading', { name: 'Nothing came in these days' })).toBeVisible();
  await expect(page.getByLabel('From', { exact: true })).toHaveValue('2020-01-01');
  await page.getByRole('link', { name: 'Show all time' }).click();
  await expect(page.getByRole('region', { name: 'In figures' })).toContainText('$148.00');
  await look();
});
