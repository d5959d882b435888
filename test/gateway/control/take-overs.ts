import assert from 'node:assert/strict';
import { askInstance } from '../../../src/gateway/control/control-request.ts';
import { until } from '../running.ts';
import { untilLogged, type Host, type Launched } from './instances-stage.ts';
import type { Traffic } from './traffic.ts';

/** Lets new instances take over under traffic, one after the other, and adds each to the list; returns when each had. */
export async function takeOverInTurn(
  host: Host,
  file: string,
  instances: Launched[],
  times: number,
  traffic: Traffic,
): Promise<readonly number[]> {
  const takenMs: number[] = [];
  for (let turn = 1; turn <= times; turn += 1) {
    // Of more than three the eldest would be cut.
    for (const one of instances.slice(0, -1)) await one.ended();
    const next = host.launch(String(turn), file);
    await untilLogged(next, 'standby');
    const taken = await askInstance(
      { id: next.id, folder: host.runtimeFolder },
      { method: 'POST', path: '/take-over', timeoutMs: 30_000 },
    );
    assert.ok(taken.ok, JSON.stringify(taken));
    takenMs.push(performance.now());
    instances.push(next);
    const before = traffic.tally.whole['new connection'];
    await until('the next one answers', () => traffic.tally.whole['new connection'] > before + 2);
  }
  return takenMs;
}
