// Runs the specs one after another in the extension host, and hands the results to the driver.
const { readFileSync, readdirSync } = require('node:fs');
const { ask, folder, fresh } = require('./tools');

const { chosen, rounds, specs: file } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
/** Of one file, or of all files of specs that share a machine. */
const specs = file
  ? require(file).specs
  : Object.assign(
      {},
      ...readdirSync(__dirname)
        .filter((name) => name.endsWith('specs.js'))
        .map((name) => require(`./${name}`).specs),
    );
const longestMs = 60_000 + 3000 * rounds;

/** A spec that waits for ever must not take the others with it. */
function within(promise) {
  const late = new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`not done after ${longestMs / 1000} s`)), longestMs);
  });
  return Promise.race([promise, late]);
}

exports.run = async () => {
  for (const name of chosen) {
    try {
      await within(fresh());
      const facts = await within(specs[name]());
      await ask('result', { name, facts: facts ?? {} });
    } catch (error) {
      await ask('picture', { name: `failed-${name.replaceAll(/\W+/g, '-')}` });
      await ask('result', { name, error: String(error.stack ?? error) });
    }
  }
};
