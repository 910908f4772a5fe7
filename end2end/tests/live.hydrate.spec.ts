// The sales page follows what happens. On a server of its own, because that goes away and comes back.

import { Organization } from '../support/organization';
import { SALES, SalesPage, isMarked, mark } from '../support/sales-page';
import { expect, test } from '../support/test';

test.use({ on: 'its own' });

let shop: Organization;
test.beforeAll(async ({ server }) => {
  shop = Organization.first(server);
  await shop.affiliate('Sarah');
});
test.beforeEach(({ context }) => shop.signIn(context));

const sell = (externalEventId: string) => shop.sale({ externalEventId, affiliateSlug: 'sarah' });

/** As many sales as it takes for there to be `count`. */
async function atLeast(count: number): Promise<number> {
  const there = (await shop.sales()).length;
  for (let index = there; index < count; index += 1) await sell(`early-${index}`);
  return Math.max(there, count);
}

test('a sale slides in, and totals and counts follow', async ({ page, visit, look }) => {
  const before = await atLeast(1);
  const sales = new SalesPage(page);
  await visit(SALES);
  await sales.live();
  await sales.chips(before, before, 0);
  await mark(page);

  await sell('slides-in');
  await sales.says(sales.rows.first(), { Processor: 'slides-in', Affiliate: 'Sarah', Source: 'Server', Amount: '$49.00', Commission: '$9.80', Status: 'Pending' });
  await expect(sales.rows).toHaveCount(before + 1);
  await sales.chips(before + 1, before + 1, 0);
  await sales.totals({ Sales: `${before + 1}`, Amount: `$${(49 * (before + 1)).toFixed(2)}`, Commission: `$${(9.8 * (before + 1)).toFixed(2)}` });

  await shop.lead({ email: 'lead@example.com', affiliateSlug: 'sarah', externalEventId: 'a-lead' });
  await sales.says(sales.rows.first(), { Processor: 'a-lead', Type: 'Lead', Source: 'Lead', Status: 'Approved' });
  await sales.chips(before + 2, before + 1, 1);
  expect(await isMarked(page)).toBe(true);
  await look();
});

test('what does not fit the filter is counted, not shown', async ({ page, visit }) => {
  const sales = new SalesPage(page);
  await visit(`${SALES}?status=denied`);
  await sales.live();
  await expect(page.getByRole('heading', { name: 'No sale fits these filters' })).toBeVisible();

  await visit(`${SALES}?type=leads`);
  await sales.live();
  const leads = await sales.rows.count();
  const count = async () => Number((await sales.chip('Sales').innerText()).replace(/\D/g, ''));
  const before = await count();
  await sell('not-a-lead');
  await expect.poll(count).toBe(before + 1);
  await expect(sales.rows).toHaveCount(leads);
  await expect(sales.row('not-a-lead')).toHaveCount(0);
});

test('nothing moves while one reads further down', async ({ page, visit, look }) => {
  await atLeast(60);
  const sales = new SalesPage(page);
  await visit(SALES);
  await sales.live();
  const top = await sales.column('Processor');
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));

  await sell('reading-1');
  const one = page.getByRole('button', { name: '1 new sale', exact: true });
  await expect(one).toBeVisible();
  expect(await sales.column('Processor')).toEqual(top);
  await sell('reading-2');
  const two = page.getByRole('button', { name: '2 new sales', exact: true });
  await expect(two).toBeVisible();
  expect(await sales.column('Processor')).toEqual(top);
  await look();

  await two.click();
  await expect(two).toBeHidden();
  await expect(sales.rows.nth(0)).toContainText('reading-2');
  await expect(sales.rows.nth(1)).toContainText('reading-1');
  await expect(sales.rows.nth(0)).toBeInViewport();
});

test('nothing moves on a later page', async ({ page, visit }) => {
  await atLeast(60);
  const sales = new SalesPage(page);
  await visit(SALES);
  const newest = await sales.column('Processor');
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page).toHaveURL(/cursor=/);
  await expect(sales.row(newest[0] ?? '')).toHaveCount(0);
  await sales.live();
  const second = await sales.column('Processor');

  await sell('on-page-two');
  const notice = page.getByRole('button', { name: '1 new sale', exact: true });
  await expect(notice).toBeVisible();
  expect(await sales.column('Processor')).toEqual(second);

  await notice.click();
  await expect(page).not.toHaveURL(/cursor=/);
  await expect(sales.rows.first()).toContainText('on-page-two');
  await expect(notice).toBeHidden();
});

test.describe('when the server goes away and comes back', () => {
  test.use({ expected: [[/net::ERR_|status of 503/], { scope: 'test' }] });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`${signal}: the page says so, and catches up without doubles`, async ({ page, server, visit, look }) => {
      const sales = new SalesPage(page);
      await visit(SALES);
      await sales.live();
      await mark(page);
      const before = (await shop.sales()).length;
      const [back, again] = [`back-${signal}`, `again-${signal}`];

      const how = await server.down(signal);
      expect(how).toBe(signal === 'SIGTERM' ? 'exit code 0' : 'SIGKILL');
      const lost = page.getByRole('status').filter({ hasText: 'Reconnecting…' });
      await expect(lost).toBeVisible();
      await look();

      await server.up();
      await sell(back);
      await expect(sales.rows.first()).toContainText(back);
      await expect(lost).toBeHidden();
      await sales.live();
      await expect(sales.row(back)).toHaveCount(1);
      await expect(sales.chip('All')).toHaveText(`All${before + 1}`);
      expect(await isMarked(page)).toBe(true);

      await sell(again);
      await expect(sales.rows.first()).toContainText(again);
      await expect(sales.chip('All')).toHaveText(`All${before + 2}`);
    });
  }
});
