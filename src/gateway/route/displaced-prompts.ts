import type { PrefixLink } from './work.ts';

/** A prompt, as the hashes of its messages, and its response. */
export interface KnownPrompt {
  prefix: readonly PrefixLink[];
  responseTokens: number;
}

/**
 * Prompts that have lost their slot, up to {@link MOST_DISPLACED_TOKENS} tokens. Short ones are thousands, so they are found by the hashes
 * of their messages and not one after the other.
 */
export interface DisplacedPrompts {
  /** The oldest first, from `first` on. */
  prompts: KnownPrompt[];
  first: number;
  tokens: number;
  /** How many of them have a message, by its hash. */
  readonly links: Map<number, number>;
  /** By the hash of their last message: the longest response first, and of the others only newer ones. */
  readonly ends: Map<number, KnownPrompt[]>;
}

/** The oldest prompt goes while the others have so many, tokens. */
const MOST_DISPLACED_TOKENS = 65_536;

/** No prompts. */
export function noDisplacedPrompts(): DisplacedPrompts {
  return { prompts: [], first: 0, tokens: 0, links: new Map(), ends: new Map() };
}

/** Number of prompts. */
export function displacedCount({ prompts, first }: DisplacedPrompts): number {
  return prompts.length - first;
}

/** Tokens of a prompt and its response. */
export function lengthOf({ prefix, responseTokens }: KnownPrompt): number {
  return (prefix.at(-1)?.tokens ?? 0) + responseTokens;
}

/** Keeps a prompt; older ones may go for it. */
export function keepDisplaced(displaced: DisplacedPrompts, prompt: KnownPrompt): void {
  const { links, ends } = displaced;
  displaced.prompts.push(prompt);
  displaced.tokens += lengthOf(prompt);
  for (const { hash } of prompt.prefix) links.set(hash, (links.get(hash) ?? 0) + 1);
  const end = prompt.prefix.at(-1)?.hash ?? 0;
  const alike = ends.get(end);
  if (alike === undefined) ends.set(end, [prompt]);
  else {
    while (alike.length > 0 && (alike.at(-1)?.responseTokens ?? 0) <= prompt.responseTokens) alike.pop();
    alike.push(prompt);
  }
  for (let oldest = displaced.prompts[displaced.first]; oldest !== undefined;) {
    if (displaced.tokens - lengthOf(oldest) < MOST_DISPLACED_TOKENS) return;
    dropOldest(displaced, oldest);
    oldest = displaced.prompts[displaced.first];
  }
}

function dropOldest(displaced: DisplacedPrompts, oldest: KnownPrompt): void {
  const { prompts, links, ends } = displaced;
  displaced.tokens -= lengthOf(oldest);
  for (const { hash } of oldest.prefix) {
    const count = links.get(hash) ?? 0;
    if (count > 1) links.set(hash, count - 1);
    else links.delete(hash);
  }
  const end = oldest.prefix.at(-1)?.hash ?? 0;
  const alike = ends.get(end);
  if (alike?.[0] === oldest && alike.length === 1) ends.delete(end);
  else if (alike?.[0] === oldest) alike.shift();
  displaced.first += 1;
  // The front of the list is given back now and then, so that a prompt costs the same however many there are.
  if (displaced.first * 2 <= prompts.length) return;
  displaced.prompts = prompts.slice(displaced.first);
  displaced.first = 0;
}

/** Most tokens of a prompt that any displaced one has. */
export function displacedTokens({ links, ends }: DisplacedPrompts, prefix: readonly PrefixLink[]): number {
  // Hashes are chained: a message that is known has known messages before it.
  let least = 0;
  let most = links.size === 0 ? 0 : prefix.length;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (links.has(prefix[middle - 1]?.hash ?? 0)) least = middle;
    else most = middle - 1;
  }
  const last = prefix[least - 1];
  if (last === undefined) return 0;
  // The message behind a whole known prompt is its response.
  const next = prefix[least];
  const [longest] = ends.get(last.hash) ?? [];
  return longest === undefined || next === undefined
    ? last.tokens
    : last.tokens + Math.min(longest.responseTokens, next.tokens - last.tokens);
}
