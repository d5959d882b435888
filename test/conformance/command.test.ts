import assert, { AssertionError } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { describeFailure } from './failure.ts';
import { judgeWithCommand } from './judging.ts';
import { readOptions } from './options.ts';
import { exitCode, scoreText } from './report.ts';
import type { Outcome, Verdict } from './verdict.ts';

function verdictOf(...outcomes: readonly Outcome[]): Verdict {
  return {
    version: 1,
    target: { url: 'http://x', model: 'm', embed: null },
    clients: {},
    lacking: {},
    rows: outcomes.map((outcome) => ({
      client: 'wire',
      theme: 'chat',
      id: 'x',
      checks: '',
      outcome,
      detail: '',
      ms: 1,
    })),
  };
}

function complaintOf(argv: readonly string[]): string {
  const said = readOptions(argv);
  assert.ok(typeof said === 'string', 'nothing to complain about');
  return said;
}

test('the address may end with /v1 or not, and a wrong command line is answered with the reason', () => {
  for (const url of ['http://h:1', 'http://h:1/', 'http://h:1/v1', 'http://h:1/v1/']) {
    const options = readOptions(['--url', url, '--model', 'm']);
    assert.ok(typeof options !== 'string');
    assert.equal(options.target.url, 'http://h:1');
  }
  assert.match(complaintOf(['--url', 'http://h']), /--model/);
  assert.match(complaintOf(['--url', 'h', '--model', 'm']), /expected an address.*found h/);
  assert.match(
    complaintOf(['--url', 'http://h', '--model', 'm', '--client', 'curl']),
    /expected one of wire, openai.*found curl/,
  );
});

test('no failed case is not enough: at least one case must pass', () => {
  assert.deepEqual(
    [
      exitCode(verdictOf('pass', 'not applicable', 'not offered')),
      exitCode(verdictOf('pass', 'fail')),
      exitCode(verdictOf('not offered')),
    ],
    [0, 1, 1],
  );
  assert.equal(
    scoreText(verdictOf('pass', 'pass', 'fail', 'not offered').rows),
    '2 of 3 passed, 1 failed; 0 not applicable, 1 not offered',
  );
});

test('a failure is one line with the expected and the found value', () => {
  assert.equal(
    describeFailure(new AssertionError({ message: 'status', operator: 'strictEqual', expected: 404, actual: 200 })),
    'status: expected 404, found 200',
  );
  assert.equal(describeFailure(new TypeError('two\nlines\u0007')), 'TypeError: two lines·');
});

test('a server is judged by its interfaces: a server without any fails no case and does not pass; a server with one answer for everything fails', async (t) => {
  for (const [status, outcome] of [
    [404, 'not offered'],
    [200, 'fail'],
  ] as const) {
    const server = createServer((_, response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}'),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server has this type of address
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const { verdict, code } = await judgeWithCommand(
      { url: `http://127.0.0.1:${String(port)}`, key: 'k', model: 'm', embed: 'e' },
      ['--client', 'openai', '--only', 'tools/'],
    );
    assert.equal(code, 1);
    // The server does not answer, so it calls no tool.
    const judged = verdict.rows.filter(({ id }) => !['none', 'own-will', 'own-will-stream', 'round-trip'].includes(id));
    assert.deepEqual([...new Set(judged.map((row) => row.outcome))], [outcome]);
  }
});
