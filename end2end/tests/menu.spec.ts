// The pages on a narrow screen, where they fold into a menu.
import { Organization } from '../support/organization';
import { expect, test } from '../support/test';

test.use({ viewport: { width: 360, height: 740 }, isMobile: true });

let shop: Organization;
test.beforeAll(async ({ server }) => {
  shop = await Organization.create(server);
});
test.beforeEach(({ context }) => shop.signIn(context));

test('every page and the way out are in the menu', async ({ page, visit, look }) => {
  await visit('/dashboard/sales');
  const menu = page.getByRole('button', { name: 'Menu' });
  const pages = page.locator('#pages');
  await expect(pages).toBeHidden();
  await menu.click();
  for (const name of ['Sales', 'Reports', 'Payouts', 'Flags', 'Affiliates', 'Campaigns', 'Coupons', 'Connections', 'Events', 'Imports', 'Settings']) {
    await expect(pages.getByRole('link', { name })).toBeInViewport();
  }
  await expect(pages.getByRole('button', { name: 'Sign out' })).toBeInViewport();
  await look();
  await pages.getByRole('link', { name: 'Connections' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Connections' })).toBeVisible();
  await expect(pages).toBeHidden();
});
