// One sale: its story over the list or as a page, what is decided about it, and a sale entered by hand.

import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { Organization, type Sale } from '../support/organization';
import { SALES, SalesPage, isMarked, mark } from '../support/sales-page';
import { Endpoint, NEW, Subscription, now, stripeId } from '../support/stripe';
import { expect, test } from '../support/test';

const SECRET = `whsec_${'drawer'.repeat(5)}`;

let shop: Organization;
let stripe: Endpoint;

test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  await shop.affiliate('Sarah');
  const body = { processor: 'stripe', mode: 'live', name: 'Stripe', signingSecrets: [SECRET] };
  const connection = await shop.call<{ data: { webhookUrl: string } }>('POST', '/api/v1/connections', body);
  stripe = new Endpoint(connection.data.webhookUrl, SECRET, true);
});
test.beforeEach(({ context }) => shop.signIn(context));

const sell = (more: Record<string, unknown> = {}): Promise<Sale> =>
  shop.sale({ affiliateSlug: 'sarah', customerEmail: 'ann@example.com', ...more });

/** The drawer, or the page that stands for it. */
const story = (page: Page): Locator => page.getByRole('complementary', { name: 'Sale' });

/** Opens the sale of a row. */
async function open(page: Page, row: Locator): Promise<Locator> {
  await row.getByRole('link').first().click();
  await expect(page).toHaveURL(/\/dashboard\/sales\/[0-9a-f-]{36}/);
  const opened = story(page);
  await expect(opened.getByRole('heading', { level: 2 })).toBeVisible();
  return opened;
}

/** Chooses a decision that asks for a reason, and gives one. */
async function decide(within: Locator, name: string, reason: string): Promise<void> {
  await within.locator('summary', { hasText: name }).click();
  await within.getByRole('textbox', { name: 'Reason' }).fill(reason);
  await within.getByRole('button', { name }).click();
}

