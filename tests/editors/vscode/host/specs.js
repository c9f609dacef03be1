// What the extension does in a real VS Code. Each name is a sentence, and a test of test_vscode.py.
const vscode = require('vscode');
const { readFileSync } = require('node:fs');
const {
  ask,
  asksFor,
  buttons,
  expect,
  folder,
  lenses,
  messages,
  notifications,
  open,
  picture,
  press,
  reviewing,
  set,
  status,
  texts,
  type,
  until,
  use,
} = require('./tools');

const { cases } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
const { elided, orders, steps } = cases;
const drawn = () => ask('drawn');
const command = (name, ...args) => vscode.commands.executeCommand(`editsvc.${name}`, ...args);
const cursor = () => vscode.window.activeTextEditor.selection.active.line;
const clickIfThere = (selector) => ask('clickIfThere', { selector });
const isGhost = (text) => /^[→+] /.test(text);

/** Begins an edit of the whole file without asking, and returns when it is answered. */
const edit = (instruction, more) => command('ask', { instruction, scope: 'file', ...more });

exports.specs = {
  'an instruction that is typed edits the file in one step, and one undo takes it back': async () => {
    await use('fast');
    const { document } = await open('orders.py', orders.before);
    await press('Shift+Alt+E');
    await asksFor('Rewrite');
    await press('Shift+Alt+S');
    await until('the scope is the file', async () =>
      (await texts('.quick-input-title'))[0]?.startsWith('Rewrite the whole file'),
    );
    await type(orders.instruction);
    await press('Enter');
    await until('the edit is in the document', () => document.getText() === orders.after);
    await until('the status bar says what it took', async () =>
      /2 hunks · \d+ tokens · \d+ % of the prediction accepted · .* s/.test(await status()),
    );
    await reviewing();
    await press('Control+Z');
    await until('the document is as it was', () => document.getText() === orders.before);
    await until('nothing is drawn any more', async () => (await drawn()).lines.length === 0);
    expect('lenses', await lenses(), []);
  },

  'the edit is drawn over the text while it is written, and nothing touches the document': async () => {
    await use('slow');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    const seen = await until('a part of the edit is drawn', async () => {
      const { texts: shown } = await drawn();
      return shown.some(isGhost) && shown;
    });
    expect('a changed line, beside the one that it replaces', seen.find(isGhost), `→ ${steps.firstNewLine}`);
    await until('it says how far it is, and how to stop', async () =>
      /lines .*\(Shift\+Alt\+X cancels\)/.test((await drawn()).texts.join()),
    );
    await until('more of it is drawn', async () => (await drawn()).texts.filter(isGhost).length > 1);
    await picture('vscode-stream');
    expect('the document', document.getText(), steps.before);
    await answered;
    await until('the edit is in the document', () => document.getText() === steps.after);
    await until('the old line stands above the new one', async () =>
      (await lenses()).includes(`− ${steps.firstOldLine}`),
    );
    await until('nothing is drawn over it', async () => !(await drawn()).texts.some(isGhost));
  },

  'how long a slow server has been reading is said until it writes': async () => {
    await use('late');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    await until('it says what is done meanwhile, and how to stop', async () =>
      /reading the file \([2-9] s\).*\(Shift\+Alt\+X cancels\)/.test((await drawn()).texts.join()),
    );
    await answered;
    await until('the edit is in the document', () => document.getText() === steps.after);
    await until('it is no longer said', async () => !(await drawn()).texts.join().includes('reading'));
  },

  'what is typed while the edit is written stays': async () => {
    await use('slow');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    await until('a part of the edit is drawn', async () => (await drawn()).texts.some(isGhost));
    await press('Control+Home');
    await type('# mine\n');
    await until('what was typed is in the document', () => document.getText() === `# mine\n${steps.before}`);
    await answered;
    await until('so is the edit', () => document.getText() === `# mine\n${steps.after}`);
    const lines = document.getText().split('\n');
    await until('there are lenses', async () => (await lenses()).length > 0);
    await press('Alt+F5');
    await until('the changes moved along', () => lines[cursor()].trim() === steps.firstNewLine);
  },

  'an edit that is cancelled changes nothing': async () => {
    await use('slow');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    await until('a part of the edit is drawn', async () => (await drawn()).texts.some(isGhost));
    await press('Shift+Alt+X');
    await answered;
    expect('it was told in a notification', (await notifications()).includes(steps.instruction), false);
    expect('the document', document.getText(), steps.before);
    await until('nothing is drawn any more', async () => (await drawn()).texts.length === 0);
    await until('the status bar says so', async () => (await status()).includes('cancelled'));
  },

  'a server that crashes is started again': async () => {
    await use('slow');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    await until('a part of the edit is drawn', async () => (await drawn()).texts.some(isGhost));
    process.kill(Number(readFileSync(`${folder}/servers/slow.pid`, 'utf8')), 'SIGKILL');
    await answered;
    const words = await until('it is told', async () => {
      const shown = await notifications();
      return shown.includes('crashed, and is started again') && shown;
    });
    expect('it is told once', words.includes('disposed'), false);
    expect('the document', document.getText(), steps.before);
    expect('drawn', (await drawn()).texts, []);
    const again = edit(steps.instruction);
    await until('the new server edits', async () => (await drawn()).texts.some(isGhost));
    await press('Shift+Alt+X');
    await again;
  },

  'a command that a workspace could run waives no check': async () => {
    await use('fast');
    const { document } = await open('elided.py', elided.before);
    const argument = { uri: document.uri.toString(), instruction: elided.instruction, mode: 'apply' };
    const allow = ['elision', 'tail', 'shrink', 'syntax'];
    await edit('wake up'); // the command is there when the server is
    const answer = await vscode.commands.executeCommand('editsvc.edit', { ...argument, scope: 'file', allow });
    expect('the edit', answer.status, 'refused');
    expect('the document', document.getText(), elided.before);
    const keys = (await open('keys.pem', orders.before)).document;
    const secret = { uri: keys.uri.toString(), instruction: orders.instruction, allowPath: true };
    expect('the other', (await vscode.commands.executeCommand('editsvc.edit', secret)).error, 'PathRefused');
  },

  'a path that names no server is told, and no other server is taken': async () => {
    await use('missing');
    const { document } = await open('orders.py', orders.before);
    void edit(orders.instruction);
    const words = 'servers/missing, where the language server was not found';
    await until('it is told', async () => (await notifications()).includes(words));
    expect('the document', document.getText(), orders.before);
    await until('the guide is open', async () => {
      await clickIfThere(`${buttons}:has-text("Open the guide")`);
      return (await texts('.gettingStartedContainer')).join().includes('Install the language server');
    });
  },

  'a preview changes nothing until it is applied': async () => {
    await use('slow');
    await set('mode', 'preview');
    const { document } = await open('steps.py', steps.before);
    const answered = edit(steps.instruction);
    const shown = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const right = await until(
      'a diff editor is open',
      () => shown() instanceof vscode.TabInputTextDiff && shown().modified,
    );
    const preview = await vscode.workspace.openTextDocument(right);
    await until('it shows a part of the edit', () => {
      return preview.getText().includes(steps.firstNewLine) && preview.getText() !== steps.after;
    });
    await answered;
    await until('it shows the edit', () => preview.getText() === steps.after);
    expect('the document', document.getText(), steps.before);
    await picture('preview');
    await command('applyPreview');
    await until('the edit is in the document', () => document.getText() === steps.after);
    await until('the diff editor is closed', () => !(shown() instanceof vscode.TabInputTextDiff));
  },

  'the report is a page that runs nothing': async () => {
    await use('fast');
    await open('orders.py', orders.before);
    await edit(orders.instruction);
    await command('showReport');
    await until(
      'the page is shown',
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === 'editsvc report',
    );
    await until('it is drawn', () => ask('page').then((text) => text.includes('requests')));
    await vscode.commands.executeCommand('notifications.clearAll');
    await picture('vscode-report');
  },

  'only what somebody has set is sent as a setting': async () => {
    await use('timed');
    await set('mode', 'apply');
    await open('orders.py', orders.before);
    await edit(orders.instruction);
    const answers = messages().filter(
      ({ to, message }) => to === 'server' && message.id !== undefined && 'result' in message,
    );
    const sections = answers
      .map(({ message }) => message.result)
      .filter((one) => Array.isArray(one) && one.length === 1);
    expect('what the server was told', sections.at(-1), [{ mode: 'apply' }]);
  },

  'the first change is seen soon after the server has told it': async () => {
    await use('timed');
    const { document } = await open('steps.py', steps.before);
    await edit(steps.instruction); // the first edit of a server also opens its connections
    await vscode.commands.executeCommand('undo');
    await until('the document is as it was', () => document.getText() === steps.before);
    const runs = [];
    for (let run = 0; run < 7; run += 1) {
      await until('nothing is drawn', async () => (await drawn()).lines.length === 0);
      await ask('watch');
      const asked = Date.now();
      await edit(steps.instruction);
      const seen = await until('it is seen', () => ask('watched'));
      const found = messages();
      const request = found.findLast(({ message }) => message.params?.command === 'editsvc.edit').at * 1000;
      const told = found.find(({ at, message }) => {
        return at * 1000 > request && message.method === 'editsvc/stream' && message.params.hunks.length;
      });
      runs.push({ sent: request - asked, server: told.at * 1000 - request, drawn: seen - told.at * 1000 });
      await vscode.commands.executeCommand('undo');
      await until('the document is as it was', () => document.getText() === steps.before);
    }
    return { runs };
  },
};
