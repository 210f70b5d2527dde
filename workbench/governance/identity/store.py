"""Links, keys and tokens. The only file that opens sessions on their tables."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import CursorResult, delete, or_, select, update

from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, unknown
from workbench.governance.identity.model import Credential, IssuedToken, SignInRefused, TokenInfo
from workbench.governance.identity.signing import SigningKey, read_key, signed, verified, write_new_key
from workbench.governance.identity.tables import SigningKeyRow, SignInLinkRow, TokenRow
from workbench.governance.security import Principal, Role, Scope, Security, audit_append

__all__ = ["COOKIE_SECONDS", "Identities"]

COOKIE_SECONDS = 7 * 24 * 3600
"""How long a sign-in holds."""
LINK_MINUTES = 15
KERNEL_HOURS = 12
LONGEST_RUN_HOURS = 7 * 24
LONGEST_TOKEN_DAYS = 366
_PREFIX = "wb"
_REFUSED_LINK = "this sign-in link is not valid, has expired, or was used before"
_REFUSED_TOKEN = "this token is not valid, has expired, or was revoked"


class Identities:
    """Issues and checks what people and programs show to say who they are.

    Roles are looked up when something is checked, so a change of role or a removed user takes effect at once.

    Args:
        keys: The folder of the private signing key. It is made when something is first signed.
    """

    def __init__(self, catalog: Catalog, security: Security, keys: Path) -> None:
        self._catalog = catalog
        self._security = security
        self._keys = keys
        self._registered: set[str] = set()

    # People

    def link(self, user: str, *, by: Principal) -> str:
        """The secret of a sign-in link, good once and for a quarter of an hour.

        Raises:
            NotFound: No such user.
            Forbidden: It is for somebody else, and `by` is no admin.
        """
        self._security.user(user)
        self._own_or_admin(user, by, f"make a sign-in link for '{user}'")
        secret = secrets.token_urlsafe(32)
        now = utcnow()
        with self._catalog.begin() as session:
            session.execute(delete(SignInLinkRow).where(SignInLinkRow.expires < now - timedelta(days=1)))
            session.add(
                SignInLinkRow(
                    digest=_digest(secret), user=user, expires=now + timedelta(minutes=LINK_MINUTES), used=None
                )
            )
            audit_append(session, actor=by.name, action="make sign-in link", thing=f"user {user}")
        return secret

    def sign_in(self, link: str) -> tuple[Principal, str]:
        """Uses a link up: who it was for, and the value of their cookie.

        Raises:
            SignInRefused: Unknown, expired or used before.
        """
        now = utcnow()
        digest = _digest(link)
        with self._catalog.begin() as session:
            used: CursorResult[Any] = session.execute(  # type: ignore[assignment]
                update(SignInLinkRow)
                .where(SignInLinkRow.digest == digest, SignInLinkRow.used.is_(None), SignInLinkRow.expires > now)
                .values(used=now)
            )
            if used.rowcount != 1:
                raise SignInRefused(_REFUSED_LINK, hint="make a fresh one: workbench link")
            row = session.get_one(SignInLinkRow, digest)
            user, made = row.user, row.expires - timedelta(minutes=LINK_MINUTES)
            audit_append(session, actor=user, action="sign in", thing=f"user {user}")
        return self.principal(user, made), self.cookie(user)

    def cookie(self, user: str) -> str:
        """A signed statement that its bearer is `user`, good for `COOKIE_SECONDS`."""
        return signed(self._signing_key(), user, now=utcnow(), lifetime=timedelta(seconds=COOKIE_SECONDS))

    def of_cookie(self, cookie: str) -> Credential:
        """
        Raises:
            SignInRefused: Forged, expired, of a retired key, or its user is gone.
        """
        user, signed_at = verified(cookie, self._public_keys())
        return Credential(self.principal(user, signed_at), frozenset(Scope), "cookie")

    def rotate(self, *, by: Principal, at_once: bool = False) -> None:
        """Signs with a new key from now on.

        Args:
            at_once: Everybody has to sign in again; else the cookies there are hold until they expire.
        """
        self._security.require(by, Role.ADMIN, "rotate the signing key")
        retires = utcnow() if at_once else utcnow() + timedelta(seconds=COOKIE_SECONDS)
        with self._catalog.begin() as session:
            # Those that were retired before, too, where they would hold for longer.
            holding = or_(SigningKeyRow.retires.is_(None), SigningKeyRow.retires > retires)
            session.execute(update(SigningKeyRow).where(holding).values(retires=retires))
            audit_append(
                session, actor=by.name, action="rotate signing key", thing="signing key", detail={"at once": at_once}
            )
        self._register(write_new_key(self._keys))

    # Programs

    def create_token(
        self,
        user: str,
        *,
        by: Principal,
        scopes: Collection[Scope | str] = (Scope.READ,),
        days: float = 90,
        note: str = "",
    ) -> IssuedToken:
        """A token that a program shows in place of a cookie.

        Raises:
            NotFound: No such user.
            Forbidden: It is for somebody else, and `by` is no admin.
            Invalid: No scope, or one that there is not, or a lifetime that is not between a moment and a year.
        """
        self._security.user(user)
        self._own_or_admin(user, by, f"make a token for '{user}'")
        for scope in scopes:
            if scope not in list(Scope):
                raise unknown("scope", scope, list(Scope), error=Invalid)
        wanted = tuple(sorted({Scope(scope) for scope in scopes}))
        if not wanted:
            raise Invalid("a token needs at least one scope", hint=f"scopes: {', '.join(Scope)}")
        if not 0 < days <= LONGEST_TOKEN_DAYS:
            raise Invalid(f"a token cannot live {days:g} days", hint=f"at most {LONGEST_TOKEN_DAYS}")
        return self._issue(user, "api", wanted, timedelta(days=days), note, by=by.name)

    def kernel_token(
        self,
        user: str | None,
        *,
        by: str,
        scopes: Iterable[Scope] = (Scope.READ, Scope.RUN),
        hours: float = KERNEL_HOURS,
    ) -> IssuedToken:
        """A token for one kernel.

        Args:
            user: Whom the kernel works for; None for one that was started ahead, whose viewer `bind` will say.
            scopes: "read" alone where a viewer's kernel runs somebody else's code.
            hours: How long it is good for, should nobody say that the kernel has ended.
        """
        return self._issue(user, "kernel", tuple(sorted(set(scopes))), timedelta(hours=hours), "", by=by)

    @contextmanager
    def lent(self, principal: Principal) -> Iterator[str | None]:
        """A token for a kernel that runs a notebook for a principal, until the block ends; None where it needs none.

        Where nobody is registered, the system's user owns the workspace, and a kernel is that user's.

        Raises:
            Forbidden: The principal itself shows a token, and that one may not run anything.
        """
        self._security.require(principal, Role.VIEWER, "run a notebook", scope=Scope.RUN)
        if self._security.registered(principal.name) is None:
            yield None
            return
        allowed = {Scope.READ, Scope.RUN} & (principal.scopes or set(Scope))
        token = self.kernel_token(principal.name, by=principal.name, scopes=allowed, hours=LONGEST_RUN_HOURS)
        try:
            yield token.secret
        finally:
            self.end_kernel_token(token.info.id)

    def bind(self, token_id: str, user: str, *, also: Iterable[Scope] = ()) -> None:
        """Says, once and for all, whom a kernel that was started ahead works for.

        Args:
            also: What its token is good for besides.

        Raises:
            NotFound: No such token.
            Conflict: It belongs to somebody already.
        """
        principal = self.principal(user, utcnow())
        with self._catalog.begin() as session:
            row = session.get(TokenRow, token_id, with_for_update=True)
            if row is None:
                raise NotFound(f"no token '{token_id}'")
            if row.user is not None:
                raise Conflict(f"the kernel of token '{token_id}' belongs to somebody already")
            # As old as its user's claim: it may have been started before they were registered.
            row.user, row.created = principal.name, utcnow()
            row.scopes = sorted({*row.scopes, *also})
            audit_append(session, actor=user, action="claim kernel", thing=f"token {token_id}")

    def of_token(self, secret: str) -> Credential:
        """
        Raises:
            SignInRefused: Unknown, expired or revoked; or its user is gone.
            Forbidden: The token of a kernel that belongs to nobody yet.
        """
        now = utcnow()
        token_id = secret.split("_")[1] if secret.count("_") >= 2 else ""
        with self._catalog.read() as session:
            row = session.get(TokenRow, token_id)
            good = row is not None and hmac.compare_digest(row.digest, _digest(secret))
            if row is None or not good or row.revoked is not None or row.expires <= now:
                raise SignInRefused(_REFUSED_TOKEN, hint="make one: workbench token create")
            info = _info(row)
        if info.user is None:
            raise Forbidden("this kernel works for nobody yet", hint="it was started ahead of its viewer")
        if info.last_used is None or now - info.last_used > timedelta(minutes=1):
            with self._catalog.begin() as session:
                session.execute(update(TokenRow).where(TokenRow.id == token_id).values(last_used=now))
        scopes = frozenset(info.scopes)
        principal = replace(self.principal(info.user, info.created), scopes=scopes)
        return Credential(principal, scopes, "token" if info.kind == "api" else "kernel")

    def tokens(self, *, by: Principal, user: str | None = None) -> list[TokenInfo]:
        """API tokens, newest first: one's own, or for an admin everybody's."""
        if user != by.name:
            self._security.require(by, Role.ADMIN, "list other people's tokens")
        query = select(TokenRow).where(TokenRow.kind == "api").order_by(TokenRow.created.desc(), TokenRow.id)
        if user is not None:
            query = query.where(TokenRow.user == user)
        with self._catalog.read() as session:
            found = [_info(row) for row in session.scalars(query)]
        since = {one.user: self._security.registered(one.user or "") for one in found}
        return [one for one in found if (began := since[one.user]) is not None and began <= one.created]

    def revoke(self, token_id: str, *, by: Principal) -> None:
        """Makes a token worthless, at once.

        Raises:
            NotFound: No such token.
            Forbidden: It is somebody else's, and `by` is no admin.
        """
        with self._catalog.begin() as session:
            row = session.get(TokenRow, token_id)
            if row is None:
                raise unknown("token", token_id, session.scalars(select(TokenRow.id).where(TokenRow.kind == "api")))
            self._own_or_admin(row.user, by, f"revoke the token {token_id}")
            row.revoked = row.revoked or utcnow()
            audit_append(session, actor=by.name, action="revoke token", thing=f"token {token_id}")

    def end_kernel_token(self, token_id: str) -> None:
        """Forgets the token of a kernel that has ended."""
        with self._catalog.begin() as session:
            session.execute(delete(TokenRow).where(TokenRow.id == token_id, TokenRow.kind == "kernel"))

    def forget_expired(self) -> int:
        """Removes tokens that expired more than 30 days ago, a kernel's at once; how many there were."""
        now = utcnow()
        with self._catalog.begin() as session:
            gone: Sequence[CursorResult[Any]] = [
                session.execute(delete(TokenRow).where(TokenRow.kind == kind, TokenRow.expires < before))  # type: ignore[misc]
                for kind, before in (("kernel", now), ("api", now - timedelta(days=30)))
            ]
        return sum(result.rowcount for result in gone)

    def _issue(
        self, user: str | None, kind: str, scopes: tuple[Scope, ...], lifetime: timedelta, note: str, *, by: str
    ) -> IssuedToken:
        now = utcnow()
        token_id = secrets.token_hex(6)
        secret = f"{_PREFIX}_{token_id}_{secrets.token_urlsafe(32)}"
        row = TokenRow(
            id=token_id,
            digest=_digest(secret),
            user=user,
            kind=kind,
            scopes=[scope.value for scope in scopes],
            note=note[:255],
            created=now,
            expires=now + lifetime,
            last_used=None,
            revoked=None,
        )
        with self._catalog.begin() as session:
            session.add(row)
            audit_append(
                session,
                actor=by,
                action=f"create {kind} token",
                thing=f"token {token_id}",
                detail={"user": user, "scopes": row.scopes},
            )
            session.flush()
            return IssuedToken(_info(row), secret)

    def _own_or_admin(self, user: str | None, by: Principal, doing: str) -> None:
        # Whoever shows a token must not make of it what outlives it, or allows more.
        self._security.require(by, Role.VIEWER if user == by.name else Role.ADMIN, doing, scope=Scope.ADMIN)

    def principal(self, user: str, made: datetime) -> Principal:
        """The user that something names which was made then; a later user of that name is somebody else.

        Args:
            made: UTC.

        Raises:
            SignInRefused: They are gone.
        """
        found = self._security.registration(user)
        if found is None or made < found[1]:
            raise SignInRefused(
                f"'{user}' is no user of this workspace any more", hint="ask an admin of this workspace"
            )
        return found[0]

    def _signing_key(self) -> SigningKey:
        key = read_key(self._keys)
        if key is None:
            key = write_new_key(self._keys)
        if key.id not in self._registered:
            self._register(key)
        return key

    def _register(self, key: SigningKey) -> None:
        with self._catalog.begin() as session:
            if session.get(SigningKeyRow, key.id) is None:
                session.add(SigningKeyRow(id=key.id, public=key.public, created=utcnow(), retires=None))
        self._registered.add(key.id)

    def _public_keys(self) -> dict[str, str]:
        """Every key whose cookies hold. Read anew each time: another process may have retired one."""
        now = utcnow()
        with self._catalog.read() as session:
            rows = session.scalars(select(SigningKeyRow))
            return {row.id: row.public for row in rows if row.retires is None or row.retires > now}


def _digest(secret: str) -> str:
    # The secrets are 256 random bits, so a plain digest cannot be guessed back.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _info(row: TokenRow) -> TokenInfo:
    return TokenInfo(
        row.id,
        row.user,
        "api" if row.kind == "api" else "kernel",
        tuple(Scope(scope) for scope in row.scopes),
        row.note,
        row.created,
        row.expires,
        row.last_used,
        row.revoked,
    )
