import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { createPaint } from '../../../src/cli/views/paint.ts';
import { fleetLines, type FleetPlace } from '../../../src/cli/views/fleet.ts';
import type { FleetAlias, FleetDocument, FleetModel, FleetServer } from '../../../src/schema/fleet-document.ts';
import { fleetDocumentSchema } from '../../../src/schema/fleet-document.ts';
import { assertValid } from '../../json-schema.ts';

const AT = '2026-11-29T16:06:35.000Z';
const PLACE: FleetPlace = {
  name: 'http://gw:4000',
  columns: 100,
  rows: Infinity,
  paint: createPaint({ NO_COLOR: '1' }, false),
};

function modelOf(model: string, more: Partial<FleetModel> = {}): FleetModel {
  const slots = { stated: 4, believed: 4, trying: false };
  return { model, residency: 'resident', slots, in_flight: 0, abandoned: 0, unread_tokens: 0, rates: {}, ...more };
}

function serverOf(name: string, more: Partial<FleetServer> = {}): FleetServer {
  const url = `http://${name}:11434`;
  const rest = { room: {}, models: [], models_left_out: 0, other_models: [], last_seen: AT };
  return { url, state: 'up', in_flight: 0, ...rest, ...more };
}

function aliasOf(alias: string, more: Partial<FleetAlias> = {}): FleetAlias {
  const counts = { waiting: 1, on_time: 1, late: 0, batch: 0, retries: 0, waits_for_load: false };
  const means = { requests_per_s: 0.5, prompt_tokens: 10, cached_share: 0, response_tokens: 10 };
  return { alias, ...counts, callers: [], callers_left_out: 0, ...means, ...more };
}

function documentOf(servers: readonly FleetServer[], aliases: readonly FleetAlias[] = []): FleetDocument {
  const sum = { in_flight: 5, waiting: 18, servers_left_out: 0, aliases_left_out: 0 };
  const document: FleetDocument = { schema_version: 1, at: AT, strategy: 'fleet', ...sum, servers, aliases };
  assertValid(fleetDocumentSchema(), document);
  return document;
}

const SAMPLE = documentOf(
  [
    serverOf('gpu1', {
      in_flight: 4,
      slow_factor: 1,
      room: { stated: 2 },
      models: [
        modelOf('phi3', { in_flight: 3, context: 8192, rates: { decode: 94.2, prefill: 3400 } }),
        modelOf('llama3', {
          context: 16_384,
          grown_from: 4096,
          idle_ms: 540_000,
          slots: { stated: 8, believed: 4, trying: true },
        }),
        modelOf('mistral', { residency: 'absent' }),
      ],
    }),
    serverOf('gpu2', {
      in_flight: 1,
      slow_factor: 2.1,
      load: {
        model: 'mistral',
        phase: 'making-room',
        reason: 'absent',
        since_ms: 2100,
        expected_ms: 4000,
        victims: ['qwen2'],
      },
      models: [modelOf('qwen2', { in_flight: 1 })],
      other_models: ['theirs'],
    }),
    serverOf('gpu3', { state: 'down', down_since: '2026-11-29T16:03:35.000Z', next_probe_ms: 4100 }),
  ],
  [
    aliasOf('phi3', {
      waiting: 14,
      oldest_ms: 3200,
      late: 2,
      batch: 4,
      callers: [
        { key: 'master', user: 'ann', people: 6, batch: 0 },
        { key: 'master', newcomers: true, people: 4, batch: 4 },
      ],
      callers_left_out: 3,
    }),
    aliasOf('quiet', { waiting: 0, requests_per_s: 0 }),
  ],
);

