import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Asking } from '../src/asking.ts';
import { Clock, delayedInputs } from './delayed.mjs';

const delayMs = 200;
const rounds = 100;
const past = ['Simplify', 'Tidy up the names', 'Tidy up', 'Simplify the loop'];
const offers = ['Simplify', 'Write documentation comments', 'Tidy up'].map((title) => ({
  title,
  argument: { uri: 'file:///a.py', instruction: title === 'Simplify' ? 'Simplify the code.' : title },
}));

/** Numbers from 0 to below `count`, the same in every run. */
function numbers(seed) {
  let state = seed;
  return (count) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * count);
  };
}

/**
 * Ask, with presets that arrive at `offeredAt`, and let `user` do its part when the input is there: it gets hands, and
 * a function to plan what it does later. What came of it: the choice, and what stood in the box at the Enter that
 * decided.
 */
async function asked(user, { offeredAt = 50, make = (...given) => new Asking(...given), text = '', away = delayMs } = {}) {
  const clock = new Clock();
  const { inputs, window } = delayedInputs(clock, away);
  const history = [...past];
  const found = { choice: undefined, ended: false, decisive: undefined, history };
  const sources = {
    history: () => history,
    offers: new Promise((resolve) => clock.at(offeredAt, () => resolve(offers))),
    forget: (one) => history.splice(history.indexOf(one), 1),
  };
  const asking = make(inputs, sources, text);
  void asking.decided.then((choice) => Object.assign(found, { choice, ended: true }));
  const hands = {
    window,
    type: (letters) => window.type(letters),
    enter: () =>
      window.enter((pressed) => {
        if (!found.ended) found.decisive = pressed.text;
      }),
    up: () => window.key(() => asking.earlier()),
    down: () => window.key(() => asking.later()),
    history: () => window.key(() => asking.choose('history')),
    presets: () => window.key(() => asking.choose('presets')),
    move: (step) => window.move(step),
  };
  clock.at(2 * away, () => user(hands, (inMs, work) => clock.at(clock.now + inMs, work)));
  await clock.run();
  return { ...found, window };
}

/** An input whose history is written into the box that is shown, as shells have it. */
class WritesIntoTheBox {
  constructor(inputs, { history }) {
    this.history = history;
    this.at = -1;
    this.box = inputs.box('');
    this.decided = new Promise((resolve) => {
      this.box.onDidAccept(() => this.box.value && resolve({ instruction: this.box.value }));
    });
    this.box.show();
  }
  earlier() {
    this.at = Math.min(this.at + 1, this.history().length - 1);
    this.box.value = this.history()[this.at];
  }
  later() {}
  choose() {}
}

/** Type one of the history's instructions and press Enter at once, `rounds` times; how often another was carried out. */
async function retyped(make) {
  const next = numbers(12);
  let wrong = 0;
  for (let round = 0; round < rounds; round += 1) {
    const wanted = past[next(past.length)];
    const { choice } = await asked(
      ({ type, enter }, later) => {
        let at = 0;
        for (const letter of wanted) later((at += next(40)), () => type(letter));
        later(at, enter);
      },
      { offeredAt: next(1500), make },
    );
    if (choice?.instruction !== wanted || choice.offer) wrong += 1;
  }
  return wrong;
}

/** Anything, fast, `count` times: how often Enter ran something else than what stood in the box when it was pressed. */
async function atRandom(count, make) {
  const next = numbers(7);
  let wrong = 0;
  let ran = 0;
  for (let round = 0; round < count; round += 1) {
    const { choice, decisive } = await asked(
      (hands, later) => {
        const { type, up, down, history, presets, move, enter, window } = hands;
        const acts = [
          () => type('ti'[next(2)]),
          () => type('dy up'),
          () => window.clear(),
          up,
          up,
          down,
          history,
          presets,
          () => move(1),
          () => window.forget(),
          () => window.back(),
          enter,
        ];
        let at = 0;
        for (let step = 2 + next(9); step > 0; step -= 1) later((at += next(350)), acts[next(acts.length)]);
        later(at + next(10), enter);
        later(at + 2000, enter);
      },
      { offeredAt: next(1500), make },
    );
    if (choice) {
      ran += 1;
      if (choice.instruction !== decisive.trim()) wrong += 1;
    }
  }
  return { wrong, ran };
}

test('what is typed is carried out, 100 times, with a host that is 200 ms away', async () => {
  assert.equal(await retyped(), 0);
});

