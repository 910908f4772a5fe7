// The list of sales: filters, paging and empty states, with JavaScript and without.

import type { Page } from '@playwright/test';
import { Organization } from '../support/organization';
import { SALES, SalesPage } from '../support/sales-page';
import { expect, test } from '../support/test';

let shop: Organization;
let tom: string;
let partners: string;

// 90 sales of Sarah's, 20 through Tom's coupon in a campaign of its own, 10 leads of Sarah's.
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  partners = await shop.campaign('Partners', { commissionPercent: 10 });
  await shop.affiliate('Sarah');
  tom = await shop.affiliate('Tom', { programId: partners });
  await shop.coupon('TOM10', tom, partners);
  const each = (count: number, make: (number: string) => Promise<unknown>) =>
    Promise.all(Array.from({ length: count }, (_, index) => make(String(index + 1).padStart(3, '0'))));
  await each(90, (number) => shop.sale({ externalEventId: `order-${number}`, affiliateSlug: 'sarah' }));
  await each(20, (number) => shop.sale({ externalEventId: `coupon-${number}`, couponCode: 'tom10', amountCents: 2000 }));
  await each(10, (number) => shop.lead({ externalEventId: `lead-${number}`, email: `${number}@example.com`, affiliateSlug: 'sarah' }));
});
test.beforeEach(({ context }) => shop.signIn(context));

/** Without JavaScript a filter is sent by its button. */
async function apply(page: Page, javaScriptEnabled: boolean | undefined): Promise<void> {
  if (javaScriptEnabled === false) await page.getByRole('button', { name: 'Apply' }).click();
}

/** Expects every row of the page to say this in a column. */
async function all(sales: SalesPage, column: Parameters<SalesPage['column']>[0], pattern: RegExp, count: number): Promise<void> {
  await expect(sales.rows).toHaveCount(count);
  for (const text of await sales.column(column)) expect(text).toMatch(pattern);
}

test('the whole list', async ({ page, visit }) => {
  const sales = new SalesPage(page);
  await visit(SALES);
  await expect(page).toHaveTitle('Sales · Tributary');
  await expect(sales.rows).toHaveCount(50);
  await sales.chips(120, 110, 10);
  await sales.totals({ Sales: '110', Amount: '$4,810.00', Commission: '$922.00', Pending: '$922.00', Approved: '$0.00', Paid: '$0.00' });
});

test('type chips', async ({ page, visit, look }) => {
  const sales = new SalesPage(page);
  await visit(SALES);
  await sales.chip('Leads').click();
  await expect(page).toHaveURL(`${SALES}?type=leads`);
  await all(sales, 'Type', /^Lead$/, 10);
  await expect(sales.chip('Leads')).toHaveAttribute('aria-current', 'true');
  await sales.chips(120, 110, 10);
  await look();

  await sales.chip('Sales').click();
  await expect(page).toHaveURL(`${SALES}?type=sales`);
  await all(sales, 'Type', /^Sale$/, 50);

  await page.goBack();
  await expect(page).toHaveURL(`${SALES}?type=leads`);
  await all(sales, 'Type', /^Lead$/, 10);
  await page.goBack();
  await expect(page).toHaveURL(SALES);
  await expect(sales.rows).toHaveCount(50);
  await expect(sales.chip('All')).toHaveAttribute('aria-current', 'true');
});

test('status', async ({ page, visit, look, javaScriptEnabled }) => {
  const sales = new SalesPage(page);
  await visit(SALES);
  let filters = await sales.open('Status');
  await look();
  await filters.getByRole('checkbox', { name: 'Approved' }).check();
  await apply(page, javaScriptEnabled);
  await expect(page).toHaveURL(`${SALES}?status=approved`);
  await all(sales, 'Status', /^Approved/, 10);
  await sales.totals({ Sales: '0' });

  if (javaScriptEnabled === false) filters = await sales.open('Status');
  await expect(filters.getByRole('checkbox', { name: 'Approved' })).toBeChecked();
  await filters.getByRole('checkbox', { name: 'Paid' }).check();
  await apply(page, javaScriptEnabled);
  await expect(page).toHaveURL(/status=approved(,|&status=)paid$/);
  await expect(sales.rows).toHaveCount(10);

  await page.getByRole('link', { name: 'Clear status' }).click();
  await expect(page).toHaveURL(SALES);
  await expect(sales.rows).toHaveCount(50);
});

