import type { Deployment, GatewayConfig } from '../../schema/gateway-config.ts';
import type { ModelRequest, ServerFailure } from '../exchange.ts';
import type { Log } from '../log.ts';
import { contextKey, type Contexts } from '../upstream/contexts.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { ContextFacts, growableTo, hasSpilled, numbersOf } from './context-facts.ts';
import type { ContextRecord } from './context-record.ts';
import { mayHold, nextContext, type NeededContext } from './context-size.ts';
import { GrownModels, type ContextChange, type TriedContext } from './grown-models.ts';
import { IdleGrowth } from './idle-growth.ts';
import type { Scheduler } from './scheduler.ts';

/** The parts that the growth of contexts needs. */
export interface ContextGrowthOptions {
  /** The current configuration. */
  readonly current: () => { readonly config: GatewayConfig; readonly upstream: Upstream };
  readonly scheduler: Scheduler;
  readonly contexts: Contexts;
  /** On the clock of routing, ms. */
  readonly now: () => number;
  readonly log: Log;
  readonly onChange: (change: ContextChange) => void;
  readonly onRecords: (records: readonly ContextRecord[]) => void;
}

/** A prompt that did not fit. */
export interface RefusedPrompt {
  readonly request: ModelRequest;
  /** The deployments of its alias, and the one that refused it. */
  readonly deployments: readonly Deployment[];
  readonly refusedBy: string;
  /** The grown context that it was sent with, in tokens; `undefined`: the server's own. */
  readonly sentWith: number | undefined;
  /** The deployments that have refused it, each with its grown context then, or 0. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Deployments whose context has grown for it before. */
  readonly grewAt: ReadonlySet<string>;
  /** Its client is still there. */
  readonly isWanted: () => boolean;
}

/** The way on for a prompt that did not fit: to a longer context, and to no deployment whose context is too short; or none. */
export type Growth =
  | { readonly kind: 'grown'; readonly at: string; readonly tooShort: readonly string[] }
  /** `numbers` says why, for the client. */
  | { readonly kind: 'refused'; readonly numbers: string | undefined }
  /** Its server has not been free for as long as the request may wait. The context grows as soon as it is idle. */
  | { readonly kind: 'busy' }
  /** The context of the deployment is the operator's choice. */
  | { readonly kind: 'fixed' };

/** A request waits for so long until its server is free, where the wait in a queue has no limit, ms. */
const MOST_WAIT_MS = 60_000;
/** Failed loads in a row after which a context goes back that was loaded before. */
const MOST_FAILURES = 2;

/** Makes contexts longer that a prompt did not fit in, by loads of the gateway; on the other servers of the alias when they are idle. */
export class ContextGrowth {
  readonly #current: ContextGrowthOptions['current'];
  readonly #now: () => number;
  readonly #contexts: Contexts;
  readonly #facts: ContextFacts;
  readonly #models: GrownModels;
  readonly #idle: IdleGrowth;

