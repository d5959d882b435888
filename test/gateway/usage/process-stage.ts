import assert from 'node:assert/strict';
import { join } from 'node:path';
import { timeOrderedId } from '../../../src/core/id.ts';
import type { UsageConfig } from '../../../src/schema/gateway-config.ts';
import type { GatewayStore } from '../../../src/gateway/store/key-store.ts';
import { openSqliteStore } from '../../../src/gateway/store/sqlite-store.ts';
import { UsageFeed, type FeedOptions } from '../../../src/gateway/usage/usage-feed.ts';
import { UsageRecorder, type OpenUsage } from '../../../src/gateway/usage/usage-recorder.ts';

const CONFIG: UsageConfig = {
  record: 'always',
  isSynced: false,
  journalBytes: 2 ** 30,
  whenFull: 'serve',
  hasAddress: false,
};

const SERVER = '"a","m","http://s","resident"';

/** A process with a journal and a store; `begin` and `end` are one request. */
export async function startProcess(
  state: string,
  segmentBytes?: number,
  config: Partial<UsageConfig> = {},
  clocks: Pick<FeedOptions, 'now' | 'steadyNow'> = {},
) {
  const opened = await openSqliteStore(join(state, 'gateway.db'));
  assert.ok(opened.ok, JSON.stringify(opened));
  const store: GatewayStore = opened.value;
  const log: Readonly<Record<string, unknown>>[] = [];
  const folder = join(state, 'journal');
  const recorder = new UsageRecorder(
    folder,
    () => ({ ...CONFIG, ...config }),
    (line) => log.push(line),
    segmentBytes,
  );
  let isAway = false;
  const feed = new UsageFeed({
    recorder,
    folder,
    ...clocks,
    log: (line) => log.push(line),
    store: async () => (isAway ? Promise.reject(new Error('it is away')) : Promise.resolve(store)),
  });
  const begin = (key = 'k', atMs = Date.now()): OpenUsage =>
    recorder.begin(
      `"${timeOrderedId(atMs)}",${JSON.stringify([key, null, null, null, ['t'], 'openai', null]).slice(1, -1)}`,
      SERVER,
    );
  const end = (open: OpenUsage, tokens = 1): void => {
    recorder.end(open, SERVER, `200,"answered",10,${String(tokens)},0,0.5,0,0,1,2`);
  };
  return {
    log,
    recorder,
    feed,
    store,
    begin,
    end,
    serve: (count: number, key?: string) => {
      for (let request = 0; request < count; request += 1) end(begin(key));
    },
    away: (value: boolean) => {
      isAway = value;
    },
    close: async () => {
      await feed.close();
      await store.close();
    },
  };
}
