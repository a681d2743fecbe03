"""Letters in English."""

from services.mail.words.text import Language, Text

_CODE_LIFE = "It is good once, and for a few minutes only. Nobody of us will ever ask you for it: give it to nobody."
_OFF = "If you want no letters about {}, switch them off among your preferences."

ENGLISH = Language(
    tag="en",
    greeting="Hello {name},",
    farewell="This letter was written by Parley at {url}. Nobody reads answers to it.",
    texts={
        "verify": Text(
            "Your code to confirm this address",
            (
                "this code confirms that letters to this address reach you:",
                "{code}",
                _CODE_LIFE,
                "If you did not ask for it, somebody mistook your address for theirs, and you need do nothing.",
            ),
        ),
        "claimed": Text(
            "Somebody gave your address as theirs",
            (
                "somebody has just given this address as theirs. It is that of your account already, and stays so.",
                "If it was you: log in with your account, and ask for a new password if you forgot it.",
                "If it was not, you need do nothing.",
            ),
        ),
        "sign_up": Text(
            "Your code to sign up",
            (
                "this code finishes making your account:",
                "{code}",
                _CODE_LIFE,
                "If you did not ask for it, somebody mistook your address for theirs, and you need do nothing.",
            ),
        ),
        "code": Text(
            "Your code",
            (
                "this is the code that you asked for:",
                "{code}",
                _CODE_LIFE,
                ("If you did not ask for it, somebody is trying to get in, and may know your password: change it."),
            ),
        ),
        "reset": Text(
            "Choose a new password",
            (
                "this link lets you choose a new password:",
                "{link}",
                "It is good once, and for half an hour. Then log in with the new password; all other sessions end.",
                "If you did not ask for it, you need do nothing: your password is as it was.",
            ),
        ),
        "recover": Text(
            "Your code to recover your account",
            (
                "somebody asked to recover your account. If it was you, this is the code:",
                "{code}",
                (
                    "It is good once, and only together with your recovery code or a backup code. "
                    "Nobody of us will ever ask you for any of them."
                ),
                "If it was not you, do nothing: without those nothing happens.",
            ),
        ),
        "new_device": Text(
            "A new device has logged in to your account",
            (
                "your account was logged in to from a program that it was not used from before.",
                "Program: {agent}",
                "Network address: {address}",
                "Time: {time}",
                "If it was you, you need do nothing.",
                "If it was not, end that session among the sessions of your account, and change your password.",
            ),
        ),
        "changed": Text(
            "Your account was changed",
            (
                "this was changed in your account just now: {what}.",
                "Time: {time}",
                "If it was you, you need do nothing.",
                "If it was not, change your password, end all sessions, and write to those who run this installation.",
            ),
        ),
        "account_deleted": Text(
            "Your account was deleted",
            (
                "your account was deleted, as you asked. What you said in rooms stays there without your name.",
                "It cannot be brought back. If it was not you, write to those who run this installation.",
            ),
        ),
        "warned": Text(
            "You were warned",
            (
                "those who look after this installation have warned you:",
                "{text}",
                "You find all warnings in your account.",
            ),
        ),
        "banned": Text(
            "Your account was banned",
            (
                "your account was banned, and all its sessions were ended.",
                "Reason: {reason}",
                "Until: {until}",
                "If you think this is wrong, write to those who run this installation.",
            ),
        ),
        "followed": Text(
            "Somebody follows you",
            ("{who} follows you from now on.", _OFF.format("follows")),
        ),
        "liked": Text(
            "Somebody likes what you wrote",
            ("{who} likes what you wrote.", "Post: {title}", _OFF.format("likes")),
        ),
        "commented": Text(
            "There is a comment for you",
            (
                "{who} commented on your post, or answered a comment of yours.",
                "Post: {title}",
                _OFF.format("comments"),
            ),
        ),
        "digest": Text(
            "What you have not read yet",
            (
                "this came for you since the last letter like this one, and waits to be read:",
                "Mentions: {mention}",
                "Calls to everybody: {everyone}",
                "Answers: {reply}",
                "Comments: {comment}",
                "Posts that you follow: {post}",
                "Votes: {vote}",
                "Followers: {follow}",
                "Friend requests: {friend_request}",
                "Accepted friend requests: {friend_accepted}",
                "Invitations: {invitation}",
                "Missed calls: {missed_call}",
                "Warnings: {warned}",
                "How often it comes, or that it does not, you choose among your preferences.",
            ),
        ),
    },
    things={
        "password": "the password",
        "email": "the e-mail address",
        "second_factor": "the second step of logging in",
        "passkey": "the passkeys",
        "recovery_code": "the recovery code",
        "identity": "the sign-ins with other services",
        "token": "the API tokens",
        "username": "the username",
    },
)
