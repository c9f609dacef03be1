"""A reply that broke off and its replacement: what to predict for it, and which part of it is new. Pure."""

from __future__ import annotations

from editsvc.text.document import split_lines
from editsvc.text.streaming_diff import StreamingDiff


def rest_predicted(predicted: str, received: str) -> str:
    r"""The prediction for the same request again: what was `received`, then what of `predicted` it did not reach.

    Both have ``\n`` line ends. Where the two differ at the end of `received`, nothing of the prediction is left
    out that could still come.
    """
    *lines, tail = received.split("\n")
    expected = split_lines(predicted)
    progress = StreamingDiff(expected)
    progress.push(f"{line}\n" for line in lines)
    rest = expected[progress.reached :]
    if tail and rest:
        # The line that broke off stands for the next one; how it goes on is known only if that begins like it.
        rest[0] = rest[0][len(tail) :] if rest[0].startswith(tail) else "\n"
    return received + "".join(rest)


class ResumedReply:
    """The part of a reply that is already shown, while the reply is requested again.

    A later reply is hidden while it repeats what was seen; it goes on where that ended, or, if it says something
    else, takes its place.
    """

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._text = ""
        self._at = 0  # how much of what was seen the present reply has repeated
        self._again = False

    @property
    def seen(self) -> str:
        """What was shown; of a reply that replaced another, that one."""
        if len(self._seen) > 1:
            self._seen = ["".join(self._seen)]
        return self._seen[0] if self._seen else ""

    def begin_again(self) -> None:
        """Another reply begins."""
        self._text = self.seen
        self._at = 0
        self._again = bool(self._text)

    def push(self, delta: str) -> tuple[bool, str]:
        """Whether all that was seen is void, and what is to be shown now."""
        if not self._again:
            self._seen.append(delta)
            return False, delta
        start = self._at
        expected = self._text[start : start + len(delta)]
        if delta == expected:
            self._at += len(delta)
            return False, ""
        self._again = False
        if expected and delta.startswith(expected) and start + len(expected) == len(self._text):
            new = delta[len(expected) :]
            self._seen.append(new)
            return False, new
        if start == len(self._text):
            self._seen.append(delta)
            return False, delta
        self._seen = [self._text[:start] + delta]
        return True, self._seen[0]

    def finish(self) -> tuple[bool, str]:
        """The same as `push` for the end of a reply: one that is shorter than what was seen takes its place."""
        if not self._again or self._at == len(self._text):
            self._again = False
            return False, ""
        self._again = False
        self._seen = [self._text[: self._at]]
        return True, self._seen[0]
