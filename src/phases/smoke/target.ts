import type { Secret } from '../../core/secret.ts';

/** One server to judge. */
export interface SmokeTarget {
  /** What people call it: the inventory's name, or the URL. */
  readonly name: string;
  /** `http://host:4000`, with or without `/v1`. */
  readonly url: string;
  readonly key: Secret | undefined;
  /** Aliases that must be listed; `undefined`: any server, any models. */
  readonly models: readonly string[] | undefined;
  /** URLs that `x-hxllm-backend` must show; `undefined`: not judged. */
  readonly backends: readonly string[] | undefined;
  /** Those of the aliases that are embedding models. */
  readonly embeddings: readonly string[];
}

/** Whether it is to be a gateway of ours, of which more is known and wanted than of any OpenAI-compatible server. */
export function isOurs(target: SmokeTarget): boolean {
  return target.models !== undefined || target.backends !== undefined;
}