test('whatever is pressed, and however fast, Enter runs what the box showed when it was pressed', async () => {
  const { wrong, ran } = await atRandom(10 * rounds);
  assert.equal(wrong, 0);
  assert.ok(ran > 3 * rounds, `${ran} instructions were run`);
});

test('the same hands show what goes wrong with a history that is written into the box', async () => {
  const { wrong } = await atRandom(10 * rounds, (...given) => new WritesIntoTheBox(...given));
  assert.ok(wrong > rounds / 4, `${wrong} instructions were others`);
});

test('an empty Enter does nothing, and the input stays', async () => {
  const { ended } = await asked(({ enter }, later) => {
    later(0, enter);
    later(1000, enter);
  });
  assert.equal(ended, false);
});

test('blanks are not an instruction', async () => {
  const { ended } = await asked(({ type, enter }) => {
    type('   ');
    enter();
  });
  assert.equal(ended, false);
});

test('an Enter behind a button that is pressed at once runs nothing that was not seen', async () => {
  for (const button of ['up', 'history', 'presets']) {
    const { ended, window } = await asked((hands, later) => {
      hands[button]();
      later(1, hands.enter);
      later(2, hands.enter);
    });
    assert.equal(ended, false, button);
    assert.ok(window.shown, button);
  }
});

test('an earlier instruction comes into the box, and Enter runs it when it is seen', async () => {
  const { choice } = await asked(({ up, enter, window }, later) => {
    up();
    later(500, up);
    later(1000, () => assert.equal(window.shown.value, past[1]));
    later(1001, enter);
  });
  assert.deepEqual(choice, { instruction: past[1] });
});

test('a later one comes back, and at last what was typed', async () => {
  await asked(({ type, up, down, window }, later) => {
    type('mine');
    for (const [at, press] of [up, up, down].entries()) later(100 + 500 * at, press);
    later(1600, () => assert.equal(window.shown.value, past[0]));
    later(1700, down);
    later(2200, () => assert.equal(window.shown.value, 'mine'));
    later(2300, down);
    later(2800, () => assert.equal(window.shown.value, 'mine'));
  });
});

test('a row of the history comes into the box, where it can be changed', async () => {
  const { choice } = await asked(({ history, move, enter, type }, later) => {
    history();
    later(1000, () => move(1));
    later(1001, enter);
    later(2000, () => type(', please'));
    later(2001, enter);
  });
  assert.deepEqual(choice, { instruction: `${past[1]}, please` });
});

test('a preset is what it was offered as, unless its text is changed', async () => {
  const choose = (change) =>
    asked(({ presets, enter, type }, later) => {
      presets();
      later(1000, enter);
      later(2000, () => type(change));
      later(2001, enter);
    });
  const { instruction } = offers[0].argument;
  assert.deepEqual((await choose('')).choice, { instruction, offer: offers[0] });
  assert.deepEqual((await choose(' Now.')).choice, { instruction: `${instruction} Now.` });
});

test('presets that come late are shown when they come', async () => {
  await asked(
    ({ presets, window }, later) => {
      presets();
      later(600, () => assert.deepEqual(window.rows, []));
      later(1500, () => assert.equal(window.rows.length, offers.length));
    },
    { offeredAt: 1200 },
  );
});

test('what was typed is there again for whoever goes back from a list', async () => {
  const { choice } = await asked(({ type, history, enter, window }, later) => {
    type('mine');
    later(1, history);
    later(1000, () => window.back());
    later(2000, enter);
  });
  assert.deepEqual(choice, { instruction: 'mine' });
});

test('a row that is forgotten is gone, and no other takes its place under the hand', async () => {
  const { history } = await asked((hands, later) => {
    hands.history();
    later(1000, () => hands.window.forget());
    later(1001, () => hands.window.forget());
    later(2000, () => assert.deepEqual(hands.window.rows.map(({ instruction }) => instruction), past.slice(1)));
  });
  assert.deepEqual(history, past.slice(1));
});

test('a text that is given is there to be changed, and not run by itself', async () => {
  const { choice } = await asked(
    ({ type, enter }) => {
      type(' all');
      enter();
    },
    { text: 'Tidy up' },
  );
  assert.deepEqual(choice, { instruction: 'Tidy up all' });
});

test('whoever leaves the input has decided on nothing', async () => {
  const { choice, ended } = await asked(({ type, window }) => {
    type('mine');
    window.escape();
  });
  assert.deepEqual([choice, ended], [undefined, true]);
});