test('a refund arrives: the row turns in place, and the drawer says why', async ({ page, visit, look, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without JavaScript a page changes when it is loaded again');
  const invoice = stripeId('in');
  const paid = new Subscription('ann@example.com', 'Ann Lee').invoice(invoice, NEW, 4900, 490, 'usd', now() - 60);
  expect(await stripe.send('invoice.paid', { ...paid, metadata: { tributary_ref: 'sarah' } }, NEW)).toBe('recorded');
  const sales = new SalesPage(page);
  await visit(SALES);
  await sales.live();
  await mark(page);
  const row = sales.rows.first();
  const drawer = await open(page, row);
  await expect(drawer.getByRole('heading', { level: 2 })).toHaveText('$9.80 to Sarah');
  await expect(drawer).toContainText('Tax and credit');
  await expect(drawer.getByRole('link', { name: invoice })).toHaveAttribute('href', `https://dashboard.stripe.com/invoices/${invoice}`);
  await expect(drawer.getByRole('link', { name: 'invoice.paid' })).toHaveAttribute('href', /^\/dashboard\/events\//);
  await look();

  const [charge, refund] = [stripeId('ch'), stripeId('re')];
  const payment = { invoice, payment: { type: 'charge', charge }, amount_paid: 5390, currency: 'usd', status: 'paid' };
  await stripe.send('invoice_payment.paid', { id: stripeId('inpay'), object: 'invoice_payment', ...payment }, NEW);
  const back = { id: refund, object: 'refund', amount: 5390, charge, currency: 'usd', status: 'succeeded', created: now() };
  await stripe.send('refund.created', { ...back, reason: 'requested_by_customer' }, NEW);
  await expect(row).toContainText('Refunded');
  await expect(drawer.getByRole('heading', { level: 2 })).toHaveText('$0.00 to Sarah');
  await expect(drawer).toContainText('All of the money went back: nothing is due');
  await expect(drawer).toContainText(refund);
  await expect(drawer).toContainText('requested_by_customer');
  await expect(drawer.getByRole('table', { name: /account/ }).getByRole('row', { name: /Clawback/ })).toContainText('-$9.80');
  expect(await isMarked(page)).toBe(true);
  await look();
});

test('the drawer keeps the place in the list', async ({ page, visit, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, 'without JavaScript a sale is a page');
  await sell({ externalEventId: 'in-its-place' });
  const sales = new SalesPage(page);
  const filtered = `${SALES}?type=sales&take=25`;
  await visit(filtered);
  await mark(page);
  const row = sales.row('in-its-place');
  const drawer = await open(page, row);
  await expect(page).toHaveURL(/\?type=sales&take=25$/);
  await expect(sales.table).toBeVisible();
  await expect(drawer).toBeFocused();

  await sell({ externalEventId: 'meanwhile' });
  await expect(sales.row('meanwhile')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(filtered);
  await expect(drawer).toBeHidden();
  await expect(row.getByRole('link').first()).toBeFocused();

  await open(page, row);
  await page.goBack();
  await expect(drawer).toBeHidden();
  await page.goForward();
  await expect(story(page)).toBeVisible();
  await story(page).getByRole('link', { name: 'All sales' }).click();
  await expect(page).toHaveURL(filtered);
  expect(await isMarked(page)).toBe(true);
});

test('deny with a reason, and restore', async ({ page, visit, look }) => {
  const sale = await sell();
  await visit(`${SALES}/${sale.id}`);
  const told = story(page);
  await expect(new SalesPage(page).table).toHaveCount(0);
  await expect(told.getByRole('heading', { level: 2 })).toHaveText('$9.80 to Sarah');
  await decide(told, 'Deny', 'a test order');
  await expect(told).toContainText('Denied: nothing is due');
  await expect(told).toContainText('denied: a test order');
  await expect(told).toContainText(shop.email);
  await look();

  await told.getByRole('button', { name: 'Restore' }).click();
  await expect(told.getByRole('heading', { level: 2 })).toHaveText('$9.80 to Sarah');
  await decide(told, 'Approve early', 'a known customer');
  await expect(told).toContainText('Pending to Approved');
  await told.getByRole('link', { name: 'All sales' }).click();
  await expect(page).toHaveURL(SALES);
  await expect(new SalesPage(page).rows.first()).toBeVisible();
});

test('a selection is decided about as a whole', async ({ page, visit, look }) => {
  await sell({ externalEventId: 'picked-1' });
  await sell({ externalEventId: 'picked-2' });
  const sales = new SalesPage(page);
  await visit(SALES);
  const bar = page.getByRole('form', { name: 'Selected sales' });
  await expect(bar).toBeHidden();
  for (const id of ['picked-1', 'picked-2']) await sales.row(id).getByRole('checkbox').check();
  await expect(bar).toBeVisible();
  await look();
  await bar.getByRole('textbox', { name: 'Reason' }).fill('chargebacks');
  await bar.getByRole('button', { name: 'Deny' }).click();
  for (const id of ['picked-1', 'picked-2']) await sales.says(sales.row(id), { Status: 'Denied', Commission: '$0.00' });
  await expect(bar).toBeHidden();
});

test('the selected sales come as CSV', async ({ page, visit }) => {
  const sold: Sale[] = [];
  for (const id of ['csv-1', 'csv-2', 'csv-3']) sold.push(await sell({ externalEventId: id }));
  const sales = new SalesPage(page);
  await visit(SALES);
  for (const id of ['csv-1', 'csv-3']) await sales.row(id).getByRole('checkbox').check();
  const bar = page.getByRole('form', { name: 'Selected sales' });
  const file = page.waitForEvent('download');
  await bar.getByRole('button', { name: 'Export CSV' }).click();
  const download = await file;
  expect(download.suggestedFilename()).toMatch(/^sales-\d{4}-\d\d-\d\d\.csv$/);
  const [header, ...lines] = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
  expect(header).toMatch(/^created_at,.*,coupon_code$/);
  const ids = lines.map((line) => sold.findIndex((sale) => line.includes(sale.id)));
  expect(ids, 'newest first').toEqual([2, 0]);
  await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(2);
});

test.describe('a selection that is refused', () => {
  test.use({ expected: [[/status of 400/], { scope: 'test' }] });

  test('stays picked, and says why', async ({ page, visit, look }) => {
    const [one, two] = [await sell({ externalEventId: 'refused-1' }), await sell({ externalEventId: 'refused-2' })];
    await shop.call('POST', '/api/v1/conversions/bulk', { ids: [one.id], action: 'deny', reason: 'a test order' });
    const sales = new SalesPage(page);
    await visit(`${SALES}?take=25`);
    const boxes = ['refused-1', 'refused-2'].map((id) => sales.row(id).getByRole('checkbox'));
    for (const box of boxes) await box.check();
    const bar = page.getByRole('form', { name: 'Selected sales' });
    await bar.getByRole('textbox', { name: 'Reason' }).fill('chargebacks');
    await bar.getByRole('button', { name: 'Deny' }).click();
    await expect(bar.getByRole('alert')).toContainText('because of 1 of these 2 sales: it is denied already');
    await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(2);
    for (const box of boxes) await expect(box).toBeChecked();
    await expect(bar.getByRole('textbox', { name: 'Reason' })).toHaveValue('chargebacks');
    await expect(sales.row('refused-2')).toContainText('Pending');
    expect(two.status).toBe('Pending');
    await look();
  });
});

test('add a sale', async ({ page, visit, look }) => {
  await visit(SALES);
  await page.getByRole('link', { name: 'Add a sale' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Add a sale');
  await look();
  const field = (name: string) => page.getByRole('textbox', { name });
  await page.getByRole('combobox', { name: 'Affiliate' }).fill('sarah');
  await field('Amount paid').fill('a lot');
  await field('Note').fill('paid by wire');
  await page.getByRole('button', { name: 'Add a sale' }).click();
  await expect(page.getByText('An amount of USD such as 5.00 is needed.')).toBeVisible();
  await expect(field('Note')).toHaveValue('paid by wire');
  await look();

  await field('Amount paid').fill('250.00');
  await page.getByRole('button', { name: 'Add a sale' }).click();
  await expect(story(page).getByRole('heading', { level: 2 })).toHaveText('$50.00 to Sarah');
  await expect(story(page)).toContainText('Entered by hand: paid by wire');
});
