// Serves VS Code to a headless browser, runs the specs of host/ in its extension host, and is their hands and eyes.
//
//   node driver.mjs RUN.json
//
// RUN.json: { editors, run, workspace, extension, host, chrome, longestMs, env, trusted? }: the folder of install.sh; a
// folder for this run; the folder to open; the packaged extension; the folder of the specs; the browser; how long all of it may
// take; the environment of VS Code; false if the workspace is not trusted.
// Results go to run/results.json, pictures to run/*.png, the editor's own log to run/editor.log.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer as createRelay } from 'node:net';
import { join } from 'node:path';

const { editors, run, workspace, extension, host, chrome, longestMs, env, trusted = true } = JSON.parse(
  readFileSync(process.argv[2], 'utf8'),
);
const { chromium } = createRequire(join(editors, 'package.json'))('playwright-core');

const code = [join(editors, 'node_modules/code-server/lib/vscode/out/server-main.js')];
code.push('--server-data-dir', join(run, 'data'), '--extensions-dir', join(run, 'extensions'));
code.push('--accept-server-license-terms', '--telemetry-level', 'off');

/** Runs VS Code's server until it has printed `wanted`, or ended. */
function served(options, wanted) {
  const log = createWriteStream(join(run, 'server.log'), { flags: 'a' });
  const child = spawn(process.execPath, [...code, ...options], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = new Promise((resolve) => {
    child.stdout.on('data', (data) => {
      const found = wanted?.exec(String(data));
      if (found) resolve(found[1]);
    });
    child.on('exit', () => resolve(undefined));
  });
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  return { child, printed };
}

/** Milliseconds that everything between the window and its extension host takes, in either direction. */
let delayMs = 0;

/** Passes on what `from` sends, in order, `delayMs` after it came. */
function passOn(from, to) {
  let turn = Promise.resolve();
  const inTurn = (work) => {
    const due = Date.now() + delayMs;
    turn = turn
      .then(() => new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now()))))
      .then(work);
  };
  from.on('data', (data) => inTurn(() => to.writable && to.write(data)));
  from.on('end', () => inTurn(() => to.end()));
  from.on('error', () => to.destroy());
}

/** Stands before a port of this machine; the port to go to instead. */
async function relayed(port) {
  const relay = createRelay((near) => {
    const far = connect(port, '127.0.0.1');
    passOn(near, far);
    passOn(far, near);
  });
  await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
  relay.unref();
  return relay.address().port;
}

const results = [];
mkdirSync(run, { recursive: true });
await served(['--install-extension', extension]).printed;

let page;
/** What a spec can ask for, by name; the answer is JSON. */
const abilities = {
  press: ({ key }) => page.keyboard.press(key),
  type: ({ text }) => page.keyboard.type(text),
  // The editor draws its lists anew while they are looked at, so a spec may have to try again.
  clickIfThere: async ({ selector }) => {
    const found = page.locator(selector).first();
    if (await found.isVisible()) await found.click({ timeout: 5000 });
  },
  texts: ({ selector }) => page.locator(selector).allInnerTexts(),
  picture: ({ name, clip }) => page.screenshot({ path: join(run, `${name}.png`), clip }).then(() => null),
  page: async () => {
    const frames = await Promise.all(
      page.frames().map((frame) =>
        frame
          .locator('body')
          .innerText()
          .catch(() => ''),
      ),
    );
    return frames.join('\n');
  },
  // Without a pause between the last letter and Enter, as fast hands do it.
  enter: async ({ text }) => {
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  },
  // One key behind the other, without waiting for what comes of the first.
  together: async ({ keys }) => {
    for (const key of keys) await page.keyboard.press(key);
  },
  // How bright the parts of the window are, from 0 to 255, the darkest and the brightest.
  brightness: () =>
    page.evaluate(() => {
      const parts = [...document.querySelectorAll('.monaco-workbench, .part.statusbar, .part.titlebar')];
      const reds = parts.map((part) => Number(getComputedStyle(part).backgroundColor.match(/\d+/)[0]));
      return [Math.min(...reds), Math.max(...reds)];
    }),
  delay: ({ ms }) => {
    delayMs = ms;
  },
  focused: async ({ selector }) => ({
    focused: await page.evaluate((one) => Boolean(document.activeElement?.closest(one)), selector),
  }),
  // How wide pictures are, in pixels of their own; 0 if one has not been loaded.
  loaded: ({ selector }) =>
    page.evaluate((one) => [...document.querySelectorAll(one)].map(({ naturalWidth }) => naturalWidth), selector),
  // The text of what has the keyboard.
  holder: async () => ({ text: await page.evaluate(() => document.activeElement?.innerText.trim()) }),
  // What is not to be seen of a text, in pixels, at the right or below.
  cut: ({ selector }) =>
    page.evaluate(
      (one) =>
        [...document.querySelectorAll(one)].map((element) => [
          element.scrollWidth - element.clientWidth,
          element.scrollHeight - element.clientHeight,
        ]),
      selector,
    ),
  value: ({ selector }) => page.locator(selector).first().inputValue(),
  count: async ({ selector }) => ({ count: await page.locator(selector).count() }),
  contrasts: () => page.evaluate(contrasts),
  drawn: () => page.evaluate(drawn),
  watch: () => page.evaluate(watch),
  watched: () => page.evaluate(() => globalThis.firstDrawnAt ?? null),
  result: (result) => {
    results.push(result);
    console.log(
      `${result.error ? 'FAILED' : 'passed'}  ${result.name}${result.error ? `\n${result.error}` : ''}`,
    );
  },
};