  /** `records` are those of an earlier run. */
  constructor(options: ContextGrowthOptions, records: readonly ContextRecord[]) {
    const { current, scheduler, contexts, now } = options;
    this.#current = current;
    this.#now = now;
    this.#contexts = contexts;
    this.#facts = new ContextFacts(scheduler.fleet, () => current().upstream);
    this.#models = new GrownModels({ ...options, config: () => current().config }, records);
    this.#idle = new IdleGrowth({
      fleet: scheduler.fleet,
      now,
      isKnown: (deployment) => this.#facts.known(deployment) !== undefined,
      grow: (deployment, tokens) => void this.#growIdle(deployment, tokens),
    });
  }

  /** The contexts that have grown, or could not. */
  get records(): readonly ContextRecord[] {
    return this.#models.records;
  }

  close(): void {
    this.#idle.close();
  }

  /** Finds a longer context for a prompt that did not fit: an existing or a new one, first on the server that refused it. */
  grow(prompt: RefusedPrompt): Promise<Growth> {
    const { mostWaitMs } = this.#current().config.queue;
    return this.#grow(prompt, this.#now() + (mostWaitMs === 0 ? MOST_WAIT_MS : mostWaitMs));
  }

  async #grow(prompt: RefusedPrompt, untilMs: number): Promise<Growth> {
    const { request, deployments, refusedBy, sentWith = 0 } = prompt;
    const asked = deployments.find(({ id }) => id === refusedBy);
    if (asked === undefined || this.#contexts.mostOf(asked) === undefined) return { kind: 'fixed' };
    const { likely, most: mostPrompt } = this.#current().upstream.estimate(request, asked);
    const need = { prompt: likely, mostPrompt, answer: answerOf(request, asked) };
    const listed = await this.#facts.listed(asked);
    const longest = await this.#facts.longest(asked, this.#models.refused(asked));
    // Another request may have made it longer meanwhile.
    const own = this.#contexts.of(asked)?.tokens;
    if (own !== undefined && own > sentWith && mayHold(own, need)) return this.#way(prompt, asked, own);
    const context = own ?? listed?.context ?? this.#facts.known(asked);
    const next = nextContext(need, { current: context, most: growableTo(longest) });
    const other = deployments.find((one) => one !== asked && this.#mayServe(one, context, need, prompt));
    if (other !== undefined) {
      if (next !== undefined) this.#idle.want(asked, next);
      return this.#way(prompt, other, this.#facts.known(other) ?? 0);
    }
    if (next !== undefined && !this.#hasFailed(asked, prompt)) {
      // Requests that fit, and can go nowhere else, go on until it has none: a load waits for all that runs, and they would wait for the load.
      const isElsewhere = deployments.some((one) => one.url !== asked.url && this.#facts.isUp(one));
      if (!isElsewhere && !this.#idle.isFree(asked)) {
        if (await this.#idle.untilFree(asked, untilMs, prompt.isWanted)) return this.#grow(prompt, untilMs);
        if (prompt.isWanted()) this.#idle.want(asked, next);
        return { kind: 'busy' };
      }
      this.#models.grow(asked, next, { listed, from: context, isWanted: true, load: false });
      return this.#way(prompt, asked, next);
    }
    const elsewhere = await this.#growElsewhere(asked, need, prompt);
    return elsewhere ?? { kind: 'refused', numbers: numbersOf(context, need, longest) };
  }

  /**
   * Judges a load that has ended. Returns whether its failure is one of the grown context: then the context has gone back, and the model
   * is to be loaded with that. `sized`: the deployment as it was loaded.
   */
  async loaded(sized: Deployment, failure: ServerFailure | undefined): Promise<boolean> {
    const model = this.#models.find(sized);
    const tokens = sized.options['num_ctx'];
    const tried = model?.trying?.tokens === tokens ? model?.trying : undefined;
    if (model === undefined || typeof tokens !== 'number') return false;
    if (tried === undefined && model.record.context !== tokens) return false;
    if (failure !== undefined) return this.#failed(sized, tokens, tried, failure);
    model.failures = 0;
    if (tried === undefined) return false;
    const listed = await this.#facts.listed(sized);
    // A longer one may be tried by now, whose load says more.
    if (model.trying !== tried) return false;
    if (hasSpilled(listed, model.fitted)) this.#models.goBack(model, tokens, 'spilled');
    else {
      this.#models.keep(model, tried);
      if (tried.isWanted) this.#wantOnOthers(sized, tokens);
    }
    return false;
  }

  /** Forgets the contexts of an earlier run that do not hold any more: a Modelfile states one by now. The others hold for all servers. */
  async checkRecords(): Promise<void> {
    for (const deployment of this.#current().config.groups.flatMap(({ deployments }) => deployments)) {
      const grown = this.#contexts.of(deployment);
      if (grown === undefined) continue;
      const longest = await this.#facts.longest(deployment, undefined);
      const model = this.#models.find(deployment);
      if (longest?.reason === 'modelfile' && model !== undefined) this.#models.forget(model);
      else this.#wantOnOthers(deployment, grown.tokens);
    }
  }

  #failed(sized: Deployment, tokens: number, tried: TriedContext | undefined, { fault, kind }: ServerFailure): boolean {
    const model = this.#models.find(sized);
    // A missing model, a busy server or a broken connection says nothing about the context.
    if (model === undefined || kind === 'not-found' || (fault !== 'deployment' && fault !== 'request')) return false;
    model.failures += 1;
    if (tried === undefined && model.failures < MOST_FAILURES) return false;
    this.#models.goBack(model, tokens, 'not-loaded');
    return true;
  }

  #mayServe(deployment: Deployment, than: number | undefined, need: NeededContext, prompt: RefusedPrompt): boolean {
    const known = this.#facts.known(deployment);
    if (known === undefined || known <= (than ?? 0) || this.#refuses(deployment, prompt)) return false;
    return mayHold(known, need) && this.#facts.isUp(deployment);
  }

  // Whether it has refused the prompt, and has not got a longer context since.
  #refuses(deployment: Deployment, { refusals }: RefusedPrompt): boolean {
    const sentWith = refusals.get(deployment.id);
    return sentWith !== undefined && (this.#contexts.of(deployment)?.tokens ?? 0) <= sentWith;
  }

  #way(prompt: RefusedPrompt, { id }: Deployment, tokens: number): Growth {
    const tooShort = prompt.deployments.filter(
      (one) => one.id !== id && (this.#refuses(one, prompt) || (this.#facts.known(one) ?? 0) < tokens),
    );
    return { kind: 'grown', at: id, tooShort: tooShort.map((one) => one.id) };
  }

  #hasFailed(deployment: Deployment, { grewAt }: RefusedPrompt): boolean {
    return grewAt.has(deployment.id) && this.#models.refused(deployment) !== undefined;
  }

  async #growElsewhere(asked: Deployment, need: NeededContext, prompt: RefusedPrompt): Promise<Growth | undefined> {
    for (const one of prompt.deployments) {
      if (one === asked || !this.#facts.isUp(one) || this.#hasFailed(one, prompt)) continue;
      const longest = await this.#facts.longest(one, this.#models.refused(one));
      const listed = longest === undefined ? undefined : await this.#facts.listed(one);
      const known = this.#facts.known(one);
      // A longer one may be tried there already, which the server does not list yet.
      const current = Math.max(listed?.context ?? 0, known ?? 0);
      const next = nextContext(need, { current, most: growableTo(longest) });
      if (next === undefined) continue;
      // The context of its server may be long enough, and a stated one would shorten it.
      if (current === 0 && !prompt.refusals.has(one.id)) return this.#way(prompt, one, 0);
      this.#models.grow(one, next, { listed, from: known, isWanted: true, load: false });
      return this.#way(prompt, one, next);
    }
    return undefined;
  }

  #wantOnOthers(grown: Deployment, tokens: number): void {
    const key = contextKey(grown);
    for (const { deployments } of this.#current().config.groups)
      if (deployments.some((one) => contextKey(one) === key))
        for (const one of deployments)
          if (this.#contexts.mostOf(one) !== undefined && (this.#facts.known(one) ?? 0) < tokens)
            this.#idle.want(one, tokens);
  }

  async #growIdle(deployment: Deployment, wanted: number): Promise<void> {
    const longest = await this.#facts.longest(deployment, this.#models.refused(deployment));
    const listed = await this.#facts.listed(deployment);
    const tokens = Math.min(wanted, growableTo(longest));
    if (tokens <= (listed?.context ?? this.#facts.known(deployment) ?? 0)) return;
    const readiness = this.#idle.readinessOf(deployment);
    if (readiness === 'busy') this.#idle.want(deployment, wanted);
    else {
      const from = this.#facts.known(deployment);
      this.#models.grow(deployment, tokens, { listed, from, isWanted: false, load: readiness === 'idle' });
    }
  }
}

// The longest answer that a request asks for: its own limit, or that of its alias; 0 for embeddings.
function answerOf(request: ModelRequest, { options }: Deployment): number | undefined {
  if (request.kind === 'embed') return 0;
  const limit = request.params.maxTokens ?? options['num_predict'];
  return typeof limit === 'number' && limit > 0 ? limit : undefined;
}
