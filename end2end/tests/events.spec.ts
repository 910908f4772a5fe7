// The inbox of events: its list and filters, one event with its payload, and replaying it.

import { Organization } from '../support/organization';
import { Endpoint, NEW, Subscription, stripeId } from '../support/stripe';
import { expect, test } from '../support/test';

const EVENTS = '/dashboard/events';
const SECRET = `whsec_${'inbox'.repeat(6)}`;

interface Connection {
  id: string;
  webhookUrl: string;
}

let shop: Organization;
let connection: Connection;
let invoice: string;

// One event that failed, and two that are ignored: one of a type that is not used, and a payment in test mode, because
// the connection was taken for a live one by mistake.
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  await shop.affiliate('Sarah');
  const body = { processor: 'stripe', mode: 'live', name: 'Stripe US', signingSecrets: [SECRET] };
  connection = (await shop.call<{ data: Connection }>('POST', '/api/v1/connections', body)).data;
  const subscription = new Subscription('ann@example.com', 'Ann Lee');
  invoice = stripeId('in');
  const live = new Endpoint(connection.webhookUrl, SECRET, true);
  const sandbox = new Endpoint(connection.webhookUrl, SECRET);
  expect(await live.send('invoice.created', { id: stripeId('in') }, NEW)).toBe('ignored');
  expect(await live.send('invoice.paid', { id: stripeId('in'), note: '</pre><b>bold</b>' }, NEW)).toBe('failed');
  const paid = { ...subscription.invoice(invoice, NEW, 4900, 0), metadata: { tributary_ref: 'sarah' } };
  expect(await sandbox.send('invoice.paid', paid, NEW)).toBe('ignored');
});
test.beforeEach(({ context }) => shop.signIn(context));

test('the inbox and its filters', async ({ page, visit, look, javaScriptEnabled }) => {
  const apply = async () => {
    if (javaScriptEnabled === false) await page.getByRole('button', { name: 'Apply' }).click();
  };
  const rows = page.getByRole('table', { name: 'Events, newest first' }).getByRole('row');
  await visit(EVENTS);
  await expect(page).toHaveTitle('Events · Tributary');
  await expect(rows).toHaveCount(1 + 3);
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /Events.*failed/ })).toBeVisible();
  await expect(rows.nth(1)).toContainText('a test event on a live connection');

  const form = page.getByRole('form', { name: 'Filters' });
  await form.getByLabel('Outcome').selectOption('Failed');
  await apply();
  await expect(rows).toHaveCount(1 + 1);
  await expect(page).toHaveURL(/[?&]outcome=failed/);
  await look();
  await form.getByLabel('Type').selectOption('invoice.created');
  await apply();
  await expect(page.getByRole('heading', { name: 'No event fits these filters' })).toBeVisible();
  await look();
  await page.goBack();
  await expect(rows).toHaveCount(1 + 1);
  await expect(form.getByLabel('Type')).toHaveValue('');
  await form.getByLabel('Connection').selectOption('Stripe US');
  await apply();
  await expect(rows).toHaveCount(1 + 1);
});

test('an event is opened, its payload is text', async ({ page, visit, look }) => {
  await visit(`${EVENTS}?outcome=failed`);
  await page.getByRole('link', { name: 'invoice.paid' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'invoice.paid' })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Payload' })).toContainText('"note": "</pre><b>bold</b>"');
  await expect(page.getByText('Next attempt')).toBeVisible();
  await look();
  await page.getByRole('link', { name: 'All events' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Events' })).toBeVisible();
});

test('an event is replayed once its cause is gone', async ({ page, visit, look }) => {
  await visit(EVENTS);
  await page.getByRole('row').filter({ hasText: /on a live connection|recorded/ }).getByRole('link', { name: 'invoice.paid' }).click();
  const heading = page.getByRole('heading', { level: 1, name: 'invoice.paid' });
  await expect(heading).toBeVisible();
  await shop.call('PATCH', `/api/v1/connections/${connection.id}`, { mode: 'test' });
  await page.getByRole('button', { name: 'Replay' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Replayed.' })).toBeVisible();
  await expect(page.getByRole('definition').filter({ hasText: /^Recorded$/ })).toBeVisible();
  await expect(page.getByText(`recorded ${invoice}`)).toBeVisible();
  await look();
  const [sale] = await shop.sales();
  expect(sale?.['externalEventId']).toBe(invoice);
  await expect(page.getByRole('link', { name: 'Open sale' })).toHaveAttribute('href', `/dashboard/sales/${sale?.['id']}`);

  await page.getByRole('button', { name: 'Replay' }).click();
  await expect(page.getByRole('definition').filter({ hasText: /^3$/ }), 'attempts').toBeVisible();
  expect(await shop.sales(), 'again changes nothing').toHaveLength(1);
});
