// The published npm client of dialect B, unchanged, against a running server: `node agentref.mjs FACTS`, where FACTS is
// JSON of what the test has made. Ends with 1 and says what is wrong when something is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const end2end = createRequire(new URL("../../../end2end/package.json", import.meta.url));
const sdk = end2end("agentref");
const facts = JSON.parse(process.argv[2]);
const client = new sdk.AgentRef({ apiKey: facts.key, baseUrl: `${facts.url}/api/v1` });
const { programId, sarahId, jonasId } = facts;

const text = "string";
const number = "number";
const truth = "boolean";
const list = Array.isArray;
const orNull = (kind) => (value) => value === null || fits(value, kind);
const oneOf = (...words) => (value) => words.includes(value);
const fits = (value, kind) => (typeof kind === "function" ? kind(value) : typeof value === kind);

// What the package's declarations say of each thing.
const program = {
  id: text, merchantId: text, name: text, description: orNull(text), slug: text, website: orNull(text),
  landingPageUrl: orNull(text), portalSlug: orNull(text), status: oneOf("active", "paused", "archived"),
  marketplaceStatus: oneOf("private", "draft", "public"), applicationAccess: oneOf("open", "invite_only"),
  marketplaceCategory: orNull(text), marketplaceDescription: orNull(text), marketplaceLogoUrl: orNull(text),
  commissionType: oneOf("one_time", "recurring", "recurring_limited"), commissionPercent: number,
  commissionLimitMonths: orNull(number), commissionHoldDays: number, cookieDuration: number,
  trackingRequiresConsent: orNull(truth), trackingParamAliases: orNull(list), payoutThreshold: number, currency: text,
  autoApproveAffiliates: truth, termsUrl: orNull(text), stripeAccountId: orNull(text), stripeConnectedAt: orNull(text),
  createdAt: text, updatedAt: text,
};
const affiliate = {
  id: text, userId: text, programId: text, code: text, status: oneOf("approved", "blocked"), totalClicks: number,
  totalConversions: number, totalEarnings: number, createdAt: text,
};
const conversion = {
  id: text, affiliateId: text, programId: text, amount: number, commission: number,
  status: oneOf("pending", "approved", "partially_refunded", "rejected", "refunded"),
  method: oneOf("cookie", "coupon", "metadata"), stripeSessionId: orNull(text), createdAt: text,
};
const stats = { total: number, pending: number, approved: number, totalRevenue: number, totalCommissions: number };
const programStats = {
  programId: text, programName: text, status: text, totalRevenue: number, totalConversions: number,
  totalCommissions: number, pendingCommissions: number, activeAffiliates: number,
  conversionsByStatus: (counts) => ["pending", "approved", "rejected", "refunded"].every((word) => fits(counts[word], number)),
};
const coupon = { id: text, code: text, affiliateId: text, programId: text, createdAt: text };
const flag = {
  id: text, affiliateId: text,
  type: oneOf("suspicious_activity", "self_referral", "high_click_frequency", "conversion_anomaly", "manual_review"),
  status: oneOf("open", "reviewed", "dismissed", "confirmed"), details: orNull("object"), note: orNull(text),
  createdAt: text, resolvedAt: orNull(text),
};
const flagStats = { open: number, reviewed: number, dismissed: number, confirmed: number, total: number };
const topics = ["program.created", "program.updated", "affiliate.joined", "affiliate.approved", "affiliate.blocked",
  "affiliate.unblocked", "conversion.created", "conversion.refunded", "payout.created", "payout.processing",
  "payout.completed", "payout.failed", "flag.resolved"];
const endpoint = {
  id: text, name: text, url: text, status: oneOf("active", "disabled"), programId: orNull(text), schemaVersion: oneOf(2),
  subscribedEvents: (words) => list(words) && words.every((word) => topics.includes(word)), secretLastFour: orNull(text),
  createdAt: text, updatedAt: text, disabledAt: orNull(text),
};
const merchant = {
  id: text, userId: text, companyName: text, logoUrl: orNull(text), billingTier: text,
  billingRequirementStatus: oneOf("not_required", "required", "grace_period", "restricted", "active"),
  paymentStatus: text, lastPaymentFailedAt: orNull(text), defaultCookieDuration: number, defaultPayoutThreshold: number,
  timezone: text, trackingRequiresConsent: truth, trackingParamAliases: list, notificationPreferences: orNull("object"),
  onboardingCompleted: truth, onboardingStep: number, createdAt: text, updatedAt: text,
};

