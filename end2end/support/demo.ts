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

/** Fills an organization with about 80 sales of all the sources there are today. */
export async function demo(shop: Organization): Promise<void> {
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
