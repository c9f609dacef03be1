// The tasks of tasks.toml with keys alone, and no more of them than the table says. A chord is one key; text that is
// typed is not counted. What is done by `command` or `set` only prepares a task.
const vscode = require('vscode');
const { readFileSync } = require('node:fs');
const tools = require('./tools');

const { ask, asksFor, closed, edit, expect, folder, open, openCount, reviewing, rows, set, status, texts, until, use } =
  tools;
const { cases, secret, tasks } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
const { elided, firstTwo, orders, settings, steps, three } = cases;
const command = (name, ...args) => vscode.commands.executeCommand(`editsvc.${name}`, ...args);
const drawn = () => ask('drawn');
const isGhost = (text) => /^[→+] /.test(text);
const title = async () => (await texts('.quick-input-title')).join();
const shown = () => ask('value', { selector: '.quick-input-widget input' });
const focused = async () => (await ask('focused', { selector: '.monaco-editor' })).focused;

let pressed = 0;
const press = async (key) => {
  pressed += 1;
  await tools.press(key);
};
const type = (text) => tools.type(text);

/**
 * Presses the button `wanted` of the only message, by the keys that VS Code has for its messages. As people do, it looks before
 * each step: at the bell, which has a dot when there is a message, and at the button that has the keyboard.
 */
async function toButton(wanted) {
  await until('there is a message', async () => (await ask('count', { selector: '.codicon-bell-dot' })).count > 0);
  await press('Control+K');
  await press('Control+Shift+N');
  await until('the message has the keyboard', async () =>
    (await ask('focused', { selector: '.notifications-center .monaco-list' })).focused,
  );
  const number = (await texts(tools.buttons)).indexOf(wanted) + 1;
  expect(`the message has a button ${wanted}`, number > 0, true);
  for (let step = 0; step < number; step += 1) await press('Tab');
  await until(`${wanted} has the keyboard`, async () => (await ask('holder')).text === wanted);
  await press('Enter');
}

/** Whether as many keys were pressed as the table says. */
function done(id) {
  expect(`keys for ${id}`, pressed, tasks[id]);
}

/** A document with the edit `three` in it, the keyboard in its text. */
async function threeOpen() {
  const { document } = await open('three.py', three.before);
  await edit(three.instruction);
  await until('they are there', async () => (await openCount()) === '3 changes open');
  pressed = 0;
  return document;
}

/** Asks for an instruction about the whole file, from a definition in it, and waits until the document is `after`. */
async function editTheFile(document, instruction, after) {
  await press('Shift+Alt+E');
  await asksFor('Rewrite');
  await until('a key leads to the file', async () => (await title()).includes('Shift+Alt+S: the whole file'));
  await press('Shift+Alt+S');
  await asksFor('Rewrite the whole file');
  await type(instruction);
  await press('Enter');
  await until('it is edited', () => document.getText() === after);
}

