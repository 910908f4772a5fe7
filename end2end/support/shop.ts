// A stand-in for a merchant's site: plain pages on a host of their own, with the loader in them.

import { type Server as Web, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Shop {
  private readonly pages = new Map<string, string>();

  private constructor(
    private readonly web: Web,
    /** How browsers reach it: another site than Tributary's `127.0.0.1`. */
    readonly url: string,
  ) {}

  static async open(): Promise<Shop> {
    const web = createServer();
    await new Promise<void>((listening) => web.listen(0, '127.0.0.1', listening));
    const shop = new Shop(web, `http://localhost:${(web.address() as AddressInfo).port}`);
    web.on('request', (request, response) => {
      const page = shop.pages.get(new URL(request.url ?? '/', shop.url).pathname);
      response.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' });
      response.end(page);
    });
    return shop;
  }

  /** Puts a page there; returns its address. */
  page(path: string, snippet: string, body = ''): string {
    const head = `<meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">${snippet}`;
    this.pages.set(path, `<!doctype html><html lang="en"><head>${head}</head><body><h1>Shop</h1>${body}</body></html>`);
    return this.url + path;
  }

  close(): Promise<void> {
    this.web.closeAllConnections();
    return new Promise((closed) => this.web.close(() => closed()));
  }
}
