import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expositionParts } from '../../../src/gateway/metrics/exposition.ts';
import { Histogram } from '../../../src/gateway/metrics/histogram.ts';
import { Counter, gauge } from '../../../src/gateway/metrics/metric.ts';
import { parseExposition } from './exposition-parser.ts';

test('counters are read back unchanged, with any text in their labels', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\u0000'));
  const label = fc.oneof(name, fc.constantFrom('a"b', 'a\\b', 'a\nb', 'a,b="c"', '}', ''));
  fc.assert(
    fc.property(fc.array(fc.tuple(label, label, fc.nat(1000)), { maxLength: 20 }), (adds) => {
      const counter = new Counter({ name: 'x_total', help: 'A \\ and\nmore.', labelNames: ['a', 'b'] });
      const wanted = new Map<string, number>();
      for (const [a, b, value] of adds) {
        counter.add(value, [a, b]);
        wanted.set(`a=${a},b=${b}`, (wanted.get(`a=${a},b=${b}`) ?? 0) + value);
      }
      const { samples } = parseExposition([...expositionParts([counter])].join('')).get('x_total') ?? assert.fail();
      assert.deepEqual(
        [...samples.values()].toSorted((a, b) => a - b),
        [...wanted.values()].toSorted((a, b) => a - b),
      );
    }),
  );
});

test('a histogram counts each observation in every bucket that includes it', () => {
  const histogram = new Histogram({ name: 'wait_seconds', help: 'Waiting.', labelNames: ['m'] }, [0.1, 1, 10]);
  for (const value of [0.0625, 0.1, 0.5, 20, 1]) histogram.observe(value, ['x']);
  const { samples } = parseExposition([...expositionParts([histogram])].join('')).get('wait_seconds') ?? assert.fail();
  assert.deepEqual(Object.fromEntries(samples), {
    '_bucket le=0.1,m=x': 2,
    '_bucket le=1,m=x': 4,
    '_bucket le=10,m=x': 4,
    '_bucket le=+Inf,m=x': 5,
    '_sum m=x': 21.6625,
    '_count m=x': 5,
  });
});

test('a gauge has its value at the time of the scrape', () => {
  let now = 1;
  const metric = gauge({ name: 'g', help: 'G.', labelNames: [] }, () => [{ labels: [], value: now }]);
  now = 2.5;
  assert.equal([...expositionParts([metric])].join(''), '# HELP g G.\n# TYPE g gauge\ng 2.5\n');
});
