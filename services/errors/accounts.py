"""What accounts refuse."""

from services.errors.kinds import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable


class BadCredentials(Unauthenticated):
    """No account has this login and password."""

    code = "bad_credentials"
    detail = "no account has this login and password"


class UserNotFound(NotFound):
    """No such user."""

    code = "user_not_found"
    detail = "there is no such user"


class UsernameTaken(Conflict):
    """The username belongs to somebody else, whatever the case of its letters."""

    code = "username_taken"
    detail = "this username is taken"


class AccountBanned(Forbidden):
    """The account is banned; ``until`` says for how long, ``reason`` why."""

    code = "account_banned"
    detail = "this account is banned"


class SecondFactor(Unauthenticated):
    """The first proof was right, and a second one is needed: ``ticket`` and ``methods`` say how to go on."""

    code = "second_factor"
    detail = "a second proof is needed"


class WrongCode(Unauthenticated):
    """The code is not right, or was used."""

    code = "wrong_code"
    detail = "this code is not right"


class TicketOver(Unauthenticated):
    """A ticket or link that was used, is too old, or was never given: begin again."""

    code = "ticket_over"
    detail = "this is not valid any more; begin again"


class BadPasskey(Unauthenticated):
    """The passkey did not prove what it was asked to."""

    code = "bad_passkey"
    detail = "this passkey could not be checked"


class PasskeyNotFound(NotFound):
    """The account has no such passkey."""

    code = "passkey_not_found"
    detail = "you have no such passkey"


class NameTaken(Conflict):
    """Something else of the same kind is called so, whatever the case of its letters."""

    code = "name_taken"
    detail = "another one is called so"


class ConfirmationNeeded(Forbidden):
    """The person has to prove again who they are: ``methods`` says with what."""

    code = "confirmation_needed"
    detail = "confirm who you are first"


class SecondFactorMissing(Forbidden):
    """Only a session that began with two proofs may do this."""

    code = "second_factor_missing"
    detail = "log in with a second factor to do this"


class EmailUnverified(Forbidden):
    """The e-mail address has to be proved first."""

    code = "email_unverified"
    detail = "prove your e-mail address first"


class ScopeMissing(Forbidden):
    """The API token may not do this."""

    code = "scope_missing"
    detail = "this token may not do that"


class CrossSite(Forbidden):
    """A page of another site asked for what only our own may."""

    code = "cross_site"
    detail = "this may be asked by our own page alone"


class Blocked(Forbidden):
    """One of the two has blocked the other."""

    code = "blocked"
    detail = "you cannot reach each other"


class WeakPassword(Invalid):
    """The password is one that is guessed first."""

    code = "weak_password"
    detail = "this password is easily guessed"


class LastWayIn(Conflict):
    """Without it nobody could log in to the account any more."""

    code = "last_way_in"
    detail = "without it you could not log in any more"


class LastAdmin(Conflict):
    """The last admin stays."""

    code = "last_admin"
    detail = "the last admin has to stay"


class EmailTaken(Conflict):
    """Somebody else has proved that the address is theirs."""

    code = "email_taken"
    detail = "this address belongs to another account"


class ProviderNotFound(NotFound):
    """No provider of sign-ins has this name here."""

    code = "provider_not_found"
    detail = "there is no such provider of sign-ins"


class IdentityNotFound(NotFound):
    """The account is not linked to this."""

    code = "identity_not_found"
    detail = "your account is not linked to this"


class ProviderUnavailable(Unavailable):
    """The provider does not answer, or not as it should; ``retry_after`` says when to begin again."""

    code = "provider_unavailable"
    detail = "the provider does not answer; begin again later"


class OtherBrowser(Forbidden):
    """A sign-in is finished by the browser that began it alone, and a link by the session that asked for it."""

    code = "other_browser"
    detail = "this was begun in another browser or session; begin again here"


class WrongIssuer(Unauthenticated):
    """The answer is not of the provider that was asked."""

    code = "wrong_issuer"
    detail = "this answer is not of the provider that was asked"


class SignInRefused(Unauthenticated):
    """The provider did not take the code: it was used, is too old, or is for somebody else."""

    code = "sign_in_refused"
    detail = "the provider did not confirm this sign-in; begin again"


class IdentityUnproved(Unauthenticated):
    """What the provider says does not prove who somebody is."""

    code = "identity_unproved"
    detail = "the provider did not prove who you are"


class LinkFirst(Conflict):
    """An account has proved the address that the provider tells: its person logs in to it, and links the two there."""

    code = "link_first"
    detail = "an account has this address; log in to it, and link them there"


class IdentityTaken(Conflict):
    """Another account is linked to this identity."""

    code = "identity_taken"
    detail = "another account is linked to this"


class WarningNotFound(NotFound):
    """No such warning, or somebody else's."""

    code = "warning_not_found"
    detail = "there is no such warning"


class SessionNotFound(NotFound):
    """No such session of the caller's."""

    code = "session_not_found"
    detail = "there is no such session"


class TokenNotFound(NotFound):
    """No such API token of the caller's."""

    code = "token_not_found"
    detail = "there is no such token"


class TooManyTokens(Conflict):
    """There are as many API tokens as there may be: end one first."""

    code = "too_many_tokens"
    detail = "end one of your tokens first"
