"""What some operations ask of their caller beyond a log-in that lives."""

from services.accounts.people.person import require_user
from services.accounts.secrets.held import confirming
from services.errors import ConfirmationNeeded, EmailUnverified, Forbidden, SecondFactorMissing, Unauthenticated
from services.ids import now_ms
from services.operations.context import Context
from services.operations.operation import Need
from store.tables import LOGINS, Login

CONFIRMED_MS = 5 * 60_000
"""How long a proof of who somebody is lasts for what concerns their own account."""
ADMIN_CONFIRMED_MS = 15 * 60_000
"""The same for those who do such things all day."""

PROVED_TWICE = frozenset({"passkey"})
"""Proofs that are two at once: something that one has, opened by something that one is or knows."""
NOT_BY_MAIL = frozenset({"totp", "backup", "passkey"})
"""Proofs that nobody gets who gets into a mailbox. Password and mail are two for most; a mailbox opens both."""


async def _login(context: Context) -> Login:
    login = await context.application.database.get(LOGINS, context.caller.login)
    if login is None:
        raise Unauthenticated
    return login


def is_twofold(methods: tuple[str, ...]) -> bool:
    """Tell whether a log-in began with two proofs."""
    return len(set(methods)) > 1 or bool(PROVED_TWICE & set(methods))


async def is_more_than_mail(context: Context) -> bool:
    """Tell whether the caller's session began with a proof that nobody gets by mail."""
    return bool(NOT_BY_MAIL & set((await _login(context)).methods))


async def _confirmed(context: Context, life_ms: int = CONFIRMED_MS) -> None:
    login = await _login(context)
    if (login.confirmed_at or login.created_at) + life_ms <= now_ms():
        database = context.application.database
        methods = await confirming(database, await require_user(database, login.user))
        raise ConfirmationNeeded(more={"methods": methods})


async def _verified(context: Context) -> None:
    user = await require_user(context.application.database, context.caller.user)
    if not user.email_verified:
        raise EmailUnverified


async def _with_role(context: Context, roles: frozenset[str]) -> None:
    user = await require_user(context.application.database, context.caller.user)
    if user.role not in roles:
        raise Forbidden
    if not is_twofold((await _login(context)).methods) or not await is_more_than_mail(context):
        raise SecondFactorMissing


async def _moderator(context: Context) -> None:
    await _with_role(context, frozenset({"moderator", "admin"}))


async def _admin(context: Context) -> None:
    await _with_role(context, frozenset({"admin"}))


async def _lately(context: Context) -> None:
    await _confirmed(context, ADMIN_CONFIRMED_MS)


CONFIRMED = Need("a proof of who you are, of the last five minutes", _confirmed, (ConfirmationNeeded,))
VERIFIED = Need("a proved e-mail address", _verified, (EmailUnverified,))
MODERATOR = Need("a moderator, logged in with two proofs", _moderator, (Forbidden, SecondFactorMissing))
ADMIN = Need("an admin, logged in with two proofs", _admin, (Forbidden, SecondFactorMissing))
LATELY = Need("a proof of who you are, of the last fifteen minutes", _lately, (ConfirmationNeeded,))
