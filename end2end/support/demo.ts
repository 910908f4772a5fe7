// Believable data: a small software company's affiliates and what they brought in. The same every time.

import type { Organization } from './organization';
import { Endpoint, NEW, OLD, Subscription, now, stripeId } from './stripe';

const SECRET = `whsec_${'northwind'.repeat(4)}`;
const DAY = 86_400;

const AFFILIATES = [
  'Sarah Chen', 'Marco Rossi', 'Amélie Laurent', 'Priya Nair', 'Jonas Weber', 'Sofia Almeida',
  'Tom Becker', 'Hana Sato', 'Liam Murphy', 'Zoë van Dijk', 'Omar Haddad', 'Grace Kim',
];
const PAYERS = ['Ann Lee', 'Bob Ray', 'Cleo Park', 'Dan Fox', 'Eva Holm', 'Finn Berg', 'Gia Luz', 'Hugo Marsh', 'Ida Storm', 'Jack Pine'];
const NETS = [1900, 2900, 4900, 9900, 14_900, 49_000];

/** What of the demo is worth a look of its own, by id. */
export interface Sights {
  /** A sale that was refunded in part and is disputed, by an affiliate who was recruited. */
  sale: string;
  /** The recruiter's share of it. */
  share: string;
  /** An affiliate with balances in two currencies. */
  affiliate: string;
  /** A failed event. */
  event: string;
  /** A campaign whose snippet was seen. */
  campaign: string;
  /** One that nothing is set up for yet. */
  newCampaign: string;
  /** A coupon. */
  coupon: string;
}

/** Fills an organization with about 80 sales of all the sources there are today. */
export async function demo(shop: Organization): Promise<Sights> {
  const pick = picker();
  const campaigns = [
    await shop.defaultCampaign(),
    await shop.campaign('Annual plans', { commissionType: 'one_time', commissionPercent: 30, commissionHoldDays: 45 }),
    await shop.campaign('EU partners', { currency: 'EUR', commissionPercent: 15, commissionHoldDays: 14 }),
  ];
  const webhook = await shop.call<{ data: { webhookUrl: string } }>('POST', '/api/v1/connections', {
    processor: 'stripe', mode: 'live', name: 'Stripe', signingSecrets: [SECRET],
  });
  const stripe = new Endpoint(webhook.data.webhookUrl, SECRET, true);

  const affiliates = [];
  for (const [index, name] of AFFILIATES.entries()) {
    const code = (name.split(' ')[0] ?? name).toLowerCase().replaceAll(/[^a-z]/g, 'e');
    const campaign = campaigns[index % 3] ?? '';
    const id = await shop.affiliate(name, { code, email: `${code}@partner.example`, programId: campaign });
    const promotion = stripeId('promo');
    const coupon = index % 2 === 0 ? `${code.toUpperCase()}20` : null;
    if (coupon) await shop.coupon(coupon, id, campaign, { processorDiscountId: promotion });
    affiliates.push({ code, coupon, promotion, euro: index % 3 === 2 });
  }

  const bought: Subscription[] = [];
  for (let index = 0; index < 80; index += 1) {
    const affiliate = pick(affiliates);
    const payer = pick(PAYERS);
    const email = `${payer.toLowerCase().replace(' ', '.')}${index}@customer.example`;
    const net = pick(NETS);
    const currency = affiliate.euro ? 'eur' : 'usd';
    const paidAt = now() - (80 - index) * DAY;
    const occurredAt = new Date(paidAt * 1000).toISOString();
    const subscription = new Subscription(email, payer);
    const invoice = stripeId('in');
    const version = pick([OLD, NEW]);
    const paid = subscription.invoice(invoice, version, net, index % 3 === 0 ? net / 10 : 0, currency, paidAt);
    switch (index % 10) {
      case 0: case 1: case 2:
        if (affiliate.coupon) {
          await stripe.sell(subscription, { discounts: [{ coupon: null, promotion_code: affiliate.promotion }] }, paid, version);
          bought.push(subscription);
          break;
        }
      // falls through: those without a coupon have a link
      case 3: case 4:
        await stripe.sell(subscription, { client_reference_id: affiliate.code }, paid, version);
        bought.push(subscription);
        break;
      case 5: {
        const earlier = pick(bought);
        await stripe.send('invoice.paid', earlier.invoice(invoice, NEW, net, 0, currency, paidAt), NEW);
        break;
      }
      case 6: case 7:
        await shop.sale({ externalEventId: `order-${88_000 + index}`, affiliateSlug: affiliate.code, amountCents: net, currency, customerEmail: email, occurredAt });
        break;
      case 8:
        await shop.lead({ externalEventId: `signup-${500 + index}`, email, affiliateSlug: affiliate.code, name: payer });
        break;
      default:
        await shop.sale({ externalEventId: `order-${88_000 + index}`, affiliateSlug: affiliate.code, amountCents: net * 10, currency: pick(['GBP', 'JPY']), occurredAt });
    }
  }
  return sights(shop, stripe, campaigns);
}

