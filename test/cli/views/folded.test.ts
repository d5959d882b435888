import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHumanView } from '../../../src/cli/views/human.ts';
import { failsPhase, failed, notApplicable, pass, unknown, type CheckResult } from '../../../src/core/verdict.ts';
import type { Severity, Verdict } from '../../../src/core/verdict.ts';
import { FAMILIES } from '../../../src/phases/preflight/checks/families.ts';
import { fakeTerminal } from '../fake-terminal.ts';

const SKIPPED: Verdict = { outcome: 'skip', seen: 'not judged because ssh.reachable did not pass' };

const BROKEN = failed(
  'an address for hx-llm01-server.dev-test.hana-x.ai, from hx-api-server.dev-test.hana-x.ai',
  'the name does not resolve there: getent knows no address, and none of the resolvers of the host has answered',
  "ssh deploy@10.77.0.11 'getent ahosts hx-llm01-server'",
);

function result(id: string, verdict: Verdict, host = 'hx-api-server', severity: Severity = 'error'): CheckResult {
  return { id, title: `the claim of ${id}`, severity, host, ...verdict };
}

/** Three checks in every family that exists, all of them passed unless `over` says otherwise. */
function report(host: string, over: Readonly<Record<string, Verdict>> = {}): readonly CheckResult[] {
  return Object.keys(FAMILIES).flatMap((family) =>
    ['a', 'b', 'c'].map((claim) => result(`${family}.${claim}`, over[`${family}.${claim}`] ?? pass('fine'), host)),
  );
}

function shown(results: readonly CheckResult[], columns = 80, verbose = false): readonly string[] {
  const terminal = fakeTerminal({ columns });
  const view = createHumanView(terminal, terminal.stdout, verbose);
  view.begin('preflight', 'Are the hosts ready?', FAMILIES);
  const hosts = [...new Set(results.map(({ host }) => host))];
  view.hosts(hosts);
  for (const each of results) view.event({ kind: 'check', result: each });
  const ending = results.some(failsPhase) ? 'failed' : 'passed';
  view.end(
    {
      phase: 'preflight',
      ending,
      exitCode: 0,
      startedAt: '',
      durationMs: 1,
      evidence: '/e/1',
      hosts,
      changes: 0,
      results,
      problems: [],
      warnings: [],
      steps: [],
      notes: [],
    },
    'hxllm inventory',
  );
  return terminal.written.out.trimEnd().split('\n');
}

/** The lines as the terminal wraps them. */
const rowsOf = (lines: readonly string[], columns: number): readonly string[] =>
  lines.flatMap((line) => (line === '' ? [''] : (line.match(new RegExp(`.{1,${String(columns)}}`, 'gu')) ?? [])));

const lineOf = (lines: readonly string[], text: string): number => 1 + lines.findIndex((line) => line.includes(text));

test('a host where all is well takes at most twelve lines, with every family on one of them', () => {
  for (const columns of [80, 120]) {
    const lines = shown(report('hx-api-server'), columns);
    assert.ok(lines.length <= 12, lines.join('\n'));
    for (const title of Object.values(FAMILIES)) assert.match(lines.join('\n'), new RegExp(`✓ ${title} 3/3`));
    assert.ok(
      lines.every((line) => Array.from(line).length <= columns),
      lines.join('\n'),
    );
  }
});

test('with a warning besides, twelve lines are enough for it and its fix', () => {
  const slow = failed(
    'a clock that a time daemon keeps',
    'no time daemon keeps it in sync',
    'sudo timedatectl set-ntp true',
  );
  const lines = shown([...report('hx-api-server'), result('time.synchronized', slow, 'hx-api-server', 'warning')]);
  assert.ok(lines.length <= 12, lines.join('\n'));
  assert.match(lines.join('\n'), /! the claim of time\.synchronized: no time daemon keeps it in sync/);
  assert.match(lines.join('\n'), /fix sudo timedatectl set-ntp true/);
  assert.match(lines.join('\n'), /! Time 3\/4/);
});

