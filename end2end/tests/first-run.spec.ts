// The first run: an empty database is given an organization and its owner in the browser.

import { expect, test } from '../support/test';

test.use({ on: 'its own, without an owner' });

test('an organization and its owner are made once', async ({ page, context, visit, look }) => {
  await visit('/');
  await expect(page).toHaveURL('/setup');
  await expect(page).toHaveTitle('Set up Tributary · Tributary');
  const password = page.getByLabel('Password');
  await page.getByLabel('Organization').fill('Northwind');
  await page.getByLabel('Your e-mail').fill('ann@northwind.example');
  await password.fill('short');
  await page.getByRole('button', { name: 'Create organization' }).click();

  await expect(password).toHaveAccessibleDescription(/A password of at least 10 characters is needed\./);
  await expect(password).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Organization')).toHaveValue('Northwind');
  await expect(page.getByLabel('Your e-mail')).toHaveValue('ann@northwind.example');
  await look();

  await password.fill('long enough to keep');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page).toHaveURL('/dashboard/sales');
  await expect(page.getByRole('heading', { name: 'No sales yet' })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' })).toContainText('ann@northwind.example');
  await look();

  await context.clearCookies();
  await visit('/setup');
  await expect(page).toHaveURL('/sign-in');
  await page.getByLabel('E-mail').fill('ann@northwind.example');
  await page.getByLabel('Password').fill('long enough to keep');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/dashboard/sales');
  await expect(page.getByRole('navigation', { name: 'Main' })).toContainText('Northwind');
});
