// The loader on a shop's pages: from an affiliate's link to the credited sale, and as a guest that breaks nothing.

import type { Page, Request } from '@playwright/test';
import { Organization } from '../support/organization';
import { Shop } from '../support/shop';
import { Endpoint, NEW, Subscription, stripeId } from '../support/stripe';
import { expect, hydrated, test } from '../support/test';

/** What the loader offers to the shop's own scripts. */
interface Tributary {
  referral: string | null;
  click: string | null;
  ready(listener: (known: Tributary) => void): void;
  checkoutMetadata(): Record<string, string>;
  lead(who: { email: string; name?: string }): Promise<boolean>;
  setConsent(granted: boolean): Promise<void>;
}
declare global {
  interface Window {
    Tributary: Tributary;
  }
}

const SECRET = 'whsec_0123456789abcdef';
const TOKEN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let shop: Shop;
let merchant: Organization;
let organization: string;
let program: string;

test.beforeAll(async ({ server }) => {
  shop = await Shop.open();
  merchant = await Organization.create(server);
  const me = await merchant.call<{ data: { organizationId: string } }>('GET', '/api/v1/me');
  organization = me.data.organizationId;
  program = await merchant.defaultCampaign();
  await merchant.call('PATCH', `/api/v1/programs/${program}`, { landingPageUrl: `${shop.url}/` });
  await merchant.affiliate('Sarah');
  await merchant.affiliate('Jonas');
});
test.afterAll(() => shop.close());

/** The snippet as a shop writes it. */
const snippet = (attributes = '') => `<script async src="${merchant.url}/t.js" ${attributes}></script>`;

/** What the loader knows once it is ready. */
async function known(page: Page): Promise<{ referral: string | null; click: string | null }> {
  await page.waitForFunction(() => 'Tributary' in window);
  return page.evaluate(
    () => new Promise((tell) => window.Tributary.ready(({ referral, click }) => tell({ referral, click }))),
  );
}

/** What the page keeps for its next visit. */
function kept(page: Page): Promise<{ cookies: string; stored: (string | null)[] }> {
  return page.evaluate(() => ({
    cookies: document.cookie,
    stored: ['tributary_ref', 'tributary_click'].map((name) => localStorage.getItem(name)),
  }));
}

/** The clicks that the loader tells of from now on. */
function calls(page: Page): Request[] {
  const seen: Request[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().includes('/api/tracking/click')) seen.push(request);
  });
  return seen;
}

async function clicks(code: string): Promise<number> {
  const { data } = await merchant.call<{ data: { code: string; totalClicks: number }[] }>('GET', '/api/v1/affiliates');
  return data.find((affiliate) => affiliate.code === code)?.totalClicks ?? 0;
}

