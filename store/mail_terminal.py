"""Mail where there is no mail server: letters are written where whoever develops reads them."""

import logging
import sys
from email.message import EmailMessage

from store.mail import MailRefused

log = logging.getLogger(__name__)


class TerminalMail:
    """Writes letters to standard output.

    Where the installation is not for its own machine alone nothing is shown: codes and links that open accounts are not
    for whoever reads the output of a server. Then every letter is refused.
    """

    def __init__(self, sender: str, *, shown: bool) -> None:
        """Take whom letters are from; ``shown`` tells whether they may be written down."""
        self.sender = sender
        self._shown = shown

    async def send(self, letter: EmailMessage) -> None:
        """See ``Mail.send``."""
        if not self._shown:
            raise MailRefused("no mail server is set (--smtp-url)")
        text = letter.get_body(("plain",))
        words = [] if text is None else text.get_content().splitlines()
        # Set in, so that no line of a letter looks like one of the server's.
        lines = [f"To: {letter['To']}", f"Subject: {letter['Subject']}", "", *words]
        sys.stdout.write("".join(f"  | {line}".rstrip() + "\n" for line in lines))
        sys.stdout.flush()
