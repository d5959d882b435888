import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { copyModel } from '../../../src/phases/preflight/checks/model-copy.ts';
import { modelOf, resultOf, type Answers } from './host.ts';
import { details, GOOD, judge, listed, LLM01, LLM02, said, tags } from './judging.ts';

const WANTED = 'phi3:3.8b-mini-128k-instruct-q8_0';
const MODELS = { models: [modelOf('phi3', WANTED)] };

async function result(id: string, answers: Answers, settings: object = MODELS): Promise<CheckResult> {
  return resultOf(await judge({ ...GOOD, ...answers }, settings), `models.${id}[phi3]`);
}

test('a missing model is named with its near misses on each backend, and the command that pulls it', async () => {
  const found = await result('present', {
    [`models ${LLM01}`]: tags(listed('phi3:3.8b'), listed('PHI3:latest'), listed('llama3:8b')),
    [`models ${LLM02}`]: tags(listed('phi3.5:3.8b')),
  });
  assert.equal(found.outcome, 'fail');
  assert.equal(found.seen, `none of them has it; ${LLM01} has phi3:3.8b, PHI3:latest`);
  assert.match(
    found.fix ?? '',
    /^OLLAMA_HOST=http:\/\/hx-llm01-server:11434 ollama pull phi3:3\.8b-mini-128k-instruct-q8_0 {2}# /,
  );
  assert.match(found.fix ?? '', /without internet: copy the models folder of a server that has it/);
});

test('a backend that has it but does not serve the alias is the source of a copy', async () => {
  const answers = {
    [`models ${LLM01}`]: tags(listed('phi3:3.8b')),
    [`models ${LLM02}`]: tags(listed(WANTED)),
    [`details ${LLM02}`]: details(WANTED, {}),
  };
  const found = await result('present', answers, { models: [modelOf('phi3', WANTED, [LLM01])] });
  assert.match(found.seen, new RegExp(`${LLM02}, which does not serve phi3, has it`));
  assert.match(
    found.fix ?? '',
    /without internet: ssh hx-llm02-server .*tar .*manifests\/registry\.ollama\.ai\/library\/phi3\/3\.8b-mini.* \| ssh hx-llm01-server/,
  );
});

test('a backend that lacks the model is a note with the copy from the one that has it', async () => {
  const found = await result('everywhere', {
    [`models ${LLM01}`]: tags(listed(WANTED)),
    [`models ${LLM02}`]: tags(listed('phi3:3.8b')),
  });
  assert.deepEqual([found.outcome, found.severity], ['fail', 'note']);
  assert.equal(found.seen, `missing on ${LLM02}; ${LLM02} has phi3:3.8b`);
  assert.match(found.fix ?? '', /ssh hx-llm01-server .*\| ssh hx-llm02-server/);
});

test('another digest on one backend is a warning, which says whether the weights differ', async () => {
  const two = (weights: string): Answers => ({
    [`models ${LLM01}`]: tags(listed(WANTED, 'aaaaaaaaaaaa11', '2026-11-20T10:00:00+02:00')),
    [`models ${LLM02}`]: tags(listed(WANTED, 'bbbbbbbbbbbb22', '2026-03-01T10:00:00Z')),
    [`details ${LLM01}`]: details(WANTED, { weights: 'one' }),
    [`details ${LLM02}`]: details(WANTED, { weights }),
  });
  const other = await result('same-weights', two('two'));
  assert.deepEqual([other.outcome, other.severity], ['fail', 'warning']);
  assert.equal(
    other.seen,
    `aaaaaaaaaaaa on ${LLM01}, of 2026-11-20; bbbbbbbbbbbb on ${LLM02}, of 2026-03-01 (other weights)`,
  );
  assert.match(
    other.fix ?? '',
    /^OLLAMA_HOST=http:\/\/hx-llm02-server:11434 ollama pull/,
    'the older one is pulled again',
  );
  assert.match(
    (await result('same-weights', two('one'))).seen,
    /\(the same weights, with another template or parameters\)$/,
  );
  const silent = await result('same-weights', { ...two('two'), [`details ${LLM01}`]: '', [`details ${LLM02}`]: '' });
  assert.match(silent.seen, /of 2026-03-01$/, 'without details only the digests are compared');
});

