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
  'its models': LISTING,
  'its refusals': REFUSALS,
  'its answers': ANSWERS,
  'its embeddings': EMBEDDINGS,
  'its wire format': FRAMING,
  'its scheduling': SLOTS,
  'its memory': MEMORY,
};
