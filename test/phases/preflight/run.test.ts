import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SUDO } from '../../../src/core/become.ts';
import { fail, ok } from '../../../src/core/problem.ts';
import { failsPhase } from '../../../src/core/verdict.ts';
import { compose } from '../../../src/facts/ask.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { questionsFor } from '../../../src/phases/preflight/subject.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { startSim } from '../../../src/sim/server.ts';
import { quietPort } from '../../port.ts';
import { backendsOf, configOf, createAnsweringHost, hostOf, modelOf, resultOf, toolsOf } from './host.ts';

const connect = createConnect({ home: '/nonexistent', userName: 'me', environment: { PATH: process.env['PATH'] } });

test('this machine with two simulated Ollamas passes', { timeout: 120_000 }, async (t) => {
  const sims = [await startSim(), await startSim({ models: ['phi3:3.8b-mini-128k-instruct-q8_0'] })];
  t.after(() => Promise.all(sims.map((sim) => sim.close())));
  const prefix = join(tmpdir(), `hxllm-nothing-here-${String(process.pid)}`);
  const settings = {
    serviceManager: 'process',
    prefix,
    listen: '127.0.0.1',
    port: await quietPort(),
    backends: backendsOf(...sims.map(({ url }) => url)),
    models: [modelOf('phi3', 'phi3:3.8b-mini-128k-instruct-q8_0'), modelOf('embed', 'nomic-embed-text')],
  } as const;
  const tools = { ...toolsOf(connect), nowMs: Date.now };
  const report = await runPreflight(configOf([hostOf('here', settings, { connection: 'local' })]), tools);
  assert.deepEqual(report.results.filter(failsPhase), []);
  assert.deepEqual([report.ending, report.problems, report.changes], ['passed', [], 0]);
  assert.match(resultOf(report.results, `ollama.answers[${sims[0]?.url ?? ''}]`).seen, /^Ollama 0\.22\.1$/);
  assert.equal(resultOf(report.results, 'models.everywhere[embed]').outcome, 'fail');
  assert.deepEqual(
    [...tools.files.keys()],
    ['hosts/here/questions.sh', 'hosts/here/answers.json', 'hosts/here/facts.json'],
  );
  const kept = Object.keys(tools.files.get('hosts/here/answers.json') ?? {});
  assert.deepEqual(
    kept.filter((name) => name === 'foreign' || name === 'dropIns'),
    [],
    'the content of foreign files stays out of the evidence',
  );
});

test('a dead host does not hide the others; its checks are skipped and its problem is reported', async () => {
  const problem = {
    code: 'host.unreachable',
    summary: 'dead: cannot connect',
    detail: 'Nothing listens there.',
    fix: 'ssh dead -v true',
    where: { host: 'dead' },
  };
  const tools = toolsOf(({ name }) =>
    Promise.resolve(
      name === 'dead' ? fail(problem) : ok(createAnsweringHost(name, { programs: 'bash=5.2\npython=\n' })),
    ),
  );
  const report = await runPreflight(configOf([hostOf('dead'), hostOf('alive')]), tools);
  assert.deepEqual([report.ending, report.problems], ['failed', [problem]]);
  assert.deepEqual(
    report.results.filter(({ host, outcome }) => host === 'dead' && outcome === 'fail').map(({ id }) => id),
    ['ssh.reachable'],
  );
  assert.ok(
    report.results.every(
      ({ host, id, outcome }) =>
        host !== 'dead' || id === 'ssh.reachable' || outcome === 'skip' || outcome === 'not-applicable',
    ),
  );
  assert.equal(report.results.find(({ host, id }) => host === 'alive' && id === 'system.bash')?.outcome, 'pass');
  assert.deepEqual(resultOf(report.results, 'ssh.reachable').seen, 'dead: cannot connect. Nothing listens there.');
  assert.deepEqual(tools.events.at(-1), { kind: 'problem', problem });
  assert.equal(tools.events.filter(({ kind }) => kind === 'check').length, report.results.length);
});

test('an inventory without the group is a Problem with its hosts and the command', async () => {
  const tools = toolsOf(connect);
  const report = await runPreflight(configOf([], { groupDefined: false, allHosts: ['hx-api-server'] }), tools);
  assert.deepEqual(
    [report.ending, report.problems[0]?.code, report.problems[0]?.fix],
    ['failed', 'inventory.no-group', 'hxllm inventory -i /w/inventories/dev.ini --add hx-api-server'],
  );
  assert.equal((await runPreflight(configOf([]), tools)).problems[0]?.code, 'inventory.no-hosts');
});

test('an interrupted run ends as aborted', async () => {
  const stop = new AbortController();
  stop.abort();
  const problem = { code: 'host.aborted', summary: 'h: stopped', detail: '', fix: '' };
  const report = await runPreflight(configOf([hostOf('h')]), {
    ...toolsOf(() => Promise.resolve(fail(problem))),
    signal: stop.signal,
  });
  assert.equal(report.ending, 'aborted');
});

test('the questions about a large fleet stay a short upload, and each fits into an argument', () => {
  const backends = backendsOf(
    ...Array.from({ length: 12 }, (_, index) => `http://hx-llm${String(index)}-server.dev-test.hana-x.ai:11434`),
  );
  const questions = questionsFor(hostOf('h', { backends }).settings);
  const { script } = compose(questions, crypto.randomUUID(), SUDO);
  // The script travels by stdin. MAX_ARG_STRLEN, 131072, holds for a question, which is an argument of bash, and for the part of root.
  assert.ok(script.length < 120_000, `${String(script.length)} characters`);
  for (const { script: one } of Object.values(questions)) assert.ok(one.length < 20_000);
});
