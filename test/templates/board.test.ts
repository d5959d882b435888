import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { startFake } from '../gateway/fake-upstream.ts';
import { parseExposition } from '../gateway/metrics/exposition-parser.ts';
import { startGateway } from '../gateway/running.ts';
import { readBoard, TEMPLATES } from './board.ts';
import { LEFT_OUT } from './left-out.ts';

const TYPES = new Set(['stat', 'timeseries', 'heatmap', 'table', 'state-timeline', 'bargauge', 'row']);

// The files are read below as what these tests say that they are.
const board = readBoard();
const alerts = readFileSync(join(TEMPLATES, 'prometheus/alerts.yml'), 'utf8');
const rules = (parse(alerts) as { groups: { rules: { alert: string; expr: string }[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const tests = parse(readFileSync(join(TEMPLATES, 'prometheus/alerts.test.yml'), 'utf8')) as {
  tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
};

const metricsIn = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:hxllm|process|nodejs)_\w+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''));
const onBoard = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

test('the board is one that Grafana takes: fixed names, known panels, and no two of them in one place', () => {
  assert.deepEqual([board.id, board.uid, board.schemaVersion], [null, 'hxllm', 39]);
  assert.deepEqual(
    board.templating.list.map(({ name }) => name),
    ['datasource', 'job', 'instance', 'model', 'backend'],
  );
  assert.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
  assert.ok(board.panels.filter(({ type }) => type !== 'row').length <= 30);
  const taken = new Set<string>();
  for (const {
    title,
    type,
    gridPos: { x, y, w, h },
    targets = [],
  } of board.panels) {
    assert.ok(TYPES.has(type), `${title}: ${type}`);
    assert.ok(type === 'row' || targets.length > 0, title);
    assert.ok(x + w <= 24, title);
    for (let column = x; column < x + w; column += 1)
      for (let line = y; line < y + h; line += 1) {
        assert.ok(!taken.has(`${String(column)},${String(line)}`), `${title} overlaps`);
        taken.add(`${String(column)},${String(line)}`);
      }
  }
  const variables = new Set(['__rate_interval', ...board.templating.list.map(({ name }) => name)]);
  for (const expr of onBoard)
    for (const [, name = ''] of expr.matchAll(/\$\{?(\w+)/g)) assert.ok(variables.has(name), expr);
});

test('the board and the alerts name only metrics of /metrics, and each metric is shown or left out with a reason', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const families = parseExposition(await (await gateway.ask('/metrics')).text());
  // Only an instance among several has this one.
  const known = new Set([...families.keys(), 'hxllm_instance_info']);
  const queries = board.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query));
  const shown = new Set([...onBoard, ...queries].flatMap(metricsIn));
  for (const name of [...shown, ...rules.flatMap(({ expr }) => metricsIn(expr))]) assert.ok(known.has(name), name);
  for (const name of known)
    assert.equal(
      Number(shown.has(name)) + Number(Object.hasOwn(LEFT_OUT, name)),
      1,
      `${name} is on the board, or left out with a reason`,
    );
  for (const name of Object.keys(LEFT_OUT)) assert.ok(known.has(name), name);
});

test('each alert has a test in which it fires and one in which it keeps still', () => {
  const cases = tests.tests.flatMap((one) => one.alert_rule_test);
  for (const { alert } of rules) {
    const own = cases.filter(({ alertname }) => alertname === alert);
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts.length > 0),
      `${alert} fires`,
    );
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts.length === 0),
      `${alert} keeps still`,
    );
  }
});
