"""Deciding reports: who may, in which order, and what is done."""

import asyncio
from typing import Any

import pytest

from services.accounts.logins.needs import ADMIN_CONFIRMED_MS
from services.ids import now_ms
from services.jobs.sweeping import sweep
from store.tables import ACTS, BANS, LOGINS, MEMBERS, REPORTS, USERS, WARNINGS
from tests.client.checks import Json
from tests.integration.aliases.scene import Scene
from tests.integration.reports.staff import staff_of
from tests.integration.reports.test_reporting import post, report
from tests.people import Person
from tests.refusals import claims


@pytest.fixture
async def item(scene: Scene) -> Json:
    """A message of dan's in the topic."""
    return await scene.dan.say(scene.topic, "bad")


@pytest.fixture
async def made(scene: Scene, item: Json) -> str:
    """The report of it, by cat."""
    return str((await report(scene.cat, item))["id"])


async def decide(person: Person, step: str, made: str, **more: Any) -> str:
    return await person.code(f"report.{step}", report=made, **more)


async def test_moderators_of_the_topic_take_each_step_and_all_of_them_are_kept(scene: Scene, made: str) -> None:
    for step, state in (
        ("review", "reviewed"),
        ("dismiss", "dismissed"),
        ("reopen", "pending"),
        ("resolve", "resolved"),
    ):
        assert (await scene.bob.do(f"report.{step}", report=made, note=f"to {step}"))["state"] == state
    found = await scene.bob.do("report.get", report=made)
    assert [(one["step"], one["note"]) for one in found["remarks"]] == [
        (step, f"to {step}") for step in ("review", "dismiss", "reopen", "resolve")
    ]
    assert {one["by"]["id"] for one in found["remarks"]} == {scene.bob.id}
    assert found["decided_at"] is not None
    listed = {
        state: await scene.ann.do("report.list", topic=scene.topic, state=state) for state in ("resolved", "pending")
    }
    assert [len(page["items"]) for page in listed.values()] == [1, 0]


async def test_nobody_else_decides_or_reads(scene: Scene, made: str) -> None:
    (eve,) = await scene.parley.people("eve")
    for person in (scene.cat, scene.dan, eve):
        for step in ("review", "dismiss", "resolve", "escalate", "reopen"):
            assert await decide(person, step, made) == "report_not_found"
        assert await person.code("report.get", report=made) == "report_not_found"
        assert await person.code("report.list", topic=scene.topic) == "forbidden"
        assert await person.code("report.list") == "forbidden"
    await scene.change(scene.topic, open=False)
    assert await eve.code("report.list", topic=scene.topic) == "room_not_found"
    assert await scene.bob.code("report.list") == "forbidden"


async def test_what_was_decided_is_decided_until_it_is_opened_again(scene: Scene, made: str) -> None:
    assert await decide(scene.bob, "dismiss", made) == "ok"
    assert await decide(scene.bob, "dismiss", made) == "ok"
    assert await decide(scene.bob, "resolve", made) == "report_closed"
    assert await decide(scene.bob, "reopen", made) == "ok"
    assert await decide(scene.bob, "resolve", made) == "ok"


async def test_the_same_request_again_is_answered_and_does_nothing_twice(scene: Scene, made: str) -> None:
    staff = await staff_of(scene.parley)
    wanted: Json = {"report": made, "actions": ["warn"], "reason": "do not do that", "note": "seen"}
    first = await staff.do("report.resolve", **wanted)
    assert await staff.do("report.resolve", **wanted) == first
    assert len(await scene.parley.database.find(WARNINGS, {"user": scene.dan.id}, by="id")) == 1
    others: tuple[Json, ...] = ({"actions": []}, {"reason": "nor that"}, {"note": "read"}, {"days": 3})
    for other in others:
        assert await staff.code("report.resolve", **wanted | other) == "report_closed"
    assert await scene.ann.code("report.resolve", **wanted) == "forbidden"
    await staff.do("report.reopen", report=made)
    again = await staff.do("report.resolve", **wanted | {"actions": []})
    assert [one["step"] for one in again["remarks"]] == ["resolve", "reopen", "resolve"]