function is(thing, shape) {
  for (const [name, kind] of Object.entries(shape)) {
    assert.ok(fits(thing[name], kind), `${name} is ${JSON.stringify(thing[name])} in ${JSON.stringify(thing)}`);
  }
  return thing;
}

// A page of a list: the page's rows are of that shape, and its meta is what iterators need.
function page(answer, shape) {
  is(answer.meta, { total: number, page: number, pageSize: number, hasMore: truth, requestId: text, nextCursor: orNull(text) });
  answer.data.forEach((row) => is(row, shape));
  return answer;
}

const ids = (rows) => rows.map((row) => row.id);

async function everyPage(ask, shape) {
  const rows = [];
  for (let next = {}; next; ) {
    const answer = page(await ask(next), shape);
    rows.push(...answer.data);
    next = answer.meta.nextCursor ? { cursor: answer.meta.nextCursor } : null;
  }
  return rows;
}

async function refusal(kind, code, call) {
  const error = await call().then(
    () => assert.fail(`${code} was not refused`),
    (error) => error,
  );
  assert.ok(error instanceof kind, `${code}: ${error.constructor.name} ${error.message}`);
  assert.equal(error.code, code);
  assert.ok(error.requestId, code);
  return error;
}

async function programs() {
  const made = is(await client.programs.create({ name: "Node", commissionType: "recurring_limited", commissionPercent: 12.5,
    commissionLimitMonths: 12, website: "https://node.example", cookieDuration: 45, payoutThreshold: 2500,
    autoApproveAffiliates: true, currency: "EUR", description: "For Node", landingPageUrl: "https://node.example/welcome" },
    { idempotencyKey: "node-program" }), program);
  assert.deepEqual([made.commissionPercent, made.commissionLimitMonths, made.cookieDuration, made.description],
    [12.5, 12, 45, "For Node"]);
  const again = await client.programs.create({ name: "Node", commissionType: "recurring_limited", commissionPercent: 12.5,
    commissionLimitMonths: 12, website: "https://node.example", cookieDuration: 45, payoutThreshold: 2500,
    autoApproveAffiliates: true, currency: "EUR", description: "For Node", landingPageUrl: "https://node.example/welcome" },
    { idempotencyKey: "node-program" });
  assert.equal(again.id, made.id, "the same key is the same program");
  await refusal(sdk.ConflictError, "IDEMPOTENCY_KEY_REUSED", () => client.programs.create(
    { name: "Other", commissionType: "one_time", commissionPercent: 1 }, { idempotencyKey: "node-program" }));

  const detail = is(await client.programs.get(made.id), program);
  assert.equal(detail.readiness, "partial");
  const changed = is(await client.programs.update(made.id, { name: "Node 2", commissionPercent: 15, commissionType: "one_time" }), program);
  assert.deepEqual([changed.name, changed.commissionPercent, changed.commissionLimitMonths], ["Node 2", 15, null]);
  const all = [];
  for await (const one of client.programs.listAll({ pageSize: 1 })) all.push(is(one, program));
  assert.deepEqual(ids(all), ids(page(await client.programs.list({ limit: 100 }), program).data));
  assert.equal(is(await client.programs.delete(made.id), program).status, "archived");
  assert.deepEqual(ids((await client.programs.list({ status: "archived" })).data), [made.id]);
  is(await client.programs.stats(programId), programStats);
  is(await client.programs.stats(programId, { period: "7d" }), programStats);
  const members = page(await client.programs.listAffiliates(programId, { includeBlocked: true, limit: 1 }), affiliate);
  assert.deepEqual([members.data.length, members.meta.total, members.meta.hasMore], [1, 2, true]);
}

async function coupons() {
  const made = is(await client.programs.createCoupon(programId, { affiliateId: sarahId, code: "NODE20",
    expiresAt: "2099-01-01T00:00:00Z" }, { idempotencyKey: "node-coupon" }), coupon);
  const listed = await client.programs.listCoupons(programId);
  assert.ok(ids(listed).includes(made.id));
  listed.forEach((one) => is(one, coupon));
  await refusal(sdk.ConflictError, "CONFLICT", () =>
    client.programs.createCoupon(programId, { affiliateId: sarahId, code: "node20" }));
  assert.equal(is(await client.programs.deleteCoupon(made.id), coupon).code, "NODE20");
  await refusal(sdk.NotFoundError, "NOT_FOUND", () => client.programs.deleteCoupon(made.id));
}

