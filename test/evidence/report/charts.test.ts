import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chartsOf } from '../../../src/evidence/report/charts.ts';

const sample = (total: number, more = {}): object => ({ concurrency: 1, total_ms: total, first_token_ms: 5, ...more });
const step = (concurrency: number, tokens: number): object => ({
  concurrency,
  tokens_per_s: tokens,
  errors: 0,
  first_token_ms: { p50: 5, p95: 6, p99: 7 },
  total_ms: { p50: 50, p95: 60, p99: 70 },
});
const MEASURED = {
  schema_version: 1,
  targets: [
    {
      name: 'hx-api-server',
      latency_ms: [1, 2],
      stream: { model: 'phi3-3.8b', pieces_ms: [10, 20, 30] },
      share: { 'http://llm01:11434': 3, 'http://llm02:11434': 1 },
      ramps: [
        {
          alias: 'phi3-3.8b',
          steps: [step(1, 40), step(2, 70)],
          samples: [sample(50), sample(60), sample(90), sample(5000, { error: 'refused' })],
        },
      ],
    },
  ],
};

test('the four charts of smoke each have a name that is read aloud, and a table of the same numbers', () => {
  const html = chartsOf(MEASURED);
  const captions = [...html.matchAll(/<figcaption>([^<:]+)/g)].map(([, caption]) => caption);
  assert.deepEqual(captions, ['Latency distribution', 'Tokens over time', 'Share per server', 'Ramp']);
  for (const figure of html.split('</figure>').slice(0, -1)) {
    assert.match(figure, /<svg class="chart" viewBox="[\d. ]+" role="img" aria-label="[^"]+">/);
    assert.match(figure, /<table class="data">/);
    assert.doesNotMatch(figure, /NaN|Infinity|undefined|\[object/);
  }
  // A request that failed has no latency, so 90 ms is the longest.
  assert.match(html, /<td class="word">50–55 ms<\/td><td>1<\/td>/);
  assert.doesNotMatch(html, /5000/);
  assert.match(html, /<td class="word">http:\/\/llm01:11434<\/td><td>3<\/td>/);
  assert.match(html, /<td>2<\/td><td>70<\/td><td>0<\/td><td>5, 6, 7<\/td><td>50, 60, 70<\/td>/);
  assert.doesNotMatch(html, /href|src=|url\(/);
});

test('names of servers and aliases cannot become markup', () => {
  const nasty = '"><script>alert(1)</script>';
  const [target] = MEASURED.targets;
  const html = chartsOf({
    targets: [{ ...target, name: nasty, share: { [nasty]: 1 }, stream: { model: nasty, pieces_ms: [1] } }],
  });
  assert.doesNotMatch(html, /<script/);
});

test('a damaged document leaves out what is not as expected, and never breaks the page', () => {
  for (const nothing of [undefined, null, 7, 'x', {}, { targets: [] }, { targets: [null, {}] }])
    assert.equal(chartsOf(nothing), '');
  const value = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant([]), fc.double());
  const entry = fc.record({
    name: value,
    stream: value,
    share: value,
    ramps: fc.array(
      fc.record({
        alias: value,
        steps: fc.array(fc.record({ concurrency: value, tokens_per_s: value, total_ms: value })),
        samples: fc.array(fc.record({ total_ms: value })),
      }),
    ),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 2 }), (targets) => {
      const html = chartsOf({ targets });
      assert.doesNotMatch(html, /(?:width|height|points|c[xy]|[xy]\d?)="[^"]*(?:NaN|Infinity)/);
    }),
    { numRuns: 60 },
  );
});

test('servers of one domain, and more aliases than colours, are told apart', () => {
  const name = (number: number): string => `http://hx-llm${String(number).padStart(2, '0')}.dev-test.hana-x.ai:11434`;
  const same = (number: number): string => `http://${'a'.repeat(40)}${String(number)}${'b'.repeat(40)}`;
  const ramps = Array.from({ length: 12 }, (_, alias) => ({ alias: `m${String(alias)}`, steps: [step(1, 40)] }));
  for (const make of [name, same]) {
    const share = Object.fromEntries([1, 2, 3].map((number) => [make(number), number]));
    const html = chartsOf({ targets: [{ name: 'h', share, ramps }] });
    const bars = html.slice(html.indexOf('aria-label="Answers by server"'), html.indexOf('</svg>'));
    const labels = [...bars.matchAll(/<text x="0"[^>]*>([^<]+)/g)].map(([, label]) => label);
    assert.equal(new Set(labels).size, 3, labels.join());
    const legend = [...html.matchAll(/<polyline class="(\w+)"[^>]*?( stroke-dasharray="[^"]*")?\/><text/g)];
    assert.equal(legend.length, 12);
    assert.equal(new Set(legend.map(([, tone, dash]) => `${String(tone)}${String(dash)}`)).size, 12);
  }
});
