// An organization of its own on a server, and what a program may do in it.

import { randomUUID } from 'node:crypto';
import type { BrowserContext } from '@playwright/test';
import { OWNER, type Server } from './server';

type Json = Record<string, unknown>;

/** A row of `GET /api/conversions`, as far as tests look at it. */
export interface Sale {
  id: string;
  type: string;
  source: string;
  status: string;
  couponCode: string | null;
  affiliateName: string;
  amountCents: number;
  commissionCents: number;
  externalEventId: string;
  subscriptionId: string | null;
  customerId: string | null;
  invoiceId: string | null;
  parentConversionId: string | null;
  deduped?: boolean;
}

export class Organization {
  private cookies?: Parameters<BrowserContext['addCookies']>[0];

  constructor(
    readonly url: string,
    readonly email: string,
    readonly password: string,
    private readonly key: string,
  ) {}

  /** A new one, so that a test file has nothing in common with the others. */
  static async create(server: Server, name = 'Northwind', owner?: string): Promise<Organization> {
    const id = randomUUID().replaceAll('-', '');
    const email = owner ?? `${id}@northwind.example`;
    const organization = new Organization(server.url, email, 'correct horse battery', `ak_live_${id}`);
    await server.command(
      ...['organization', 'create', '--name', name, '--owner-email', email],
      ...['--owner-password', organization.password, '--api-key', `ak_live_${id}`],
    );
    return organization;
  }

  /** The one that a server's environment set up. */
  static first(server: Server): Organization {
    const { TRIBUTARY_OWNER_EMAIL: email, TRIBUTARY_OWNER_PASSWORD: password, TRIBUTARY_API_KEY: key } = OWNER;
    return new Organization(server.url, email, password, key);
  }

  /** Signs the owner in without a page. Attempts are throttled, so the session is used again. */
  async signIn(context: BrowserContext): Promise<void> {
    if (!this.cookies) {
      const form = { 'form[email]': this.email, 'form[password]': this.password, 'form[next]': '' };
      const answer = await context.request.post(`${this.url}/rpc/sign_in`, { form });
      if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
      this.cookies = await context.cookies(this.url);
    }
    await context.addCookies(this.cookies);
  }

  /** Calls the API; anything but a success is an error of the test. */
  async call<Answer>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: Json): Promise<Answer> {
    const headers = { Authorization: `Bearer ${this.key}`, 'Content-Type': 'application/json' };
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as Answer;
  }

  /** A sale of 49 dollars that our own server tells of, unless `sale` says otherwise. */
  sale(sale: Json): Promise<Sale> {
    const usual = { externalEventId: randomUUID(), amountCents: 4900, currency: 'USD' };
    return this.call('POST', '/api/tracking/s2s', { ...usual, ...sale });
  }

  lead(lead: Json): Promise<Sale> {
    return this.call('POST', '/api/tracking/lead', lead);
  }

  /** All sales, newest first. */
  async sales(): Promise<Sale[]> {
    const { data } = await this.call<{ data: Sale[] }>('GET', '/api/conversions?take=200');
    return data;
  }

  affiliate(name: string, more: Json = {}): Promise<string> {
    const code = name.toLowerCase().replaceAll(' ', '-');
    return this.create('/affiliates', { name, email: `${code}@example.com`, code, ...more });
  }

  campaign(name: string, more: Json = {}): Promise<string> {
    return this.create('/programs', { name, commissionType: 'recurring', commissionPercent: 20, ...more });
  }

  coupon(code: string, affiliateId: string, campaignId: string, more: Json = {}): Promise<string> {
    return this.create(`/programs/${campaignId}/coupons`, { affiliateId, code, ...more });
  }

  /** The campaign that every organization starts with. */
  async defaultCampaign(): Promise<string> {
    const { data } = await this.call<{ data: { id: string }[] }>('GET', '/api/v1/programs');
    const first = data[0];
    if (!first) throw new Error('there is no campaign');
    return first.id;
  }

  /** Makes something; returns its id. */
  private async create(path: string, body: Json): Promise<string> {
    const { data } = await this.call<{ data: { id: string } }>('POST', `/api/v1${path}`, body);
    return data.id;
  }
}