async function affiliates() {
  const listed = await everyPage((next) => client.affiliates.list({ limit: 1, ...next }), affiliate);
  assert.deepEqual(ids(listed), [jonasId, sarahId]);
  const searched = page(await client.affiliates.list({ programId, search: "sarah", includeBlocked: false, status: "approved" }), affiliate);
  assert.deepEqual(ids(searched.data), [sarahId]);
  for (const [sortBy, sortOrder, first] of [["createdAt", "asc", sarahId], ["name", "asc", jonasId],
    ["totalRevenue", "desc", sarahId], ["totalClicks", "desc", undefined]]) {
    const sorted = page(await client.affiliates.list({ sortBy, sortOrder }), affiliate);
    assert.equal(sorted.data.length, 2);
    if (first) assert.equal(sorted.data[0].id, first, sortBy);
  }
  const one = is(await client.affiliates.get(sarahId, { include: "stats" }), affiliate);
  assert.ok(one.totalConversions > 0 && one.totalEarnings > 0);
  is(await client.affiliates.get(jonasId), affiliate);
  assert.equal(is(await client.affiliates.block(jonasId, { reason: "from Node" }), affiliate).status, "blocked");
  assert.deepEqual(ids((await client.affiliates.list({ status: "blocked" })).data), [jonasId]);
  assert.equal(is(await client.affiliates.unblock(jonasId, { idempotencyKey: "node-unblock" }), affiliate).status, "approved");
}

async function conversions() {
  const first = page(await client.conversions.list(), conversion);
  assert.deepEqual([first.data.length, first.meta.pageSize, first.meta.hasMore], [20, 20, true]);
  const all = await everyPage((next) => client.conversions.list({ limit: 7, ...next }), conversion);
  assert.equal(all.length, first.meta.total);
  assert.equal(new Set(ids(all)).size, all.length);
  for (const asked of [{ page: 2, pageSize: 10 }, { page: 2, limit: 10 }, { offset: 10, limit: 10 }]) {
    const second = page(await client.conversions.list(asked), conversion);
    assert.deepEqual(ids(second.data), ids(all.slice(10, 20)));
    assert.equal(second.meta.page, 2);
  }
  let counted = 0;
  for (const [status, shown] of [["pending", "pending"], ["approved", "approved"], ["paid", "approved"],
    ["rejected", "rejected"], ["refunded", "refunded"], ["partially_refunded", "partially_refunded"]]) {
    const some = page(await client.conversions.list({ status, limit: 100 }), conversion);
    assert.equal(some.meta.total, some.data.length, status);
    assert.ok(some.data.every((row) => row.status === shown), status);
    counted += some.meta.total;
  }
  assert.equal(counted, all.length, "each is under one word");
  const byCoupon = all.filter((row) => row.method === "coupon");
  assert.equal(byCoupon.length, 1);
  const theirs = page(await client.conversions.list({ affiliateId: jonasId, programId, startDate: "2020-01-01",
    endDate: "2099-01-01T00:00:00Z" }), conversion);
  assert.ok(theirs.data.length > 0 && theirs.data.every((row) => row.affiliateId === jonasId));
  assert.equal((await client.conversions.list({ from: "2099-01-01", to: "2099-02-01" })).meta.total, 0);
  const recent = await client.conversions.recent({ limit: 3 });
  assert.deepEqual(ids(recent), ids(all.slice(0, 3)));
  recent.forEach((row) => is(row, conversion));
  assert.equal((await client.conversions.recent()).length, 5);
  for (const asked of [undefined, { period: "all" }, { period: "7d", programId }]) {
    const sums = is(await client.conversions.stats(asked), stats);
    assert.equal(sums.total, all.length);
    assert.equal(sums.totalRevenue, all.reduce((sum, row) => sum + row.amount, 0));
    assert.equal(sums.totalCommissions, all.reduce((sum, row) => sum + row.commission, 0));
    assert.equal(sums.pending, all.filter((row) => row.status === "pending").length);
  }
}

async function flags() {
  const open = page(await client.flags.list({ status: "open", type: "self_referral", affiliateId: sarahId, limit: 1 }), flag);
  const before = is(await client.flags.stats(), flagStats);
  const [first] = open.data;
  const resolved = is(await client.flags.resolve(first.id, { status: "dismissed", note: "from Node" },
    { idempotencyKey: "node-flag" }), flag);
  assert.deepEqual([resolved.status, resolved.note], ["dismissed", "from Node"]);
  const after = is(await client.flags.stats(), flagStats);
  assert.deepEqual([after.open, after.dismissed, after.total], [before.open - 1, before.dismissed + 1, before.total]);
}

