import type { Case } from './case.ts';
import { ANSWERS } from './contract/answer.ts';
import { EMBEDDINGS } from './contract/embedding.ts';
import { FRAMING } from './contract/framing.ts';
import { LISTING } from './contract/listing.ts';
import { MEMORY } from './contract/memory.ts';
import { REFUSALS } from './contract/refusal.ts';
import { SLOTS } from './contract/slot.ts';

/** The behaviour of an Ollama server that hxllm relies on: the same cases judge the real one and the simulated one. */
export const CONTRACT: Readonly<Record<string, readonly Case[]>> = {
  'what it has': LISTING,
  'what it refuses': REFUSALS,
  'what it answers': ANSWERS,
  'what it embeds': EMBEDDINGS,
  'what goes over the wire': FRAMING,
  'who works when': SLOTS,
  'what is in memory': MEMORY,
};
