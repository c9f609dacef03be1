// How open hunks are reviewed. Each name is a sentence, and a test of test_vscode.py.
const vscode = require('vscode');
const { readFileSync } = require('node:fs');
const { ask, expect, folder, lenses, open, openCount, picture, press, reviewing, set, texts, until, use } = require('./tools');

const { cases, rounds } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
const hostDelayMs = 200;
const { orders, settings, steps, three, wide } = cases;
const drawn = () => ask('drawn');
const clickIfThere = (selector) => ask('clickIfThere', { selector });
const command = (name, ...args) => vscode.commands.executeCommand(`editsvc.${name}`, ...args);
const edit = (instruction, more) => command('ask', { instruction, scope: 'file', ...more });
const cursor = () => vscode.window.activeTextEditor.selection.active.line;
const input = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input;
/** Whether keys go into the text of an editor. */
const focused = async () => (await ask('focused', { selector: '.monaco-editor' })).focused;
const left = () => vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === input().original.toString());

exports.specs = {
  'all lines that an edit removes are shown where they were, above the new ones': async () => {
    await use('fast');
    const { document } = await open('settings.py', settings.before, settings.firstLine);
    await edit(settings.instruction);
    await reviewing();
    await until('its left side is the text of before', () => left()?.getText() === settings.before);
    expect('its right side is the document', input().modified.toString(), document.uri.toString());
    await until('removed lines are coloured', async () => (await ask('count', { selector: '.line-delete' })).count >= 11);
    expect('the cursor is on the first change', cursor(), settings.firstLine);
    await picture('vscode-review-12-lines');
    await press('Shift+Alt+N');
    await until('all of it is back', () => document.getText() === settings.before);
    await until('the review is closed', () => !(input() instanceof vscode.TabInputTextDiff));
    await until('the document is in front', () => vscode.window.activeTextEditor?.document === document);
  },

  'a hunk that was decided on no longer differs in the review': async () => {
    await use('fast');
    const { document } = await open('orders.py', orders.before);
    await edit(orders.instruction);
    await reviewing();
    await until('both hunks differ', () => left()?.getText() === orders.before);
    await press('Shift+Alt+Y');
    await until('the first is on both sides', () => left()?.getText() === orders.after.replace(orders.second[1], orders.second[0]));
    await until('the cursor is on the other', () => document.lineAt(cursor()).text.includes('rows.append(f'));
    expect('one of two is open', await openCount(), '1 of 2 changes open');
    await press('Shift+Alt+N');
    await until('the second is taken back', () => document.getText() === orders.after.replace(orders.second[1], orders.second[0]));
    await until('the review is closed', () => !(input() instanceof vscode.TabInputTextDiff));
  },

  'what is typed in the review is typed in the document, and both sides follow': async () => {
    await use('fast');
    const { document } = await open('orders.py', orders.before);
    await edit(orders.instruction);
    await reviewing();
    await press('Control+Home');
    await ask('type', { text: '# mine\n' });
    await until('it is in the document', () => document.getText() === `# mine\n${orders.after}`);
    await until('it differs in nothing', () => left()?.getText() === `# mine\n${orders.before}`);
    await press('Shift+Alt+Backspace');
    await until('everything else is taken back', () => document.getText() === `# mine\n${orders.before}`);
  },

  'a line of 200 columns can be read to its end on both sides': async () => {
    await use('fast');
    await open('wide.py', wide.before);
    await edit(wide.instruction);
    await until('it has a lens', async () => (await lenses()).includes('− 1 long line: show'));
    await clickIfThere('.codelens-decoration a:text-is("− 1 long line: show")');
    await reviewing();
    await until('the end of the old line is on the screen', async () => {
      // Where such a line is broken depends on the width of the window's parts.
      const shown = (await texts('.view-zones, .view-lines')).join(' ').replaceAll(/\s+/g, ' ');
      return shown.includes('by noon') && shown.includes('by midnight');
    });
    await picture('vscode-review-200-columns');
  },

  'each change says its keys, its number and what goes': async () => {
    await use('fast');
    const { document } = await open('three.py', three.before);
    await edit(three.instruction);
    await until('there are lenses', async () => (await lenses()).length === 14);
    expect('those of the first', (await lenses()).slice(0, 6), [
      'Accept Shift+Alt+Y',
      'Reject Shift+Alt+N',
      '1 of 3',
      '− return value + 0',
      'Accept all Shift+Alt+Enter',
      'Reject all Shift+Alt+Backspace',
    ]);
    expect('the status bar', await openCount(), '3 changes open');
    expect('words are marked', (await ask('count', { selector: '.view-overlays [class*="ced-"]' })).count >= 6, true);
    await picture('vscode-review-three-hunks');
    const themes = vscode.workspace.getConfiguration('workbench');
    await themes.update('colorTheme', 'Default Light Modern', vscode.ConfigurationTarget.Global);
    await until('it is light', async () => (await ask('count', { selector: '.monaco-workbench.vs' })).count > 0);
    await picture('vscode-review-three-hunks-light');
    await themes.update('colorTheme', undefined, vscode.ConfigurationTarget.Global);
    await clickIfThere('.codelens-decoration a:text-is("Reject all Shift+Alt+Backspace")');
    await until('everything is taken back', () => document.getText() === three.before);
    await until('nothing is drawn', async () => (await drawn()).lines.length === 0);
  },

  'the keys that are named are those of the user': async () => {
    await use('fast');
    const place = vscode.Uri.from({ scheme: 'vscode-userdata', path: '/User/keybindings.json' });
    const rules = [
      { key: 'ctrl+alt+1', command: 'editsvc.accept' },
      { key: 'shift+alt+n', command: '-editsvc.reject' },
    ];
    await vscode.workspace.fs.writeFile(place, new TextEncoder().encode(`// mine\n${JSON.stringify(rules)}`));
    try {
      await open('three.py', three.before);
      await edit(three.instruction);
      await until('there are lenses', async () => (await lenses()).length === 14);
      await until('they are named', async () => (await lenses())[0] === 'Accept Ctrl+Alt+1');
      expect('a key that was taken away', (await lenses())[1], 'Reject');
    } finally {
      await vscode.workspace.fs.writeFile(place, new TextEncoder().encode('[]'));
    }
  },

  'a change that is not on the screen is shown, and the count says where one is': async () => {
    await use('fast');
    const { document } = await open('steps.py', steps.before, 200);
    await edit(steps.instruction);
    await until('a change is on the screen', async () => (await drawn()).lines.length > 0);
    await press('Control+End');
    const last = document.lineCount - 1;
    vscode.window.activeTextEditor.revealRange(new vscode.Range(last, 0, last, 0));
    await until('ten are open', async () => (await openCount()).startsWith('10 changes open'));
    await press('Alt+F5');
    await until('the first comes after the last', () => document.lineAt(cursor()).text.trim() === steps.firstNewLine);
  },

  'two of ten changes are rejected, and the count follows': async () => {
    await use('fast');
    const { document } = await open('steps.py', steps.before);
    await edit(steps.instruction);
    await until('they are there', async () => (await openCount()) === '10 changes open');
    await press('Alt+F5');
    await until('the cursor is on the first', () => document.lineAt(cursor()).text.trim() === steps.firstNewLine);
    for (let number = 10; number > 0; number -= 1) {
      await press(number === 9 || number === 7 ? 'Shift+Alt+N' : 'Shift+Alt+Y');
      if (number > 1) await until('it is counted', async () => (await openCount()).startsWith(`${number - 1} of 10`));
    }
    await until('nothing is open', async () => (await openCount()) === '');
    const rejected = [8, 20].reduce((text, one) => text.replace(`value * ${one}\n`, `value + ${one}\n`), steps.after);
    expect('the document', document.getText(), rejected);
  },

  'the next change is the one of another file when this one has none': async () => {
    await use('fast');
    const first = (await open('steps.py', steps.before)).document;
    await edit(steps.instruction);
    const { document } = await open('three.py', three.before);
    await edit(three.instruction);
    await until('there are lenses', async () => (await lenses()).length === 14);
    await press('Shift+Alt+Enter');
    await until('the other file is counted', async () => (await openCount()) === 'changes open in 1 other file');
    expect('the document', document.getText(), three.after);
    await press('Alt+F5');
    await until('it is in front', () => vscode.window.activeTextEditor?.document === first && focused());
    await press('Shift+Alt+Backspace');
    await until('it is as it was', () => first.getText() === steps.before);
  },

  'keys decide on the change that they were pressed for, however far away the host is': async () => {
    await use('fast');
    await set('openReview', 'never');
    try {
      for (let round = 0; round < Math.max(2, rounds / 5); round += 1) {
        const { document } = await open('steps.py', steps.before);
        await edit(steps.instruction);
        await until('they are there', async () => (await openCount()) === '10 changes open');
        await ask('delay', { ms: hostDelayMs });
        await press('Alt+F5');
        await until('the cursor is on the first', () => document.lineAt(cursor()).text.trim() === steps.firstNewLine);
        // Faster than anything can come back.
        for (let number = 0; number < 10; number += 1) await press(number % 3 === round % 3 ? 'Shift+Alt+N' : 'Shift+Alt+Y');
        const wanted = Array.from({ length: 10 }, (_, number) => number)
          .filter((number) => number % 3 === round % 3)
          .reduce((text, number) => text.replace(`value * ${2 + 6 * number}\n`, `value + ${2 + 6 * number}\n`), steps.after);
        await until(`round ${round}: each was decided on as was asked`, () => document.getText() === wanted);
        await until('nothing is open', async () => (await openCount()) === '');
        await ask('delay', { ms: 0 });
      }
    } finally {
      await ask('delay', { ms: 0 });
    }
  },

  'what is drawn can be read in light and in dark themes': async () => {
    await use('slow');
    const themes = vscode.workspace.getConfiguration('workbench');
    const found = {};
    try {
      for (const theme of ['Default Dark Modern', 'Default Light Modern', 'Default High Contrast', 'Default High Contrast Light']) {
        await themes.update('colorTheme', theme, vscode.ConfigurationTarget.Global);
        await open('steps.py', steps.before);
        const answered = edit(steps.instruction);
        await until('a part of the edit is drawn', async () => (await drawn()).texts.some((text) => text.startsWith('→')));
        found[theme] = (await ask('contrasts')).sort((a, b) => a - b)[0];
        await command('stop');
        await answered;
      }
    } finally {
      await themes.update('colorTheme', undefined, vscode.ConfigurationTarget.Global);
    }
    for (const [theme, contrast] of Object.entries(found)) expect(`${theme}: ${contrast}`, contrast >= 4.5, true);
    return { contrasts: found };
  },
};
