// Settings: the organization, members by invitation, keys, the audit log, one's own account.

import type { Page } from '@playwright/test';
import { Organization } from '../support/organization';
import { expect, test } from '../support/test';

const SETTINGS = '/dashboard/settings';
const PASSWORD = 'a long enough password';

let shop: Organization;
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server, 'Fabrikam');
});
test.beforeEach(({ context }) => shop.signIn(context));

/** What is shown once, from the box that says so. */
async function shownOnce(page: Page): Promise<string> {
  const box = page.getByRole('status').filter({ has: page.locator('code') });
  return (await box.locator('code').textContent()) ?? '';
}

test('the tabs lead through all pages of settings', async ({ page, visit, look }) => {
  await visit('/dashboard/sales');
  const menu = page.getByRole('button', { name: 'Menu' });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  const tabs = page.getByRole('navigation', { name: 'Settings' });
  for (const name of ['General', 'Members', 'API keys', 'Webhooks', 'Audit log', 'Your account']) {
    await tabs.getByRole('link', { name }).click();
    await expect(tabs.getByRole('link', { name })).toHaveAttribute('aria-current', 'page');
    await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
    await look();
  }
});

test('a secret for signed calls is shown once', async ({ page, visit, look }) => {
  await visit(SETTINGS);
  await expect(page.getByText('There is no secret yet')).toBeVisible();
  await page.getByRole('button', { name: 'Make a new secret' }).click();
  await expect(page.getByText('One secret is valid.')).toBeVisible();
  const secret = await shownOnce(page);
  expect(secret).toMatch(/^s2s_[0-9a-f]{64}$/);
  await look();
  await page.goto(SETTINGS);
  await expect(page.getByText('One secret is valid.')).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
});