test('a link, a signup, and a payment without the cookie', async ({ page, context, browser }) => {
  shop.page('/', snippet());
  shop.page('/pricing', snippet());
  const before = await clicks('sarah');
  // From a post about the shop: `localhost` to `127.0.0.1` is another site, and the link's own page says so.
  const blog = shop.page('/blog', '', `<a href="${merchant.url}/r/sarah?o=${organization}" referrerpolicy="unsafe-url">Try it</a>`);
  await page.goto(`${blog}?reader=ann`);
  await page.getByRole('link', { name: 'Try it' }).click();
  const { referral, click } = await known(page);
  await expect(page).toHaveURL(`${shop.url}/?via=sarah&tributary_click=${click}`);
  expect(referral).toBe('sarah');
  expect(click).toMatch(TOKEN);
  expect(await clicks('sarah'), 'the link and the loader are one visit').toBe(before + 1);
  const cookie = (await context.cookies(shop.url)).find(({ name }) => name === 'tributary_click');
  expect(cookie).toMatchObject({ value: click, sameSite: 'Lax', path: '/' });
  expect((await kept(page)).stored).toEqual(['sarah', click]);
  expect(await page.evaluate(() => window.Tributary.checkoutMetadata())).toEqual({ tributary_ref: 'sarah', tributary_click: click });

  const told = calls(page);
  await page.reload();
  await known(page);
  await page.goto(`${shop.url}/pricing`);
  expect(await known(page), 'remembered on other pages').toEqual({ referral, click });
  expect(told, 'known and fresh: nothing to tell').toHaveLength(0);

  const subscription = new Subscription(`ann-${stripeId('x')}@example.com`, 'Ann');
  expect(await page.evaluate((email) => window.Tributary.lead({ email, name: 'Ann' }), subscription.email)).toBe(true);
  const [lead] = await merchant.sales();
  expect(lead).toMatchObject({ type: 'Lead', affiliateName: 'Sarah' });

  // The payment comes from a browser that was never here.
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(`${shop.url}/`);
  expect(await known(other)).toEqual({ referral: null, click: null });
  await elsewhere.close();
  const body = { processor: 'stripe', mode: 'live', name: 'Stripe', signingSecrets: [SECRET] };
  const connection = await merchant.call<{ data: { webhookUrl: string } }>('POST', '/api/v1/connections', body);
  const endpoint = new Endpoint(connection.data.webhookUrl, SECRET, true);
  await endpoint.sell(subscription, {}, subscription.invoice(stripeId('in'), NEW, 4900, 0), NEW);
  const [sale] = await merchant.sales();
  expect(sale).toMatchObject({ type: 'Sale', source: 'Customer match', affiliateName: 'Sarah', amountCents: 4900 });

  await merchant.signIn(context);
  await page.goto(`${merchant.url}/dashboard/sales/${lead?.id}`);
  await expect(page.getByText(`Click ${click} on Sarah's link`)).toBeVisible();

  await page.goto(`${merchant.url}/dashboard/sales`);
  await hydrated(page);
  await page.getByRole('row').filter({ hasText: 'Customer match' }).getByRole('link').first().click();
  const drawer = page.getByRole('complementary', { name: 'Sale' });
  await expect(drawer.getByRole('heading', { name: '$9.80 to Sarah' })).toBeVisible();
  await expect(drawer.getByText('The same e-mail was credited to Sarah before (lead)')).toBeVisible();
  await expect(drawer.getByText(`link to ${shop.url}/?via=sarah, from ${blog}`)).toBeVisible();
});

test('a link into another campaign of the site hands its click to the page', async ({ page, context }) => {
  const partners = await merchant.campaign('Partners', { website: shop.url, landingPageUrl: `${shop.url}/partners` });
  const ada = await merchant.affiliate('Ada', { programId: program });
  await merchant.call('PATCH', `/api/v1/affiliates/${ada}`, { programId: partners, commissionPercent: 20 });
  // The first campaign's snippet.
  shop.page('/partners', snippet(`data-program-id="${program}" data-clean-url`));
  shop.page('/pricing', snippet());
  const told = calls(page);
  const answer = page.waitForResponse((response) => response.url().includes('/api/tracking/click'));
  await page.goto(`${merchant.url}/r/ada?o=${organization}&c=partners&utm_source=news&x=1`);
  const { referral, click } = await known(page);
  expect(referral).toBe('ada');
  expect(told.map((request) => request.postDataJSON())).toMatchObject([{ referralCode: 'ada', linkToken: click }]);
  expect(await (await answer).json()).toMatchObject({ programId: partners, clickToken: click });
  expect(page.url(), 'cleaned, and with its advertisement').toBe(`${shop.url}/partners?utm_source=news`);
  expect((await kept(page)).stored).toEqual(['ada', click]);
  expect((await context.cookies(shop.url)).find(({ name }) => name === 'tributary_click')?.value).toBe(click);
  const funnel = await merchant.call<{ data: { code: string; totalClicks: number }[] }>('GET', `/api/v1/affiliates?programId=${partners}`);
  expect(funnel.data.find(({ code }) => code === 'ada')?.totalClicks).toBe(1);
  expect(await clicks('ada'), 'none in the first campaign').toBe(0);
  await page.goto(`${shop.url}/pricing?via=ada&tributary_click=${click}`);
  expect(await known(page), 'known already').toEqual({ referral, click });
  expect(told).toHaveLength(1);
});

