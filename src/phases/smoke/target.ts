import type { Secret } from '../../core/secret.ts';

/** One server to test. */
export interface SmokeTarget {
  /** The inventory's name, or the URL. */
  readonly name: string;
  /** `http://host:4000`, with or without `/v1`. */
  readonly url: string;
  readonly key: Secret | undefined;
  /** Aliases that must be listed; `undefined`: another server, any models. */
  readonly models: readonly string[] | undefined;
  /** URLs that `x-hxllm-backend` must show; `undefined`: not judged. */
  readonly backends: readonly string[] | undefined;
  /** The aliases of embedding models. */
  readonly embeddings: readonly string[];
}

/** Whether the target is a gateway that hxllm installed. It is judged more strictly than other OpenAI-compatible servers. */
export function isOurs(target: SmokeTarget): boolean {
  return target.models !== undefined || target.backends !== undefined;
}
