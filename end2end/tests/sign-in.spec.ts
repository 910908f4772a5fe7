// Signing in and out. Attempts are throttled by address, so each test makes one or two.

import type { Page } from '@playwright/test';
import { Organization } from '../support/organization';
import { expect, test } from '../support/test';

let shop: Organization;
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
});

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(shop.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('a wrong password is told, and what was typed stays', async ({ page, visit, look }) => {
  await visit('/sign-in?next=/dashboard/campaigns');
  await expect(page).toHaveTitle('Sign in · Tributary');
  await signIn(page, 'a wrong password');
  await expect(page.getByRole('alert')).toContainText('E-mail and password do not fit together.');
  await expect(page.getByLabel('E-mail')).toHaveValue(shop.email);
  await expect(page).toHaveURL(/\/sign-in/);
  expect(page.url()).not.toContain('wrong');
  await look();

  await signIn(page, shop.password);
  await expect(page, 'where one wanted to go is not forgotten').toHaveURL('/dashboard/campaigns');
});

test('who is not signed in is sent to sign in, and back', async ({ page, visit, look }) => {
  for (const path of ['affiliates', 'campaigns', 'connections', 'sales?type=leads&take=25']) {
    await page.goto(`/dashboard/${path}`);
    await expect(page).toHaveURL(/\/sign-in\?next=/);
  }
  await visit('/dashboard/sales?type=leads&take=25');
  await signIn(page, shop.password);
  await expect(page).toHaveURL('/dashboard/sales?type=leads&take=25');

  await visit('/sign-in');
  await expect(page, 'who is signed in needs no door').toHaveURL('/dashboard/sales');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/sign-in');
  await look();
  await page.goto('/dashboard/sales');
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

test('signing in leads nowhere else', async ({ page, visit }) => {
  await visit('/sign-in?next=https%3A%2F%2Fevil.example%2F');
  await signIn(page, shop.password);
  await expect(page).toHaveURL('/dashboard/sales');
});

test.describe('an address with nothing at it', () => {
  test.use({ expected: [[/status of 404/], { scope: 'test' }] });

  test('says so', async ({ page, visit }) => {
    await visit('/nowhere');
    await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Go to sales' })).toHaveAttribute('href', '/dashboard/sales');
  });
});
