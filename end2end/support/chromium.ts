// The browser: Playwright's own can't be downloaded everywhere, so the machine's Chromium is used.

import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const launchOptions = {
  executablePath: process.env['CHROMIUM'] || PLACES.find((place) => existsSync(place)),
  args: [
    '--no-sandbox', // needed by root
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
