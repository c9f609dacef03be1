"""What choosing a scope costs: ``python -m bench.scopes``.

For generated files of 10,000 and 100,000 lines: the parse alone, and with it all that precedes a request (the
outline, the names in the instruction, the sections), in CPU time. Aim: twice the parse at most, so 50 ms in all for
10,000 lines on a machine that parses them in 25. The ratio to the parse holds on another machine, the milliseconds
do not. Then how long hostile texts hold the parser up, against the deadline.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.scope import named_symbols, sections
from editsvc.syntax.nesting import too_deep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS: Final = 7
INSTRUCTION: Final = "Let `Client7.fetch` retry with a growing delay, and document the function parse_7"

# One unit of each language, of lines as people write them; "§" is its number.
UNITS: Final = {
    "python": '''\
class Client§:
    """Talks to service §."""

    def __init__(self, base: str, *, retries: int = 3) -> None:
        self.base = base
        self.retries = retries

    # The answer is not cached.
    async def fetch(self, key: str) -> dict[str, object]:
        for attempt in range(self.retries):
            try:
                return await self._get(f"{self.base}/{key}")
            except OSError as exc:
                if attempt + 1 == self.retries:
                    raise RuntimeError("gave up") from exc
        return {}


@cache
def parse_§(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part.strip()]


''',
    "typescript": """\
/** Talks to service §. */
export class Client§ {
  private readonly base: string;

  constructor(base: string, private retries = 3) {
    this.base = base;
  }

  // The answer is not cached.
  async fetch(key: string): Promise<Record<string, unknown>> {
    for (let attempt = 0; attempt < this.retries; attempt++) {
      try {
        return await this.get(`${this.base}/${key}`);
      } catch (error) {
        if (attempt + 1 === this.retries) throw new Error("gave up", { cause: error });
      }
    }
    return {};
  }
}

export const parse_§ = (text: string): number[] =>
  text.split(",").filter((part) => part.trim() !== "").map(Number);

""",
    "go": """\
// Client§ talks to service §.
type Client§ struct {
	base    string
	retries int
}

// fetch asks for one key; the answer is not cached.
func (c *Client§) fetch(key string) (map[string]any, error) {
	for attempt := 0; attempt < c.retries; attempt++ {
		answer, err := c.get(c.base + "/" + key)
		if err == nil {
			return answer, nil
		}
		if attempt+1 == c.retries {
			return nil, fmt.Errorf("gave up: %w", err)
		}
	}
	return map[string]any{}, nil
}

func parse_§(text string) []string {
	return strings.Split(text, ",")
}

""",
    "c": """\
/* Talks to service §. */
struct Client§ {
    const char *base;
    int retries;
};

/* The answer is not cached. */
static int fetch_§(struct Client§ *client, const char *key, char *answer, size_t size)
{
    for (int attempt = 0; attempt < client->retries; attempt++) {
        if (get(client->base, key, answer, size) == 0)
            return 0;
        if (attempt + 1 == client->retries)
            return -1;
    }
    return 0;
}

int parse_§(const char *text, int *numbers, int most)
{
    int count = 0;
    while (count < most && sscanf(text, "%d", &numbers[count]) == 1)
        count++;
    return count;
}

""",
    "java": """\
/** Talks to service §. */
class Client§ {
    private final String base;
    private final int retries;

    Client§(String base, int retries) {
        this.base = base;
        this.retries = retries;
    }

    // The answer is not cached.
    @Override
    public Map<String, Object> fetch(String key) throws IOException {
        for (int attempt = 0; attempt < retries; attempt++) {
            try {
                return get(base + "/" + key);
            } catch (IOException e) {
                if (attempt + 1 == retries) {
                    throw new IllegalStateException("gave up", e);
                }
            }
        }
        return Map.of();
    }

    static List<Integer> parse_§(String text) {
        return Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
    }
}

""",
}

HOSTILE: Final = {
    "a stray quote": ("typescript", 'x = "\n' + "const a = 'b' + c;\n" * 50_000),
    "a< 200,000 times": ("typescript", "a<" * 200_000),
    "100,000 brackets": ("python", "[" * 100_000 + "]" * 100_000),
    "1 MB on one line": ("javascript", "a=b+c;" * 170_000),
    "100,000 open tags": ("html", "<a>" * 100_000),
    "unclosed closures": ("c", "fn(|x|;\n" * 20_000),
}


def a_file(language: str, lines: int) -> str:
    """About so many lines, of units that differ in their numbers."""
    unit = UNITS[language]
    return "".join(unit.replace("§", str(number)) for number in range(lines // unit.count("\n")))


def choose(text: str, language: syntax.Language) -> int:
    """All that precedes a request, from the bare text; returns how many sections there are."""
    outline = syntax.outline_of(text, language, budget=syntax.ParseBudget(2_000_000))
    assert outline is not None
    named_symbols.named(INSTRUCTION, outline.definitions)
    return len(sections.divide(text, language, outline=outline))


def steps(text: str, language: syntax.Language) -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps by name, each a call of its own."""
    outline = syntax.outline_of(text, language, budget=syntax.ParseBudget(2_000_000))
    assert outline is not None
    data = text.encode()
    yield "parse", lambda: syntax.parse(text, language, budget=syntax.ParseBudget(2_000_000))
    yield "depth", lambda: too_deep(data)
    yield "names", lambda: named_symbols.named(INSTRUCTION, outline.definitions)
    yield "sections", lambda: sections.divide(text, language, outline=outline)
    yield "all", lambda: choose(text, language)


def milliseconds(call: Callable[[], object]) -> float:
    """CPU time of one call."""
    started = time.process_time()
    call()
    return 1000 * (time.process_time() - started)


def main() -> None:
    """Print the tables."""
    for lines, rounds in ((10_000, ROUNDS), (100_000, 3)):
        print(
            f"\n{lines:,} lines{'parse':>14}{'depth':>11}{'names':>11}{'sections':>11}{'all':>11}{'ratio':>9}"
        )
        for name in UNITS:
            language = syntax.by_name(name)
            assert language is not None
            text = a_file(name, lines)
            found = {
                title: median(milliseconds(call) for _ in range(rounds))
                for title, call in steps(text, language)
            }
            row = "".join(f"{value:>8.1f} ms" for value in found.values())
            print(f"  {name:<12}{row}{found['all'] / found['parse']:>8.2f}x")
    print(f"\nHostile texts, with {syntax.PARSE_STEPS:,} steps")
    for title, (name, text) in HOSTILE.items():
        language = syntax.by_name(name)
        assert language is not None
        syntax.parse("", language)
        print(f"  {title:<22}{milliseconds(lambda: syntax.outline_of(text, language)):>8.0f} ms")  # noqa: B023


if __name__ == "__main__":
    main()
