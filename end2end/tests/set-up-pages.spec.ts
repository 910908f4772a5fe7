// Campaigns, affiliates and connections: their lists and forms, with JavaScript and without.

import { Organization } from '../support/organization';
import { expect, test } from '../support/test';

let shop: Organization;
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
});
test.beforeEach(({ context }) => shop.signIn(context));

test('campaigns', async ({ page, visit, look }) => {
  await visit('/dashboard/campaigns');
  await expect(page).toHaveTitle('Campaigns · Tributary');
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
  await expect(row('Default')).toContainText('20 % of every payment');

  await page.getByRole('link', { name: 'Add campaign' }).click();
  const form = page.getByRole('region', { name: 'Add campaign' });
  const add = form.getByRole('button', { name: 'Add campaign' });
  await expect(form.getByLabel('Currency')).toHaveValue('USD');
  await look();
  await form.getByLabel('Name').fill('Annual plans');
  await form.getByLabel('Currency').fill('EUR');
  await form.getByLabel('Commission').fill('12.5');
  await form.getByLabel('Paid for').selectOption('payments of the first months');
  await form.getByLabel('Hold in days').fill('14');
  await add.click();

  await expect(form.getByLabel('Months')).toHaveAccessibleDescription(/A whole number from 1 to \d+ is needed\./);
  await expect(form.getByLabel('Months')).toHaveAttribute('aria-invalid', 'true');
  await expect(form.getByLabel('Name')).toHaveValue('Annual plans');
  await expect(form.getByLabel('Commission')).toHaveValue('12.5');
  await expect(form.getByLabel('Paid for')).toHaveValue('recurring_limited');
  await look();
  await form.getByLabel('Months').fill('12');
  await add.click();

  await expect(row('Annual plans')).toContainText('12.5 % of payments of the first 12 months · EUR');
  await expect(row('Annual plans')).toContainText('annual-plans');
  await expect(row('Annual plans')).toContainText('14 days');
  await expect(form).toBeHidden();

  await page.getByRole('link', { name: 'Add campaign' }).click();
  await form.getByLabel('Name').fill('Annual plans');
  await form.getByLabel('Hold in days').fill('7');
  await add.click();
  await expect(form.getByLabel('Name')).toHaveAccessibleDescription(/Another campaign already has the slug annual-plans: choose another\./);
  await expect(form.getByLabel('Name')).toHaveValue('Annual plans');
  await expect(form.getByLabel('Hold in days')).toHaveValue('7');
  await form.getByRole('link', { name: 'Cancel' }).click();
  await expect(form).toBeHidden();
  await expect(page.getByRole('rowheader', { name: 'Annual plans' })).toHaveCount(1);
});

test('affiliates and coupons', async ({ page, visit, look }) => {
  await visit('/dashboard/affiliates');
  await expect(page).toHaveTitle('Affiliates · Tributary');
  await expect(page.getByRole('heading', { name: 'No affiliates yet' })).toBeVisible();
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });

  await page.getByRole('link', { name: 'Add affiliate' }).click();
  const form = page.getByRole('region', { name: 'Add affiliate' });
  const add = form.getByRole('button', { name: 'Add affiliate' });
  await form.getByLabel('Name').fill('Sarah Chen');
  await form.getByLabel('E-mail').fill('sarah@example.com');
  await form.getByLabel('Own commission in %').fill('25');
  await look();
  await add.click();
  await expect(row('Sarah Chen')).toContainText('sarah-chen');
  await expect(row('Sarah Chen')).toContainText('Default (25 %)');
  await expect(form).toBeHidden();

  await page.getByRole('link', { name: 'Add affiliate' }).click();
  await form.getByLabel('Name').fill('Sarah Chenoweth');
  await form.getByLabel('E-mail').fill('chenoweth@example.com');
  await form.getByLabel('Referral code').fill('Sarah-Chen');
  await add.click();
  const code = form.getByLabel('Referral code');
  await expect(code).toHaveAccessibleDescription(/Another affiliate already has the referral code sarah-chen: choose another\./);
  await expect(code).toHaveValue('Sarah-Chen');
  await expect(form.getByLabel('Name')).toHaveValue('Sarah Chenoweth');
  await expect(form.getByLabel('E-mail')).toHaveValue('chenoweth@example.com');
  await look();
  await code.fill('chenoweth');
  await add.click();
  await expect(row('Sarah Chenoweth')).toContainText('chenoweth');

  await page.getByRole('link', { name: 'Add coupon' }).click();
  const coupon = page.getByRole('region', { name: 'Add coupon' });
  await coupon.getByLabel('Coupon code').fill('SPRING25');
  await coupon.getByRole('button', { name: 'Add coupon' }).click();
  await expect(coupon.getByLabel('Affiliate')).toHaveAccessibleDescription(/Choose one of the list\./);
  await expect(coupon.getByLabel('Coupon code')).toHaveValue('SPRING25');
  await look();
  await coupon.getByLabel('Affiliate').selectOption('Sarah Chenoweth');
  await coupon.getByRole('button', { name: 'Add coupon' }).click();
  await expect(row('Sarah Chenoweth')).toContainText('SPRING25');
  await look();
});

