import type { PhaseReport, PhaseTools } from '../../../src/core/phase.ts';
import type { PhaseEvent } from '../../../src/core/recorder.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { runSmoke, type SmokeTarget } from '../../../src/phases/smoke/run.ts';
import { KEY } from './fake-server.ts';

/** The report of a smoke test with its events and documents. */
export interface Smoked {
  readonly report: PhaseReport;
  readonly events: readonly PhaseEvent[];
  readonly files: ReadonlyMap<string, string>;
  /** The result of a check; throws if there is none. */
  readonly result: (id: string) => CheckResult;
}

/** Runs smoke against one target, by default a gateway of hxllm. */
export async function smokeAt(
  url: string,
  wanted: Partial<SmokeTarget> = {},
  signal: AbortSignal = new AbortController().signal,
  nowMs: () => number = () => Date.now(),
): Promise<Smoked> {
  const events: PhaseEvent[] = [];
  const files = new Map<string, string>();
  const tools: PhaseTools = {
    connect: () => Promise.reject(new Error('smoke connects to no host')),
    recorder: {
      event: (event) => void events.push(event),
      file: (path, content) => void files.set(path, typeof content === 'string' ? content : JSON.stringify(content)),
    },
    confirm: () => Promise.reject(new Error('smoke asks no questions')),
    signal,
    nowMs,
  };
  const target: SmokeTarget = {
    name: 'hx-api-server',
    url,
    key: new Secret(KEY),
    models: ['phi3-3.8b'],
    backends: undefined,
    embeddings: [],
    ...wanted,
  };
  const report = await runSmoke([target], tools);
  const result = (id: string): CheckResult => {
    const found = report.results.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no check ${id} among ${report.results.map((one) => one.id).join(', ')}`);
    return found;
  };
  return { report, events, files, result };
}

/** Another server: only its address is known. */
export const FOREIGN = { models: undefined, backends: undefined } as const;
