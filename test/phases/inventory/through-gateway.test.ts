import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Connect } from '../../../src/core/host.ts';
import { fail, ok } from '../../../src/core/problem.ts';
import { createLocalHost } from '../../../src/remote/local/host.ts';
import { startSim, type Sim } from '../../../src/sim/server.ts';
import { Tree } from '../../config/tree.ts';
import { run, write } from './stage.ts';

const MODEL = 'llama3:8b-instruct-q8_0';

/** The Problem of a server that this machine does not reach. */
const CUT_OFF = {
  code: 'backend.unreachable',
  summary: 'the backend does not answer',
  detail: 'Asked from this machine, found: no answer within 5 s.',
  fix: 'curl http://llm01:11434/api/tags',
};

let sim: Sim;
before(async () => void (sim = await startSim()));
after(() => sim.close());

/** This machine stands for the host: it has a bash, and reaches the simulated server. */
const reached: string[] = [];
const connect: Connect = (target) => {
  reached.push(target.name);
  return Promise.resolve(ok(createLocalHost(target.name, { PATH: process.env['PATH'], SHLVL: '1' })));
};

const cutOff = { askBackend: () => Promise.resolve(fail(CUT_OFF)) };
const scan = { hosts: undefined, askServer: () => Promise.resolve(fail(CUT_OFF)) };

test('servers that only the host of the gateway reaches tell it their models, for a new inventory too', async () => {
  using known = new Tree({ 'inventories/dev.ini': '[api]\nhx-api-server\n' });
  using fresh = new Tree({});
  for (const [tree, own] of [
    [known, { host: 'hx-api-server' }],
    [fresh, { init: 'hx-api-server' }],
  ] as const) {
    reached.length = 0;
    const { report, outcome } = await run(tree, { ...cutOff, ...own, backends: [sim.url] }, connect);
    assert.deepEqual(
      [report.ending, outcome('inventory.models'), outcome('inventory.backends-answer'), reached],
      ['pending', 'pass', 'pass', ['hx-api-server']],
    );
    assert.match(report.edits.map(({ after: text }) => text).join('\n'), new RegExp(`model: "${MODEL}"`));
    const seen = report.results.find(({ id }) => id === 'inventory.backends-answer')?.seen ?? '';
    assert.match(seen, /http:\S+ was asked from hx-api-server/);
  }
});

test('a scan asks them from there, too, with versions and contexts', async () => {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nhx-api-server\n' });
  const { report } = await run(tree, { ...cutOff, backends: [sim.url] }, connect);
  write(report);
  const again = await run(tree, { ...cutOff, scan }, connect);
  const [server] = again.report.scan?.servers ?? [];
  assert.deepEqual([server?.answers, typeof server?.version], [true, 'string']);
  assert.equal(again.report.scan?.models.find(({ name }) => name === MODEL)?.trainedContext, 8192);
  assert.ok(again.notes.some((text) => /it was asked from hx-api-server/.test(text)));
});

test('where neither reaches them, both answers are shown, with the way to write the list by hand', async () => {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nhx-api-server\n' });
  const backends = ['http://127.0.0.1:1'];
  const far = await run(tree, { ...cutOff, backends }, connect);
  const locked = await run(tree, { ...cutOff, backends });
  const shown = ({ report }: typeof far, id: string): string => {
    const { seen = '', fix = '' } = report.results.find((result) => result.id === id) ?? {};
    return `${seen}\n${fix}`;
  };
  assert.match(
    shown(far, 'inventory.backends-answer'),
    /from this machine, found: no answer within 5 s\. Asked from hx-api-server, found: Connection refused\.\ncurl http:\/\/127\.0\.0\.1:1\/api\/tags {2}# on hx-api-server/,
  );
  assert.match(
    shown(locked, 'inventory.backends-answer'),
    /the host key of the host is unknown[\s\S]*\nhxllm trust HOST/,
  );
  for (const each of [far, locked])
    assert.match(shown(each, 'inventory.models'), /\n.*litellm_models: \[\{name: "llama3", model: "llama3:8b"\}\]/);
});
