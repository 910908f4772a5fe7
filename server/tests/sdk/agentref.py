"""The published Python client of dialect B, unchanged, against a running server: `python agentref.py FACTS`, where FACTS
is JSON of what the test has made. Its models refuse what does not fit them. Ends with 1 and says what is wrong when
something is."""

import asyncio
import json
import sys
import traceback

# Python looks beside this file first, which has the package's name.
sys.path.pop(0)

from agentref import AgentRef, AsyncAgentRef  # noqa: E402
from agentref.errors import (  # noqa: E402
    AuthError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)

facts = json.loads(sys.argv[1])
api = facts["url"] + "/api/v1"
client = AgentRef(facts["key"], base_url=api)
program_id, sarah_id, jonas_id = facts["programId"], facts["sarahId"], facts["jonasId"]


def ids(rows):
    return [row.id for row in rows]


def same(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


def refusal(kind, code, call):
    try:
        call()
    except kind as error:
        same(error.code, code)
        assert error.request_id, code
        return error
    raise AssertionError(f"{code} was not refused")


def every_page(ask):
    rows, cursor = [], None
    while True:
        page = ask(cursor)
        assert page.meta.request_id
        rows += page.data
        cursor = page.meta.next_cursor
        if cursor is None:
            assert not page.meta.has_more
            return rows


def programs():
    def make(name="Python"):
        return client.programs.create(
            name=name,
            commission_type="recurring_limited",
            commission_percent=12.5,
            commission_limit_months=12,
            cookie_duration=45,
            payout_threshold=2500,
            auto_approve_affiliates=True,
            description="For Python",
            landing_page_url="https://python.example/welcome",
            currency="EUR",
            idempotency_key="python-program",
        )

    made = make()
    same(made.description, "For Python")
    same((made.commission_percent, made.commission_limit_months, made.cookie_duration), (12.5, 12, 45))
    same(make().id, made.id)
    refusal(ConflictError, "IDEMPOTENCY_KEY_REUSED", lambda: make("Other"))
    same(client.programs.get(made.id).readiness, "partial")
    changed = client.programs.update(made.id, name="Python 2", commission_percent=15, commission_type="one_time")
    same((changed.name, changed.commission_percent, changed.commission_limit_months), ("Python 2", 15, None))
    one_by_one = ids(client.programs.list_all(page_size=1))
    same(one_by_one, ids(client.programs.list(limit=100).data))
    same(client.programs.delete(made.id).status, "archived")
    assert made.id in ids(client.programs.list(status="archived", page=1, page_size=10).data)
    stats = client.programs.stats(program_id, period="30d")
    same((stats.program_id, stats.active_affiliates), (program_id, 2))
    same(sum(stats.conversions_by_status.values()), stats.total_conversions)
    members = client.programs.list_affiliates(program_id, include_blocked=True, limit=1)
    same((len(members.data), members.meta.total, members.meta.has_more), (1, 2, True))


def coupons():
    made = client.programs.create_coupon(
        program_id, affiliate_id=sarah_id, code="PYTHON20", expires_at="2099-01-01T00:00:00Z", idempotency_key="python-coupon"
    )
    assert made.id in ids(client.programs.list_coupons(program_id))
    again = lambda: client.programs.create_coupon(program_id, affiliate_id=sarah_id, code="python20")  # noqa: E731
    refusal(ConflictError, "CONFLICT", again)
    same(client.programs.delete_coupon(made.id).code, "PYTHON20")
    refusal(NotFoundError, "NOT_FOUND", lambda: client.programs.delete_coupon(made.id))


def affiliates():
    listed = every_page(lambda cursor: client.affiliates.list(limit=1, cursor=cursor))
    same(ids(listed), [jonas_id, sarah_id])
    found = client.affiliates.list(program_id=program_id, search="sarah", include_blocked=False, status="approved")
    same(ids(found.data), [sarah_id])
    same(ids(client.affiliates.list(sort_by="name", sort_order="asc").data), [jonas_id, sarah_id])
    same(client.affiliates.list(status="pending").data, [])
    one = client.affiliates.get(sarah_id, include="stats")
    assert one.total_conversions > 0 and one.total_earnings > 0
    same(client.affiliates.block(jonas_id, reason="from Python", idempotency_key="python-block").status, "blocked")
    same(client.affiliates.unblock(jonas_id).status, "approved")


def conversions():
    every = every_page(lambda cursor: client.conversions.list(limit=7, cursor=cursor))
    first = client.conversions.list()
    same((len(first.data), first.meta.page_size, first.meta.total), (20, 20, len(every)))
    for asked in ({"page": 2, "page_size": 10}, {"page": 2, "limit": 10}, {"offset": 10, "limit": 10}):
        second = client.conversions.list(**asked)
        same((ids(second.data), second.meta.page), (ids(every[10:20]), 2))
    counted = 0
    for word in ("pending", "approved", "paid", "rejected", "refunded", "partially_refunded"):
        some = client.conversions.list(status=word, limit=100)
        shown = "approved" if word == "paid" else word
        assert all(row.status == shown for row in some.data), word
        counted += some.meta.total
    same(counted, len(every))
    theirs = client.conversions.list(
        affiliate_id=jonas_id, program_id=program_id, start_date="2020-01-01", end_date="2099-01-01"
    )
    assert theirs.data and all(row.affiliate_id == jonas_id for row in theirs.data)
    same(client.conversions.list(from_="2099-01-01", to="2099-02-01").data, [])
    same(ids(client.conversions.recent(limit=3)), ids(every[:3]))
    for asked in ({}, {"period": "all"}, {"period": "90d", "program_id": program_id}):
        stats = client.conversions.stats(**asked)
        same(stats.total, len(every))
        same(stats.total_revenue, sum(row.amount for row in every))
        same(stats.total_commissions, sum(row.commission for row in every))
        same(stats.approved, sum(row.status == "approved" for row in every))


def flags():
    found = client.flags.list(status="open", type="self_referral", affiliate_id=sarah_id, limit=1)
    before = client.flags.stats()
    resolved = client.flags.resolve(
        found.data[0].id, status="reviewed", note="from Python", idempotency_key="python-flag"
    )
    same((resolved.status, resolved.note), ("reviewed", "from Python"))
    after = client.flags.stats()
    same((after.open, after.reviewed, after.total), (before.open - 1, before.reviewed + 1, before.total))


def webhooks():
    topics = [
        "program.created",
        "program.updated",
        "affiliate.joined",
        "affiliate.approved",
        "affiliate.blocked",
        "affiliate.unblocked",
        "conversion.created",
        "conversion.refunded",
        "payout.created",
        "payout.processing",
        "payout.completed",
        "payout.failed",
        "flag.resolved",
    ]
    url = "https://hooks.example.com/python"
    made = client.webhooks.create(
        name="Python", url=url, program_id=program_id, schema_version=2, subscribed_events=topics
    )
    assert made.signing_secret.startswith("whsec_")
    endpoint = made.endpoint
    same(client.webhooks.get(endpoint.id), endpoint)
    same(client.webhooks.list(program_id=program_id), [endpoint])
    changed = client.webhooks.update(
        endpoint.id, name="Python 2", program_id=None, subscribed_events=["flag.resolved"]
    )
    same((changed.name, changed.program_id, changed.subscribed_events), ("Python 2", None, ["flag.resolved"]))
    rotated = client.webhooks.rotate_secret(endpoint.id)
    assert rotated.signing_secret != made.signing_secret
    same(rotated.endpoint.secret_last_four, rotated.signing_secret[-4:])
    wrong = lambda: client.webhooks.create(name="Python", url="ftp://example.com", subscribed_events=topics)  # noqa: E731
    refusal(ValidationError, "VALIDATION_ERROR", wrong)
    same(client.webhooks.delete(endpoint.id).success, True)
    refusal(NotFoundError, "NOT_FOUND", lambda: client.webhooks.get(endpoint.id))


def organization():
    old = client.merchant.get()
    changed = client.merchant.update(
        company_name="Python Ltd",
        timezone="Europe/Berlin",
        default_cookie_duration=30,
        default_payout_threshold=5000,
        tracking_requires_consent=False,
        tracking_param_aliases=[],
        tracking_legacy_metadata_fallback_enabled=False,
    )
    same((changed.id, changed.company_name, changed.timezone), (old.id, "Python Ltd", "Europe/Berlin"))


def refusals():
    invalid = refusal(ValidationError, "VALIDATION_ERROR", lambda: client.conversions.list(status="lost"))
    same(invalid.details["field"], "status")
    refusal(ValidationError, "VALIDATION_ERROR", lambda: client.conversions.recent(limit=21))
    nobody = "01900000-0000-7000-8000-000000000000"
    refusal(NotFoundError, "NOT_FOUND", lambda: client.affiliates.get(nobody))
    stranger = AgentRef("ak_live_000000000000000000000000", base_url=api)
    refusal(AuthError, "UNAUTHORIZED", stranger.merchant.get)
    limited = AgentRef(facts["limitedKey"], base_url=api)
    refusal(ForbiddenError, "INSUFFICIENT_SCOPE", limited.merchant.get)


def patience():
    """The client waits as long as it is told, and comes through."""
    slow = facts["slowUrl"] + "/api/v1"
    hasty = AgentRef(facts["key"], base_url=slow, max_retries=0)
    told = None
    while told is None:
        try:
            hasty.merchant.get()
        except RateLimitError as error:
            told = error
    same(told.code, "RATE_LIMITED")
    assert 1 <= told.retry_after <= 60, told.retry_after
    assert AgentRef(facts["key"], base_url=slow).merchant.get().id


def at_once():
    async def ask():
        async with AsyncAgentRef(facts["key"], base_url=api) as other:
            pages = await asyncio.gather(*[other.conversions.list(page=page, limit=5) for page in (1, 2, 3)])
            return [row.id for page in pages for row in page.data]

    same(asyncio.run(ask()), ids(client.conversions.list(limit=15).data))


failed = False
for part in (programs, coupons, affiliates, conversions, flags, webhooks, organization, refusals, patience, at_once):
    try:
        part()
    except Exception:
        failed = True
        print(f"{part.__name__}: {traceback.format_exc()}", file=sys.stderr)
sys.exit(1 if failed else 0)
