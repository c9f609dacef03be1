// Asking for an instruction, in a real VS Code. Each name is a sentence, and a test of test_vscode.py.
const vscode = require('vscode');
const { readFileSync } = require('node:fs');
const {
  ask,
  asksFor,
  closed,
  edit,
  expect,
  folder,
  inLight,
  instructions,
  lenses,
  messages,
  open,
  picture,
  press,
  reviewing,
  rows,
  set,
  status,
  texts,
  type,
  until,
  use,
  walkthrough,
} = require('./tools');

const { cases, rounds } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
const { orders } = cases;
const hostDelayMs = 200;
const command = (name, ...args) => vscode.commands.executeCommand(`editsvc.${name}`, ...args);
const title = async () => (await texts('.quick-input-title')).join();
const shown = () => ask('value', { selector: '.quick-input-widget input' });
const shows = (text) => until(`the input shows ${text}`, async () => (await shown()) === text);
/** The 0-based lines that are marked as what will be rewritten, by the line numbers beside them. */
const marked = async () => (await ask('drawn')).lines.length;
const method = 'Rewrite method Order.total, lines 18 to 22';

/** Opens the input, and returns what comes when it is closed: in an object, since a promise would be waited for. */
async function asking() {
  const asked = command('ask');
  await asksFor('Rewrite');
  return { asked };
}

