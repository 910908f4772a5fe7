// Stripe, as the webhook endpoint sees it: events signed by Stripe's own library.

import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';

type Json = Record<string, unknown>;

/** Payload shapes of the newest and of an old API version. */
export const NEW = '2026-07-29.dahlia';
export const OLD = '2020-08-27';

/** An id as Stripe makes them. */
export function stripeId(prefix: string): string {
  return `${prefix}_1Qx${randomUUID().replaceAll('-', '').slice(0, 17)}`;
}

/** Unix seconds. */
export const now = () => Math.floor(Date.now() / 1000);

/** A customer's subscription, bought in a checkout. */
export class Subscription {
  readonly id = stripeId('sub');
  readonly customer = stripeId('cus');

  constructor(
    readonly email: string,
    readonly name: string,
  ) {}

  /** The finished checkout: it says who brought the customer. */
  checkout(invoice: string, clue: Json): Json {
    return {
      id: stripeId('cs_test'),
      object: 'checkout.session',
      mode: 'subscription',
      status: 'complete',
      payment_status: 'paid',
      client_reference_id: null,
      customer: this.customer,
      customer_details: { email: this.email, name: this.name },
      subscription: this.id,
      invoice,
      payment_intent: null,
      metadata: {},
      ...clue,
    };
  }

  /** The paid invoice in the shape of an API version: net plus tax. */
  invoice(id: string, version: string, net: number, tax: number, currency = 'usd', paidAt = now()): Json {
    const total = net + tax;
    const period = { start: paidAt, end: paidAt + 30 * 86_400 };
    const invoice = {
      id,
      object: 'invoice',
      status: 'paid',
      billing_reason: 'subscription_create',
      customer: this.customer,
      customer_email: this.email,
      customer_name: this.name,
      currency,
      amount_due: total,
      amount_paid: total,
      amount_remaining: 0,
      total,
      metadata: {},
      status_transitions: { finalized_at: paidAt, paid_at: paidAt },
    };
    const line = { id: stripeId('il'), object: 'line_item', amount: net, currency, metadata: {}, period };
    if (version === OLD) {
      return {
        ...invoice,
        subscription: this.id,
        charge: stripeId('ch'),
        payment_intent: stripeId('pi'),
        tax,
        total_tax_amounts: [{ amount: tax, inclusive: false }],
        discount: null,
        discounts: [],
        lines: { object: 'list', data: [{ ...line, type: 'subscription', subscription: this.id }] },
      };
    }
    const ofLine = { type: 'subscription_item_details', subscription_item_details: { subscription: this.id } };
    return {
      ...invoice,
      parent: { type: 'subscription_details', subscription_details: { subscription: this.id, metadata: {} } },
      total_excluding_tax: net,
      total_taxes: [{ amount: tax, tax_behavior: 'exclusive' }],
      discounts: [stripeId('di')],
      lines: { object: 'list', data: [{ ...line, parent: ofLine }] },
    };
  }
}

/** Sends events to the address that the connection's card shows. */
export class Endpoint {
  constructor(
    readonly url: string,
    readonly secret: string,
    readonly livemode = false,
  ) {}

  /** Signs and posts one event; returns what became of it. */
  async send(type: string, object: Json, version: string): Promise<string> {
    const event = { id: stripeId('evt'), object: 'event', api_version: version, created: now(), livemode: this.livemode };
    const payload = JSON.stringify({ ...event, type, data: { object } });
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: this.secret });
    const headers = { 'Content-Type': 'application/json', 'Stripe-Signature': signature };
    const answer = await fetch(this.url, { method: 'POST', headers, body: payload });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${type}: ${answer.status} ${text}`);
    return (JSON.parse(text) as { outcome: string }).outcome;
  }

  /** A finished checkout with the invoice that it made. */
  async sell(subscription: Subscription, clue: Json, invoice: Json, version: string): Promise<void> {
    const id = String(invoice['id']);
    await this.send('checkout.session.completed', subscription.checkout(id, clue), version);
    await this.send('invoice.paid', invoice, version);
  }
}
