import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Rows, ask } from '../src/asking.ts';
import { Clock, delayedQuickPick } from './delayed.mjs';

const delayMs = 200;
const rounds = 100;
const history = ['Simplify', 'Tidy up the names', 'Tidy up', 'Simplify the loop'];
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
 * Ask, with presets that arrive at `offeredAt`, and let `user` do its part when the input is there: it gets the
 * window, and a function to plan what it does later. What came of it, and the instructions that were forgotten.
 */
async function asked(asking, offeredAt, user) {
  const clock = new Clock();
  const { pick, window } = delayedQuickPick(clock, delayMs);
  const offered = new Promise((resolve) => clock.at(offeredAt, () => resolve(offers)));
  const found = { forgotten: [], choice: undefined, ended: false };
  void asking(pick, offered, (one) => found.forgotten.push(one)).then((choice) => {
    found.choice = choice;
    found.ended = true;
  });
  clock.at(2 * delayMs, () => user(window, (inMs, work) => clock.at(clock.now + inMs, work)));
  await clock.run();
  return { ...found, window };
}

function byRows(pick, offered, forget) {
  pick.matchOnDescription = true;
  return ask(pick, new Rows(history, 'forget'), offered, forget);
}

/** A list that is made anew for each key, with what is typed as its first row. */
function byAListForEachKey(pick, offered) {
  let presets = [];
  const show = () => {
    const typed = pick.value.trim();
    const recent = history.filter((one) => one !== typed);
    const rows = [...(typed ? [typed] : []), ...recent, ...presets.map(({ title }) => title)];
    pick.items = rows.map((label, index) => ({ label, alwaysShow: index === 0 && typed !== '' }));
  };
  show();
  void offered.then((found) => {
    presets = found;
    show();
  });
  return new Promise((resolve) => {
    pick.onDidChangeValue(show);
    pick.onDidAccept(() => resolve({ instruction: pick.selectedItems[0]?.label }));
    pick.show();
  });
}

/** Type one of the history's instructions and press Enter at once, `rounds` times; how often another was carried out. */
async function retyped(asking) {
  const next = numbers(12);
  let wrong = 0;
  for (let round = 0; round < rounds; round += 1) {
    const text = history[next(history.length)];
    const { choice } = await asked(asking, next(1500), (window, later) => {
      let at = 0;
      for (const letter of text) later((at += next(40)), () => window.type(letter));
      later(at, () => window.enter());
    });
    if (choice?.instruction !== text || choice.offer) wrong += 1;
  }
  return wrong;
}

test('what is typed is carried out, 100 times, with a host that is 200 ms away', async () => {
  assert.equal(await retyped(byRows), 0);
});

test('the host that the tests have shows what goes wrong with a list for each key', async () => {
  assert.ok((await retyped(byAListForEachKey)) > rounds / 4);
});

test('an Enter carries out what the window shows at that moment, whatever list arrives when', async () => {
  const next = numbers(7);
  let chosen = 0;
  for (let round = 0; round < 10 * rounds; round += 1) {
    let wanted;
    let leaving = false;
    const pressed = new Set();
    const { choice, ended } = await asked(byRows, next(1500), (shown, later) => {
      let at = 0;
      const remove = () => {
        if (shown.focus.buttons === undefined) return;
        pressed.add(shown.focus.handle);
        shown.clickButton(shown.focus);
      };
      for (let step = next(8); step > 0; step -= 1) {
        at += next(300);
        const doing = next(5);
        if (doing === 0) later(at, () => shown.type('ti'[next(2)]));
        else if (doing === 4) later(at, remove);
        else later(at, () => shown.move(doing === 1 ? -1 : 1));
      }
      later(at + next(300), () => {
        const { focus, value } = shown;
        wanted = focus.alwaysShow ? value || undefined : focus.description;
        leaving = pressed.has(focus.handle);
        if (focus.choice) chosen += 1;
        shown.enter();
      });
    });
    const title = choice?.offer ? choice.offer.title : choice?.instruction;
    // A row whose button was just pressed is on its way out, and means nothing.
    assert.equal(title, leaving ? undefined : wanted);
    assert.equal(ended, title !== undefined);
  }
  assert.ok(chosen > rounds, 'rows are chosen too');
});

test('an empty Enter does nothing, and the input stays', async () => {
  const { ended } = await asked(byRows, 50, (window, later) => {
    later(0, () => window.enter());
    later(1000, () => window.enter());
  });
  assert.equal(ended, false);
});

test('blanks are not an instruction', async () => {
  const { ended } = await asked(byRows, 50, (window) => {
    window.type('   ');
    window.enter();
  });
  assert.equal(ended, false);
});

test('a row of the history is chosen with the arrow keys', async () => {
  const { choice } = await asked(byRows, 50, (window, later) => {
    later(1000, () => window.move(1));
    later(1010, () => window.move(1));
    later(1020, () => window.enter());
  });
  assert.deepEqual(choice, { instruction: history[1] });
});

test('a preset is chosen with the mouse', async () => {
  const { choice } = await asked(byRows, 50, (window, later) => {
    later(1000, () => window.click(window.shown.find(({ description }) => description === offers[1].title)));
  });
  assert.deepEqual(choice, { instruction: offers[1].argument.instruction, offer: offers[1] });
});

test('what is typed filters the rows, and none of them goes before the typed text', async () => {
  await asked(byRows, 50, (window, later) => {
    later(1000, () => window.type('tidy'));
    later(1001, () => {
      const shown = window.shown.map(({ description }) => description);
      assert.deepEqual(shown.slice(1), ['Tidy up the names', 'Tidy up', 'Tidy up']);
      assert.equal(window.focus, window.shown[0]);
    });
  });
});

test('a row that is removed is gone, and no other takes its place', async () => {
  const { choice, forgotten, window } = await asked(byRows, 50, (shown, later) => {
    later(1000, () => shown.clickButton(shown.shown[1]));
    later(1500, () => shown.move(1));
    later(1510, () => shown.enter());
  });
  assert.deepEqual(forgotten, [history[0]]);
  assert.deepEqual(choice, { instruction: history[1] });
  assert.ok(!window.shown.some(({ description, choice: one }) => description === history[0] && !one.offer));
});

test('presets wait for whoever is on a row, and come when they are back', async () => {
  await asked(byRows, 1500, (window, later) => {
    later(0, () => window.move(1));
    later(2000, () => {
      assert.equal(window.focus.description, history[0]);
      assert.ok(!window.shown.some((row) => row.choice?.offer));
      window.move(-1);
    });
    later(2500, () => assert.ok(window.shown.some((row) => row.choice?.offer)));
  });
});

test('without a server there is the history', async () => {
  const clock = new Clock();
  const { pick, window } = delayedQuickPick(clock, delayMs);
  void ask(pick, new Rows(history, 'forget'), Promise.resolve([]), () => undefined);
  await clock.run();
  assert.equal(window.shown.length, 1 + history.length);
});