test('somebody joins by a link, gets another role, and is removed', async ({ page, visit, look, browser, javaScriptEnabled, server }) => {
  const email = `kim-${javaScriptEnabled === false ? 'plain' : 'alive'}@fabrikam.example`;
  await visit(`${SETTINGS}/members`);
  await page.getByRole('link', { name: 'Invite a member' }).click();
  const form = page.getByRole('region', { name: 'Invite a member' });
  await form.getByLabel('E-mail').fill('kim');
  await form.getByRole('button', { name: 'Make the link' }).click();
  await expect(form.getByText('An e-mail address such as')).toBeVisible();
  await look();
  await form.getByLabel('E-mail').fill(email);
  await form.getByLabel('Role').selectOption('manager');
  await form.getByRole('button', { name: 'Make the link' }).click();
  await expect(page.getByRole('heading', { name: 'Invitation link' })).toBeVisible();
  const link = await shownOnce(page);
  await look();

  const theirs = await browser.newContext({ baseURL: server.url, javaScriptEnabled });
  const kim = await theirs.newPage();
  await kim.goto(new URL(link).pathname);
  await expect(kim.getByRole('heading', { name: 'Join Fabrikam' })).toBeVisible();
  await kim.getByLabel('Choose a password').fill(PASSWORD);
  await kim.getByRole('button', { name: 'Join' }).click();
  await expect(kim).toHaveURL(/\/dashboard\/sales/);

  await page.goto(`${SETTINGS}/members`);
  const members = page.getByRole('table', { name: 'Members' });
  const row = members.getByRole('row', { name: email });
  await expect(row).toContainText('Manager');
  await row.getByRole('link', { name: `Change ${email}` }).click();
  const change = page.getByRole('region', { name: 'Change member' });
  await look();
  await change.getByLabel('Role').selectOption('viewer');
  await change.getByRole('button', { name: 'Save role' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  await expect(row).toContainText('Viewer');
  await row.getByRole('link', { name: `Change ${email}` }).click();
  await change.locator('summary', { hasText: 'Remove' }).click();
  await change.getByRole('button', { name: 'Remove this member' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Removed.' })).toBeVisible();
  await expect(row).toHaveCount(0);
  await kim.goto(`${SETTINGS}/account`);
  await expect(kim).toHaveURL(/\/sign-in/);
  await kim.goto(new URL(link).pathname);
  await expect(kim.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible();
  await theirs.close();
});

test('the page behind a link and its refusal are accessible', async ({ page, visit, look, context, javaScriptEnabled }) => {
  await visit(`${SETTINGS}/members?open=invite`);
  const form = page.getByRole('region', { name: 'Invite a member' });
  await form.getByLabel('E-mail').fill(`lee-${javaScriptEnabled === false ? 'plain' : 'alive'}@fabrikam.example`);
  await form.getByRole('button', { name: 'Make the link' }).click();
  const link = await shownOnce(page);
  await context.clearCookies();
  await visit(new URL(link).pathname);
  await page.getByLabel('Choose a password').fill('short');
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByText('A password of at least 10 characters is needed.')).toBeVisible();
  await look();
});

test('a key is made, shown once, and revoked', async ({ page, visit, look, javaScriptEnabled }) => {
  const name = `Reports ${javaScriptEnabled === false ? 'plain' : 'alive'}`;
  await visit(`${SETTINGS}/api-keys`);
  await page.getByRole('link', { name: 'Add a key' }).click();
  const form = page.getByRole('region', { name: 'Add a key' });
  await form.getByLabel('Name').fill(name);
  await form.getByRole('button', { name: 'Make the key' }).click();
  await expect(form.getByText('Tick at least one thing that it may do.')).toBeVisible();
  await look();
  await form.getByRole('group', { name: 'Sales' }).getByRole('checkbox', { name: /Read sales/ }).check();
  await form.getByRole('button', { name: 'Make the key' }).click();
  await expect(page.getByRole('heading', { name: 'API key', exact: true })).toBeVisible();
  expect(await shownOnce(page)).toMatch(/^ak_live_[0-9a-f]{48}$/);
  await look();
  const row = page.getByRole('row', { name });
  await expect(row).toContainText('conversions:read');
  await row.locator('summary', { hasText: 'Revoke' }).click();
  await row.getByRole('button', { name: 'Revoke this key' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Revoked.' })).toBeVisible();
  await expect(row).toHaveCount(0);
});

test('the audit log is filtered and leads to what was changed', async ({ page, visit, look }) => {
  await shop.affiliate(`Ann ${Date.now()}`);
  await visit(`${SETTINGS}/audit?about=affiliate`);
  const log = page.getByRole('table', { name: 'Changes, newest first' });
  await expect(log.getByRole('row', { name: /Affiliate created Ann/ }).first()).toBeVisible();
  await expect(log.getByRole('row', { name: /Campaign/ })).toHaveCount(0);
  await log.getByRole('link', { name: 'Affiliate created' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: /^Ann/ })).toBeVisible();
  await visit(`${SETTINGS}/audit?to=2020-01-01`);
  await expect(page.getByRole('heading', { name: 'No change fits these filters' })).toBeVisible();
  await look();
});

test('one browser signs another one out', async ({ page, visit, look, browser, server }) => {
  const theirs = await browser.newContext({ baseURL: server.url });
  const form = { 'form[email]': shop.email, 'form[password]': shop.password, 'form[next]': '' };
  await theirs.request.post('/rpc/sign_in', { form });
  await visit(`${SETTINGS}/account`);
  const sessions = page.getByRole('list', { name: 'Browsers you are signed in with' });
  await expect(sessions.getByText('This browser')).toBeVisible();
  await page.getByRole('button', { name: 'Sign out all others' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Signed out.' })).toBeVisible();
  await expect(sessions.getByRole('listitem')).toHaveCount(1);
  await look();
  const elsewhere = await theirs.newPage();
  await elsewhere.goto(SETTINGS);
  await expect(elsewhere).toHaveURL(/\/sign-in/);
  await theirs.close();
  await page.getByLabel('Current password').fill('not my password');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('That is not your password.')).toBeVisible();
  await look();
});
