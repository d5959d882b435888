import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SMOKE_LIMITS } from '../../../src/core/smoke-limits.ts';
import { hostOf, problemsOf, Tree } from '../tree.ts';

const loaded = async (text: string): ReturnType<Tree['load']> => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    'inventories/group_vars/all/main.yml': text,
  });
  return await tree.load();
};

test('each limit of smoke is read by its variable, and the others keep their defaults', async () => {
  const { settings } = hostOf(await loaded('litellm_smoke_ttft_p95_ms: 800\nlitellm_smoke_tokens_per_s: "20"\n'));
  assert.deepEqual(settings.smokeLimits, { ...DEFAULT_SMOKE_LIMITS, ttftP95Ms: 800, tokensPerS: 20 });
});

test('a limit that is no number of its unit is refused with its place, and a typo of its name too', async () => {
  for (const [text, message] of [
    ['litellm_smoke_ttft_p95_ms: 0', /a whole number of ms from 1 to 3600000/],
    ['litellm_smoke_ttft_p95_ms: 1.5s', /a whole number of ms/],
    ['litellm_smoke_ttft_p95_m: 800', /litellm_smoke_ttft_p95_ms/],
  ] as const) {
    const problems = problemsOf(await loaded(`${text}\n`));
    assert.match(JSON.stringify(problems), message);
    assert.match(JSON.stringify(problems), /"line":1/);
  }
});
