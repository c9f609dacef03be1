// The moving picture of the walkthrough and of README.md: one edit, by keys, as it is by default.
// Each name is a sentence, and a test of test_vscode.py.
const vscode = require('vscode');
const { readFileSync } = require('node:fs');
const { ask, asksFor, closed, expect, folder, open, openCount, picture, press, reviewing, texts, type, until, use } = require('./tools');

const { cases } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
const { orders } = cases;
const isGhost = (text) => /^[→+] /.test(text);
const newLines = async () => (await ask('count', { selector: '.line-insert' })).count;
const ghosts = async () => (await ask('drawn')).texts.filter(isGhost).length;
const lettersPerFrame = 5;
const shortMs = 90;
const writingMs = 250;
const readingMs = 1800;

exports.specs = {
  'the moving picture shows an edit from the instruction to the last decision': async () => {
    const frames = [];
    /** What the window shows now, to be shown for `ms`; left out if it is over by the time that the picture is there. */
    const frame = async (ms, isOver = () => false) => {
      const name = `moving-${String(frames.length).padStart(2, '0')}`;
      await picture(name);
      if (!isOver()) frames.push({ name, ms });
    };

    await use('slow');
    const { document } = await open('orders.py', orders.before, 17);
    // Whoever asks first waits for the start of the server; the picture is not about that.
    await press('Shift+Alt+E');
    await asksFor('Rewrite method Order.total');
    await press('Escape');
    await closed();
    await until('nothing is marked any more', async () => (await ask('drawn')).lines.length === 0);
    await frame(readingMs / 2);

    await press('Shift+Alt+E');
    await asksFor('Rewrite method Order.total');
    await frame(readingMs / 2);
    await press('Shift+Alt+S');
    await asksFor('Rewrite the whole file');
    await frame(readingMs / 2);
    for (let from = 0; from < orders.instruction.length; from += lettersPerFrame) {
      await type(orders.instruction.slice(from, from + lettersPerFrame));
      await frame(shortMs);
    }
    await frame(readingMs / 3);
    await press('Enter');

    await until('a part of the edit is drawn', async () => {
      await frame(writingMs);
      return (await ghosts()) > 0;
    });
    expect('the document meanwhile', document.getText(), orders.before);
    const isThere = () => document.getText() === orders.after;
    await until('it is in the document', async () => {
      await frame(writingMs, isThere);
      return isThere();
    });

    await reviewing();
    const both = await until('both changes are shown', async () => {
      const count = await newLines();
      return count >= 2 && count;
    });
    await until('two are open', async () => (await openCount()) === '2 changes open');
    await frame(readingMs);
    await press('Shift+Alt+Y');
    await until('one is left', async () => (await openCount()) === '1 of 2 changes open');
    await until('the cursor is on it', () => {
      const { line } = vscode.window.activeTextEditor.selection.active;
      return document.lineAt(line).text.includes('rows.append(f');
    });
    await until('one is shown', async () => (await newLines()) === both / 2);
    await frame(readingMs);
    await press('Shift+Alt+Y');
    await until('none is left', async () => (await openCount()) === '');
    await until('the document is in front', async () => !(await texts('.tab.active')).join().includes('review'));
    expect('the document', document.getText(), orders.after);
    await frame(readingMs * 1.5);
    return { frames };
  },

  'the walkthrough shows the moving picture': async () => {
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', 'editsvc.editsvc#editsvc.start', false);
    await until('the steps are there', async () => (await texts('.step-title')).join().includes('Edit something'));
    await ask('clickIfThere', { selector: '.step-title:text-is("Edit something")' });
    await until('it is loaded', async () => {
      const [width] = await ask('loaded', { selector: 'img[alt^="An instruction is typed"]' });
      return width > 0;
    });
    await picture('walkthrough');
  },
};
