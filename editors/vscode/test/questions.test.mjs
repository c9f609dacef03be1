import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Questions } from '../src/questions.ts';

test('with no question open there is nothing to wait for', async () => {
  await new Questions().over();
});

test('what waits for the questions waits for those that come meanwhile, too', async () => {
  const questions = new Questions();
  const seen = [];
  let answer;
  let refuse;
  const first = questions.during(new Promise((resolve) => (answer = resolve))).then((text) => seen.push(text));
  const waiting = questions.over().then(() => seen.push('over'));
  const second = questions.during(new Promise((_, reject) => (refuse = reject))).catch(() => seen.push('left'));
  answer('answered');
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ['answered']);
  refuse(new Error('left'));
  await Promise.all([second, waiting]);
  assert.deepEqual(seen, ['answered', 'left', 'over']);
});