test('connections', async ({ page, visit, look }) => {
  await visit('/dashboard/connections');
  await expect(page).toHaveTitle('Connections · Tributary');
  await expect(page.getByRole('heading', { name: 'No processor connected' })).toBeVisible();
  await page.getByRole('link', { name: 'Connect Stripe' }).click();
  const form = page.getByRole('region', { name: 'Connect Stripe' });
  const secret = form.getByLabel('Signing secret');
  await form.getByLabel('Name').fill('Stripe US');
  await secret.fill('sk_live_not_a_signing_secret');
  await form.getByRole('button', { name: 'Connect Stripe' }).click();
  await expect(secret).toHaveAccessibleDescription(/A signing secret of Stripe is needed; it begins with whsec_\./);
  await expect(form.getByLabel('Name')).toHaveValue('Stripe US');
  expect(page.url(), 'a secret is never in an address').not.toContain('sk_live');
  await secret.fill('whsec_0123456789abcdef');
  await form.getByRole('button', { name: 'Connect Stripe' }).click();

  const card = page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Stripe US' }) });
  await expect(card).toContainText(`${shop.url}/api/webhooks/stripe/`);
  await expect(card).toContainText('None yet');
  await card.getByText('25 events').click();
  await expect(card.getByText('checkout.session.completed')).toBeVisible();
  await look();

  await card.getByRole('link', { name: 'Add a further secret' }).click();
  const further = page.getByRole('region', { name: 'Add a further secret' });
  await look();
  await further.getByLabel('Signing secret').fill('whsec_fedcba9876543210');
  await further.getByRole('button', { name: 'Add secret' }).click();
  await expect(card.getByRole('definition').nth(4)).toHaveText('2');
  expect(await page.content(), 'secrets are never shown').not.toContain('whsec_fedcba');
});

test('a Paddle account: a wrong secret is told, so is a delivery that was turned away, and it can be removed', async ({ page, visit, look, request }) => {
  await visit('/dashboard/connections?add=paddle');
  const form = page.getByRole('region', { name: 'Connect Paddle' });
  await expect(form.getByLabel('Name')).toHaveValue('Paddle');
  await form.getByLabel('Name').fill('Paddle EU');
  await form.getByLabel('Mode').selectOption('Sandbox');
  await form.getByLabel('Secret key').fill('pdl_sdbx_apikey_01');
  await form.getByRole('button', { name: 'Connect Paddle' }).click();
  await expect(form.getByLabel('Secret key')).toHaveAccessibleDescription(/it begins with pdl_ntfset_/);
  await look();
  await form.getByLabel('Secret key').fill('pdl_ntfset_01_0123456789abcdef');
  await form.getByRole('button', { name: 'Connect Paddle' }).click();

  const card = page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Paddle EU' }) });
  await expect(card).toContainText('Nothing has come yet.');
  const address = await card.getByText('/api/webhooks/paddle/').innerText();
  const refused = await request.post(address, { data: {}, headers: { 'paddle-signature': 'ts=1;h1=00' } });
  expect(refused.status()).toBe(400);
  await visit('/dashboard/connections');
  await expect(card).toContainText('a delivery was turned away, because the signature does not match the one secret that is set');
  await look();

  await card.getByText('Remove', { exact: true }).click();
  await card.getByRole('button', { name: 'Remove this connection' }).click();
  await expect(card).toBeHidden();
  expect((await request.post(address, { data: {} })).status()).toBe(404);
});

test('a Braintree account with its key pair', async ({ page, visit, look }) => {
  await visit('/dashboard/connections?add=braintree');
  const form = page.getByRole('region', { name: 'Connect Braintree' });
  await form.getByLabel('Merchant ID').fill('acmemerchant1');
  await form.getByLabel('Public key').fill('acme_public_key_1');
  await form.getByRole('button', { name: 'Connect Braintree' }).click();
  await expect(form.getByLabel('Private key')).toHaveAccessibleDescription(/This is needed\./);
  await expect(form.getByLabel('Merchant ID')).toHaveValue('acmemerchant1');
  await expect(form.getByLabel('Public key')).toHaveValue('acme_public_key_1');
  await form.getByLabel('Private key').fill('0123456789abcdef0123456789abcdef');
  await form.getByRole('button', { name: 'Connect Braintree' }).click();

  const card = page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Braintree' }) });
  await expect(card).toContainText(`${shop.url}/api/webhooks/braintree/`);
  await expect(card.getByRole('definition').nth(4)).toHaveText('1');
  await look();
  await card.getByRole('link', { name: 'Add a further secret' }).click();
  const further = page.getByRole('region', { name: 'Add a further secret' });
  await further.getByLabel('Public key').fill('acme_public_key_2');
  await further.getByLabel('Private key').fill('fedcba9876543210fedcba9876543210');
  await further.getByRole('button', { name: 'Add secret' }).click();
  await expect(card.getByRole('definition').nth(4)).toHaveText('2');
  expect(await page.content(), 'keys are never shown').not.toContain('fedcba98');
});