test('source', async ({ page, visit, javaScriptEnabled }) => {
  const sales = new SalesPage(page);
  await visit(SALES);
  const filters = await sales.open('Source');
  await filters.getByRole('checkbox', { name: 'Coupon' }).check();
  await apply(page, javaScriptEnabled);
  await expect(page).toHaveURL(`${SALES}?source=coupon`);
  await all(sales, 'Source', /^Coupon · TOM10$/, 20);
  await sales.totals({ Sales: '20', Amount: '$400.00', Commission: '$40.00' });
  await expect(page.getByRole('link', { name: 'Export CSV' })).toHaveAttribute('href', '/api/conversions/export?source=coupon');
});

test('affiliate and campaign', async ({ page, visit, look, javaScriptEnabled }) => {
  const sales = new SalesPage(page);
  await visit(SALES);
  let filters = await sales.open('Affiliate');
  await filters.getByRole('radio', { name: 'Tom' }).check();
  await apply(page, javaScriptEnabled);
  await expect(page).toHaveURL(new RegExp(`affiliate=${tom}`));
  await all(sales, 'Affiliate', /^TomPartners$/, 20);

  // A filter goes with the others, not instead of them.
  filters = await sales.open('Campaign');
  await filters.getByRole('radio', { name: 'Default' }).check();
  await apply(page, javaScriptEnabled);
  await expect(page).toHaveURL(new RegExp(`affiliate=${tom}.*campaign=`));
  await expect(page.getByRole('heading', { name: 'No sale fits these filters' })).toBeVisible();
  await sales.chips(0, 0, 0);
  await look();

  if (javaScriptEnabled === false) filters = await sales.open('Campaign');
  await filters.getByRole('radio', { name: 'Partners' }).check();
  await apply(page, javaScriptEnabled);
  await all(sales, 'Affiliate', /^TomPartners$/, 20);

  await page.getByRole('link', { name: 'Clear all' }).click();
  await expect(page).toHaveURL(SALES);
  await expect(sales.rows).toHaveCount(50);
});

test('dates', async ({ page, visit }) => {
  const sales = new SalesPage(page);
  await visit(SALES);
  let filters = await sales.open('Date');
  await filters.getByRole('link', { name: 'Last 7 days' }).click();
  await expect(page).toHaveURL(/since=\d{4}-\d\d-\d\d$/);
  await sales.chips(120, 110, 10);

  await visit(SALES);
  filters = await sales.open('Date');
  await filters.getByLabel('From').fill('2025-01-01');
  await filters.getByLabel('To', { exact: true }).fill('2025-01-31');
  await filters.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/since=2025-01-01&(until=2025-02-01|to=2025-01-31)$/);
  await expect(page.getByRole('heading', { name: 'No sale fits these filters' })).toBeVisible();
  await expect(page.getByText('Jan 1, 2025 – Jan 31, 2025')).toBeVisible();

  await page.getByRole('link', { name: 'Clear filters' }).click();
  await expect(page).toHaveURL(SALES);
  await expect(sales.rows).toHaveCount(50);
});

test('an address is the whole state', async ({ page, visit }) => {
  const sales = new SalesPage(page);
  await visit(`${SALES}?type=sales&status=pending,denied&source=coupon&affiliate=${tom}&campaign=${partners}&take=25`);
  await all(sales, 'Source', /^Coupon · TOM10$/, 20);
  for (const filter of ['status', 'source', 'affiliate', 'campaign']) {
    await expect(page.getByRole('link', { name: `Clear ${filter}` })).toBeVisible();
  }
  const filters = await sales.open('Status');
  await expect(filters.getByText('Pending, Denied')).toBeVisible();
  await expect(filters.getByRole('checkbox', { name: 'Denied' })).toBeChecked();
  await expect(filters.getByRole('checkbox', { name: 'Paid' })).not.toBeChecked();
  await page.getByRole('link', { name: 'Clear all' }).click();
  await expect(page).toHaveURL(`${SALES}?type=sales&take=25`);
  await expect(sales.rows).toHaveCount(25);
});

