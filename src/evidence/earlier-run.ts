import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptEvent, RecordedStep, StepEvent } from '../core/recorder.ts';
import type { Chain } from './chain/chain.ts';
import { MANIFEST } from './manifest.ts';
import { UnfitFolder, type OwnFolder } from './own-folder.ts';
import { compareRuns, isRun } from './run-name.ts';
import type { RunOpening } from './run-record.ts';
import { isRunning } from './running.ts';

/** Phases that change hosts, whose steps a host notes. */
const CHANGING = new Set(['enforce', 'rollback', 'uninstall']);

/** An earlier run that did not say how it ended, or how all of its steps did. */
export interface EarlierRun {
  readonly phase: string;
  readonly run: string;
  /** A run with a manifest is closed and stays as it is; one without was cut off. */
  readonly isClosed: boolean;
  readonly opening: RunOpening;
  readonly startedAt: string;
  /** The time of the last event. */
  readonly lastAt: string;
  readonly events: readonly KeptEvent[];
  /** The last state of every step, in the order of the first events. */
  readonly steps: readonly StepEvent[];
  /** The id of the run in the record of each host that it may have changed. */
  readonly records: ReadonlyMap<string, string>;
}

/**
 * The earlier runs of this user and machine below an evidence folder that were cut off, and the last closed ones of the phases that
 * change hosts if the end of a step was not seen. A run whose process still runs is none of them.
 */
export function findEarlierRuns(
  root: OwnFolder,
  current: { readonly by: string },
  chain: Pick<Chain, 'has'>,
): readonly EarlierRun[] {
  return readdirSync(root.at('.'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => inPhase(root, name, current.by, chain));
}

function inPhase(root: OwnFolder, phase: string, by: string, chain: Pick<Chain, 'has'>): readonly EarlierRun[] {
  const folder = root.at(phase);
  const names = namesIn(folder).filter(isRun).toSorted(compareRuns);
  // A link of the chain that lost its manifest is a finding of `evidence verify`, and closing it again would hide that.
  const isClosed = (name: string): boolean => chain.has(phase, name) || isFilled(join(folder, name, MANIFEST));
  const open = names.filter((name) => !isClosed(name));
  const last = CHANGING.has(phase) ? names.findLast(isClosed) : undefined;
  return [...open, ...(last === undefined ? [] : [last])].flatMap((name) => {
    const found = readRun(root, phase, name, name === last);
    if (found === undefined || found.opening.by !== by) return [];
    const isUnresolved = found.isClosed
      ? found.records.size > 0 && found.steps.some(({ state, host }) => isOpen(state) && found.records.has(host))
      : !isRunning(found.opening.pid, Date.parse(found.startedAt));
    return isUnresolved ? [found] : [];
  });
}

// An earlier version of hxllm that was killed left an empty manifest.
function isFilled(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

// The folder of another operator of a shared checkout is theirs alone.
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isOpen(state: StepEvent['state']): boolean {
  return state === 'started' || state === 'unknown';
}

function readRun(root: OwnFolder, phase: string, run: string, isClosed: boolean): EarlierRun | undefined {
  const lines = linesOf(root, phase, run);
  const [first, ...rest] = lines;
  if (first?.kind !== 'opened') return undefined;
  const events = rest.flatMap((line) => (line.kind === 'closed' || line.kind === 'opened' ? [] : [line]));
  const steps = new Map<string, StepEvent>();
  for (const event of events)
    if (event.kind === 'step')
      steps.set(`${event.host}\n${event.id}`, { ...steps.get(`${event.host}\n${event.id}`), ...withoutTime(event) });
  const { version, command, cwd, by, pid } = first;
  return {
    phase,
    run,
    isClosed,
    opening: { phase, version, command, cwd, by, pid },
    startedAt: first.at,
    lastAt: lines.at(-1)?.at ?? first.at,
    events,
    steps: [...steps.values()],
    records: new Map(events.flatMap((event) => (event.kind === 'record' ? [[event.host, event.id] as const] : []))),
  };
}

type Line = { readonly at: string } & (
  | KeptEvent
  | ({ readonly kind: 'opened' } & RunOpening)
  | { readonly kind: 'closed' }
);

function linesOf(root: OwnFolder, phase: string, run: string): readonly Line[] {
  try {
    using phases = root.below(phase);
    using own = phases.below(run);
    return readFileSync(own.at('events.jsonl'), 'utf8').split('\n').flatMap(parseLine);
  } catch (error) {
    // A folder that another user may write to proves nothing. Without events there is nothing to close.
    if (error instanceof UnfitFolder || error instanceof Error) return [];
    throw error;
  }
}

// A power cut may leave a part of the last line.
function parseLine(text: string): readonly Line[] {
  try {
    // hxllm wrote it, and its schema is published.
    return text === '' ? [] : [JSON.parse(text) as Line];
  } catch {
    return [];
  }
}

function withoutTime({ kind, host, id, title, state, detail, durationMs }: StepEvent): StepEvent {
  return {
    kind,
    host,
    id,
    title,
    state,
    ...(detail === undefined ? {} : { detail }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}

const UNRECORDED = 'the record of the host has no line of it: it was not carried out, or was cut off while it ran';

/** The steps of an earlier run on the hosts that keep a record, with the states that these records give them. */
export function statedSteps({ steps, records }: EarlierRun, recorded: readonly RecordedStep[]): readonly StepEvent[] {
  return steps.flatMap((step) => {
    const id = records.get(step.host);
    if (id === undefined) return [];
    const line = recorded.findLast((one) => one.run === id && one.step === step.id);
    const { detail: _, ...rest } = step;
    if (line === undefined)
      return [
        step.state === 'done' || step.state === 'failed' ? step : { ...rest, state: 'unknown', detail: UNRECORDED },
      ];
    const source = `from the record of the host, ${line.at}`;
    return line.state === 'stuck'
      ? [{ ...rest, state: 'failed', detail: `taking it back failed; ${source}` }]
      : [{ ...rest, state: line.state, detail: source }];
  });
}
