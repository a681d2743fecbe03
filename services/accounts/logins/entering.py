"""The way into an account: whatever was proved, by whichever door, everybody comes through here."""

from collections.abc import Iterable

from services.accounts.logins import families as logins
from services.accounts.logins.families import Tokens
from services.accounts.logins.needs import is_twofold
from services.accounts.secrets import tickets
from services.accounts.secrets.held import backups_of, keys_of
from services.errors import AccountBanned, BadCredentials, SecondFactor
from services.ids import now_ms, rfc3339
from services.operations.context import Context
from store.database import Database, Insert, Write
from store.tables import TICKETS, USERS, User

SECOND_S = 600.0
"""Time for the second proof of a log-in."""
SECOND = "second"
"""Kind of the ticket that a first proof gives."""


def refuse_banned(user: User) -> None:
    """Let nobody in who may not be here.

    Raises:
        BadCredentials: If the account was deleted: it is as if it had never been.
        AccountBanned: If it is banned still.
    """
    if user.deleted_at is not None:
        raise BadCredentials
    if user.banned_at is not None and (user.banned_until is None or user.banned_until > now_ms()):
        until = None if user.banned_until is None else rfc3339(user.banned_until)
        raise AccountBanned(more={"until": until, "reason": user.ban_reason})


async def second_proofs(database: Database, user: User, proved: tuple[str, ...]) -> tuple[str, ...]:
    """Return the proofs of which one is needed still, by the names of ``Login.methods``; none where it is enough.

    * An authenticator app is asked for after every single proof.
    * A passkey is two proofs by itself. It is asked for where the first proof is mail, or a password that a letter set:
      a mailbox alone opens no account that has anything better. After another password it is not: it is another way in,
      and not every device has it.
    * Mail is asked for where somebody chose so and has no app. After mail itself the password is the second proof.
    """
    if is_twofold(proved):
        return ()
    keys = bool(await keys_of(database, user.id))
    first_is_mail = "mail" in proved
    mailbox_alone = first_is_mail or ("password" in proved and user.password_mailed)
    if user.totp is not None or (keys and mailbox_alone):
        backups = bool(await backups_of(database, user.id))
        offered = {"totp": user.totp is not None, "passkey": keys, "backup": backups}
    elif user.preferences.mail_second_step and user.email_verified:
        offered = {"passkey": keys, "mail": not first_is_mail, "password": first_is_mail and user.password is not None}
    else:
        offered = {}
    return tuple(name for name, there in offered.items() if there)


async def enter(
    context: Context, user: User, proved: Iterable[str], *also: Write, remember: bool = True, in_cookie: bool = False
) -> Tokens:
    """Begin a log-in for somebody who has proved who they are; ``also`` is written in the same transaction.

    With ``in_cookie`` the refresh token goes into a cookie of the browser, and stands in no answer.

    Raises:
        BadCredentials: If the account is no more, or was changed at this moment.
        AccountBanned: If it is banned.
        SecondFactor: If another proof is needed; ``also`` is written with the ticket for it.
        CrossSite: If the cookie is asked for from another site's page.
        Duplicate: If one of the writes is refused.
        Mismatch: The same.
    """
    proved = tuple(dict.fromkeys(proved))
    refuse_banned(user)
    database = context.application.database
    if methods := await second_proofs(database, user, proved):
        data = {"proved": list(proved), "remember": remember, "in_cookie": in_cookie}
        token, ticket = tickets.issue(SECOND, SECOND_S, user=user.id, bound=user.password, data=data)
        await database.together([*also, Insert(TICKETS, ticket)])
        raise SecondFactor(more={"ticket": token, "methods": methods})
    begun = logins.Begun(proved, remember=remember, in_cookie=in_cookie)
    answer = await logins.begin(context, user, begun, *also)
    await _stand_still(context, user, answer)
    return answer


async def _stand_still(context: Context, user: User, answer: Tokens) -> None:
    """Make sure that what let somebody in is so still, now that their log-in is there for all to see.

    Whoever bans a person, resets a password or sets a second factor up ends all log-ins after that: one that was read
    about before and written after would stay.
    """
    application = context.application
    now = await application.database.get(USERS, user.id)
    if now is not None and _standing(now) == _standing(user):
        return
    await logins.end(application, application.tokens.read(answer.access_token).login, "the account was changed")
    raise BadCredentials


def _standing(user: User) -> tuple[object, ...]:
    banned = user.banned_at, user.banned_until
    return *banned, user.deleted_at, user.password_changed_at, user.proofs_changed, user.role, user.email