test('contexts that differ are a warning, unless the configuration states one', async () => {
  const both = (one: object, other: object): Answers => ({
    runtime: '',
    [`models ${LLM01}`]: tags(listed(WANTED)),
    [`models ${LLM02}`]: tags(listed(WANTED)),
    [`details ${LLM01}`]: details(WANTED, one),
    [`details ${LLM02}`]: details(WANTED, other),
  });
  const cases: readonly (readonly [object, object, CheckResult['outcome'], RegExp])[] = [
    [{ numCtx: 4096 }, { numCtx: 8192 }, 'fail', /4096 tokens on .*llm01.* \(num_ctx of its Modelfile\); 8192 tokens/],
    [{ loaded: 4096 }, { loaded: 32_768 }, 'fail', /32768 tokens on .*llm02.* \(loaded so\)/],
    [{ loaded: 4096 }, { loaded: 4096 }, 'pass', /4096 tokens on 2 of 2/],
    [{ loaded: 4096 }, {}, 'not-applicable', /llm01-server:11434 tells its context: the others have no num_ctx/],
    [{}, {}, 'not-applicable', /no backend tells its context/],
  ];
  for (const [one, other, outcome, seen] of cases) {
    const found = await result('same-context', both(one, other));
    assert.deepEqual([found.outcome, found.severity], [outcome, 'warning']);
    assert.match(found.seen, seen);
  }
  const differing = await result('same-context', both({ numCtx: 4096 }, { numCtx: 8192 }));
  assert.match(differing.fix ?? '', /set num_ctx: 8192 for phi3 in litellm_models/);
  const stated = await result('same-context', both({ numCtx: 4096 }, { numCtx: 8192 }), {
    models: [{ ...modelOf('phi3', WANTED), numCtx: 2048 }],
  });
  assert.deepEqual([stated.outcome, stated.seen], ['not-applicable', 'litellm_models sets num_ctx: 2048']);
  const served = await result('same-context', {
    ...both({ loaded: 4096 }, { loaded: 32_768 }),
    runtime: GOOD['runtime'] ?? '',
  });
  assert.equal(served.outcome, 'not-applicable', 'a gateway on the host lets contexts grow');
});

test('the copy without internet brings the manifest and exactly its blobs', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hxllm-copy-'));
  t.after(() => rmSync(root, { recursive: true }));
  const [from, to, bin] = ['from', 'to', 'bin'].map((name) => join(root, name)) as [string, string, string];
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o755 });
  };
  const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
  const manifest = 'manifests/registry.ollama.ai/library/phi3/3.8b-mini-128k-instruct-q8_0';
  put(
    join(from, manifest),
    JSON.stringify({ config: { digest: digest('a') }, layers: [{ digest: digest('b') }, { digest: digest('b') }] }),
  );
  for (const letter of ['a', 'b', 'c']) put(join(from, 'blobs', digest(letter).replace(':', '-')), letter);
  mkdirSync(to);
  // ssh runs its words with a shell there, and sudo runs them here.
  put(join(bin, 'ssh'), '#!/bin/bash\nshift\nexec bash -c "$*"\n');
  put(join(bin, 'sudo'), '#!/bin/bash\nexec "$@"\n');
  const line = copyModel(WANTED, { url: LLM01, folder: from }, LLM02).replace('/usr/share/ollama/.ollama/models', to);
  execFileSync('bash', ['-c', line], {
    env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, SHLVL: '1' },
  });
  assert.equal(readFileSync(join(to, manifest), 'utf8'), readFileSync(join(from, manifest), 'utf8'));
  const blobs = execFileSync('ls', [join(to, 'blobs')], { encoding: 'utf8' })
    .trim()
    .split('\n');
  assert.deepEqual(
    blobs,
    ['a', 'b'].map((letter) => digest(letter).replace(':', '-')),
  );
});

test('different versions of Ollama are a note; a backend that is silent is not compared', async () => {
  const same = resultOf(await judge(GOOD), 'ollama.same-version');
  assert.deepEqual([same.outcome, same.seen], ['pass', '0.22.1 on 2 of 2']);
  const other = resultOf(
    await judge({ ...GOOD, [`version ${LLM02}`]: said('{"version":"0.21.0"}') }),
    'ollama.same-version',
  );
  assert.deepEqual([other.outcome, other.severity], ['fail', 'note']);
  assert.match(other.seen, /0\.22\.1 on .*llm01.*; 0\.21\.0 on .*llm02/);
  const silent = resultOf(
    await judge({ ...GOOD, [`version ${LLM02}`]: { stdout: '', exitCode: 28 } }),
    'ollama.same-version',
  );
  assert.equal(silent.seen, '0.22.1 on 1 of 2');
});
