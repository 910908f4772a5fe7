// Every test looks at the browser's console, and every page it opens is checked for accessibility.

import { AxeBuilder } from '@axe-core/playwright';
import { type ConsoleMessage, type Page, test as base, expect } from '@playwright/test';
import { OWNER, Server } from './server';

export { expect } from '@playwright/test';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What Chromium says of the wasm when there is no JavaScript to run it. */
const UNUSED = /\.wasm was preloaded using link preload but not used/;

interface Fixtures {
  /** What the console may say in this test, because the test provokes it. */
  expected: RegExp[];
  /** Opens a page, waits until it is hydrated, and looks at it. */
  visit: (path: string) => Promise<void>;
  /** Looks at the page that is open, in light and dark: what a scanner of accessibility finds is an error. */
  look: () => Promise<void>;
}

interface WorkerFixtures {
  /** Which server a file is tested on: the one that all share, or one of its own on an empty database. */
  on: 'shared' | 'its own' | 'its own, without an owner';
  server: Server;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  expected: [[], { option: true }],

  on: ['shared', { option: true, scope: 'worker' }],

  server: [
    async ({ on }, use) => {
      if (on === 'shared') return use(Server.shared());
      const server = await Server.start(on === 'its own' ? OWNER : {});
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  baseURL: async ({ server }, use) => use(server.url),

  page: async ({ page, expected, javaScriptEnabled }, use) => {
    const said: string[] = [];
    const usual = javaScriptEnabled === false ? [UNUSED] : [];
    const hear = (text: string) => [...usual, ...expected].some((pattern) => pattern.test(text)) || said.push(text);
    page.on('console', (message) => isTrouble(message) && hear(`${message.type()}: ${message.text()} (${message.location().url})`));
    page.on('pageerror', (error) => hear(`page error: ${error.stack ?? error.message}`));
    if (javaScriptEnabled !== false) await page.addInitScript(noticeHydration);
    await use(page);
    expect(said, 'what the console said').toEqual([]);
  },

  visit: async ({ page, look, javaScriptEnabled }, use) =>
    use(async (path) => {
      await page.goto(path);
      if (javaScriptEnabled !== false) await hydrated(page);
      await look();
    }),

  look: async ({ page, javaScriptEnabled }, use) =>
    use(async () => {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        expect(await violations(page, javaScriptEnabled !== false), `accessibility of ${page.url()}, ${colorScheme}`).toEqual([]);
      }
    }),
});

/** Waits until the page's wasm has taken over. */
export async function hydrated(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => 'hydrated' in window), 'the page is hydrated').toBe(true);
}

/** Runs in the page: the router listens to `popstate` while it hydrates, which is done in one go. */
function noticeHydration(): void {
  const listen = window.addEventListener;
  window.addEventListener = (...call: [string, EventListenerOrEventListenerObject]) => {
    if (call[0] === 'popstate') setTimeout(() => Object.assign(window, { hydrated: true }));
    listen.apply(window, call);
  };
}

function isTrouble(message: ConsoleMessage): boolean {
  return ['error', 'warning', 'assert'].includes(message.type());
}

async function violations(page: Page, scripts: boolean): Promise<object[]> {
  // Without JavaScript timers never fire; the page has none, and axe only yields with them.
  if (!scripts) {
    await page.evaluate(() => {
      const soon = (run: () => void) => Promise.resolve().then(run);
      Object.assign(window, { setTimeout: soon });
    });
  }
  // One frame, so that axe needs no page of its own beside it.
  const axe = new AxeBuilder({ page }).setLegacyMode().withTags(RULES).options({ preload: false });
  const { violations } = await axe.analyze();
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html + ' ' + node.failureSummary) }));
}
