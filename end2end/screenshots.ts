// npm run screenshots [-- DIRECTORY]: pictures of every page, at three widths, in light and dark.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Page, chromium } from '@playwright/test';
import { launchOptions } from './support/chromium';
import { demo } from './support/demo';
import { Organization } from './support/organization';
import { SALES, SalesPage } from './support/sales-page';
import { Server } from './support/server';

const WIDTHS = [360, 768, 1440];
const SCHEMES = ['light', 'dark'] as const;

interface Shot {
  name: string;
  path: string;
  as?: Organization;
  /** All of the page, not only what fits the screen. */
  whole?: boolean;
  prepare?: (page: Page) => Promise<unknown>;
}

async function main(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const server = await Server.start({});
  const browser = await chromium.launch(launchOptions);
  try {
    await shoot([{ name: 'setup', path: '/setup' }]);
    const shop = await Organization.create(server, 'Northwind', 'maria@northwind.example');
    const empty = await Organization.create(server, 'Contoso', 'kim@contoso.example');
    const sights = await demo(shop);
    await shoot([
      { name: 'sign-in', path: '/sign-in' },
      { name: 'not-found', path: '/nowhere' },
      { name: 'sales-first-steps', path: SALES, as: empty, whole: true },
      { name: 'sales', path: SALES, as: shop },
      { name: 'sales-whole', path: `${SALES}?take=25`, as: shop, whole: true },
      { name: 'sales-filtered', path: `${SALES}?type=sales&status=pending&source=coupon,link`, as: shop },
      { name: 'sales-nothing-fits', path: `${SALES}?status=denied`, as: shop },
      { name: 'sales-bad-filter', path: `${SALES}?status=open`, as: shop },
      { name: 'sales-filter-open', path: SALES, as: shop, prepare: openFilter },
      { name: 'sales-drawer', path: SALES, as: shop, prepare: (page) => opens(page, '.open') },
      { name: 'sales-selected', path: `${SALES}?take=25`, as: shop, prepare: pickTwo },
      { name: 'sales-drawer-disputed', path: SALES, as: shop, prepare: (page) => opens(page, `#sale-${sights.sale} .open`) },
      { name: 'sale', path: `${SALES}/${sights.sale}`, as: shop, whole: true },
      { name: 'sale-share', path: `${SALES}/${sights.share}`, as: shop, whole: true },
      { name: 'sale-add', path: `${SALES}/new`, as: shop },
      { name: 'affiliate', path: `/dashboard/affiliates/${sights.affiliate}`, as: shop, whole: true },
      { name: 'affiliate-edit', path: `/dashboard/affiliates/${sights.affiliate}?edit=1`, as: shop },
      { name: 'affiliate-pause', path: `/dashboard/affiliates/${sights.affiliate}?ask=paused`, as: shop },
      { name: 'affiliate-join', path: `/dashboard/affiliates/${sights.affiliate}?ask=join`, as: shop },
      { name: 'payouts', path: '/dashboard/payouts', as: shop, whole: true },
      { name: 'payouts-empty', path: '/dashboard/payouts', as: empty },
      { name: 'payouts-run', path: '/dashboard/payouts/new', as: shop, whole: true },
      { name: 'payout', path: '/dashboard/payouts/new', as: shop, whole: true, prepare: runs },
      { name: 'events', path: '/dashboard/events', as: shop },
      { name: 'events-filtered', path: '/dashboard/events?outcome=failed', as: shop },
      { name: 'events-empty', path: '/dashboard/events', as: empty },
      { name: 'event', path: `/dashboard/events/${sights.event}`, as: shop, whole: true },
      { name: 'reports', path: '/dashboard/reports', as: shop, whole: true },
      { name: 'reports-empty', path: '/dashboard/reports', as: empty },
      { name: 'flags', path: '/dashboard/flags', as: shop, whole: true },
      { name: 'flags-resolved', path: '/dashboard/flags?status=resolved', as: shop },
      { name: 'flags-empty', path: '/dashboard/flags', as: empty },
      { name: 'affiliates', path: '/dashboard/affiliates', as: shop, whole: true },
      { name: 'affiliates-found', path: '/dashboard/affiliates?q=a', as: shop },
      { name: 'affiliates-nobody', path: '/dashboard/affiliates?q=nobody-of-this-name', as: shop },
      { name: 'affiliates-add', path: '/dashboard/affiliates?add=affiliate', as: shop },
      { name: 'affiliates-empty', path: '/dashboard/affiliates', as: empty },
      { name: 'campaigns', path: '/dashboard/campaigns', as: shop },
      { name: 'campaign', path: `/dashboard/campaigns/${sights.campaign}`, as: shop, whole: true, prepare: openWays },
      { name: 'campaign-new', path: `/dashboard/campaigns/${sights.newCampaign}?done=added`, as: shop, whole: true },
      { name: 'coupons', path: '/dashboard/coupons', as: shop, whole: true },
      { name: 'coupons-add', path: '/dashboard/coupons?add=coupon', as: shop, whole: true },
      { name: 'coupons-edit', path: `/dashboard/coupons?edit=${sights.coupon}`, as: shop, whole: true },
      { name: 'coupons-nothing-fits', path: '/dashboard/coupons?q=nothing', as: shop },
      { name: 'coupons-empty', path: '/dashboard/coupons', as: empty },
      { name: 'campaigns-add', path: '/dashboard/campaigns?add=campaign', as: shop, whole: true },
      { name: 'connections', path: '/dashboard/connections', as: shop },
      { name: 'connections-add-braintree', path: '/dashboard/connections?add=braintree', as: shop },
      { name: 'connections-add', path: '/dashboard/connections?add=stripe', as: shop },
      { name: 'connections-empty', path: '/dashboard/connections', as: empty },
      { name: 'settings', path: '/dashboard/settings', as: shop, whole: true },
      { name: 'settings-secret', path: '/dashboard/settings', as: empty, prepare: makesSecret },
      { name: 'members', path: '/dashboard/settings/members', as: shop, whole: true },
      { name: 'members-invite', path: '/dashboard/settings/members?open=invite', as: shop },
      { name: 'members-invited', path: '/dashboard/settings/members?open=invite', as: shop, whole: true, prepare: invites },
      { name: 'api-keys', path: '/dashboard/settings/api-keys', as: shop },
      { name: 'api-keys-add', path: '/dashboard/settings/api-keys?add=key', as: shop, whole: true },
      { name: 'audit', path: '/dashboard/settings/audit', as: shop, whole: true },
      { name: 'account', path: '/dashboard/settings/account', as: shop, whole: true },
      { name: 'menu', path: '/dashboard/settings', as: shop, prepare: openMenu },
      { name: 'invite-gone', path: '/invite/gone' },
      { name: 'imports-empty', path: '/dashboard/imports', as: empty },
      { name: 'imports-add', path: '/dashboard/imports?add=file', as: empty },
      { name: 'import', path: '/dashboard/imports?add=file', as: shop, whole: true, prepare: uploads },
    ]);
  } finally {
    await browser.close();
    await server.stop();
  }

  async function shoot(shots: Shot[]): Promise<void> {
    for (const width of WIDTHS) {
      for (const colorScheme of SCHEMES) {
        for (const { name, path, as, whole, prepare } of shots) {
          const context = await browser.newContext({
            baseURL: server.url,
            viewport: { width, height: width < 500 ? 740 : 900 },
            isMobile: width < 500,
            colorScheme,
            reducedMotion: 'reduce',
            locale: 'en-GB',
            timezoneId: 'Europe/Berlin',
          });
          await as?.signIn(context);
          const page = await context.newPage();
          await page.goto(path, { waitUntil: 'load' });
          await page.evaluate(() => document.fonts.ready);
          if (path.startsWith(SALES) && !/bad-filter$|^sale-|^sale$/.test(name)) await new SalesPage(page).live();
          await prepare?.(page);
          await page.screenshot({ path: join(directory, `${name}-${width}-${colorScheme}.png`), fullPage: whole });
          await context.close();
        }
      }
    }
  }
}