test('a click that nobody made is recorded as any other visit', async ({ page }) => {
  const forged = '01990000-0000-7000-8000-000000000000';
  const fresh = `${Date.now().toString(16).padStart(12, '0').replace(/^(.{8})/, '$1-')}-7000-8000-000000000000`;
  const address = shop.page('/forged', snippet());
  for (const token of [forged, fresh, 'nonsense']) {
    await page.goto(`${address}?via=jonas&tributary_click=${token}`);
    const { referral, click } = await known(page);
    expect(referral).toBe('jonas');
    expect(click).toMatch(TOKEN);
    expect(click).not.toBe(token);
  }
});

test('every parameter that carries a code is read, the first one that can be a code', async ({ browser }) => {
  const address = shop.page('/parameters', snippet('data-params="partner, p"'));
  const cases = ['via', 'ref', 'fpr', 'rfsn', 'aff', 'a_aid', 'r', 'a', 'partner', 'p'].map((name) => `?${name}=Sarah&x=1`);
  for (const query of [...cases, '?via=jonas&p=sarah', '?via=1&ref=sarah', '?a=jonas&r=sarah']) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(address + query);
    expect((await known(page)).referral, query).toBe('sarah');
    await context.close();
  }
});

test('codes of nobody are nobody\'s', async ({ page }) => {
  await page.goto(`${shop.page('/unknown', snippet())}?ref=newsletter`);
  expect(await known(page)).toEqual({ referral: null, click: null });
  expect(await kept(page)).toEqual({ cookies: '', stored: [null, null] });
  expect(await page.evaluate(() => window.Tributary.lead({ email: 'a@example.com' }))).toBe(false);
  expect(await page.evaluate(() => window.Tributary.checkoutMetadata())).toEqual({});
});

test('another affiliate\'s link replaces the first', async ({ page }) => {
  const address = shop.page('/two', snippet(`data-organization="${organization}" data-program-id="${program}"`));
  await page.goto(`${address}?via=sarah`);
  const first = await known(page);
  await page.goto(`${address}?via=jonas`);
  const second = await known(page);
  expect(second.referral).toBe('jonas');
  expect(second.click).not.toBe(first.click);
});

test('the address bar is cleaned on request', async ({ page }) => {
  const address = shop.page('/clean', snippet('data-clean-url'));
  await page.goto(`${address}?x=1&via=sarah&y=2#part`);
  expect((await known(page)).referral).toBe('sarah');
  expect(page.url()).toBe(`${address}?x=1&y=2#part`);
});

test('nothing is sent, kept or read before the visitor has agreed', async ({ page }) => {
  const told = calls(page);
  await page.goto(`${shop.page('/consent', snippet('data-require-consent'))}?via=sarah`);
  await page.waitForFunction(() => 'Tributary' in window);
  expect(await page.evaluate(() => window.Tributary.click)).toBe(null);
  await page.evaluate(() => window.Tributary.setConsent(false));
  expect(told).toHaveLength(0);
  expect(await kept(page)).toEqual({ cookies: '', stored: [null, null] });

  await page.evaluate(() => window.Tributary.setConsent(true));
  expect((await known(page)).click).toMatch(TOKEN);
  expect(told).toHaveLength(1);
  expect(told[0]?.postDataJSON()).toMatchObject({ referralCode: 'sarah', consentGranted: true });
  await page.evaluate(() => window.Tributary.setConsent(false));
  expect(await kept(page), 'taken back').toEqual({ cookies: '', stored: [null, null] });
  expect(await page.evaluate(() => window.Tributary.checkoutMetadata())).toEqual({});
});

test('a campaign may ask for consent where the page does not', async ({ page }) => {
  const asking = await merchant.campaign('Asking', { website: shop.url, trackingRequiresConsent: true });
  await merchant.affiliate('Zoe', { programId: asking });
  await page.goto(`${shop.page('/asking', snippet())}?via=zoe`);
  expect(await known(page)).toEqual({ referral: null, click: null });
  expect(await clicks('zoe')).toBe(0);
  await page.evaluate(() => window.Tributary.setConsent(true));
  expect((await known(page)).referral).toBe('zoe');
  expect(await clicks('zoe')).toBe(1);
});