async function sights(shop: Organization, stripe: Endpoint, [standard, , euro]: string[]): Promise<Sights> {
  const recruiter = await shop.affiliate('Rita Sandoval', { email: 'rita@partner.example', programId: standard });
  const affiliate = await shop.affiliate('Nora Quinn', { code: 'nora', email: 'nora@partner.example', programId: standard, recruiterId: recruiter, commissionPercent: 25 });
  await shop.call('PATCH', `/api/v1/programs/${standard}`, {
    overridePercent: 10, website: 'https://northwind.example', sites: ['pay.northwind.example'], trackingRequiresConsent: true,
  });
  await fetch(`${shop.url}/t.js`, { headers: { referer: 'https://www.northwind.example/' } });
  await shop.call('PATCH', `/api/v1/affiliates/${affiliate}`, { programId: euro });
  await shop.coupon('NORA20', affiliate, euro ?? '');
  const suspicious = { affiliateSlug: 'sarah', amountCents: 14_900 };
  await shop.sale({ ...suspicious, externalEventId: 'order-89004', customerEmail: 'sarah+shop@partner.example' });
  await shop.sale({ ...suspicious, externalEventId: 'order-89005', customerEmail: 'k7q2@mailinator.com' });
  const inEuro = await shop.sale({ affiliateSlug: 'nora', currency: 'EUR', campaignId: euro, externalEventId: 'order-89001', amountCents: 18_900 });
  await shop.sale({ affiliateSlug: 'nora', currency: 'EUR', campaignId: euro, externalEventId: 'order-89002', amountCents: 129_000 });
  await shop.sale({ affiliateSlug: 'nora', externalEventId: 'order-89003', amountCents: 24_900 });
  await shop.call('POST', `/api/v1/conversions/${inEuro.id}/approve`, { reason: 'the customer has confirmed the order' });
  await shop.call('POST', '/api/tracking/s2s/refund', { externalEventId: 'order-89003', refundId: 'refund-7', amountCents: 9900 });

  const subscription = new Subscription('nadia.berg@customer.example', 'Nadia Berg');
  const invoice = stripeId('in');
  const paid = subscription.invoice(invoice, OLD, 49_000, 4900, 'usd', now() - 4 * DAY);
  await stripe.sell(subscription, { client_reference_id: 'nora' }, paid, OLD);
  const of = { charge: paid['charge'], currency: 'usd' };
  await stripe.send('refund.created', { id: stripeId('re'), object: 'refund', ...of, amount: 10_780, status: 'succeeded', reason: 'requested_by_customer', created: now() - 2 * DAY }, NEW);
  await stripe.send('charge.dispute.created', { id: stripeId('dp'), object: 'dispute', ...of, amount: 43_120, status: 'needs_response', reason: 'product_not_received', created: now() - DAY }, NEW);
  await stripe.send('invoice.created', { id: stripeId('in') }, NEW);
  await stripe.send('invoice.paid', { id: stripeId('in'), customer: subscription.customer, currency: 'usd' }, NEW);

  const sale = (await shop.sales()).find((one) => one.invoiceId === invoice && one.affiliateName === 'Nora Quinn');
  const share = (await shop.sales()).find((one) => one.affiliateName === 'Rita Sandoval' && one.parentConversionId === sale?.id);
  const { data: [event] } = await shop.call<{ data: { id: string }[] }>('GET', '/api/v1/events?outcome=failed');
  const { data: [coupon] } = await shop.call<{ data: { id: string }[] }>('GET', `/api/v1/programs/${standard}/coupons`);
  const newCampaign = await shop.campaign('Podcasts', { commissionPercent: 25 });
  await shop.coupon('AUTUMN26', affiliate, standard ?? '', { expiresAt: '2026-01-01T00:00:00Z' });
  if (!sale || !share || !event || !coupon || !standard) throw new Error('the demo lacks a sale, its share or a failed event');
  return { sale: sale.id, share: share.id, affiliate, event: event.id, campaign: standard, newCampaign, coupon: coupon.id };
}

/** Picks as if by chance, but the same ones every time (mulberry32). */
function picker(): <T>(from: readonly T[]) => T {
  let state = 42;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return (from) => {
    const picked = from[Math.floor(random() * from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  };
}
