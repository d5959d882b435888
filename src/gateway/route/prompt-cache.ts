import {
  displacedTokens,
  keepDisplaced,
  lengthOf,
  noDisplacedPrompts,
  type DisplacedPrompts,
  type KnownPrompt,
} from './displaced-prompts.ts';
import type { PrefixLink } from './work.ts';

/**
 * Earlier prompts that a backend still has, as Ollama keeps them: each slot has its last request, and memory has displaced ones. It holds
 * hashes and token counts, never content.
 */
export interface PromptCache {
  /** One for each slot, at most {@link MOST_SLOTS}. */
  readonly slots: CachedPrompt[];
  displaced: DisplacedPrompts;
  /** How much of a displaced prompt the backend is believed to have; learned. */
  trust: number;
}

/** The last prompt of a slot. */
interface CachedPrompt extends KnownPrompt {
  usedMs: number;
  /** The request that has the slot. */
  request: string | undefined;
  /** The prompt before that request's: the slot still has it if the request is refused. */
  before: KnownPrompt | undefined;
}

/** A slot that a request has, and the part of its prompt that is cached, tokens. */
export interface CacheUse {
  readonly covered: number;
  /** Of it, by the slot, which is certain. */
  readonly inSlot: number;
  /** Tokens that only a displaced prompt has; the backend may not have kept it. */
  readonly displaced: number;
}

const MOST_SLOTS = 32;
/** Links that are kept of a prompt. */
const MOST_LINKS = 256;

/** A cache of which nothing is known. */
export function createPromptCache(): PromptCache {
  return { slots: [], displaced: noDisplacedPrompts(), trust: 0.5 };
}

/** Forgets everything: the model was loaded, or its backend began anew. */
export function clearPromptCache(cache: PromptCache): void {
  cache.slots.length = 0;
  cache.displaced = noDisplacedPrompts();
}

/** Tokens of a prompt that a free slot is expected to have. */
export function coveredTokens(cache: PromptCache, prefix: readonly PrefixLink[]): number {
  if (prefix.length === 0) return 0;
  const slot = bestSlot(cache, prefix)?.covered ?? 0;
  const displaced = coveredByDisplaced(cache, prefix);
  return slot + (displaced > slot ? trusted(cache) * (displaced - slot) : 0);
}

/** A request gets the slot that the backend will choose: the free one with the longest common beginning, else the one used longest ago. */
export function occupy(
  cache: PromptCache,
  {
    request,
    prefix,
    slotCount,
    nowMs,
  }: { request: string; prefix: readonly PrefixLink[]; slotCount: number; nowMs: number },
): CacheUse {
  if (prefix.length === 0) return { covered: 0, inSlot: 0, displaced: 0 };
  const links = prefix.length > MOST_LINKS ? prefix.slice(0, MOST_LINKS) : prefix;
  const total = prefix.at(-1)?.tokens ?? 0;
  const nearest = bestSlot(cache, prefix);
  const saved = coveredByDisplaced(cache, prefix);
  const isShared = nearest !== undefined && nearest.covered > total * 0.1;
  const slot = isShared ? nearest.entry : freeSlot(cache, slotCount);
  const own = isShared ? nearest.covered : 0;
  if (slot.prefix.length > 0 && lengthOf(slot) > 2 * own)
    keepDisplaced(cache.displaced, { prefix: slot.prefix, responseTokens: slot.responseTokens });
  const displaced = Math.max(0, saved - own);
  slot.before = { prefix: slot.prefix, responseTokens: slot.responseTokens };
  slot.prefix = links;
  slot.responseTokens = 0;
  slot.usedMs = nowMs;
  slot.request = request;
  return { covered: own + trusted(cache) * displaced, inSlot: own, displaced };
}

/** A request has ended: its slot keeps the prompt, and the response if there was one. */
export function vacate({ slots }: PromptCache, request: string, responseTokens: number, nowMs: number): void {
  for (const slot of slots) {
    if (slot.request !== request) continue;
    slot.request = undefined;
    slot.before = undefined;
    slot.responseTokens = responseTokens;
    slot.usedMs = nowMs;
    return;
  }
}

/** A request was refused, and its prompt never read: its slot has what it had before. */
export function vacateUnread({ slots }: PromptCache, request: string): void {
  for (const slot of slots) {
    if (slot.request !== request) continue;
    const { prefix, responseTokens } = slot.before ?? { prefix: [], responseTokens: 0 };
    Object.assign(slot, { request: undefined, before: undefined, prefix, responseTokens });
    return;
  }
}

/** Learns from the prompts that were read whether the backend keeps displaced ones; `part` of them is what it had. */
export function observeDisplaced(cache: PromptCache, part: number): void {
  cache.trust += 0.15 * (Math.min(1, Math.max(0, part)) - cache.trust);
}

function trusted({ trust }: PromptCache): number {
  return trust < 0.2 ? 0 : trust;
}

function freeSlot({ slots }: PromptCache, slotCount: number): CachedPrompt {
  let oldest: CachedPrompt | undefined;
  for (const slot of slots)
    if (slot.request === undefined && (oldest === undefined || slot.usedMs < oldest.usedMs)) oldest = slot;
  if (slots.length >= Math.min(slotCount, MOST_SLOTS) && oldest !== undefined) return oldest;
  const fresh: CachedPrompt = { prefix: [], responseTokens: 0, usedMs: 0, request: undefined, before: undefined };
  if (slots.length < MOST_SLOTS) slots.push(fresh);
  return fresh;
}

// The part of a prompt that displaced ones have.
function coveredByDisplaced({ displaced, trust }: PromptCache, prefix: readonly PrefixLink[]): number {
  return trust < 0.2 ? 0 : displacedTokens(displaced, prefix);
}

interface Match {
  readonly entry: CachedPrompt;
  readonly covered: number;
}

function bestSlot({ slots }: PromptCache, prefix: readonly PrefixLink[]): Match | undefined {
  const total = prefix.at(-1)?.tokens ?? 0;
  let found: CachedPrompt | undefined;
  let most = 0;
  for (const slot of slots) {
    if (slot.request !== undefined) continue;
    const covered = commonTokens(slot, prefix);
    if (covered <= most) continue;
    found = slot;
    most = covered;
    if (covered >= total) break;
  }
  return found === undefined ? undefined : { entry: found, covered: most };
}

// Hashes are chained: links that are equal have equal links before them.
function commonTokens({ prefix: known, responseTokens }: CachedPrompt, prefix: readonly PrefixLink[]): number {
  if (known[0]?.hash !== prefix[0]?.hash) return 0;
  let least = 0;
  let most = Math.min(known.length, prefix.length);
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (known[middle - 1]?.hash === prefix[middle - 1]?.hash) least = middle;
    else most = middle - 1;
  }
  const common = least === 0 ? 0 : (prefix[least - 1]?.tokens ?? 0);
  // The message behind the whole known prompt is its response.
  const next = prefix[least];
  return least === known.length && least > 0 && next !== undefined
    ? common + Math.min(responseTokens, next.tokens - common)
    : common;
}