async function opens(page: Page, link: string): Promise<void> {
  await page.locator(link).first().click();
  await page.getByRole('complementary', { name: 'Sale' }).getByRole('heading', { level: 2 }).waitFor();
}

async function openWays(page: Page): Promise<void> {
  await page.getByText('Hand the referral to the checkout').click();
}

async function uploads(page: Page): Promise<void> {
  const csv = 'Sale ID,Affiliate Token,Sale Amount,Currency,Commission Amount,State,Charged At,Customer Email\n'
    + 's1,sarah,49.00,USD,9.80,due,2026-05-01,ann@example.com\ns2,sarah,"1,049.00",USD,209.80,paid,2026-05-02,bob@example.com\n';
  await page.getByLabel('What is in the file').selectOption('sales');
  await page.getByLabel('CSV file').setInputFiles({ name: 'rewardful-sales.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.getByRole('heading', { name: 'What the columns mean' }).waitFor();
}

async function runs(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Make these payouts' }).click();
  await page.getByRole('table', { name: 'Payouts, newest first' }).getByRole('link').first().click();
  await page.getByRole('heading', { name: 'What it pays' }).waitFor();
}

async function pickTwo(page: Page): Promise<void> {
  const boxes = page.getByRole('checkbox', { name: /^Select/ });
  for (const index of [1, 2]) await boxes.nth(index).check();
}

async function makesSecret(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Make a new secret' }).click();
  await page.getByRole('heading', { name: 'Secret for signed calls' }).waitFor();
}

async function invites(page: Page): Promise<void> {
  const form = page.getByRole('region', { name: 'Invite a member' });
  await form.getByLabel('E-mail').fill('lee@northwind.example');
  await form.getByRole('button', { name: 'Make the link' }).click();
  await page.getByRole('heading', { name: 'Invitation link' }).waitFor();
}

async function openMenu(page: Page): Promise<void> {
  const menu = page.getByRole('button', { name: 'Menu' });
  if (await menu.isVisible()) await menu.click();
}

async function openFilter(page: Page): Promise<void> {
  const fold = page.getByRole('button', { name: 'Filters' });
  if (await fold.isVisible()) await fold.click();
  await new SalesPage(page).open('Status');
}

main(resolve(process.argv[2] ?? join(__dirname, 'screenshots'))).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
