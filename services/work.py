"""Every kind of job, and what does it."""

from services.accounts.moderation import bans, ending
from services.accounts.password import proving, resetting
from services.accounts.profile import changing as profile
from services.accounts.profile import deleting
from services.accounts.second.mailed import codes, signing_up
from services.calls import sfu
from services.content.rules import FLAGGED
from services.forum.feed import spreading
from services.forum.posts import reaching
from services.forum.votes import folding
from services.jobs import sweeping
from services.jobs.jobs import Function
from services.mail.letter import MAIL
from services.mail.sending import send as send_letter
from services.news import NEWS
from services.notifications import digest
from services.notifications.telling import gathering, telling
from services.people import erasing
from services.reports import making as reporting
from services.rooms import aftermath
from services.rooms.apart import parting
from services.rooms.topics import endings

JOBS: dict[str, Function] = {
    MAIL: send_letter,
    FLAGGED: reporting.flagged,
    sweeping.SWEEP: sweeping.sweep,
    profile.RENAMED: profile.follow,
    ending.JOB: ending.end_late,
    bans.JOB: bans.ban_over,
    deleting.ERASE: parting.erase,
    deleting.UNTIE: erasing.untie,
    aftermath.CLOSED: endings.closed,
    aftermath.LEFT: endings.left,
    codes.JOB: codes.send_code,
    signing_up.JOB: signing_up.send_code,
    proving.JOB: proving.send_code,
    resetting.JOB: resetting.send_reset,
    sfu.SFU: sfu.remove,
    **spreading.JOBS_BY_KIND,
    aftermath.OPENED: reaching.spread_reach,
    folding.FOLD: folding.fold_late,
    NEWS: telling.tell,
    telling.NEWS_PAGE: telling.tell_page,
    gathering.GATHER: gathering.gather,
    gathering.GATHER_LATE: gathering.gather_late,
    digest.DIGEST: digest.write_digests,
}
"""Every kind of job, and what does it."""

RECURRING: dict[str, float] = {
    sweeping.SWEEP: sweeping.EVERY_S,
    folding.FOLD: folding.FOLD_EVERY_S,
    gathering.GATHER_LATE: gathering.LATE_EVERY_S,
    digest.DIGEST: digest.EVERY_S,
}
"""The kinds of jobs that come again and again by themselves, and the pauses between them in seconds."""
