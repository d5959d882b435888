import type { Deployment, GatewayConfig } from '../../schema/gateway-config.ts';
import type { Log } from '../log.ts';
import { runnerKey, type ListedModel } from '../route/residency.ts';
import { contextKey, type Contexts } from '../upstream/contexts.ts';
import { fits } from './context-facts.ts';
import { refusedAbove, type ContextRecord, type RefusedContext } from './context-record.ts';
import type { Scheduler } from './scheduler.ts';

/** A context has grown, or has gone back since its server could not hold it; lengths in tokens. */
export interface ContextChange {
  readonly backend: string;
  readonly model: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly result: 'grown' | RefusedContext['reason'];
  readonly tookMs: number;
}

/** A change as a line of the log. */
function contextLine({ backend, model, from, to, result, tookMs }: ContextChange): Parameters<Log>[0] {
  return result === 'grown'
    ? { event: 'context-grown', backend, model, from, to, took_ms: tookMs }
    : { event: 'context-not-grown', backend, model, from, to, reason: result, took_ms: tookMs };
}

/** The parts that grown models need. */
export interface GrownModelsOptions {
  readonly config: () => GatewayConfig;
  readonly scheduler: Pick<Scheduler, 'resized'>;
  readonly contexts: Contexts;
  readonly log: Log;
  readonly onChange: (change: ContextChange) => void;
  /** Called with all records when one has changed. */
  readonly onRecords: (records: readonly ContextRecord[]) => void;
}

/** A context that no load has confirmed yet, and whether a request wants it. */
export interface TriedContext {
  readonly tokens: number;
  readonly sinceMs: number;
  readonly isWanted: boolean;
}

/** A model on a server whose context has grown, or was tried. */
export interface GrownModel {
  readonly record: ContextRecord;
  trying: TriedContext | undefined;
  /** Whether all of the model was in VRAM before; `undefined` if unknown. */
  fitted: boolean | undefined;
  /** Failed loads in a row with the context that it has. */
  failures: number;
}

/** The state of a model before its context grows. */
interface GrowthStart {
  /** As its server lists it now; `undefined` if it does not, or not in time. */
  readonly listed: ListedModel | undefined;
  /** Its context as last known, in tokens. */
  readonly from: number | undefined;
  /** A prompt waits for it. */
  readonly isWanted: boolean;
  /** It is loaded now, if it is in memory. */
  readonly load: boolean;
}

/** The models whose contexts have grown. A change reaches routing at once, for all entries of the model that state no context. */
export class GrownModels {
  readonly #options: GrownModelsOptions;
  readonly #models = new Map<string, GrownModel>();

  /** `records` are those of an earlier run; routing is made with them. */
  constructor(options: GrownModelsOptions, records: readonly ContextRecord[]) {
    this.#options = options;
    for (const record of records) {
      const model = { record, trying: undefined, fitted: undefined, failures: 0 };
      this.#models.set(keyOf(record), model);
      this.#set(model);
    }
  }

  get records(): readonly ContextRecord[] {
    return [...this.#models.values()].map(({ record }) => record);
  }

  find(deployment: Deployment): GrownModel | undefined {
    return this.#models.get(contextKey(deployment));
  }

  /** A context that the server of a deployment could not hold, in tokens; `undefined` if none is known. */
  refused(deployment: Deployment): number | undefined {
    const model = this.find(deployment);
    return model === undefined ? undefined : refusedAbove(model.record, Date.now());
  }

  /** Gives a model a longer context. */
  grow(deployment: Deployment, tokens: number, { listed, from, isWanted, load }: GrowthStart): void {
    const { url: backend, model: name } = deployment;
    const model = this.find(deployment) ?? {
      record: { backend, model: name, from: undefined, context: undefined, refused: undefined },
      trying: undefined,
      fitted: undefined,
      failures: 0,
    };
    model.record.from ??= listed?.context ?? from;
    model.fitted = fits(listed) ?? model.fitted;
    model.trying = { tokens, sinceMs: performance.now(), isWanted };
    this.#models.set(contextKey(deployment), model);
    this.#apply(model, load);
  }

  /** A load has confirmed the context that was tried. */
  keep(model: GrownModel, { tokens, sinceMs }: TriedContext): void {
    const from = model.record.context ?? model.record.from;
    model.trying = undefined;
    model.record.context = tokens;
    this.#tell(model, { from, to: tokens, result: 'grown', tookMs: Math.round(performance.now() - sinceMs) });
  }

  /** The server could not hold a context: back to the one before. */
  goBack(model: GrownModel, tokens: number, reason: RefusedContext['reason']): void {
    const { record, trying } = model;
    const tookMs = trying === undefined ? 0 : Math.round(performance.now() - trying.sinceMs);
    if (record.context === tokens) record.context = undefined;
    record.refused = { tokens, reason, at: new Date().toISOString() };
    Object.assign(model, { trying: undefined, failures: 0 });
    this.#apply(model, false);
    this.#tell(model, { from: record.context ?? record.from, to: tokens, result: reason, tookMs });
  }

  /** The Modelfile states a context by now. */
  forget(model: GrownModel): void {
    this.#models.delete(keyOf(model.record));
    Object.assign(model, { trying: undefined });
    model.record.context = undefined;
    this.#apply(model, false);
    this.#options.onRecords(this.records);
  }

  #tell({ record: { backend, model } }: GrownModel, change: Omit<ContextChange, 'backend' | 'model'>): void {
    const told = { backend, model, ...change };
    this.#options.log(contextLine(told));
    this.#options.onChange(told);
    this.#options.onRecords(this.records);
  }

  #apply(model: GrownModel, load: boolean): void {
    this.#set(model);
    const { contexts, config, scheduler } = this.#options;
    const key = keyOf(model.record);
    const same = config()
      .groups.flatMap(({ deployments }) => deployments)
      .filter((one) => contextKey(one) === key);
    scheduler.resized(new Map(same.map((one) => [one.id, runnerKey(contexts.sized(one).options)])), load);
  }

  #set({ record, trying }: GrownModel): void {
    const tokens = trying?.tokens ?? record.context;
    const target = { url: record.backend, model: record.model };
    this.#options.contexts.set(target, tokens === undefined ? undefined : { tokens, from: record.from });
  }
}

function keyOf({ backend, model }: ContextRecord): string {
  return contextKey({ url: backend, model });
}