exports.specs = {
  'an edit that arrives while another is asked for leaves the keyboard with the input': async () => {
    await use('slow');
    const { document } = await open('orders.py', orders.before);
    void edit(orders.instruction);
    const { asked } = await asking();
    await type('and rename ');
    await until('the edit is in the document', () => document.getText() === orders.after);
    await until('its end is told', async () => (await status()).includes('2 hunks'));
    await type('receipt to bill');
    await shows('and rename receipt to bill');
    expect('the document', document.getText(), orders.after);
    await press('Escape');
    await asked;
    await reviewing();
  },

  'the input names the symbol that will be rewritten, marks it, and says the key for more': async () => {
    await use('fast');
    await open('orders.py', orders.before, 18);
    await press('Shift+Alt+E');
    await until('the symbol is named', async () => (await title()).startsWith(method));
    expect('the key', (await title()).includes('Shift+Alt+S: the whole file, 32 lines'), true);
    await until('its lines are marked', async () => (await marked()) === 5);
    await picture('vscode-input');
    await inLight(() => picture('vscode-input-light'));
    await press('Shift+Alt+S');
    await until('the file is named', async () => (await title()).startsWith('Rewrite the whole file, 32 lines'));
    await until('the whole file is marked', async () => (await marked()) > 25);
    await press('Escape');
    await until('nothing is marked any more', async () => (await marked()) === 0);
  },

  'the pictures of the walkthrough show what the extension does': async () => {
    await use('fast');
    await open('orders.py', orders.before);
    await edit(orders.instruction);
    await until('the review shows both changes', async () => (await ask('count', { selector: '.line-insert' })).count >= 2);
    await press('Alt+F5');
    await until('the cursor is on one', () => vscode.window.activeTextEditor.selection.active.line > 0);
    await walkthrough('review-dark');
    await inLight(() => walkthrough('review-light'));
  },

  'the key that is named is the one that the user has': async () => {
    await use('fast');
    const place = vscode.Uri.from({ scheme: 'vscode-userdata', path: '/User/keybindings.json' });
    const own = [
      { key: 'shift+alt+s', command: '-editsvc.nextScope' },
      { key: 'f7', command: 'editsvc.nextScope', when: 'editsvc.asking' },
    ];
    await vscode.workspace.fs.writeFile(place, new TextEncoder().encode(JSON.stringify(own)));
    try {
      await open('orders.py', orders.before, 18);
      const { asked } = await asking();
      await until('it is named', async () => (await title()).includes(' F7: the whole file'));
      await press('Escape');
      await asked;
    } finally {
      await vscode.workspace.fs.delete(place);
    }
  },

  'without a server the input is there at once, and says what it can': async () => {
    await use('missing');
    await open('orders.py', orders.before, 18);
    const asked = command('ask');
    await asksFor('Rewrite the definition around line 19');
    await press('Escape');
    await asked;
  },

  'earlier instructions come into the input with the arrow keys, and Enter runs what is seen': async () => {
    await use('timed');
    await open('orders.py', orders.before, 18);
    await edit('wake up');
    const { asked } = await asking();
    await type('mine');
    await press('ArrowDown');
    await shows('mine');
    await press('Escape');
    await asked;
    const { asked: again } = await asking();
    await press('ArrowUp');
    await shows('mine');
    const before = instructions().length;
    await press('Enter');
    await again;
    expect('it ran once', instructions().length, before + 1);
    expect('what was seen', instructions().at(-1), 'mine');
    const { asked: third } = await asking();
    await press('ArrowUp');
    await shows('mine');
    await type(' too');
    await press('Enter');
    await third;
    expect('what was seen and changed', instructions().at(-1), 'mine too');
  },

  'presets and the history are lists beside the text, and what is chosen comes into the input': async () => {
    await use('timed');
    await set('presets', [{ id: 'tidy', title: 'Tidy up', instruction: 'Tidy the code up.' }]);
    await open('orders.py', orders.before, 18);
    const { asked } = await asking();
    await type('draft');
    await press('Shift+Alt+P');
    await until('the presets are there', async () => (await rows()).join('\n').includes('Tidy up'));
    expect('a built-in one', (await rows()).join('\n').includes('Write documentation comments'), true);
    await picture('vscode-presets');
    const before = instructions().length;
    await press('Enter');
    await shows('Tidy the code up.');
    expect('nothing ran', instructions().length, before);
    await press('Shift+Alt+H');
    await until('the history is there', async () => (await rows()).join('\n').includes('mine too'));
    await press('Enter');
    await shows('mine too');
    await press('Enter');
    await asked;
    expect('what ran', instructions().at(-1), 'mine too');
  },

  'an Enter without a word does nothing': async () => {
    await use('timed');
    await open('orders.py', orders.before, 18);
    await edit('wake up');
    const before = instructions().length;
    const { asked } = await asking();
    await press('Enter');
    await press('Space');
    await press('Enter');
    await asksFor('Rewrite');
    await press('Escape');
    await asked;
    expect('what ran', instructions().length, before);
  },

  'however far away the host is, and whatever is pressed, nothing runs that did not stand in the input': async () => {
    await use('timed');
    await open('orders.py', orders.before, 18);
    await edit('wake up');
    const typed = ['Simplify', 'Tidy up', 'Tidy up the names', 'Simplify the loop'];
    const ways = ['typed', 'ArrowUp', 'Shift+Alt+P', 'Shift+Alt+H'];
    const wrong = [];
    const ran = { typed: 0, ArrowUp: 0, 'Shift+Alt+P': 0, 'Shift+Alt+H': 0 };
    try {
      // The first four fill the history.
      for (let round = -typed.length; round < rounds; round += 1) {
        if (round === 0) await ask('delay', { ms: hostDelayMs });
        const way = round < 0 ? 'typed' : ways[round % ways.length];
        const before = instructions().length;
        const { asked } = await asking();
        let wanted = typed[(round + typed.length) % typed.length];
        if (way === 'typed') {
          await ask('enter', { text: wanted });
        } else {
          // Enter behind the key at once: what it would run was not seen.
          await ask('together', { keys: [way, 'Enter'] });
          if (way !== 'ArrowUp') {
            await until('the list is there', async () => (await rows()).length > 0);
            if (instructions().length !== before) wrong.push(`${way}: ${instructions().at(-1)} ran unseen`);
            await press('Enter');
          }
          wanted = await until('something is in the input', async () => (await rows()).length === 0 && (await shown()));
          if (instructions().length !== before) wrong.push(`${way}: ${instructions().at(-1)} ran unseen`);
          await press('Enter');
        }
        await asked;
        // The window hears late that the input is closed; what is typed into that is nobody's.
        await closed();
        const found = instructions().at(-1);
        if (found !== wanted) wrong.push(`${way}: ${found} instead of ${wanted}`);
        if (round >= 0) ran[way] += 1;
      }
    } finally {
      await ask('delay', { ms: 0 });
    }
    expect('wrong instructions', wrong, []);
    return { tries: { ...ran, wrong: wrong.length } };
  },

  'without a key only presets that work without one are offered': async () => {
    await use('keyless');
    await open('orders.py', orders.before, 18);
    await edit('rename nothing to something');
    const { asked } = await asking();
    await press('Shift+Alt+P');
    await until('the presets are there', async () => (await rows()).join('\n').includes('Sort imports'));
    expect('those that need a model', (await rows()).join('\n').includes('Simplify'), false);
    await press('Escape');
    await asked;
  },

  'a setting by its earlier name still counts, and the present name more': async () => {
    await use('timed');
    await set('comment_marker', 'todo');
    await open('orders.py', orders.before);
    await edit('wake up');
    const sent = () =>
      messages()
        .filter(({ to, message }) => to === 'server' && message.id !== undefined && 'result' in message)
        .map(({ message }) => message.result)
        .filter((one) => Array.isArray(one) && one.length === 1)
        .at(-1)[0];
    await until('it is sent by its present name', () => JSON.stringify(sent()) === '{"commentMarker":"todo"}');
    await set('commentMarker', 'fix');
    await until('that one counts', () => {
      const told = messages().findLast(({ message }) => message.method === 'workspace/didChangeConfiguration');
      return told?.message.params.settings.editsvc?.commentMarker === 'fix';
    });
  },
};
