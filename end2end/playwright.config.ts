import { defineConfig, devices } from '@playwright/test';
import { launchOptions } from './support/chromium';

const desktop = { ...devices['Desktop Chrome'], viewport: { width: 1440, height: 900 } };

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  globalSetup: './support/global-setup.ts',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    launchOptions,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'off',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'hydrate', use: desktop },
    // The pages as they are without JavaScript; *.hydrate.spec.ts is about what only JavaScript does.
    { name: 'plain', use: { ...desktop, javaScriptEnabled: false }, testIgnore: '**/*.hydrate.spec.ts' },
  ],
});
