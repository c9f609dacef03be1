"""What servers turned out to do outlives the process that found out, for a while."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from editsvc.provider.fields import Fields
from editsvc.provider.lessons import Lesson, Lessons
from editsvc.provider.lessons_file import LessonsFile
from editsvc.provider.patience import Pace

SERVER = "http://127.0.0.1:8000"
DAY_S = 86_400.0
SPEED = st.none() | st.floats(1, 1e5)
LESSONS = st.builds(
    Lesson,
    fields=st.builds(
        Fields,
        st.frozensets(st.sampled_from(["temperature", "stream_options", "reasoning_effort"])),
        st.none() | st.sampled_from(["max_tokens", "max_completion_tokens"]),
        st.booleans(),
    ),
    pace=st.builds(Pace, SPEED, SPEED),
    ignored=st.integers(0, 9),
    whole=st.booleans(),
)


@given(st.dictionaries(st.sampled_from(["one", "two"]), LESSONS), st.floats(0, 30 * DAY_S))
def test_what_was_learned_is_known_for_seven_days(lessons: dict[str, Lesson], later_s: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        now = [1e9]
        file = LessonsFile(Path(folder), wall=lambda: now[0])
        file.save(SERVER, Lessons(lessons))
        now[0] += later_s
        assert file.of(SERVER) == (lessons if later_s < 7 * DAY_S else {})
        assert file.of("http://127.0.0.1:8001") == {}