async def test_only_whoever_resolved_a_report_is_answered_again(scene: Scene, made: str) -> None:
    assert await decide(scene.bob, "resolve", made) == "ok"
    assert await decide(scene.bob, "resolve", made) == "ok"
    assert await decide(scene.ann, "resolve", made) == "report_closed"
    kept = await scene.parley.database.get(REPORTS, made)
    assert kept is not None
    assert [remark.step for remark in kept.remarks] == ["resolve"]


async def test_what_was_escalated_is_the_installations(scene: Scene, made: str) -> None:
    staff = await staff_of(scene.parley)
    assert await decide(scene.bob, "escalate", made) == "ok"
    assert await decide(scene.bob, "dismiss", made) == "forbidden"
    assert await decide(staff, "resolve", made) == "ok"
    assert await decide(scene.bob, "reopen", made) == "forbidden"
    assert await decide(staff, "reopen", made) == "ok"
    lines = await scene.parley.database.find(ACTS, {"subject": made}, by="id")
    assert [(line.action, line.actor) for line in lines] == [
        ("report.resolve", staff.id),
        ("report.reopen", staff.id),
    ]


async def test_the_installations_moderators_log_in_with_two_proofs(scene: Scene, made: str) -> None:
    staff = await staff_of(scene.parley)
    login = str(claims(staff.account.token)["sid"])
    await scene.parley.database.update(LOGINS, login, {"methods": ("password",)})
    assert await staff.code("report.list") == "second_factor_missing"
    assert await staff.code("report.get", report=made) == "second_factor_missing"
    await scene.parley.database.update(USERS, scene.bob.id, {"role": "moderator"})
    assert await scene.bob.code("report.list", topic=scene.topic) == "ok"


async def test_a_message_is_deleted(scene: Scene, item: Json, made: str) -> None:
    staff = await staff_of(scene.parley)
    for person in (scene.bob, staff):
        assert await decide(person, "resolve", made, actions=["delete"]) == "ok"
        await decide(staff, "reopen", made)
    assert await scene.cat.texts(scene.topic) == [""]


async def test_a_moderator_without_the_permission_does_not_delete(scene: Scene, item: Json, made: str) -> None:
    await scene.parley.database.update(MEMBERS, f"{scene.topic}:{scene.bob.id}", {"permissions": ("ban_users",)})
    assert await decide(scene.bob, "resolve", made, actions=["delete"]) == "permission_missing"
    assert await scene.cat.texts(scene.topic) == ["bad"]
    kept = await scene.parley.database.get(REPORTS, made)
    assert kept is not None
    assert kept.state == "pending"


async def test_posts_and_comments_are_deleted(scene: Scene) -> None:
    posted = await post(scene.dan, scene.topic)
    comment = await scene.dan.do("comment.create", post=posted, text="and hoot", cid="k1")
    made: Json = {}
    for kind, where in (("comment", {"target": comment["id"], "post": posted}), ("post", {"target": posted})):
        made = await scene.cat.do("report.make", kind=kind, reason="spam", **where)
        found = await scene.bob.do("report.resolve", report=made["id"], actions=["delete"], reason="spam")
        assert found["actions"] == ["delete"]
        assert found["said"]["text"]
    items = {one["id"]: one for one in await scene.cat.items(scene.topic)}
    assert (items[posted]["deleted"], items[posted]["text"], items[posted]["comments"]) == (True, "", 0)
    assert await decide(scene.bob, "resolve", made["id"], actions=["delete"]) in {"ok", "report_closed"}


async def test_whom_it_is_about_is_banned_from_the_topic(scene: Scene, made: str) -> None:
    assert await decide(scene.bob, "resolve", made, actions=["ban"], reason="enough", days=3) == "ok"
    ban = await scene.parley.database.get(BANS, f"{scene.topic}:{scene.dan.id}")
    assert ban is not None
    assert (ban.reason, ban.until is not None) == ("enough", True)


