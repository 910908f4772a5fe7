// What Tributary is for: from an empty ledger to a credited sale on the screen.

import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { Organization } from '../support/organization';
import { SALES, SalesPage, isMarked, mark } from '../support/sales-page';
import { Endpoint, NEW, OLD, Subscription, stripeId } from '../support/stripe';
import { expect, test } from '../support/test';

const SECRET = `whsec_${'tributary'.repeat(4)}`;
const PROMOTION_CODE = stripeId('promo');

test('the first sale', async ({ page, context, server, visit, look }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const shop = await Organization.create(server);
  const sales = new SalesPage(page);
  let endpoint: Endpoint;

  await test.step('sign in', async () => {
    await visit('/');
    await page.getByLabel('E-mail').fill(shop.email);
    await page.getByLabel('Password').fill(shop.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { name: 'No sales yet' })).toBeVisible();
    await look();
  });

  await test.step('connect Stripe', async () => {
    await page.getByRole('link', { name: 'Connect a processor' }).click();
    await page.getByRole('link', { name: 'Connect Stripe' }).click();
    const form = page.getByRole('region', { name: 'Connect Stripe' });
    await form.getByLabel('Name').fill('Stripe EU');
    await form.getByLabel('Mode').selectOption('Test');
    await form.getByLabel('Signing secret').fill(SECRET);
    await look();
    await form.getByRole('button', { name: 'Connect Stripe' }).click();
    await expect(page.getByRole('heading', { name: 'Stripe EU' })).toBeVisible();
    await expect(form).toBeHidden();
    await look();
    const address = await page.getByText('/api/webhooks/stripe/').innerText();
    await page.getByRole('button', { name: 'Copy Webhook address' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address);
    expect(await page.content(), 'a secret is never shown again').not.toContain(SECRET);
    endpoint = new Endpoint(address, SECRET);
  });

  await test.step('add an affiliate', async () => {
    await page.getByRole('link', { name: 'Affiliates' }).click();
    await page.getByRole('link', { name: 'Add affiliate' }).click();
    const form = page.getByRole('region', { name: 'Add affiliate' });
    await form.getByLabel('Name').fill('Sarah Chen');
    await form.getByLabel('E-mail').fill('sarah@example.com');
    await form.getByLabel('Referral code').fill('sarah');
    await look();
    await form.getByRole('button', { name: 'Add affiliate' }).click();
    await expect(page.getByRole('row', { name: 'Sarah Chen' })).toContainText('sarah@example.com');
    await expect(form).toBeHidden();
  });

  await test.step('give her a coupon', async () => {
    await page.getByRole('link', { name: 'Add coupon' }).click();
    const form = page.getByRole('region', { name: 'Add coupon' });
    await form.getByLabel('Code', { exact: true }).fill('SARAH20');
    await form.getByLabel("Affiliate's referral code").fill('sarah');
    await form.getByLabel("Processor's discount id").fill(PROMOTION_CODE);
    await look();
    await form.getByRole('button', { name: 'Add coupon' }).click();
    await expect(page.getByRole('row', { name: 'SARAH20' })).toContainText('Sarah Chen');
    await look();
  });

  await test.step('her coupon is used, and the sale is there', async () => {
    await page.getByRole('link', { name: 'Sales', exact: true }).click();
    await expect(page.getByRole('listitem').filter({ hasText: 'Done' })).toHaveCount(2);
    await sales.live();
    await mark(page);

    const subscription = new Subscription('ann@example.com', 'Ann Lee');
    const invoice = stripeId('in');
    const clue = { discounts: [{ coupon: null, promotion_code: PROMOTION_CODE }] };
    await endpoint.sell(subscription, clue, subscription.invoice(invoice, NEW, 4900, 490), NEW);

    await expect(sales.rows).toHaveCount(1);
    await sales.says(sales.rows, {
      Date: 'Just now',
      Affiliate: 'Sarah Chen',
      Type: 'Sale',
      Source: 'Coupon · SARAH20',
      Amount: '$53.90',
      Commission: '$9.80',
      Status: 'Pending',
    });
    await expect(sales.cell(sales.rows, 'Processor').getByRole('link')).toHaveAttribute('href', `https://dashboard.stripe.com/test/invoices/${invoice}`);
    await sales.totals({ Sales: '1', Amount: '$53.90', Commission: '$9.80', Pending: '$9.80', Approved: '$0.00' });
    await sales.chips(1, 1, 0);
    expect(await isMarked(page), 'shown without loading the page again').toBe(true);
    expect(page.url()).toContain(SALES);
    await look();

    const expected = {
      type: 'Sale',
      source: 'Coupon',
      couponCode: 'SARAH20',
      status: 'Pending',
      affiliateName: 'Sarah Chen',
      amountCents: 5390,
      commissionCents: 980,
      externalEventId: invoice,
      invoiceId: invoice,
      subscriptionId: subscription.id,
      customerId: subscription.customer,
    };
    const [sale, ...others] = await shop.sales();
    expect(sale).toMatchObject(expected);
    expect(others).toEqual([]);

    const [row, ...more] = await exported(page);
    expect(row).toMatchObject({
      id: sale?.id,
      type: 'Sale',
      source: 'Coupon',
      status: 'Pending',
      affiliate_name: 'Sarah Chen',
      amount: '53.90',
      currency: 'USD',
      commission: '9.80',
      external_event_id: invoice,
      subscription_id: subscription.id,
      attribution_method: 'coupon',
      coupon_code: 'SARAH20',
    });
    expect(more).toEqual([]);
  });

  await test.step('her link is used, told in the shape of 2020', async () => {
    const subscription = new Subscription('bob@example.com', 'Bob Ray');
    const invoice = stripeId('in');
    const paid = subscription.invoice(invoice, OLD, 2000, 0);
    await endpoint.sell(subscription, { client_reference_id: 'sarah' }, paid, OLD);
    await expect(sales.rows).toHaveCount(2);
    await sales.says(sales.rows.first(), { Affiliate: 'Sarah Chen', Source: 'Link', Amount: '$20.00', Commission: '$4.00', Status: 'Pending' });
    await sales.chips(2, 2, 0);

    // What Stripe sends twice is counted once.
    expect(await endpoint.send('invoice.payment_succeeded', paid, OLD)).toBe('deduped');
    expect(await shop.sales()).toHaveLength(2);
    await sales.totals({ Sales: '2', Amount: '$73.90', Commission: '$13.80' });
    expect(await isMarked(page), 'shown without loading the page again').toBe(true);
  });
});

/** Clicks Export CSV and reads what is downloaded. */
async function exported(page: Page): Promise<Record<string, string | undefined>[]> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
  expect(download.suggestedFilename()).toMatch(/^sales-\d{4}-\d\d-\d\d\.csv$/);
  const [header, ...lines] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  const names = header?.split(',') ?? [];
  // Nothing in these rows needs quotes.
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index]]));
  });
}