test('every failure is named within the first 24 lines, of the last host too', () => {
  const many = Object.fromEntries(Object.keys(FAMILIES).map((family) => [`${family}.c`, BROKEN]));
  const cases: readonly (readonly CheckResult[])[] = [
    report('hx-api-server', { 'models.c': BROKEN }),
    report('hx-api-server', many),
    report('hx-api-server', {
      'ssh.a': failed('w', 's', `ssh -o UserKnownHostsFile=/var/lib/known_hosts deploy@10.77.0.11 ${'x'.repeat(1500)}`),
      'models.c': BROKEN,
    }),
    ['h1', 'h2', 'h3'].flatMap((host) => report(host, many)),
    [...report('h1'), ...report('h2'), ...report('h3', { 'models.c': BROKEN })],
  ];
  for (const results of cases)
    for (const columns of [80, 120]) {
      const lines = shown(results, columns);
      const first = rowsOf(lines, columns).slice(0, 24).join('\n');
      for (const { id, host } of results.filter(failsPhase)) {
        assert.match(first, new RegExp(`✗.*\\b${id.replace('.', '\\.')}`), `${id}\n${first}`);
        if (host !== 'hx-api-server') assert.match(first, new RegExp(host));
      }
      const fix = results.find(failsPhase)?.fix ?? '';
      assert.ok(lines.some((line) => line.endsWith(fix)));
    }
});

test('failures stand before skipped checks, those before warnings, those before notes, and those before the families', () => {
  const lines = shown([
    result('dns.a', pass('fine')),
    result('dns.b', failed('w', 's', 'f'), 'hx-api-server', 'note'),
    result('time.a', failed('w', 's', 'f'), 'hx-api-server', 'warning'),
    result('models.a', SKIPPED),
    result('models.b', SKIPPED),
    result('ssh.a', BROKEN),
    result('trust.a', unknown('no answer')),
  ]);
  const order = ['[ssh.a]', '[trust.a]', '2 checks not judged', '[time.a]', '[dns.b]', 'DNS 1/2'].map((text) =>
    lineOf(lines, text),
  );
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    lines.join('\n'),
  );
  assert.ok(order.every((line) => line > 0));
});

test('a family with a skipped or an unknown check has not the sign of one that passed', () => {
  const text = shown([
    result('models.a', pass('fine')),
    result('models.b', SKIPPED),
    result('dns.a', pass('fine')),
    result('dns.b', unknown('no answer')),
    result('trust.a', pass('fine')),
    result('trust.b', unknown('no answer'), 'hx-api-server', 'warning'),
    result('domain.a', notApplicable('no domain is required')),
  ]).join('\n');
  for (const cell of ['– Models 1/2', '? DNS 1/2', '? CA trust 1/2', '– Domain join n/a'])
    assert.ok(text.includes(cell), text);
});

test('several hosts have a line each, which says how many checks failed and of which families', () => {
  const lines = shown([
    ...report('h1'),
    ...report('h2', { 'dns.a': BROKEN, 'models.a': BROKEN, 'models.b': SKIPPED }),
    ...report('h3', Object.fromEntries(Object.keys(FAMILIES).map((family) => [`${family}.a`, SKIPPED]))),
  ]);
  const text = lines.join('\n');
  assert.match(text, /✓ h1: 45 passed/);
  assert.match(text, /✗ h2: 2 failed \(dns, models\), 42 passed, 1 skipped/);
  assert.match(text, /– h3: 30 passed, 15 skipped/);
  assert.match(text, /– 15 checks of h3 not judged because ssh\.reachable did not pass/);
});

test('the same finding on several hosts is shown once, with the fix of the first and the names of the others', () => {
  const at = (host: string, address: string): CheckResult =>
    result(
      'time.a',
      failed('a clock in sync', 'no time daemon', `ssh ${address} sudo timedatectl set-ntp true`),
      host,
      'warning',
    );
  const text = shown([at('h1', '10.0.0.1'), at('h2', '10.0.0.2'), at('h3', '10.0.0.3')], 120).join('\n');
  assert.equal(text.match(/no time daemon/g)?.length, 1);
  assert.match(text, /^ {2}h1, h2, h3$/m);
  assert.match(text, /fix ssh 10\.0\.0\.1 sudo timedatectl set-ntp true {2}# likewise for h2, h3$/m);
});

test('-v shows every check in the order in which it was judged', () => {
  const results = report('hx-api-server', { 'models.c': BROKEN });
  const lines = shown(results, 120, true);
  const places = results.map(({ id }) => lineOf(lines, `[${id}]`));
  assert.ok(places.every((place) => place > 0));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});
