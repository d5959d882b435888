import type { SimRequest } from '../request.ts';
import type { SimModel } from './model.ts';
import type { CacheSlot } from './prompt-cache.ts';

/** The failure of a job. `busy`: 503, the server's queue is full. `broken`: the connection broke. `refused`: no connection was made. */
export type JobFailure = 'busy' | 'broken' | 'refused';

/** Gets the events of a job; never before `send` has returned. */
export interface JobListener {
  onFirst(job: Job): void;
  onEnd(job: Job): void;
  onFailed(job: Job, why: JobFailure): void;
}

/** A request on a server: a chat, or a load alone. */
export interface Job {
  readonly model: SimModel;
  /** `undefined`: the gateway's own load. */
  readonly chat: SimRequest | undefined;
  readonly listener: JobListener;
  /** A load that a free slot makes needless. */
  readonly isNeedless: boolean;
  /** `queued`: for memory. `inside`: for a slot, or for the prompts before its own. */
  phase: 'queued' | 'loading' | 'inside' | 'prefill' | 'decode' | 'ended';
  slot: CacheSlot | undefined;
  prefillTokens: number;
  prefillLeft: number;
  decodeLeft: number;
  /** Its client has left; the server still reads the prompt. */
  isAbandoned: boolean;
  readonly sentMs: number;
  /** When its model was in memory, its prompt began to be read, and its first token was sent. */
  insideMs: number | undefined;
  prefillMs: number | undefined;
  firstMs: number | undefined;
}

/** A job that is about to be sent. */
export function createJob(parts: Pick<Job, 'model' | 'chat' | 'listener' | 'isNeedless'>, nowMs: number): Job {
  return {
    ...parts,
    phase: 'queued',
    slot: undefined,
    prefillTokens: 0,
    prefillLeft: 0,
    decodeLeft: 0,
    isAbandoned: false,
    sentMs: nowMs,
    insideMs: undefined,
    prefillMs: undefined,
    firstMs: undefined,
  };
}
