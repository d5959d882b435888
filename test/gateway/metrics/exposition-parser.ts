import assert from 'node:assert/strict';

/** A metric as a strict reader of Prometheus' text format finds it: numbers by labels, sorted and written as `a=b,c=d`. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  counter: [''],
  gauge: [''],
};

/** Reads an exposition. It refuses everything that the format forbids, and counters and histograms that contradict themselves. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map<string, Family & { readonly samples: Map<string, number> }>();
  let current:
    | { readonly name: string; readonly family: Family & { readonly samples: Map<string, number> } }
    | undefined;
  let announced: { readonly name: string; readonly help: string } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (help !== null) announced = { name: help[1] ?? '', help: help[2] ?? '' };
    else if (type !== null) {
      const name = type[1] ?? '';
      assert.equal(announced?.name, name, `${name} has its help before its type`);
      assert.ok(!families.has(name), `${name} occurs once`);
      assert.equal(NAME.exec(name)?.[0], name);
      const family = { type: type[2] ?? '', help: announced.help, samples: new Map<string, number>() };
      families.set(name, family);
      current = { name, family };
    } else {
      assert.ok(current !== undefined, line);
      readSample(line, current.name, current.family);
    }
  }
  for (const [name, family] of families) judge(name, family);
  return families;
}

function readSample(line: string, name: string, family: Family & { readonly samples: Map<string, number> }): void {
  const full = NAME.exec(line)?.[0] ?? '';
  assert.ok(
    (SUFFIXES[family.type] ?? []).some((suffix) => full === name + suffix),
    `${line} stands below ${name}`,
  );
  let rest = line.slice(full.length);
  const labels: string[] = [];
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    while (!rest.startsWith('}')) {
      const label = LABEL.exec(rest);
      assert.ok(label !== null, `a label in ${line}`);
      labels.push(
        `${label[1] ?? ''}=${(label[2] ?? '').replaceAll(/\\(.)/g, (_all, sign: string) => (sign === 'n' ? '\n' : sign))}`,
      );
      rest = rest.slice(label[0].length);
      if (rest.startsWith(',')) rest = rest.slice(1);
    }
    rest = rest.slice(1);
  }
  assert.match(rest, /^ \S+$/, line);
  assert.match(rest.slice(1), NUMBER, line);
  assert.equal(new Set(labels.map((label) => label.split('=', 1)[0])).size, labels.length, `labels once each: ${line}`);
  const key = `${full.slice(name.length)}${full === name ? '' : ' '}${labels.toSorted().join(',')}`.trim();
  assert.ok(!family.samples.has(key), `twice: ${line}`);
  family.samples.set(key, rest === ' +Inf' ? Infinity : Number(rest));
}

function judge(name: string, { type, samples }: Family): void {
  if (type === 'counter') {
    assert.match(name, /_total$/);
    for (const [labels, value] of samples) assert.ok(value >= 0, `${name} ${labels}`);
  }
  if (type !== 'histogram') return;
  const buckets = new Map<string, [bound: number, count: number][]>();
  for (const [key, value] of samples) {
    const bound = /(?:^|,| )le=([^,]+)/.exec(key)?.[1];
    assert.equal(bound !== undefined, key.startsWith('_bucket'), `${name} ${key}`);
    if (bound === undefined) continue;
    const labels = key
      .slice('_bucket '.length)
      .split(',')
      .filter((label) => !label.startsWith('le='))
      .join(',');
    buckets.set(labels, [...(buckets.get(labels) ?? []), [bound === '+Inf' ? Infinity : Number(bound), value]]);
  }
  for (const [labels, list] of buckets) {
    const sorted = list.toSorted(([a], [b]) => a - b);
    assert.deepEqual(list, sorted, `${name}: bounds ascend`);
    assert.deepEqual(
      sorted.map(([, count]) => count),
      sorted.map(([, count]) => count).toSorted((a, b) => a - b),
      `${name}: counts are cumulated`,
    );
    assert.deepEqual(
      sorted.at(-1),
      [Infinity, samples.get(`_count ${labels}`.trim())],
      `${name}: all of them are below +Inf`,
    );
    assert.ok(samples.has(`_sum ${labels}`.trim()), `${name} has a sum`);
  }
}
