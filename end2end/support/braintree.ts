// Braintree, as the webhook endpoint sees it: notifications signed by Braintree's own library.

import { randomUUID } from 'node:crypto';
import { BraintreeGateway, Environment } from 'braintree';
import type { Organization } from './organization';

/** What the library has and its types leave out. */
interface Testing {
  webhookNotification: { verify(challenge: string): string; parse(signature: string, payload: string): Promise<unknown> };
  webhookTesting: { sampleNotification(kind: string, id: string): Notice; sampleSignature(payload: string): string };
}

interface Notice {
  bt_signature: string;
  bt_payload: string;
}

/** An id as Braintree makes them. */
export const braintreeId = () => randomUUID().slice(0, 8);

/** A sandbox account, connected to an organization. */
export class BraintreeAccount {
  private readonly library: Testing;

  private constructor(
    readonly url: string,
    keys: { merchantId: string; publicKey: string; privateKey: string },
  ) {
    this.library = new BraintreeGateway({ environment: Environment.Sandbox, ...keys }) as unknown as Testing;
  }

  /** Makes an account with keys of its own, and the connection that knows them. */
  static async connect(organization: Organization): Promise<BraintreeAccount> {
    const id = randomUUID().replaceAll('-', '');
    const keys = { merchantId: `merchant_${id}`, publicKey: `public_${id}`, privateKey: `private_${id}` };
    const body = { processor: 'braintree', name: 'Braintree', environment: 'sandbox', ...keys };
    const made = await organization.call<{ data: { webhookUrl: string } }>('POST', '/api/v1/connections', body);
    return new BraintreeAccount(made.data.webhookUrl, keys);
  }

  /** The same address, told of by somebody who has other keys. */
  impostor(): BraintreeAccount {
    return new BraintreeAccount(this.url, { merchantId: 'another', publicKey: 'another', privateKey: 'another' });
  }

  /** What the library answers to a challenge. */
  proof(challenge: string): string {
    return this.library.webhookNotification.verify(challenge);
  }

  /** Sends the library's own sample of a kind; tells what became of it. */
  sample(kind: string, id: string): Promise<string> {
    return this.post(this.library.webhookTesting.sampleNotification(kind, id));
  }

  /** Sends a notification about `subject`, which the library must accept as well. */
  async send(kind: string, subject: string): Promise<string> {
    const at = new Date().toISOString();
    const xml = `<notification><kind>${kind}</kind><timestamp type="datetime">${at}</timestamp><subject>${subject}</subject></notification>`;
    const payload = Buffer.from(xml).toString('base64').replace(/.{1,60}/g, '$&\n');
    const signature = this.library.webhookTesting.sampleSignature(payload);
    await this.library.webhookNotification.parse(signature, payload);
    return this.post({ bt_signature: signature, bt_payload: payload });
  }

  private async post(notice: Notice): Promise<string> {
    const answer = await fetch(this.url, { method: 'POST', body: new URLSearchParams({ ...notice }) });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
    return (JSON.parse(text) as { outcome: string }).outcome;
  }
}

/** A subscription's charge of 49.00 dollars, with the affiliate in a custom field. */
export function charged(transaction: string, affiliate: string): string {
  const at = new Date().toISOString();
  const email = `${transaction}@customers.example`;
  return `<subscription><id>${braintreeId()}</id><status>Active</status><add-ons type="array"/><discounts type="array"/>
    <transactions type="array"><transaction><id>${transaction}</id><status>submitted_for_settlement</status>
    <type>sale</type><currency-iso-code>USD</currency-iso-code><amount>49.00</amount>
    <created-at type="datetime">${at}</created-at><customer><id>c${transaction}</id><email>${email}</email></customer>
    <refund-ids type="array"/><custom-fields><tributary-ref>${affiliate}</tributary-ref></custom-fields>
    <tax-amount nil="true"/></transaction></transactions></subscription>`;
}
