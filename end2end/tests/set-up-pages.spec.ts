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

  await expect(page.getByRole('heading', { level: 1, name: 'Annual plans' })).toBeVisible();
  await expect(page.getByRole('status')).toContainText('The campaign is there.');
  await look();
  await page.getByRole('link', { name: 'All campaigns' }).click();
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
  const affiliate = coupon.getByLabel("Affiliate's referral code");
  await coupon.getByLabel('Code', { exact: true }).fill('SPRING25');
  await coupon.getByRole('button', { name: 'Add coupon' }).click();
  await expect(affiliate).toHaveAccessibleDescription(/There is no affiliate with this referral code\./);
  await expect(coupon.getByLabel('Code', { exact: true })).toHaveValue('SPRING25');
  await look();
  await affiliate.fill('chenoweth');
  await coupon.getByLabel('Last day').fill('2099-12-31');
  await coupon.getByRole('button', { name: 'Add coupon' }).click();
  await expect(page).toHaveTitle('Coupons · Tributary');
  const spring = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'SPRING25' }) });
  await expect(spring).toContainText('Sarah Chenoweth');
  await expect(spring).toContainText('Dec 31, 2099');
  await expect(spring).toContainText('Active');
  await look();

  await spring.getByRole('link', { name: 'Edit' }).click();
  const edit = page.getByRole('region', { name: 'Edit coupon' });
  await look();
  await edit.getByLabel('Last day').fill('2026-01-01');
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status')).toHaveText('Saved.');
  await expect(spring).toContainText('Expired');

  await visit('/dashboard/coupons?q=nothing');
  await expect(page.getByRole('heading', { name: 'No coupon fits' })).toBeVisible();
  await look();
  await page.getByRole('link', { name: 'Show all coupons' }).click();
  await spring.getByRole('link', { name: 'Edit' }).click();
  await edit.getByText('Remove', { exact: true }).click();
  await look();
  await edit.getByRole('button', { name: 'Remove this coupon' }).click();
  await expect(page.getByRole('heading', { name: 'No coupons yet' })).toBeVisible();
  await visit('/dashboard/affiliates');
  await expect(row('Sarah Chenoweth')).not.toContainText('SPRING25');
});

test("a campaign's own page: terms, snippet, links, archive", async ({ page, visit, look, request }) => {
  await visit('/dashboard/affiliates?add=affiliate');
  const add = page.getByRole('region', { name: 'Add affiliate' });
  await add.getByLabel('Name').fill('Mia Wong');
  await add.getByLabel('E-mail').fill('mia@example.com');
  await add.getByRole('button', { name: 'Add affiliate' }).click();
  await visit('/dashboard/campaigns');
  await page.getByRole('link', { name: 'Default' }).click();
  await expect(page).toHaveTitle('Campaign · Tributary');
  await expect(page.getByText('Not seen yet')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Mia Wong' })).toContainText('/r/mia-wong?c=default');
  await page.getByText('Hand the referral to the checkout').click();
  await expect(page.getByText('Paddle.Checkout.open')).toBeVisible();
  await look();

  const save = page.getByRole('button', { name: 'Save terms' });
  await page.getByLabel('Website').fill('shop.example');
  await page.getByLabel('Hold in days').fill('14');
  await save.click();
  await expect(page.getByLabel('Website')).toHaveAccessibleDescription(/A web address such as/);
  await expect(page.getByLabel('Website')).toHaveValue('shop.example');
  await expect(page.getByLabel('Hold in days')).toHaveValue('14');
  await look();
  await page.getByLabel('Website').fill('https://shop.example');
  await page.getByLabel('Further sites').fill('pay.example\nbook.example');
  await save.click();
  await expect(page.getByRole('status')).toHaveText('Saved.');
  await expect(page.getByLabel('Hold in days')).toHaveValue('14');
  await expect(page.getByRole('link', { name: 'Open your site through a link' })).toHaveAttribute('href', 'https://shop.example/?via=mia-wong');

  await request.get(`${shop.url}/t.js`, { headers: { referer: 'https://www.shop.example/' } });
  await expect(async () => {
    await visit(page.url());
    await expect(page.getByText('Not seen yet')).toBeHidden({ timeout: 500 });
  }).toPass();
  await expect(page.getByRole('listitem').filter({ hasText: 'shop.example' }).first()).toContainText('Seen');
  await look();

  await page.getByText('Archive', { exact: true }).click();
  await page.getByRole('button', { name: 'Archive this campaign' }).click();
  await expect(page.getByRole('button', { name: 'Restore this campaign' })).toBeVisible();
  await look();
  await page.getByRole('button', { name: 'Restore this campaign' }).click();
  await expect(page.getByText('Archive', { exact: true })).toBeVisible();
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
  await card.getByText(/^\d+ events$/).click();
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

test('an import of affiliates: a file, its columns, a check, the import', async ({ page, visit, look }) => {
  await visit('/dashboard/imports');
  await expect(page).toHaveTitle('Imports · Tributary');
  await expect(page.getByRole('heading', { name: 'No imports yet' })).toBeVisible();
  await page.getByRole('link', { name: 'New import' }).click();
  const form = page.getByRole('region', { name: 'New import' });
  await look();
  const csv = 'First Name,Last Name,Email,Token,State\nAnn,Lee,ann.lee@example.com,ann-lee,active\nBob,Ray,nobody,bob-ray,active\n';
  await form.getByLabel('CSV file').setInputFiles({ name: 'affiliates.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await form.getByRole('button', { name: 'Upload' }).click();

  await expect(page.getByRole('heading', { name: 'affiliates.csv' })).toBeVisible();
  const columns = page.getByRole('region', { name: 'What the columns mean' });
  await expect(columns.getByLabel('Referral code')).toHaveValue('Token');
  await expect(columns.getByRole('combobox', { name: 'Comes from' })).toHaveValue('rewardful');
  await look();
  await columns.getByRole('button', { name: 'Check without importing' }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText('Checked, nothing imported')).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(page.getByRole('row').filter({ hasText: 'An e-mail' }).or(page.getByRole('row').filter({ hasText: 'e-mail address' }))).toBeVisible();
  await look();
  await columns.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText('Done', { exact: true })).toBeVisible({ timeout: 500 });
  }).toPass();
  await visit('/dashboard/imports');
  await expect(page.getByRole('rowheader', { name: 'affiliates.csv' })).toBeVisible();
  await look();
});
