// Runs the specs one after another in the extension host, and hands the results to the driver.
const { readFileSync } = require('node:fs');
const { specs } = require('./specs');
const { ask, folder, fresh } = require('./tools');

exports.run = async () => {
  const { chosen } = JSON.parse(readFileSync(`${folder}/given.json`, 'utf8'));
  for (const name of chosen) {
    try {
      await fresh();
      const facts = await specs[name]();
      await ask('result', { name, facts: facts ?? {} });
    } catch (error) {
      await ask('picture', { name: `failed-${name.replaceAll(/\W+/g, '-')}` });
      await ask('result', { name, error: String(error.stack ?? error) });
    }
  }
};