async def test_another_name_is_silenced_and_nothing_shows_whose_it_is(scene: Scene) -> None:
    item = await scene.dan.say(scene.topic, anonymous=True)
    made = (await report(scene.cat, item))["id"]
    assert await decide(scene.bob, "resolve", made, actions=["ban"]) == "ok"
    again = {"room": scene.topic, "text": "a", "cid": "x1", "anonymous": True}
    assert await scene.dan.code("message.send", **again) == "alias_silenced"
    assert scene.dan.id in [
        member["user"]["id"] for member in (await scene.bob.do("room.members", room=scene.topic))["items"]
    ]


async def test_the_installations_moderators_warn(scene: Scene, made: str) -> None:
    assert await decide(scene.bob, "resolve", made, actions=["warn"], reason="no") == "forbidden"
    staff = await staff_of(scene.parley)
    assert await decide(staff, "resolve", made, actions=["warn"]) == "bad_request"
    assert await decide(staff, "resolve", made, actions=["ban"]) == "forbidden"
    assert await decide(staff, "resolve", made, actions=["warn"], reason="do not do that") == "ok"
    (warned,) = await scene.parley.database.find(WARNINGS, {"user": scene.dan.id}, by="id")
    assert warned.text == "do not do that"


async def test_a_warning_needs_a_proof_of_lately(scene: Scene, made: str) -> None:
    staff = await staff_of(scene.parley)
    login = str(claims(staff.account.token)["sid"])
    await scene.parley.database.update(LOGINS, login, {"confirmed_at": now_ms() - ADMIN_CONFIRMED_MS - 1})
    answer = await staff.code("report.resolve", report=made, actions=["warn"], reason="no")
    assert answer == "confirmation_needed"


async def test_a_picture_of_somebody_is_taken_away(scene: Scene) -> None:
    await scene.parley.database.update(USERS, scene.dan.id, {"picture": "https://chat.example/d.png"})
    made = await scene.cat.do("report.make", kind="picture", target=scene.dan.id, reason="sexual")
    staff = await staff_of(scene.parley)
    assert await decide(staff, "resolve", made["id"], actions=["delete"]) == "ok"
    assert (await scene.cat.do("users.one", user=scene.dan.id))["picture"] is None


async def test_what_cannot_be_done_about_it_is_refused(scene: Scene) -> None:
    made = await scene.cat.do("report.make", kind="user", target=scene.dan.id, reason="other")
    staff = await staff_of(scene.parley)
    for action in ("delete", "ban"):
        assert await decide(staff, "resolve", made["id"], actions=[action]) == "bad_request"


async def test_two_who_decide_at_once_both_read_one_decision(scene: Scene, made: str) -> None:
    steps = [decide(person, step, made) for person in (scene.ann, scene.bob) for step in ("dismiss", "resolve")]
    codes = await asyncio.gather(*steps)
    assert set(codes) <= {"ok", "report_closed", "conflict"}
    kept = await scene.parley.database.get(REPORTS, made)
    assert kept is not None
    assert kept.state in {"dismissed", "resolved"}
    assert len(kept.remarks) == kept.version
    assert len({remark.step for remark in kept.remarks}) == 1


async def test_pages_of_the_queue_go_on_where_they_ended(scene: Scene) -> None:
    made = [(await report(scene.cat, await scene.dan.say(scene.topic)))["id"] for _ in range(5)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await scene.bob.do("report.list", topic=scene.topic, limit=2, **cursor)
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == made[::-1]


async def test_reports_go_a_year_after_they_were_decided_and_no_others(scene: Scene, made: str) -> None:
    other = str((await report(scene.cat, await scene.dan.say(scene.topic)))["id"])
    await scene.bob.do("report.dismiss", report=made)
    long_ago = now_ms() - 366 * 86_400_000
    await scene.parley.database.update(REPORTS, made, {"decided_at": long_ago})
    await scene.parley.database.update(REPORTS, other, {"created_at": long_ago})
    await sweep(scene.parley.application, {})
    assert await scene.parley.database.get(REPORTS, made) is None
    assert await scene.parley.database.get(REPORTS, other) is not None