async function webhooks() {
  const made = await client.webhooks.create({ name: "Node", url: "https://hooks.example.com/node", programId,
    schemaVersion: 2, subscribedEvents: topics });
  is(made.endpoint, endpoint);
  assert.match(made.signingSecret, /^whsec_/);
  const { id } = made.endpoint;
  assert.deepEqual(is(await client.webhooks.get(id), endpoint), made.endpoint);
  assert.ok(ids(await client.webhooks.list({ programId })).includes(id));
  (await client.webhooks.list()).forEach((one) => is(one, endpoint));
  const changed = is(await client.webhooks.update(id, { name: "Node 2", programId: null, subscribedEvents: ["flag.resolved"] }), endpoint);
  assert.deepEqual([changed.name, changed.programId, changed.subscribedEvents], ["Node 2", null, ["flag.resolved"]]);
  const rotated = await client.webhooks.rotateSecret(id);
  assert.notEqual(rotated.signingSecret, made.signingSecret);
  assert.equal(is(rotated.endpoint, endpoint).secretLastFour, rotated.signingSecret.slice(-4));
  await refusal(sdk.ValidationError, "VALIDATION_ERROR", () =>
    client.webhooks.create({ name: "Node", url: "ftp://hooks.example.com", subscribedEvents: topics }));
  assert.deepEqual(await client.webhooks.delete(id), { success: true });
  await refusal(sdk.NotFoundError, "NOT_FOUND", () => client.webhooks.get(id));
}

async function organization() {
  const old = is(await client.merchant.get(), merchant);
  const changed = is(await client.merchant.update({ companyName: "Node Ltd", timezone: "Europe/Berlin",
    defaultCookieDuration: 30, defaultPayoutThreshold: 5000, trackingRequiresConsent: false, trackingParamAliases: [] }), merchant);
  assert.deepEqual([changed.id, changed.companyName, changed.timezone], [old.id, "Node Ltd", "Europe/Berlin"]);
  const identity = await client.affiliateWorkspace.identity();
  assert.equal(identity.organizationId, old.id);
  is(identity.key, { id: text, name: text, scopes: list, ownerType: text });
  assert.deepEqual(identity.owner, { id: old.id, companyName: "Node Ltd" });
}

async function refusals() {
  const invalid = await refusal(sdk.ValidationError, "VALIDATION_ERROR", () => client.conversions.list({ status: "lost" }));
  assert.equal(invalid.details.field, "status");
  const misspelt = await refusal(sdk.ValidationError, "VALIDATION_ERROR", () => client.conversions.list({ programm: programId }));
  assert.equal(misspelt.details.field, "programm");
  await refusal(sdk.ValidationError, "VALIDATION_ERROR", () => client.conversions.recent({ limit: 21 }));
  await refusal(sdk.NotFoundError, "NOT_FOUND", () => client.affiliates.get("01900000-0000-7000-8000-000000000000"));
  const stranger = new sdk.AgentRef({ apiKey: "ak_live_000000000000000000000000", baseUrl: `${facts.url}/api/v1` });
  await refusal(sdk.AuthError, "UNAUTHORIZED", () => stranger.merchant.get());
  const limited = new sdk.AgentRef({ apiKey: facts.limitedKey, baseUrl: `${facts.url}/api/v1/` });
  await refusal(sdk.ForbiddenError, "INSUFFICIENT_SCOPE", () => limited.merchant.get());
}

// More calls at once than a minute allows of a key at once: the client waits as long as it is told, and all of them come through.
async function patience() {
  const slow = new sdk.AgentRef({ apiKey: facts.key, baseUrl: `${facts.slowUrl}/api/v1` });
  const hasty = new sdk.AgentRef({ apiKey: facts.key, baseUrl: `${facts.slowUrl}/api/v1`, maxRetries: 0 });
  let told;
  while (!told) await hasty.merchant.get().catch((error) => (told = error));
  assert.ok(told instanceof sdk.RateLimitError, told.message);
  assert.equal(told.code, "RATE_LIMITED");
  assert.ok(told.retryAfter >= 1 && told.retryAfter <= 60, `${told.retryAfter}`);
  is(await slow.merchant.get(), merchant);
}

for (const part of [programs, coupons, affiliates, conversions, flags, webhooks, organization, refusals, patience]) {
  try {
    await part();
  } catch (error) {
    console.error(`${part.name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
