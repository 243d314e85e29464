"""What is promised of stories: they go live once, as they were, and their links are nobody else's."""

from __future__ import annotations

from tests.mutants.mutant import Edit
from tests.promises.promise import Promise, known, promise, tests, tests_in

PUBLISHING: tuple[Promise, ...] = (
    promise(
        "enumeration",
        "A story is published once, whatever fails at whichever step: every step by every fault",
        tests("publish_enumeration"),
        "a publish call whose answer was lost is repeated with a new container",
        *known("lost_publish_gets_a_new_container"),
        sample=tests_in("publish_enumeration", "tests/actors/publish/test_publish_enumeration.py"),
    ),
    promise(
        "chaos",
        "Real workers killed with -9 while they publish 200 stories: none doubled, none lost",
        "make chaos",
        "every publish is refused",
        Edit(
            "infra/instagram/calls.py",
            "        reply = await self._sent(ask, CallEffect.PUBLISH, ",
            "        if ask.url:\n"
            '            raise Refused("No story is taken today.")\n'
            "        reply = await self._sent(ask, CallEffect.PUBLISH, ",
        ),
        tells="broken: 8 tapped, 0 live",
        sample='make chaos ARGS="--items 8 --kill-at 3"',
    ),
    promise(
        "slow",
        "200 publishes of 20 s each hold up no Skip",
        "python -m tests.chaos.slow",
        "a toast takes six seconds",
        Edit(
            "actors/item/callback_answers.py",
            "            await chat.answer(press.id, text)\n        except Refused:",
            "            await anyio.sleep(6.0)\n"
            "            await chat.answer(press.id, text)\n        except Refused:",
        ),
        tells="broken: skips_meanwhile: toast_max_ms",
    ),
    promise(
        "doubt",
        "A lost answer, a doubt and its two ends, a cancel in time and too late",
        tests("test_publish"),
        "once the effect of a lost call can be seen, Instagram is asked without a pause",
        Edit("actors/publish/doubts.py", "not_before=at + LOOK_PAUSES.steps[-1]), at)", "not_before=at), at)"),
        sample=tests_in("test_publish", "tests/actors/publish/test_publish_decide.py"),
    ),
    promise(
        "links",
        "Media links cannot be forged, outlive their time or leave the folder",
        tests("test_media or test_links"),
        "any signature of the right length opens a link",
        Edit("infra/media/links.py", "hmac.compare_digest(expected, given)", "len(expected) == len(given)"),
        sample=tests_in("test_media or test_links", "tests/infra/media/test_links.py"),
    ),
    promise(
        "bare",
        "What is published tells no place, camera or remark",
        tests("test_fitting or test_bare_films"),
        "the box of a film in which its place is written is kept",
        Edit("infra/media/bare_films.py", 'b"moov": {b"mvhd",', 'b"moov": {b"udta", b"mvhd",'),
        sample=tests_in("test_fitting or test_bare_films", "tests/infra/media/test_bare_films.py"),
    ),
)
