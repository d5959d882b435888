import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clock } from '../../src/simulation/clock.ts';
import { Random } from '../../src/simulation/random.ts';
import { SimServer } from '../../src/simulation/server/server.ts';
import { capacityOf } from './workload/capacity.ts';
import { anyCaller, chat, numbered, type Draft } from './workload/chats.ts';
import { modelsOf, serversOf } from './workload/fleets.ts';
import { CHAT } from './workload/lengths.ts';

test('a server answers as many requests a second as its computed capacity if its slots are always busy', () => {
  const random = new Random(1, 'capacity');
  const clock = new Clock();
  const [spec] = serversOf(1);
  const [model] = modelsOf(random, 1);
  assert.ok(spec !== undefined && model !== undefined);
  const make = (): Draft => chat(random, { model: 'm0', sentMs: 0, caller: anyCaller(random), ...CHAT });
  const drafts = Array.from({ length: 2000 }, make);
  const server = new SimServer('s0', spec, clock);
  const requests = [...numbered(drafts)];
  let ended = 0;
  const next = (): void => {
    const request = requests.shift();
    if (request === undefined) return;
    server.send(model, request, {
      onFirst: () => undefined,
      onEnd: () => {
        ended += 1;
        next();
      },
      onFailed: () => assert.fail('the server is full'),
    });
  };
  for (let slot = 0; slot < spec.slots; slot += 1) next();
  clock.run(() => ended === drafts.length);
  const perSecond = ended / ((clock.nowMs - model.loadMs) / 1000);
  const computed = capacityOf([spec], [model], drafts);
  assert.ok(Math.abs(perSecond / computed - 1) < 0.05, `${String(perSecond)} a second, computed ${String(computed)}`);
});
