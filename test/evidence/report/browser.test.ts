import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CheckResult } from '../../../src/core/verdict.ts';
import type { RunClosing } from '../../../src/evidence/run-record.ts';
import { openPhase } from '../evidence-tree.ts';
import { CLOSING } from '../open-run.ts';
import { CHROMIUM, lookAt, savePicture } from './browser.ts';

const LONG = 'http://hx-llm01-server.dev-test.hana-x.ai:11434/with/a/path/that/has/no/place/for/a/break/in/it/'.repeat(
  2,
);

const check = (
  id: string,
  outcome: CheckResult['outcome'],
  severity: CheckResult['severity'] = 'error',
): CheckResult => ({
  host: 'hx-api-server.dev-test.hana-x.ai',
  id,
  title: `every backend answers the host on its port, and ${id} is as it was configured`,
  outcome,
  severity,
  seen: `connection refused by ${LONG}`,
  ...(outcome === 'fail' ? { wanted: 'HTTP 200 from /api/version within a second', fix: `curl ${LONG}` } : {}),
});

const sample = (total: number): object => ({ concurrency: 1, total_ms: total, first_token_ms: 5 });
const step = (concurrency: number): object => ({
  concurrency,
  tokens_per_s: 40 * concurrency,
  errors: 0,
  first_token_ms: { p50: 5, p95: 6, p99: 7000 },
  total_ms: { p50: 50, p95: 60, p99: 70_000 },
});

/** Runs as their page shows them: preflight with failures, enforce with diffs, smoke with charts. */
const RUNS: Readonly<Record<string, (run: ReturnType<typeof openPhase>) => Partial<RunClosing>>> = {
  preflight: () => ({
    ending: 'failed',
    exitCode: 1,
    results: [
      check('dns.own-name', 'pass'),
      check('network.backends', 'fail'),
      check('trust.expiry', 'fail', 'warning'),
      check('time.offset', 'unknown'),
      check('disk.space', 'skip'),
    ],
    problems: [
      {
        code: 'host.unreachable',
        summary: `no route to ${LONG}`,
        detail: 'Expected an answer.',
        fix: `ping ${LONG}`,
        where: { host: 'h2' },
      },
    ],
  }),
  enforce: (run) => {
    run.recorder.event({
      kind: 'step',
      host: 'h1',
      id: 'user',
      title: `create the user ${LONG}`,
      state: 'done',
      durationMs: 1500,
    });
    run.recorder.event({
      kind: 'step',
      host: 'h1',
      id: 'health',
      title: 'wait for health',
      state: 'failed',
      detail: LONG,
    });
    run.recorder.file('changes/config.yaml.diff', `--- a\n+++ b\n@@ -1,2 +1,2 @@\n-old\n+new ${LONG}\n same\n`);
    return { ending: 'failed', exitCode: 1, changes: 2 };
  },
  smoke: (run) => {
    run.recorder.file('measurements.json', {
      schema_version: 1,
      targets: [
        {
          name: 'hx-api-server',
          latency_ms: [1, 2, 3],
          stream: { model: 'phi3-3.8b', pieces_ms: Array.from({ length: 40 }, (_, piece) => 10 * piece) },
          share: { [LONG]: 300_000, 'http://llm02:11434': 1 },
          ramps: [
            { alias: 'phi3-3.8b', steps: [1, 2, 4, 8, 16].map(step), samples: [50, 60, 90, 900, 5000].map(sample) },
          ],
        },
      ],
    });
    return { results: [check('http.latency', 'pass'), check('stream.unbuffered', 'pass')] };
  },
};

/** Names and texts that nobody expects, each as host, server, alias and finding. */
const NAMES: Readonly<Record<string, string>> = {
  'of wide letters without a break': 'W'.repeat(200),
  'from right to left': `${'שרת-'.repeat(30)}\u202Eabc`,
  'with markup in them': '<b onload=x>"&amp;</b>'.repeat(8),
};

/** A folder for pictures of the pages, for people who look at them: `HXLLM_PICTURES=/tmp npm test -- report/browser`. */
const PICTURES = process.env['HXLLM_PICTURES'];
const skip = CHROMIUM === undefined ? 'there is no Chromium' : false;

for (const [phase, play] of Object.entries(RUNS))
  test(`the page of ${phase} is whole on a desk, a telephone and paper, and axe finds nothing`, { skip }, async () => {
    const run = openPhase(phase);
    run.close({ ...CLOSING, ...play(run) });
    const html = readFileSync(join(run.folder, 'report.html'), 'utf8');
    for (const [width, print] of [
      [1280, false],
      [390, false],
      [720, true],
    ] as const) {
      const name = `${String(width)} px${print ? ' on paper' : ''}`;
      if (PICTURES !== undefined && !print) await savePicture(html, width, join(PICTURES, `${phase} ${name}.png`));
      assert.deepEqual(await lookAt(html, width, print), { cutOff: [], overlapping: [], violations: [] }, name);
    }
  });

for (const [title, name] of Object.entries(NAMES))
  test(`names ${title} leave the page whole`, { skip }, async () => {
    const run = openPhase('smoke');
    const share = { [`http://${name}:1`]: 5, [`http://${name}:2`]: 1 };
    const ramps = [{ alias: name, steps: [1, 2].map(step), samples: [5, 9_000_000].map(sample) }];
    const targets = [{ name, latency_ms: [1], stream: { model: name, pieces_ms: [1, 2] }, share, ramps }];
    run.recorder.file('measurements.json', { schema_version: 1, targets });
    run.recorder.event({ kind: 'note', host: name, text: name });
    const results = (['fail', 'pass'] as const).map((outcome) => ({
      ...check('a.b', outcome),
      host: name,
      seen: name,
    }));
    const problems = [{ code: 'a.b', summary: name, detail: name, fix: name, where: { host: name } }];
    run.close({ ...CLOSING, ending: 'failed', exitCode: 1, hosts: [name], results, problems });
    const html = readFileSync(join(run.folder, 'report.html'), 'utf8');
    for (const width of [390, 1280])
      assert.deepEqual(await lookAt(html, width), { cutOff: [], overlapping: [], violations: [] }, String(width));
  });

test('a text that a box, a picture or the edge of the window cuts off is found', { skip }, async () => {
  const page = (body: string): string =>
    `<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>t</h1>${body}</main></body></html>`;
  const rows: readonly (readonly [string, number])[] = [
    ['<p>whole</p>', 0],
    ['<p style="height:8px;overflow:hidden">low</p>', 1],
    ['<p style="position:relative;left:-90px">left</p>', 1],
    ['<svg role="img" aria-label="a" viewBox="0 0 90 20"><text x="60" y="14">a long text</text></svg>', 1],
  ];
  for (const [body, count] of rows) assert.equal((await lookAt(page(body), 390)).cutOff.length, count, body);
});

test('a page that is cut off, overlaps or names nothing is found', { skip }, async () => {
  const bad =
    '<!doctype html><html><head><title></title></head><body><p style="width:3000px">wide</p><p style="position:absolute;top:0;left:0">one</p><p style="position:absolute;top:0;left:0">two</p><img src="x:"></body></html>';
  const { cutOff, overlapping, violations } = await lookAt(bad, 390);
  assert.ok(cutOff.length > 0 && overlapping.length > 0);
  assert.ok(
    violations.some((line) => line.startsWith('image-alt')) &&
      violations.some((line) => line.startsWith('html-has-lang')),
  );
});
