import type { ServerFailure } from '../exchange.ts';
import type { AttemptResult, Observation, SlotRequest } from '../route/event.ts';
import type { Lease } from '../route/fleet.ts';
import type { UsedMinutes } from '../limits/owner-uses.ts';
import { ToldMinutes } from '../limits/told-minutes.ts';
import { factsOf } from '../route/foreign-facts.ts';
import { holdingOf } from '../route/hand-over.ts';
import type { Decider } from '../scheduler/decider.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { SharedLimits } from './links-options.ts';
import type { DecidingMessage, HoldingMessage } from './messages.ts';

/** The parts of the instance that has slots. */
export interface HoldingSideOptions {
  readonly scheduler: Scheduler;
  /** The leases of its own requests. */
  readonly leases: () => readonly Lease[];
  /** Loads a model for the instance that decides. */
  readonly load: (replica: string, deployment: string) => void;
  readonly limits?: Pick<SharedLimits, 'used' | 'usedSince' | 'open'>;
  /** The clock of the scheduler, ms. */
  readonly now: () => number;
  readonly send: (message: HoldingMessage) => void;
  /** The other side decides nothing after all. */
  readonly onAbort: () => void;
}

/** Time between two looks at the requests under way, ms. */
const LOOK_MS = 250;

/** The side of a link that has slots, and asks for more. */
export class HoldingSide implements Decider {
  readonly #options: HoldingSideOptions;
  /** The deployments that the other side has heard of. */
  readonly #told = new Set<string>();

  constructor(options: HoldingSideOptions) {
    this.#options = options;
  }

  /** From here on nothing is decided here; the other side gets all that it has to know. */
  begin(): void {
    const { scheduler, leases, limits, send } = this.#options;
    scheduler.delegation.delegate({ decider: this });
    const facts = factsOf(scheduler.fleet);
    const used = limits?.used();
    for (const { id } of facts.spec.deployments) this.#told.add(id);
    send({
      kind: 'holds',
      facts,
      leases: leases()
        .filter(({ released }) => !released)
        .map(holdingOf),
      waiters: scheduler.delegation.waiters(),
      ...(used === undefined ? {} : { limits: used }),
    });
    if (limits !== undefined && used !== undefined) this.#tellLimits(limits, used);
  }

  // This instance lets requests in until the other one has begun, and over open connections behind that. Limits on requests at once count those
  // that end here: the other side forgets them as they do.
  #tellLimits(limits: Pick<SharedLimits, 'usedSince' | 'open'>, first: readonly UsedMinutes[]): void {
    let told = '[]';
    const minutes = new ToldMinutes(first);
    const tell = (): void => {
      const more = minutes.tell(limits.usedSince(), this.#options.now());
      if (more.length > 0) this.#options.send({ kind: 'used', limits: more });
      const open = limits.open();
      const text = JSON.stringify(open);
      if (text === told) return;
      told = text;
      this.#options.send({ kind: 'open', open });
    };
    tell();
    const timer = setInterval(() => {
      if (this.#options.scheduler.delegation.decider === this) tell();
      else clearInterval(timer);
    }, LOOK_MS).unref();
  }

  receive(message: DecidingMessage): void {
    const { scheduler, load, send, onAbort } = this.#options;
    const { delegation } = scheduler;
    // A late message of a decider that has been replaced.
    if (delegation.decider !== this) return;
    switch (message.kind) {
      case 'grant': {
        const { request } = message.holding;
        if (delegation.granted(message.holding)) break;
        // Its client has left meanwhile, or its deployment has gone with the configuration.
        send({ kind: 'released', request, result: 'cancelled', observation: undefined });
        break;
      }
      case 'reject':
        delegation.rejected(message.rejection, message.failedLoad);
        break;
      case 'recall':
        delegation.recalled(message.request);
        break;
      case 'load':
        load(message.replica, message.deployment);
        break;
      case 'abort':
        onAbort();
        break;
    }
  }

  asked(request: string, slotRequest: SlotRequest): void {
    const { scheduler, send } = this.#options;
    // Its configuration may have got more since.
    if (slotRequest.deployments.some((id) => !this.#told.has(id))) {
      const { spec } = factsOf(scheduler.fleet);
      for (const { id } of spec.deployments) this.#told.add(id);
      send({ kind: 'spec', spec });
    }
    send({ kind: 'ask', request, slotRequest });
  }

  left(request: string): void {
    this.#options.send({ kind: 'left', request });
  }

  started(request: string): void {
    this.#options.send({ kind: 'started', request });
  }

  released(request: string, result: AttemptResult, observation: Observation | undefined): void {
    this.#options.send({ kind: 'released', request, result, observation });
  }

  loaded(replica: string, result: AttemptResult, failure: ServerFailure | undefined): void {
    this.#options.send({ kind: 'loaded', replica, result, failure });
  }
}