test('Stripe links, buttons and tables carry the click', async ({ page }) => {
  const body = `
    <a id="plain" href="https://buy.stripe.com/test_1?prefilled_email=a%40b.c">Buy</a>
    <a id="own" href="https://buy.stripe.com/test_1?client_reference_id=order-7">Buy</a>
    <a id="other" href="https://evilbuy.stripe.com.example/x">Buy</a>
    <stripe-buy-button id="button" buy-button-id="buy_btn_1"></stripe-buy-button>
    <stripe-buy-button id="own-button" client-reference-id="order-7"></stripe-buy-button>
    <stripe-pricing-table id="table"></stripe-pricing-table>`;
  await page.goto(`${shop.page('/stripe', snippet(), body)}?via=sarah`);
  const { click } = await known(page);
  const link = (id: string) => page.locator(`#${id}`);
  await expect(link('plain')).toHaveAttribute('href', `https://buy.stripe.com/test_1?prefilled_email=a%40b.c&client_reference_id=${click}`);
  await expect(link('own')).toHaveAttribute('href', 'https://buy.stripe.com/test_1?client_reference_id=order-7');
  await expect(link('other')).toHaveAttribute('href', 'https://evilbuy.stripe.com.example/x');
  await expect(link('button')).toHaveAttribute('client-reference-id', click ?? '');
  await expect(link('own-button')).toHaveAttribute('client-reference-id', 'order-7');
  await expect(link('table')).toHaveAttribute('client-reference-id', click ?? '');

  await page.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<p><a id="late" href="https://buy.stripe.com/late">Buy</a></p><stripe-buy-button id="late-button"></stripe-buy-button>');
    document.querySelector('#other')?.setAttribute('href', 'https://buy.stripe.com/changed');
  });
  await expect(link('late')).toHaveAttribute('href', `https://buy.stripe.com/late?client_reference_id=${click}`);
  await expect(link('late-button')).toHaveAttribute('client-reference-id', click ?? '');
  await expect(link('other')).toHaveAttribute('href', `https://buy.stripe.com/changed?client_reference_id=${click}`);
});

test('it works where nothing can be kept', async ({ page }) => {
  await page.addInitScript(() => {
    const refuse = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(document, 'cookie', { get: refuse, set: refuse });
    Object.defineProperty(window, 'localStorage', { get: refuse });
  });
  await page.goto(`${shop.page('/blocked', snippet())}?via=sarah`);
  expect(await known(page)).toMatchObject({ referral: 'sarah', click: expect.stringMatching(TOKEN) });
  expect(await page.evaluate(() => window.Tributary.checkoutMetadata())).toMatchObject({ tributary_ref: 'sarah' });
});

test('a listener that fails, a second snippet and broken memories break nothing', async ({ page, context }) => {
  await context.addCookies([{ name: 'tributary_click', value: '%E0%A4%A', url: shop.url }]);
  await page.goto(`${shop.page('/odd', snippet() + snippet())}?via=sarah`);
  await page.waitForFunction(() => 'Tributary' in window);
  await page.evaluate(() => {
    window.Tributary.ready(() => {
      throw new Error('the shop\'s own mistake');
    });
  });
  expect((await known(page)).referral).toBe('sarah');
});

test.describe('when the server is away', () => {
  test.use({ expected: [[/ERR_FAILED/], { scope: 'test' }] });

  test('the page is as it was', async ({ page }) => {
    await page.route('**/api/tracking/**', (route) => route.abort());
    await page.goto(`${shop.page('/away', snippet())}?via=sarah`);
    expect(await known(page)).toEqual({ referral: null, click: null });
    await expect(page.getByRole('heading', { name: 'Shop' })).toBeVisible();
  });
});

test.describe('on a page that is not the campaign\'s', () => {
  test.use({ expected: [[/blocked by CORS policy/, /ERR_FAILED/], { scope: 'test' }] });

  test('nothing is told', async ({ page }) => {
    const stranger = await Shop.open();
    const before = await clicks('sarah');
    await page.goto(`${stranger.page('/', snippet())}?via=sarah`);
    expect(await known(page)).toEqual({ referral: null, click: null });
    expect(await clicks('sarah')).toBe(before);
    await stranger.close();
  });
});