test('paging by cursor', async ({ page, visit }) => {
  const sales = new SalesPage(page);
  const older = page.getByRole('link', { name: 'Older' });
  const newer = page.getByRole('link', { name: 'Newer', exact: true });
  const expectPage = async (shown: string[]) => expect.poll(() => sales.column('Processor')).toEqual(shown);
  await visit(SALES);
  await expect(newer).toHaveCount(0);
  const first = await sales.column('Processor');
  await older.click();
  await expect(sales.row(first[0] ?? '')).toHaveCount(0);
  const second = await sales.column('Processor');
  await older.click();
  await expect(sales.rows).toHaveCount(20);
  await expect(older).toHaveCount(0);
  const third = await sales.column('Processor');
  expect(new Set([...first, ...second, ...third]).size, 'every sale is on one page').toBe(120);
  expect([...first, ...second, ...third]).toEqual((await shop.sales()).map((sale) => sale.externalEventId));
  await sales.chips(120, 110, 10);

  await newer.click();
  await expectPage(second);
  await newer.click();
  await expectPage(first);
  await page.goBack();
  await expectPage(second);
  await page.getByRole('link', { name: 'Newest', exact: true }).click();
  await expect(page).toHaveURL(SALES);
  await expectPage(first);

  await page.getByRole('list', { name: 'per page' }).getByRole('link', { name: '100' }).click();
  await expect(page).toHaveURL(`${SALES}?take=100`);
  await expect(sales.rows).toHaveCount(100);
});

test.describe('an address that is not understood', () => {
  test.use({ expected: [[/status of 400/], { scope: 'test' }] });

  for (const [name, value] of [['status', 'open'], ['cursor', 'forged'], ['take', '7']]) {
    test(`${name}=${value} says so instead of showing everything`, async ({ page, visit }) => {
      const sales = new SalesPage(page);
      await visit(`${SALES}?${name}=${value}`);
      await expect(page.getByRole('main').getByRole('alert')).toContainText(`The filter “${name}” in this address is not understood.`);
      await expect(sales.table).toHaveCount(0);
    });
  }

  test('it can be cleared', async ({ page, visit }) => {
    const sales = new SalesPage(page);
    await visit(`${SALES}?status=open`);
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await expect(page).toHaveURL(SALES);
    await expect(sales.rows).toHaveCount(50);
  });
});

test('before the first sale there is a checklist', async ({ page, context, server, visit }) => {
  const empty = await Organization.create(server);
  await context.clearCookies();
  await empty.signIn(context);
  await visit(SALES);
  await expect(page.getByRole('heading', { name: 'No sales yet' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Connect a processor' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Add an affiliate' })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Done' })).toHaveCount(0);
});

test('ids can be copied where JavaScript can do it', async ({ page, context, visit, javaScriptEnabled }) => {
  const sales = new SalesPage(page);
  await visit(SALES);
  const id = (await shop.sales())[0]?.externalEventId ?? '';
  const copy = sales.rows.first().getByRole('button', { name: `Copy ${id}` });
  if (javaScriptEnabled === false) {
    await expect(copy).toHaveCount(0);
    return;
  }
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await copy.click();
  await expect(sales.rows.first().getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id);
});

test.describe('with JavaScript', () => {
  test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, 'needs JavaScript');

  test('a source says what it means when it is focused', async ({ page, visit }) => {
    const sales = new SalesPage(page);
    await visit(`${SALES}?source=coupon`);
    const badge = sales.cell(sales.rows.first(), 'Source').getByText('Coupon');
    await badge.focus();
    await expect(badge).toHaveAccessibleDescription("The affiliate's coupon was on the payment.");
  });

  test('Escape closes a filter and gives the focus back', async ({ page, visit }) => {
    const sales = new SalesPage(page);
    await visit(SALES);
    const filters = await sales.open('Status');
    await expect(filters.getByRole('checkbox', { name: 'Paid' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(filters.getByRole('checkbox', { name: 'Paid' })).toBeHidden();
    await page.keyboard.press('Enter');
    await expect(filters.getByRole('checkbox', { name: 'Paid' })).toBeVisible();
  });
});

test.describe('on a narrow screen', () => {
  test.use({ viewport: { width: 360, height: 740 }, isMobile: true });

  test('the filters fold into one button', async ({ page, visit, look, javaScriptEnabled }) => {
    const sales = new SalesPage(page);
    await visit(`${SALES}?source=coupon`);
    const fold = page.getByRole('button', { name: 'Filters' });
    await expect(fold).toHaveText(/Filters\s*1/);
    await expect(page.getByText('Status', { exact: true }).first()).toBeHidden();
    await fold.click();
    const filters = await sales.open('Status');
    await filters.getByRole('checkbox', { name: 'Denied' }).check();
    await apply(page, javaScriptEnabled);
    await expect(page).toHaveURL(/status=denied/);
    await look();
    const tooWide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    expect(await page.evaluate(tooWide), 'pixels wider than the screen').toBe(0);
  });
});
