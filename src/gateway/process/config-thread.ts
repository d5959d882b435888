import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData, type MessagePort } from 'node:worker_threads';
import { errorCode } from '../../core/error.ts';
import { isObject } from '../../core/json.ts';
import type { Reading } from '../../schema/gateway-config.ts';
import { loadConfigFile, type ConfigReading } from './config-file.ts';
import { piecesOf, ReadingAssembly, type Piece } from './config-transfer.ts';

/** Most memory of the thread, MiB. 20,000 deployments take 200. */
const MEMORY_MIB = 1024;

/** The longest that a reading may take, ms: 20,000 deployments take 4 s. Later reloads wait for it, and a file of a network may never come. */
const MOST_MS = 60_000;

/** Tells this thread from other workers of a process. */
const TASK = 'hxllm: read a configuration';

interface Task {
  readonly task: typeof TASK;
  readonly file: string;
  readonly reading: Reading;
}

/**
 * Reads the configuration of a running gateway again, as `loadConfigFile` does, in a thread of its own: the event loop goes on to serve
 * requests, and gets the result in pieces, each in a turn of its own. A file that fills the memory of the thread is a Problem.
 *
 * Small files are read so too: the time has no relation to the length of a file. A kilobyte of aliases may stand for 100,000 values. The
 * thread costs the event loop 1 to 3 ms, and takes 25 ms to start. `memoryMib` is the most memory of the thread, `mostMs` the most time.
 */
export async function reloadConfigFile(
  file: string,
  { environment }: Reading,
  memoryMib = MEMORY_MIB,
  mostMs = MOST_MS,
): Promise<ConfigReading> {
  const task: Task = { task: TASK, file, reading: { environment: { ...environment } } };
  // The gateway is packed into one file: in there, this module's URL is that of the whole program. Node's own arguments are those of a start.
  const thread = new Worker(new URL(import.meta.url), {
    workerData: task,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMib },
  });
  // A stop during a reload does not wait for it.
  thread.unref();
  const ended = new AbortController();
  const late = AbortSignal.timeout(mostMs);
  const signal = AbortSignal.any([ended.signal, late]);
  thread.once('exit', () => {
    ended.abort();
  });
  // An error that comes while none is awaited ends no process.
  thread.on('error', () => {});
  const assembly = new ReadingAssembly();
  try {
    for (;;) {
      const [piece] = (await once(thread, 'message', { signal })) as [Piece];
      const reading = assembly.add(piece);
      if (reading !== undefined) return reading;
      thread.postMessage('next');
    }
  } catch (error) {
    if (errorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY') return { errors: [tooLarge(file)], warnings: [] };
    if (late.aborted) return { errors: [tooSlow(file, mostMs)], warnings: [] };
    throw error;
  } finally {
    await thread.terminate();
  }
}

async function read({ file, reading }: Task, port: MessagePort): Promise<void> {
  for (const piece of piecesOf(await loadConfigFile(file, reading, true))) {
    port.postMessage(piece);
    await once(port, 'message');
  }
}

function tooSlow(file: string, mostMs: number): ConfigReading['errors'][number] {
  return {
    code: 'config.too-slow',
    summary: 'the configuration cannot be read in time',
    detail: `Expected a file that is read within ${String(mostMs / 1000)} s, found one that takes longer.`,
    fix: 'write fewer entries, or look whether the file system answers',
    where: { file },
  };
}

function tooLarge(file: string): ConfigReading['errors'][number] {
  return {
    code: 'config.too-large',
    summary: 'the configuration does not fit into memory',
    detail:
      'Expected a file whose values fit into the memory of the gateway, found more: an alias (*name) repeats all values of its anchor.',
    fix: 'write fewer entries, or shorter anchors',
    where: { file },
  };
}

const given: unknown = workerData;
if (!isMainThread && parentPort !== null && isObject(given) && given['task'] === TASK)
  // The starter made it.
  await read(given as unknown as Task, parentPort);
