// What is told about edits that were not made, in a real VS Code. Each name is a sentence, and a test.
const vscode = require('vscode');
const { readFileSync, writeFileSync } = require('node:fs');
const {
  ask,
  asksFor,
  buttons,
  edit,
  expect,
  folder,
  inLight,
  notifications,
  open,
  picture,
  press,
  status,
  texts,
  type,
  until,
  use,
} = require('./tools');

const { cases, secret } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
const { elided, orders } = cases;
const command = (name, ...args) => vscode.commands.executeCommand(`editsvc.${name}`, ...args);
const click = (title) => ask('clickIfThere', { selector: `${buttons}:text-is("${title}")` });
const message = '.notifications-center .notification-list-item-message';

/** Waits until a message has `part`, can be read whole, and has just these buttons. */
async function told(part, titles) {
  await until(`it is told: ${part}`, async () => (await notifications()).includes(part));
  // The progress of the edit, which has one of its own, is on its way out.
  await until(
    `its buttons are ${titles.join()}`,
    async () => JSON.stringify(await texts(buttons)) === JSON.stringify(titles),
  );
  for (const selector of [message, buttons]) {
    for (const [right, below] of await ask('cut', { selector })) {
      expect('what is cut off', [right > 1, below > 1], [false, false]);
    }
  }
}

async function storeKey(key) {
  await asksFor('API key');
  if (key) await type(key);
  await press('Enter');
}

/** In both themes. */
async function pictures(name) {
  await picture(`vscode-error-${name}`);
  await inLight(() => picture(`vscode-error-${name}-light`));
}

exports.specs = {
  'without a key the offline engine edits, and that is said': async () => {
    await use('keyless');
    const { document } = await open('orders.py', orders.before);
    await edit('rename total to amount');
    await until('it is edited', () => document.getText() === orders.before.replaceAll('total', 'amount'));
    await until('it is said', async () => (await notifications()).includes('offline engine'));
    await until('the status bar says so too', async () => (await status()).includes('offline'));
  },

  'the first refusal without a key offers the key, and with it makes the edit': async () => {
    await use('locked');
    const { document } = await open('orders.py', orders.before);
    await edit(orders.instruction);
    await vscode.commands.executeCommand('notifications.showList');
    await told('The offline engine does not understand', ['Set API key', 'What works without a key']);
    await picture('vscode-error-no-key');
    await until('the help is shown', async () => {
      await click('What works without a key');
      return vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(({ label }) => label.includes('offline.md')));
    });
    await until('the question is still there', async () => (await notifications()).includes('The offline engine does not understand'));
    await click('Set API key');
    await storeKey(secret);
    await until('it is edited', () => document.getText() === orders.after);
    const settings = JSON.stringify(vscode.workspace.getConfiguration());
    expect('the key is in the settings', settings.includes(secret), false);
    const again = command('setApiKey');
    await storeKey('');
    await again;
  },

  'a key that is not accepted can be set, and then the edit is made': async () => {
    await use('locked');
    const { document } = await open('orders.py', orders.before);
    const asked = command('setApiKey');
    await storeKey('csk-wrong');
    await asked;
    await edit(orders.instruction);
    await told('does not accept the API key', ['Set API key', 'Show log']);
    await picture('vscode-error-wrong-key');
    await click('Set API key');
    await storeKey(secret);
    await until('it is edited', () => document.getText() === orders.after);
    const again = command('setApiKey');
    await storeKey('');
    await again;
  },

  'a server that cannot be reached can be tried again, and the log be seen': async () => {
    await use('unreachable');
    const { document } = await open('orders.py', orders.before);
    await edit(orders.instruction);
    await told('No connection to', ['Retry', 'Show log']);
    await pictures('unreachable');
    await click('Show log');
    await until('the log is shown', () =>
      vscode.workspace.textDocuments.some(({ uri }) => uri.scheme === 'output' && uri.path.includes('editsvc')),
    );
    await until('the question is still there', async () => (await notifications()).includes('No connection to'));
    await use('fast');
    await click('Retry');
    await until('it is edited', () => document.getText() === orders.after);
  },

  'a server that failed once makes the edit when it is tried again, where the lines are by then': async () => {
    await use('recovering');
    const editor = await open('orders.py', orders.before);
    const { document } = editor;
    editor.selection = new vscode.Selection(0, 0, document.lineCount - 1, 0);
    await command('ask', { instruction: orders.instruction, scope: 'selection', mode: 'apply' });
    await told('failed (500', ['Retry', 'Show log']);
    await editor.edit((change) => change.insert(new vscode.Position(0, 0), '# mine\n'));
    await click('Retry');
    await until('it is tried again', async () => (await status()).includes('unchanged') || document.isDirty);
    expect('what was typed is there', document.getText().startsWith('# mine\n'), true);
  },

  'what the model refuses can be asked again in other words': async () => {
    await use('declining');
    await open('orders.py', orders.before);
    await edit(orders.instruction);
    await told('The model cannot do this', ['Retry', 'Change instruction']);
    await picture('vscode-error-model');
    await click('Change instruction');
    await asksFor('Rewrite');
    expect('the instruction', await ask('value', { selector: '.quick-input-widget input' }), orders.instruction);
    await press('Escape');
  },

  'an edit that a check refuses is shown, and made anyway by a button, where its lines are by then': async () => {
    await use('timed');
    const { document } = await open('elided.py', elided.before);
    const first = elided.firstLine;
    const editor = vscode.window.activeTextEditor;
    editor.selection = new vscode.Selection(first, 0, elided.lastLine + 1, 0);
    await command('ask', { instruction: elided.instruction, scope: 'selection', mode: 'apply' });
    await told('leaves out', ['Retry', 'Accept anyway', 'Show the reply']);
    await pictures('check');
    expect('an option of the command line is named', (await notifications()).includes('--'), false);
    expect('the document', document.getText(), elided.before);
    await click('Show the reply');
    await until('it is shown', () =>
      vscode.window.visibleTextEditors.some((one) => one.document.getText().includes('+        # ... rest of')),
    );
    const change = new vscode.WorkspaceEdit();
    change.insert(document.uri, new vscode.Position(0, 0), '# mine\n');
    await vscode.workspace.applyEdit(change);
    await until('it is edited all the same', async () => {
      await notifications();
      await click('Accept anyway');
      return document.getText() === `# mine\n${elided.after}`;
    });
  },

  'a file that usually holds keys is edited only after a question': async () => {
    await use('fast');
    const { document } = await open('keys.pem', orders.before);
    await edit(orders.instruction);
    await told('usually holds keys', ['Edit anyway', 'Show log']);
    await picture('vscode-error-file');
    expect('the document', document.getText(), orders.before);
    await click('Edit anyway');
    await until('it is edited all the same', () => document.getText() === orders.after);
  },

  'settings that are wrong are read again when they are right': async () => {
    writeFileSync(`${folder}/wrong.toml`, "max_retries = 'often'\n");
    await use('misset');
    const { document } = await open('orders.py', orders.before);
    await edit(orders.instruction);
    await told('max_retries is', ['Restart and retry', 'Show log']);
    await picture('vscode-error-settings');
    writeFileSync(`${folder}/wrong.toml`, 'max_retries = 1\n');
    await click('Restart and retry');
    await until('it is edited', () => document.getText() === orders.after);
  },
};
