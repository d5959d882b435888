import type { Observation, SlotRequest } from '../gateway/route/event.ts';
import type { Work } from '../gateway/route/work.ts';
import type { SimRequest } from './request.ts';

/** Bytes of a token of English text. */
const TOKEN_BYTES = 4;

/** The state of a request between its attempts. */
export interface AttemptState {
  readonly deployments: readonly string[];
  readonly tried: readonly string[];
  readonly isRetry: boolean;
  readonly sinceMs: number;
  readonly loadedMs: number;
}

/** `hxllm.max_queue_wait` as it is without a configuration, ms. */
const MAX_QUEUE_WAIT_MS = 60_000;
/** The least wait of a batch, ms. */
const BATCH_WAIT_MS = 240_000;

/** The knowledge of the gateway about a simulated request: the only place where a policy gets anything from it. */
export function slotRequestOf(request: SimRequest, state: AttemptState, known: (work: Work) => Work): SlotRequest {
  const { model, promptTokens, maxTokens, key, user, class: kind, prefix } = request;
  const batch = kind === 'batch';
  const work = known({ promptTokens, maxTokens, prefix, key, user, batch, startsWhenRead: true });
  return { queue: model, maxWaitMs: batch ? BATCH_WAIT_MS : MAX_QUEUE_WAIT_MS, untilMs: Infinity, work, ...state };
}

/** Times of an attempt, as its server reports them. */
export interface Measured {
  /** Its client left before the first token. */
  readonly abandoned: boolean;
  /** From the start of the attempt to the first token, ms. */
  readonly firstMs: number | undefined;
  /** Wait for a slot and for other prompts inside the server, ms. */
  readonly insideMs: number | undefined;
  readonly prefillMs: number | undefined;
  /** Tokens of the prompt that were not in the cache. */
  readonly prefillTokens: number;
  readonly decodeMs: number | undefined;
}

/** The measurements of an attempt that the gateway reports to its policy. */
export function observationOf(
  { promptTokens, outputTokens, repeatedTokens }: SimRequest,
  { abandoned, firstMs, insideMs, prefillMs, decodeMs }: Measured,
): Observation {
  const isWhole = decodeMs !== undefined;
  return {
    promptBytes: (promptTokens - repeatedTokens) * TOKEN_BYTES,
    abandoned,
    firstMs,
    ...(isWhole
      ? { insideMs, prefillMs, decodeMs, tokens: promptTokens + outputTokens, promptTokens, outTokens: outputTokens }
      : {}),
  };
}
