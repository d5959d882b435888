import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminCall } from '../../../src/gateway/admin/admin-call.ts';
import { spendLogs } from '../../../src/gateway/admin/usage.ts';
import type { LongText } from '../../../src/gateway/http/long-text.ts';
import { DAY_MS, type UsageStore } from '../../../src/gateway/store/usage-store.ts';
import { startProcess } from '../usage/process-stage.ts';
import { newFolder } from '../usage/stage.ts';

const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The answer of `/spend/logs` from a store, and its questions to that. */
async function sumsOf(
  store: UsageStore,
  query: object,
): Promise<{ readonly sums: unknown; readonly asked: readonly number[] }> {
  const asked: number[] = [];
  const costsOfDay: UsageStore['costsOfDay'] = (filter, dayMs) => {
    asked.push(dayMs);
    return store.costsOfDay(filter, dayMs);
  };
  const usage = <T>(ask: (store: UsageStore) => Promise<T>): Promise<T> => ask({ ...store, costsOfDay });
  // The call uses these parts alone.
  const call = { query, records: { usage }, role: 'admin', nowMs: Date.now() } as unknown as AdminCall;
  return { sums: JSON.parse(((await spendLogs(call)) as LongText).text()) as unknown, asked };
}

test('costs of days are those of all their rows, and the store is asked for one day at a time', async () => {
  const one = await startProcess(newFolder());
  // More than a page of rows on a day, and the first and the last moment of it; each row costs 0.5.
  const times = [
    ...Array.from({ length: 1500 }, (_, row) => today - 2 * DAY_MS + row),
    today - DAY_MS - 1,
    today - DAY_MS,
    today,
    today - 3 * DAY_MS - 1,
  ];
  for (const atMs of times) one.end(one.begin('k', atMs));
  await one.feed.run();
  const of = (dayMs: number, spend: number): object => ({
    startTime: dayText(dayMs),
    spend,
    users: { '': spend },
    models: { m: spend },
  });
  const { sums, asked } = await sumsOf(one.store, {
    start_date: dayText(today - 3 * DAY_MS),
    end_date: dayText(today - DAY_MS),
  });
  assert.deepEqual(sums, [of(today - 2 * DAY_MS, 750.5), of(today - DAY_MS, 0.5)]);
  assert.deepEqual(
    asked,
    [3, 2, 1].map((days) => today - days * DAY_MS),
  );
  const since = await sumsOf(one.store, { start_date: dayText(today) });
  assert.deepEqual(since.sums, [of(today, 0.5)]);
  // Without a first day: as far back as rows are kept, and no further.
  const all = await sumsOf(one.store, { end_date: dayText(today) });
  assert.equal(all.asked.length, 91);
  assert.deepEqual(
    (all.sums as readonly { readonly spend: number }[]).map(({ spend }) => spend),
    [0.5, 750.5, 0.5, 0.5],
  );
  await one.close();
});
