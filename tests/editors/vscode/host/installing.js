// How the server comes along. Each name is a sentence, and a test of test_vscode_install.py, which says for each what
// the machine is like.
const vscode = require('vscode');
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { ask, asksFor, buttons, expect, folder, notifications, open, picture, press, set, type, until } = require('./tools');

const { place, root, patienceMs } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
const before = 'def fetch():\n    return fetch\n';
const after = before.replaceAll('fetch', 'download');
const command = (name, ...args) => vscode.commands.executeCommand(`editsvc.${name}`, ...args);
const clickIfThere = (selector) => ask('clickIfThere', { selector });
const click = (text) => clickIfThere(`${buttons}:text-is("${text}")`);
const servers = () => (existsSync(root) ? readdirSync(root).filter((name) => name !== 'users') : []);

/** Waits for a message with `words`, for as long as an installation may take. */
async function told(words) {
  return until(`it is told: ${words}`, async () => (await notifications()).includes(words), patienceMs);
}

/** Presses `button` until `words` are told. */
async function clickUntil(button, words) {
  await until(
    `${button} leads to: ${words}`,
    async () => {
      await click(button);
      return (await notifications()).includes(words);
    },
    patienceMs,
  );
}

exports.specs = {
  'the first edit comes after one question': async () => {
    expect('what is installed', servers(), []);
    const { document } = await open('client.py', before);
    await press('Shift+Alt+E');
    await told('Install it into the extension’s own folder');
    await picture('install-question');
    await until('it has begun', async () => {
      await click('Install');
      return servers().length > 0;
    });
    // Looking at the messages would take the focus, and with it the input that opens by itself.
    await until('it is in place', () => servers().join() === place, patienceMs);
    await asksFor('definition');
    await press('Shift+Alt+S');
    await type('rename fetch to download');
    await press('Enter');
    await until('the edit is in the document', () => document.getText() === after);
    await told('is installed');
    const words = await notifications();
    const said = [/\d+ MB in/, /made with Python 3/, /by (pip|uv) in \d+ s/].map((one) => one.test(words));
    expect('it says how large, where and with what', said, [true, true, true]);
    await picture('install-done');
  },

  'what was installed can be removed, and an installation cancelled': async () => {
    await command('removeServer');
    expect('what is installed', servers(), []);
    const installing = command('installServer');
    await until('it has begun', () => servers().some((name) => name.startsWith('build-')), patienceMs);
    await clickUntil('Cancel', 'was cancelled');
    await installing;
    expect('what is installed', servers(), []);
  },

  'a Python that cannot be used is named': async () => {
    await set('server.python', '/no/such/python3');
    await command('installServer');
    await told('editsvc.server.python, /no/such/python3, cannot be used');
    await set('server.python', undefined);
    expect('what is installed', servers(), []);
  },

  'an index that cannot be reached is told, with what works without a network': async () => {
    await open('client.py', before);
    void command('ask');
    await clickUntil('Install', 'The package index cannot be reached. Without a network, install this extension from');
    await picture('install-failed');
    expect('what is installed', servers(), []);
  },

  'nothing is installed in a workspace that is not trusted': async () => {
    expect('trusted', vscode.workspace.isTrusted, false);
    await open('client.py', before);
    await command('ask');
    await told('installs nothing while this workspace is not trusted');
    expect('what is installed', servers(), []);
  },

  'an older server of the extension is updated by itself, and goes': async () => {
    await told('in place of 0.0.9');
    await until('the older one is gone', () => servers().join() === place, patienceMs);
    const { document } = await open('client.py', before);
    await command('ask', { instruction: 'rename fetch to download', scope: 'file' });
    await until('the new one edits', () => document.getText() === after);
  },

  'a server on PATH that is older is told, and replaced by one button': async () => {
    await told('is editsvc 0.0.9, and this extension is made for');
    await clickUntil('Update', 'is installed');
    expect('what is installed', servers(), [place]);
    const { document } = await open('client.py', before);
    await command('ask', { instruction: 'rename fetch to download', scope: 'file' });
    await until('the new one edits', () => document.getText() === after);
    const running = readFileSync(`${folder}/old.log`, 'utf8').trim().split('\n').length;
    expect('the one on PATH was started once', running, 1);
  },
};
