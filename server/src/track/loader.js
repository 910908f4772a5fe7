// Tributary's loader: tells the server that somebody came through an affiliate's link, and remembers whose.
//
//   <script async src="https://tributary.example/t.js"></script>
//
// data-organization, data-program-id  whose page it is, where its address alone does not say so
// data-params="partner,p"             further parameters that carry a referral code
// data-require-consent                nothing is sent, kept or read until Tributary.setConsent(true)
// data-clean-url                      takes the referral code and the click out of the address bar
//
// It is a guest: whatever goes wrong here must not be seen on the page.
(() => {
  'use strict';
  const REF = 'tributary_ref';
  const CLICK = 'tributary_click';
  const FRESH = 30 * 60 * 1000; // the server takes visits that are closer together for one
  const DAY = 24 * 60 * 60;
  const script = document.currentScript;
  if (!script || window.Tributary) return;

  const attempt = (action, otherwise) => {
    try {
      return action();
    } catch {
      return otherwise;
    }
  };
  const says = (name) => script.hasAttribute(`data-${name}`) && script.getAttribute(`data-${name}`) !== 'false';
  const option = (name) => script.getAttribute(`data-${name}`) || undefined;

  const page = new URL(location.href);
  const ownParams = (option('params') || '').split(',').map((name) => name.trim());
  const params = [...ownParams, 'via', 'ref', 'fpr', 'rfsn', 'aff', 'a_aid', 'r', 'a'].filter(Boolean);
  const read = (name) => (page.searchParams.get(name) || '').trim().toLowerCase();
  const param = params.find((name) => /^[a-z0-9-]{3,64}$/.test(read(name)));
  const code = param && read(param);

  const asksFirst = says('require-consent');
  let consent = asksFirst ? undefined : null; // null: nobody was asked
  let referral = null;
  let click = null;
  let told = false; // the server has answered about this page's code
  let isReady = false;
  const waiting = [];

  // A cookie is kept on the widest domain that takes it, so that shop.example remembers what www.shop.example
  // has seen. Browsers refuse those that belong to everybody, such as co.uk, so the widest is tried first.
  const domains = () => {
    const parts = location.hostname.split('.');
    const all = parts.map((_, at) => parts.slice(at).join('.')).reverse();
    return [...all.slice(1), ''];
  };
  const cookie = (name) => {
    const found = attempt(() => document.cookie, '').match(`(?:^|; )${name}=([^;]*)`);
    return found ? attempt(() => decodeURIComponent(found[1])) : undefined;
  };
  const setCookie = (name, value, seconds) => {
    const secure = location.protocol === 'https:' ? '; secure' : '';
    for (const domain of domains()) {
      const where = domain ? `; domain=${domain}` : '';
      document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${seconds}; samesite=lax${where}${secure}`;
      // When it is taken off, every domain has its turn.
      if (seconds && cookie(name) === value) return;
    }
  };
  const recall = (name) => cookie(name) || attempt(() => localStorage.getItem(name)) || null;
  const remember = (name, value, days) => {
    attempt(() => setCookie(name, value, days * DAY));
    attempt(() => (days ? localStorage.setItem(name, value) : localStorage.removeItem(name)));
  };

  // The time of a click stands in the first 48 bits of its token.
  const age = (token) => Date.now() - parseInt(token.replace('-', '').slice(0, 12), 16);
  // The click that the link has made, if that was just now. The server says whether it is one.
  const handed = read(CLICK);
  const isHanded = age(handed) < FRESH;

  // Beside the script, wherever that is served.
  const post = async (path, body) => {
    const address = new URL(`api/tracking/${path}`, script.src);
    const organization = option('organization');
    if (organization) address.searchParams.set('o', organization);
    const headers = { 'Content-Type': 'application/json' };
    return fetch(address, { method: 'POST', headers, body: JSON.stringify(body), keepalive: true });
  };

  const tell = async () => {
    const response = await post('click', {
      programId: option('program-id'),
      pageUrl: page.href.slice(0, 4096),
      referralCode: code,
      referrer: document.referrer || undefined,
      consentGranted: consent ?? undefined,
      previousToken: click || undefined,
      linkToken: isHanded ? handed : undefined,
    });
    if (!response.ok) return;
    const answer = await response.json();
    told = answer.status !== 'consent_required';
    if (answer.status !== 'ok' || consent === false) return;
    referral = answer.affiliateCode;
    click = answer.clickToken;
    remember(REF, referral, answer.cookieDays);
    remember(CLICK, click, answer.cookieDays);
  };

  // Stripe's own pages and elements carry the click to the sale. What the shop has filled in itself stays.
  const filled = new WeakSet();
  const fillIn = () => {
    if (!click) return;
    for (const link of document.querySelectorAll('a[href^="https://buy.stripe.com/"]')) {
      const target = new URL(link.href);
      const before = target.searchParams.get('client_reference_id');
      if (before === click || (before && !filled.has(link))) continue;
      target.searchParams.set('client_reference_id', click);
      filled.add(link);
      link.href = target;
    }
    for (const element of document.querySelectorAll('stripe-buy-button, stripe-pricing-table')) {
      const before = element.getAttribute('client-reference-id');
      if (before === click || (before && !filled.has(element))) continue;
      filled.add(element);
      element.setAttribute('client-reference-id', click);
    }
  };
  const watch = () => {
    const observer = new MutationObserver(() => attempt(fillIn));
    observer.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['href'] });
  };

  const ready = () => {
    attempt(fillIn);
    isReady = true;
    for (const listener of waiting.splice(0)) attempt(() => listener(window.Tributary));
  };

  const start = async () => {
    try {
      if (consent === undefined || consent === false) return;
      referral ||= recall(REF);
      click ||= recall(CLICK);
      const isKnown = code === referral && click && age(click) < FRESH && (!isHanded || handed === click);
      if (code && !told && !isKnown) await tell();
    } catch {
      // The next page tells it again.
    } finally {
      if (consent !== undefined) ready();
    }
  };

  window.Tributary = {
    get referral() {
      return referral;
    },
    get click() {
      return click;
    },
    // Calls back once it is known who has sent the visitor, if anybody has.
    ready(listener) {
      if (isReady) attempt(() => listener(window.Tributary));
      else waiting.push(listener);
    },
    // For the metadata of a checkout session that the shop's server makes.
    checkoutMetadata: () => (click ? { [REF]: referral, [CLICK]: click } : {}),
    // Tells of a signup; true when that has arrived.
    async lead({ email, name } = {}) {
      if (!click) return false;
      const answer = await post('click/lead', { clickToken: click, email, name }).catch(() => null);
      return Boolean(answer?.ok);
    },
    setConsent(granted) {
      consent = Boolean(granted);
      if (!consent) {
        referral = click = null;
        for (const name of [REF, CLICK]) remember(name, '', 0);
      }
      return start();
    },
  };

  attempt(() => {
    if (!code || !says('clean-url')) return;
    const clean = new URL(page);
    for (const name of [param, CLICK]) clean.searchParams.delete(name);
    history.replaceState(history.state, '', clean);
  });
  attempt(watch);
  // A page that is only prepared has not been visited yet.
  if (document.prerendering) document.addEventListener('prerenderingchange', start, { once: true });
  else start();
})();