/** What the extension draws into the editor: texts behind lines, and the colours of whole lines from the top. */
function drawn() {
  const content = (element) => getComputedStyle(element, '::after').content;
  const texts = [...document.querySelectorAll('.view-line [class*="ced-"]')].map(content);
  const lines = [...document.querySelectorAll('.view-overlays [class*="ced-"]')]
    .map((element) => ({ top: element.getBoundingClientRect().top, style: getComputedStyle(element) }))
    .filter(({ style }) => style.backgroundColor !== 'rgba(0, 0, 0, 0)' || style.borderTopStyle === 'dashed')
    .sort((a, b) => a.top - b.top)
    .map(({ style }) => style.backgroundColor);
  return {
    texts: texts.filter((one) => one.startsWith('"')).map((one) => JSON.parse(one).replaceAll('\u00a0', ' ')),
    lines,
  };
}

/** The contrast of each text that the extension draws with what is behind it, as WCAG 2 defines it. */
function contrasts() {
  const read = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const over = (above, below) => above.rgb.map((one, index) => one * above.alpha + below[index] * (1 - above.alpha));
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const paper = read(getComputedStyle(document.querySelector('.monaco-editor .monaco-editor-background')).backgroundColor);
  const overlays = [...document.querySelectorAll('.view-overlays [class*="ced-"], .view-overlays .current-line')];
  const found = [];
  for (const element of document.querySelectorAll('.view-line [class*="ced-"]')) {
    const style = getComputedStyle(element, '::after');
    if (!style.content.startsWith('"')) continue;
    const { top, height } = element.getBoundingClientRect();
    const middle = top + height / 2;
    const behind = overlays
      .filter((one) => one.getBoundingClientRect().top <= middle && middle <= one.getBoundingClientRect().bottom)
      .reduce((below, one) => over(read(getComputedStyle(one).backgroundColor), below), paper.rgb);
    const [light, dark] = [luminance(over(read(style.color), behind)), luminance(behind)].sort((a, b) => b - a);
    found.push((light + 0.05) / (dark + 0.05));
  }
  return found;
}

/** Notes when a hunk is on the screen for the first time from now on. */
function watch() {
  globalThis.firstDrawnAt = undefined;
  const look = () => {
    if (document.querySelector('.view-overlays [class*="ced-"], .view-line [class*="ced-"]')) {
      globalThis.firstDrawnAt = Date.now();
    } else {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}

const driver = createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  try {
    const answer = await abilities[request.url.slice(1)](JSON.parse(body));
    response.end(JSON.stringify(answer ?? null));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
await new Promise((resolve) => driver.listen(0, '127.0.0.1', resolve));
env.EDITSVC_TEST_DRIVER = `http://127.0.0.1:${driver.address().port}`;

const serving = served(
  [
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--without-connection-token',
    '--enable-smoke-test-driver',
    // PATH is what the test says, and not what this machine's shell makes of it.
    '--force-disable-user-env',
    ...(trusted ? ['--disable-workspace-trust'] : []),
  ],
  /Extension host agent listening on (\d+)/,
);
const port = await relayed(Number(await serving.printed));
const browser = await chromium.launch({
  executablePath: chrome,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
const done = new Promise((resolve) => page.exposeFunction('codeAutomationExit', resolve));
const log = createWriteStream(join(run, 'editor.log'));
await page.exposeFunction('codeAutomationLog', (kind, words) =>
  log.write(`[${kind}] ${words.map(String).join(' ')}\n`),
);
const remote = (path) => `vscode-remote://127.0.0.1:${port}${path}`;
const payload = [
  ['extensionDevelopmentPath', remote(host)],
  ['extensionTestsPath', remote(join(host, 'index.js'))],
  ['skipWelcome', 'true'],
];
await page.goto(
  `http://127.0.0.1:${port}/?folder=${workspace}&payload=${encodeURIComponent(JSON.stringify(payload))}`,
);
const timeout = new Promise((resolve) => setTimeout(() => resolve('timeout'), longestMs).unref());
const status = await Promise.race([
  done,
  timeout,
  new Promise((resolve) => serving.child.on('exit', () => resolve('ended'))),
]);
if (status !== 0) await page.screenshot({ path: join(run, 'failed.png') });
writeFileSync(join(run, 'results.json'), JSON.stringify({ status, results }));
await browser.close();
driver.close();
serving.child.kill();