test('a fleet has a line for each server, model and queue', () => {
  assert.deepEqual(
    fleetLines(SAMPLE, PLACE).map((line) => line.trimEnd()),
    [
      'http://gw:4000 16:06:35 UTC strategy fleet',
      '3 servers, 1 DOWN, 5 in flight, 18 waiting, 1 load',
      '',
      'SERVER    USED  STATE      DETAILS',
      'gpu1      4     up         room for 2, 1 not in memory',
      '  phi3    3/4   in memory  context 8,192, 94 tok/s, reads 3,400 tok/s',
      '  llama3  0/4   in memory  8 slots stated, trying one slot more, idle 9 min, context 16,384 (grown)',
      'gpu2      1     loading    mistral for 2.1 s of 4.0 s: no server has it, waits until a model is idl…',
      '  qwen2   1/4   leaves',
      '  theirs        in memory  used by no alias',
      'gpu3      0     DOWN       for 3 min, next probe in 4.1 s, last seen 0 ms ago',
      '',
      'QUEUE  WAIT  OLDEST  RATE    DETAILS',
      'phi3   14    3.2 s   30/min  2 late, 4 batch, by ann 6, new names 8, 3 callers more',
    ],
  );
});

test('no line is wider than the terminal, down to 20 columns, and no picture is higher', () => {
  const many = documentOf(
    Array.from({ length: 512 }, (_, index) =>
      serverOf(`gpu-with-a-long-name-${String(index)}.example`, {
        state: index >= 400 && index < 430 ? 'down' : 'up',
        in_flight: index === 300 ? 9 : 0,
        models: [modelOf('m', { in_flight: index === 300 ? 4 : 0 })],
      }),
    ),
    Array.from({ length: 60 }, (_, index) => aliasOf(`alias-${String(index)}`)),
  );
  for (const document of [SAMPLE, many])
    for (const columns of [20, 40, 60, 100, 200])
      for (const rows of [14, 24, 60]) {
        const lines = fleetLines(document, { ...PLACE, columns, rows });
        for (const line of lines) assert.ok(Array.from(line).length <= columns, `${String(columns)}: ${line}`);
        assert.ok(lines.length <= rows, `${String(lines.length)} lines for ${String(rows)}`);
      }
  const lines = fleetLines(many, { ...PLACE, rows: 24 });
  const shown = lines.filter((line) => line.startsWith('gpu'));
  assert.match(shown[0] ?? '', /^gpu-with-a-long-name-400.* 0 +DOWN/);
  assert.match(shown.find((line) => line.includes(' up ')) ?? '', /^gpu-with-a-long-name-300.* 9 +up/);
  assert.match(
    lines.find((line) => line.startsWith('+ 5')) ?? '',
    /^\+ 5\d\d more +0 +\d+ down +left out for want of lines/,
  );
  assert.match(lines.at(-1) ?? '', /^\+ 5\d more +5\d/);
  assert.equal(fleetLines(many, PLACE).length, 2 + 1 + 1 + 1024 + 1 + 1 + 60, 'a pipe has all of it');
});

test('names of wide characters, emoji and combining marks keep the columns in line', () => {
  const wide = documentOf(
    [serverOf('推論サーバー一'), serverOf('gpu2'), serverOf('e\u0301cole'), serverOf('🚀gpu')],
    [aliasOf('要約モデル'), aliasOf('phi3')],
  );
  for (const columns of [100, 40, 24]) {
    const lines = fleetLines(wide, { ...PLACE, columns });
    for (const line of lines) assert.ok(stringWidth(line) <= columns, `${String(columns)}: ${line}`);
    const states = lines.flatMap((line) => {
      const at = line.indexOf(' up');
      return at === -1 ? [] : [stringWidth(line.slice(0, at))];
    });
    assert.equal(new Set(states).size, 1, lines.join('\n'));
  }
});

test('names of servers and callers cannot move the cursor', () => {
  const evil = '\u001B[2J\u001B]0;title\u0007x\r\nforged';
  const document = documentOf([serverOf('gpu1', { other_models: [evil] })], [aliasOf(evil)]);
  for (const line of fleetLines(document, PLACE)) assert.doesNotMatch(line, /\p{Cc}/u);
});