exports.specs = {
  'task: change the function that the cursor is in': async () => {
    await use('fast');
    const { document } = await open('orders.py', orders.before, 18);
    pressed = 0;
    await press('Shift+Alt+E');
    await asksFor('Rewrite method Order.total');
    await type(orders.instruction);
    await press('Enter');
    await until('it is edited', () => document.getText() !== orders.before);
    done('edit-symbol');
  },

  'task: change five lines, starting from the first of them': async () => {
    await use('fast');
    const { document } = await open('three.py', firstTwo.before, 1);
    await until('the keyboard is in the text', focused);
    pressed = 0;
    for (let line = 0; line < 5; line += 1) await press('Shift+ArrowDown');
    await press('Shift+Alt+E');
    await asksFor('lines 2 to 6');
    await type(firstTwo.instruction);
    await press('Enter');
    await until('they are edited', () => document.getText() === firstTwo.after);
    done('edit-selection');
  },

  'task: change the whole file': async () => {
    await use('fast');
    const { document } = await open('orders.py', orders.before, 18);
    pressed = 0;
    await editTheFile(document, orders.instruction, orders.after);
    done('edit-file');
  },

  'task: give the instruction before the last one once more': async () => {
    await use('fast');
    const { document } = await open('three.py', three.before, 1);
    for (const instruction of [three.instruction, 'leave it as it is']) {
      const asked = command('ask');
      await asksFor('Rewrite');
      await type(instruction);
      await tools.press('Enter');
      await asked;
      await closed();
      await command('rejectAll');
      await until('it is as it was', () => document.getText() === three.before);
    }
    pressed = 0;
    await press('Shift+Alt+E');
    await asksFor('Rewrite');
    await press('ArrowUp');
    await until('the last is there', async () => (await shown()) === 'leave it as it is');
    await press('ArrowUp');
    await until('the one before is there', async () => (await shown()) === three.instruction);
    await press('Enter');
    await until('it is edited', () => document.getText() !== three.before);
    done('again');
  },

  'task: carry out an offered instruction: document this': async () => {
    await use('keyless');
    const { document } = await open('orders.py', orders.before, 18);
    await edit('rename Line to Row');
    await command('acceptAll');
    const before = document.getText();
    pressed = 0;
    await press('Shift+Alt+E');
    await asksFor('Rewrite');
    await press('Shift+Alt+P');
    await until('the presets are there', async () => (await rows()).join().includes('documentation'));
    await press('Enter');
    await until('it is in the input', async () => (await shown()) !== '');
    await press('Enter');
    await until('it is carried out', () => document.getText() !== before && document.getText().includes('"""'));
    done('preset');
  },

  'task: accept the change at the cursor, and be at the next': async () => {
    await use('fast');
    const document = await threeOpen();
    await tools.press('Alt+F5');
    await until('the cursor is on the first', () => vscode.window.activeTextEditor.selection.active.line === 1);
    await press('Shift+Alt+Y');
    await until('it is accepted', async () => (await openCount()) === '2 of 3 changes open');
    await until('the cursor is on the next', () => vscode.window.activeTextEditor.selection.active.line === 5);
    expect('the document', document.getText(), three.after);
    done('accept-one');
  },

  'task: of five changes reject the second and the fourth, and accept the rest': async () => {
    await use('keyless');
    const text = ['def fetch(): ...', 'fetch()', 'fetch()', 'fetch()', 'fetch()', ''].join('\n\n\n\n\n');
    const { document } = await open('five.py', text);
    await edit('rename fetch to download');
    await until('they are there', async () => (await openCount()) === '5 changes open');
    pressed = 0;
    for (const [index, key] of [...'YNYNY'].entries()) {
      await press(`Shift+Alt+${key}`);
      await until('it is decided', async () => (await openCount()).startsWith(index === 4 ? '' : `${4 - index} of 5`));
    }
    const wanted = ['def download(): ...', 'fetch()', 'download()', 'fetch()', 'download()', ''].join('\n\n\n\n\n');
    await until('two are taken back', () => document.getText() === wanted);
    done('two-of-five');
  },

  'task: accept all changes of a file': async () => {
    await use('fast');
    const document = await threeOpen();
    await press('Shift+Alt+Enter');
    await until('none is open', async () => (await openCount()) === '');
    expect('the document', document.getText(), three.after);
    done('accept-all');
  },

  'task: reject all changes of a file': async () => {
    await use('fast');
    const document = await threeOpen();
    await press('Shift+Alt+Backspace');
    await until('all is as it was', () => document.getText() === three.before);
    done('reject-all');
  },

  'task: take a whole edit back after it was accepted': async () => {
    await use('fast');
    const document = await threeOpen();
    await command('acceptAll');
    await until('none is open', async () => (await openCount()) === '');
    await press('Control+Z');
    await until('all is as it was', () => document.getText() === three.before);
    done('undo-edit');
  },

  'task: get a change back that was rejected by mistake': async () => {
    await use('fast');
    const document = await threeOpen();
    await tools.press('Alt+F5');
    await tools.press('Shift+Alt+N');
    await until('one is taken back', async () => (await openCount()) === '2 of 3 changes open');
    await press('Control+Z');
    await until('it is back', () => document.getText() === three.after);
    done('undo-reject');
  },

  'task: stop an edit that is being written': async () => {
    await use('slow');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    await until('a part of the edit is drawn', async () => (await drawn()).texts.some(isGhost));
    pressed = 0;
    await press('Shift+Alt+X');
    await answered;
    expect('the document', document.getText(), steps.before);
    done('cancel');
  },

  'task: type a line elsewhere while an edit is being written, and keep both': async () => {
    await use('slow');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    await until('a part of the edit is drawn', async () => (await drawn()).texts.some(isGhost));
    pressed = 0;
    await press('Control+Home');
    await type('# mine');
    await press('Enter');
    await answered;
    await until('both are there', () => document.getText() === `# mine\n${steps.after}`);
    done('type-meanwhile');
  },

  'task: get to a change that is not on the screen': async () => {
    await use('fast');
    const { document } = await open('steps.py', steps.before);
    await edit(steps.instruction);
    await until('they are there', async () => (await openCount()) === '10 changes open');
    await tools.press('Control+End');
    pressed = 0;
    await press('Shift+Alt+F5');
    await until('the last is there', () => {
      const { line } = vscode.window.activeTextEditor.selection.active;
      return document.lineAt(line).text.includes('value * 56');
    });
    done('off-screen');
  },

  'task: read twelve lines that a change removes, then put them back': async () => {
    await use('fast');
    const { document } = await open('settings.py', settings.before, settings.firstLine);
    await edit(settings.instruction);
    await reviewing();
    await until('they can be read', async () => (await ask('count', { selector: '.line-delete' })).count >= 11);
    pressed = 0;
    await press('Shift+Alt+N');
    await until('they are back', () => document.getText() === settings.before);
    done('removed-lines');
  },

  'task: look at an edit before it is made, then make it': async () => {
    await use('fast');
    await set('mode', 'preview');
    const { document } = await open('three.py', three.before);
    await edit(three.instruction);
    await until('it is shown', () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff);
    await until('it has the keyboard', focused);
    expect('the document', document.getText(), three.before);
    pressed = 0;
    await press('Shift+Alt+Enter');
    await until('it is made', () => document.getText() === three.after);
    done('preview');
  },

  'task: set the API key when the first refusal offers it, and have the edit made': async () => {
    await use('locked');
    const { document } = await open('orders.py', orders.before);
    void edit(orders.instruction);
    await until('it is refused', async () => (await status()).includes('refused'));
    await until('the keyboard is in the text', focused);
    pressed = 0;
    await toButton('Set API key');
    await asksFor('API key');
    await type(secret);
    await press('Enter');
    await until('it is edited', () => document.getText() === orders.after);
    await reviewing();
    const again = command('setApiKey');
    await asksFor('API key');
    await tools.press('Enter');
    await again;
    done('no-key');
  },

  'task: try again after the server of the model could not be reached': async () => {
    await use('unreachable');
    const { document } = await open('orders.py', orders.before);
    void edit(orders.instruction);
    await until('it is told', async () => (await status()).includes('failed'));
    await use('fast');
    await until('the keyboard is in the text', focused);
    pressed = 0;
    await toButton('Retry');
    await until('it is edited', () => document.getText() === orders.after);
    done('server-down');
  },

  'task: look at a reply that a check refused, and have it all the same': async () => {
    await use('fast');
    const { document } = await open('elided.py', elided.before);
    vscode.window.activeTextEditor.selection = new vscode.Selection(elided.firstLine, 0, elided.lastLine + 1, 0);
    void command('ask', { instruction: elided.instruction, scope: 'selection', mode: 'apply' });
    await until('it is refused', async () => (await status()).includes('refused'));
    await until('the keyboard is in the text', focused);
    pressed = 0;
    await toButton('Show the reply');
    await until('it is shown', () =>
      vscode.window.visibleTextEditors.some((one) => one.document.getText().includes('+        # ... rest of')),
    );
    await until('the keyboard is in it', focused);
    await toButton('Accept anyway');
    await until('it is edited all the same', () => document.getText() === elided.after);
    done('refused');
  },

  'task: have an edit made in each of two files, then accept all of the one and reject all of the other': async () => {
    await use('fast');
    const first = (await open('one.py', three.before, 1)).document;
    const second = (await open('two.py', three.before, 1)).document;
    pressed = 0;
    for (const document of [second, first]) {
      await editTheFile(document, three.instruction, three.after);
      await closed();
      await until('the keyboard is in the text', focused);
      if (document === second) await press('Control+PageUp');
      await until('the other is in front', () => vscode.window.activeTextEditor?.document === first);
      await until('the keyboard is in it', focused);
    }
    await until('three are open', async () => (await openCount()).startsWith('3 changes open'));
    await press('Shift+Alt+Enter');
    await until('those of the other are left', async () => (await openCount()).includes('1 other file'));
    await press('Alt+F5');
    await until('the other is in front', () => vscode.window.activeTextEditor?.document === second);
    await until('the keyboard is in it', focused);
    await press('Shift+Alt+Backspace');
    await until('it is as it was', () => second.getText() === three.before);
    expect('the first', first.getText(), three.after);
    done('two-files');
  },
};
