// Outgoing webhooks: a program of the merchant's is told what happens, with signatures that the reference library of
// the Standard Webhooks specification takes.

import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { Organization } from '../support/organization';
import { expect, test } from '../support/test';

const PAGE = '/dashboard/settings/webhooks';

interface Told {
  headers: IncomingHttpHeaders;
  body: string;
}

let shop: Organization;
let receiver: Server;
let address: string;
let told: Told[] = [];
let status = 200;

test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
  await shop.affiliate('Sarah Chen');
  receiver = createServer(async (request, response) => {
    told.push({ headers: request.headers, body: await text(request) });
    response.writeHead(status).end('thank you');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
});
test.afterAll(() => new Promise((resolve) => receiver.close(resolve)));
test.beforeEach(async ({ context }) => {
  told = [];
  status = 200;
  await shop.signIn(context);
});

test('a webhook is added, tried, told of a sale, given a new secret, and removed', async ({ page, visit, look }) => {
  await visit(PAGE);
  await expect(page).toHaveTitle('Webhooks · Tributary');
  await page.getByRole('link', { name: 'Add webhook' }).click();
  const form = page.getByRole('region', { name: 'Add webhook' });
  const add = form.getByRole('button', { name: 'Add webhook' });
  await look();
  await form.getByLabel('Name').fill('Bookkeeping');
  await form.getByLabel('Address').fill('http://192.168.1.1/hooks');
  await form.getByRole('checkbox', { name: 'Flag raised' }).check();
  await add.click();
  await expect(form.getByLabel('Address')).toHaveAccessibleDescription(/private ones among them, are not called\./);
  await expect(form.getByLabel('Name')).toHaveValue('Bookkeeping');
  await expect(form.getByRole('checkbox', { name: 'Flag raised' })).toBeChecked();
  await expect(form.getByRole('checkbox', { name: 'Sale recorded' })).toBeChecked();
  await look();
  await form.getByLabel('Address').fill(address);
  await add.click();

  await expect(page.getByRole('heading', { level: 1, name: 'Bookkeeping' })).toBeVisible();
  const secret = page.getByRole('status').filter({ hasText: 'Signing secret' }).locator('code');
  const first = await secret.innerText();
  await look();
  const rows = page.getByRole('table', { name: 'Deliveries, newest first' }).getByRole('row');
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect.poll(() => told.length).toBe(1);
  await expect(async () => {
    await page.reload();
    await expect(rows.nth(1)).toContainText('Delivered', { timeout: 1000 });
  }).toPass();
  await expect(rows.nth(1)).toContainText('webhook.test');
  await expect(secret).toBeHidden();
  await look();

  await shop.sale({ affiliateSlug: 'sarah-chen' });
  await expect.poll(() => told.length).toBe(2);
  const sale = told[1];
  if (!sale) throw new Error('nothing was told');
  const verified = new Webhook(first).verify(sale.body, sale.headers as Record<string, string>) as { type: string; data: { amount: number } };
  expect(verified.type).toBe('conversion.created');
  expect(verified.data.amount).toBe(4900);

  await page.getByRole('button', { name: 'Make a new secret' }).click();
  const second = await secret.innerText();
  expect(second).not.toBe(first);
  await look();
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect.poll(() => told.length).toBe(3);
  for (const valid of [first, second]) {
    const sent = told[2];
    if (!sent) throw new Error('nothing was told');
    expect(new Webhook(valid).verify(sent.body, sent.headers as Record<string, string>)).toMatchObject({ type: 'webhook.test' });
  }

  await page.locator('summary', { hasText: 'Remove this webhook' }).click();
  await page.getByRole('button', { name: 'Remove for good' }).click();
  await expect(page.getByRole('link', { name: 'Bookkeeping' })).toHaveCount(0);
});

test('a webhook that is gone says so, and takes what it missed when it is back', async ({ page, visit, look }) => {
  await visit(`${PAGE}?add=webhook`);
  const form = page.getByRole('region', { name: 'Add webhook' });
  await form.getByLabel('Name').fill('Slack');
  await form.getByLabel('Address').fill(address);
  await form.getByRole('button', { name: 'Add webhook' }).click();
  status = 410;
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('alert').filter({ hasText: 'Disabled: it answered 410 Gone' })).toBeVisible({ timeout: 1000 });
  }).toPass();
  const row = page.getByRole('table', { name: 'Deliveries, newest first' }).getByRole('row').nth(1);
  await expect(row).toContainText('Failed');
  await row.locator('summary', { hasText: 'What it answered' }).click();
  await expect(row).toContainText('thank you');
  await look();

  status = 200;
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Enabled' })).toBeVisible();
  await row.getByRole('button', { name: 'Send again' }).click();
  await expect.poll(() => told.length).toBe(2);
  expect(told[1]?.headers['webhook-id']).toBe(told[0]?.headers['webhook-id']);
  await expect(async () => {
    await page.reload();
    await expect(row).toContainText('Delivered', { timeout: 1000 });
  }).toPass();
  await look();
  await page.getByRole('link', { name: 'All webhooks' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'Slack' })).toContainText('Active');
});
