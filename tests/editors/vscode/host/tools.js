// What the specs are written with: an editor, hands and eyes at its screen, and servers to choose from.
const vscode = require('vscode');
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');

const { EDITSVC_TEST_DRIVER: driver, EDITSVC_TEST_FOLDER: folder } = process.env;
const patienceMs = 15_000;

/** Has the driver do something at the screen; see its `abilities`. */
async function ask(ability, argument = {}) {
  const response = await fetch(`${driver}/${ability}`, { method: 'POST', body: JSON.stringify(argument) });
  if (!response.ok) throw new Error(`${ability}: ${await response.text()}`);
  return response.json();
}

/** Waits until `fact` gives something true, which it returns. */
async function until(what, fact, longestMs = patienceMs) {
  const end = Date.now() + longestMs;
  for (;;) {
    const found = await fact();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${longestMs / 1000} s have passed, and not yet: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function expect(what, found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${what}\n  found:  ${JSON.stringify(found)}\n  wanted: ${JSON.stringify(wanted)}`);
  }
}

/** Closes everything, and sets the settings back. */
async function fresh() {
  await vscode.commands.executeCommand('notifications.clearAll');
  await vscode.commands.executeCommand('notifications.hideList');
  await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
  await vscode.workspace.saveAll();
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  for (const part of ['closeSidebar', 'closeAuxiliaryBar', 'closePanel']) {
    await vscode.commands.executeCommand(`workbench.action.${part}`);
  }
  for (const name of ['mode', 'presets', 'openReview', 'commentMarker', 'comment_marker']) await set(name, undefined);
}

async function set(name, value) {
  const settings = vscode.workspace.getConfiguration('editsvc');
  if (settings.inspect(name).globalValue === value) return;
  await settings.update(name, value, vscode.ConfigurationTarget.Global);
}

/** Has the extension use one of the servers that the test prepared. */
async function use(server) {
  await set('server.path', `${folder}/servers/${server}`);
}

let opened = 0;

/** A new document of the workspace with `text`, open and with the focus, the cursor on the 0-based `line`. */
async function open(name, text, line = 0) {
  const place = `${folder}/workspace/${(opened += 1)}`;
  mkdirSync(place);
  const path = `${place}/${name}`;
  writeFileSync(path, text);
  const document = await vscode.workspace.openTextDocument(path);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  editor.selection = new vscode.Selection(line, 0, line, 0);
  // The window gets the cursor later than this returns: keys that are pressed before would be about another place.
  await until(`the cursor is on line ${line + 1} of ${name}`, async () => {
    const tabs = (await texts('.tab.active')).map((tab) => tab.replaceAll(/\s/g, ''));
    const [cursor] = await texts('#status\\.editor\\.selection');
    // Of two documents of one name, a tab names the folder too.
    return tabs.some((tab) => tab.startsWith(name)) && cursor?.trim() === `Ln ${line + 1}, Col 1`;
  });
  return editor;
}

/** The lines of the editor's own notes on messages that passed the server `timed`. */
function messages() {
  return readFileSync(`${folder}/messages.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const press = (key) => ask('press', { key });
const type = (text) => ask('type', { text });
/** Waits until the input with that title has the keyboard: what is typed before goes into the document. */
const asksFor = (title) =>
  until(`${title} is asked for`, async () => {
    const { focused } = await ask('focused', { selector: '.quick-input-widget' });
    return focused && (await texts('.quick-input-title')).join().includes(title);
  });

const closed = () =>
  until('the input is closed', async () => {
    const { focused } = await ask('focused', { selector: '.quick-input-widget' });
    return !focused;
  });

const rows = () => texts('.quick-input-list .monaco-list-row');

/** The instructions that the server `timed` has got. */
const instructions = () =>
  messages()
    .filter(({ to, message }) => to === 'server' && message.params?.command === 'editsvc.edit')
    .map(({ message }) => message.params.arguments[0].instruction);

/** Begins an edit of the whole file without asking, and returns when it is answered. */
const edit = (instruction, more) =>
  vscode.commands.executeCommand('editsvc.ask', { instruction, scope: 'file', ...more });

const texts = (selector) => ask('texts', { selector });
const picture = (name) => ask('picture', { name });
/** The part of the window where the code and the input are, for the walkthrough. */
const walkthrough = (name) =>
  ask('picture', { name: `walkthrough-${name}`, clip: { x: 52, y: 0, width: 900, height: 700 } });
const theme = (name) => vscode.workspace.getConfiguration('workbench').update('colorTheme', name, true);
/** Does something in the light theme, and comes back to the dark one. */
async function inLight(work) {
  await theme('Default Light Modern');
  await until('the theme is light', async () => (await ask('brightness'))[0] > 200);
  await work();
  await theme('Default Dark Modern');
  await until('the theme is dark', async () => (await ask('brightness'))[1] < 100);
}
const buttons = '.notifications-center .monaco-button';
/** What the notifications say. Under a test driver VS Code shows them in its list only. */
async function notifications() {
  await vscode.commands.executeCommand('notifications.showList');
  return (await texts('.notifications-center .notification-list-item')).join('\n');
}

const status = async () => (await texts('#editsvc\\.editsvc\\.editsvc\\.last')).join('');
/** Waits until the review has opened, and has the keyboard. */
const reviewing = () =>
  until('the review has opened', async () => {
    const { input } = vscode.window.tabGroups.activeTabGroup.activeTab ?? {};
    const { focused } = await ask('focused', { selector: '.monaco-editor' });
    return focused && input instanceof vscode.TabInputTextDiff && input.original.scheme === 'editsvc-before';
  });
/** The count of open changes in the status bar; empty if there is none. */
const openCount = async () => (await texts('#editsvc\\.editsvc\\.editsvc\\.open')).join('').trim();
const lenses = () => texts('.codelens-decoration a');

module.exports = {
  ask,
  buttons,
  closed,
  edit,
  expect,
  folder,
  fresh,
  inLight,
  instructions,
  lenses,
  messages,
  notifications,
  open,
  openCount,
  picture,
  press,
  reviewing,
  rows,
  set,
  status,
  asksFor,
  texts,
  type,
  until,
  use,
  walkthrough,
};
