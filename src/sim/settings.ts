import type { ModelSpec } from './models/model.ts';

/** Options of a simulated server. Absent ones have defaults. */
export interface SimOptions {
  /** Default 127.0.0.1. On a loopback address only local `Host` names are answered, as in Ollama. */
  readonly host?: string;
  /** Default 11434; 0 takes a free port. */
  readonly port?: number;
  /** Slots for each model (`OLLAMA_NUM_PARALLEL`). */
  readonly numParallel?: number;
  readonly models?: readonly (string | ModelSpec)[];
  /** Duration of a load. */
  readonly loadMs?: number;
  /** Duration of one token of an answer, and of a prompt. */
  readonly tokenMs?: number;
  readonly prefillMsPerToken?: number;
  /** Answers, prompts and models slow each other down, as on one GPU. */
  readonly gpu?: boolean;
  /** Tokens of an answer in one piece of a stream; the first piece has one. */
  readonly pieceTokens?: number;
  readonly vramMiB?: number;
  /** `OLLAMA_MAX_LOADED_MODELS`, `OLLAMA_MAX_QUEUE`, `OLLAMA_KEEP_ALIVE`. */
  readonly maxLoadedModels?: number;
  readonly maxQueue?: number;
  readonly keepAliveMs?: number;
  readonly version?: string;
}

/** SimOptions with all defaults filled in. */
export type Settings = { readonly [K in keyof SimOptions]-?: Exclude<SimOptions[K], undefined> };

/** The default models: two for chat and one for embeddings. */
export const DEFAULT_MODELS = [
  'phi3:3.8b-mini-128k-instruct-q8_0',
  'llama3:8b-instruct-q8_0',
  'nomic-embed-text:latest',
] as const;

const DEFAULTS: Settings = {
  host: '127.0.0.1',
  port: 11_434,
  numParallel: 1,
  models: DEFAULT_MODELS,
  loadMs: 100,
  tokenMs: 2,
  prefillMsPerToken: 0.1,
  gpu: false,
  pieceTokens: 1,
  vramMiB: 24_576,
  maxLoadedModels: 3,
  maxQueue: 512,
  keepAliveMs: 300_000,
  version: '0.22.1',
};

/** Fills in the defaults. */
export function settle(options: SimOptions): Settings {
  return { ...DEFAULTS, ...options };
}
