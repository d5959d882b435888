import { canonicalModelName } from '../../../core/model-name.ts';
import type { ServedModel } from '../../../facts/ollama-server/http.ts';
import type { Scan, ScannedServer } from './scan.ts';

/** A model with the servers that have it: one row of the matrix. */
export interface ModelRow {
  /** The name as the first server writes it, or as litellm_models does. */
  readonly name: string;
  readonly sizeBytes: number | undefined;
  /** The smallest of the servers, in tokens. */
  readonly trainedContext: number | undefined;
  /** In the order of the servers. */
  readonly cells: readonly ModelCell[];
  /** Whether servers have other weights under the name. */
  readonly differs: boolean;
}

/** A model on a server. */
export interface ModelCell {
  readonly server: ScannedServer;
  /** `unknown`: the server did not answer. */
  readonly state: 'present' | 'absent' | 'unknown';
  readonly model?: ServedModel;
  /** Its digest is not the one that most servers have. */
  readonly differs: boolean;
}

/** The rows for all models of the servers, and for those of litellm_models that none has. */
export function modelRows({ servers }: Pick<Scan, 'servers'>, configured: readonly string[]): readonly ModelRow[] {
  const names = new Map<string, string>();
  for (const name of [
    ...servers.flatMap(({ answer }) => answer?.models.map((model) => model.name) ?? []),
    ...configured,
  ])
    if (!names.has(canonicalModelName(name))) names.set(canonicalModelName(name), name);
  return [...names].map(([canonical, name]) => rowOf(name, canonical, servers));
}

function rowOf(name: string, canonical: string, servers: readonly ScannedServer[]): ModelRow {
  const found = servers.map((server) => ({
    server,
    model: server.answer?.models.find((model) => canonicalModelName(model.name) === canonical),
  }));
  const models = found.flatMap(({ model }) => model ?? []);
  const digests = models.map(({ digest }) => digest).filter((digest) => digest !== '');
  const usual = mostFrequent(digests);
  const trained = models.flatMap(({ trainedContext }) => trainedContext ?? []);
  return {
    name,
    sizeBytes: models.find(({ digest }) => digest === usual)?.sizeBytes ?? models[0]?.sizeBytes,
    trainedContext: trained.length === 0 ? undefined : Math.min(...trained),
    cells: found.map(({ server, model }) => ({
      server,
      state: model !== undefined ? 'present' : server.answer === undefined ? 'unknown' : 'absent',
      ...(model === undefined ? {} : { model }),
      differs: model !== undefined && model.digest !== '' && model.digest !== usual,
    })),
    differs: new Set(digests).size > 1,
  };
}

/** The first of those that occur most often. */
function mostFrequent(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}
