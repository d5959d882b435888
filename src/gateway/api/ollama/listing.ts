import { isObject, textOf, type Json } from '../../json.ts';
import { isSameModel } from './alias.ts';

/** The version whose API this is: what is said where no Ollama server is there to go by. */
export const API_VERSION = '0.22.1';

// No file has it.
const NO_DIGEST = '0'.repeat(64);

/** A model in an answer of `/api/tags` or `/api/ps`, as the server that gave it knows it; `undefined` where it does not have it. */
export function findListed(answer: Json | undefined, model: string): Json | undefined {
  const models = answer?.['models'];
  return Array.isArray(models)
    ? models.filter(isObject).find((listed) => isSameModel(textOf(listed, 'name'), model))
    : undefined;
}

/** An alias in `/api/tags`. Clients rely on every field, so what nobody knows is there too, and empty. */
export function tagBody(alias: string, known: Json | undefined, since: Date): Json {
  return {
    ...names(alias),
    modified_at: since.toISOString(),
    size: 0,
    digest: NO_DIGEST,
    ...known,
    ...names(alias),
    details: detailsBody(known?.['details']),
  };
}

/** An alias in `/api/ps`, of a model that a server has in memory. */
export function loadedBody(alias: string, known: Json): Json {
  return {
    ...names(alias),
    size: 0,
    digest: NO_DIGEST,
    expires_at: new Date(0).toISOString(),
    size_vram: 0,
    ...known,
    ...names(alias),
    details: detailsBody(known['details']),
  };
}

/** The details of a model; of its origin nothing, which is a path on a server. */
export function detailsBody(known: unknown): Json {
  const { parent_model: _origin, families, ...rest }: Json = isObject(known) ? known : {};
  return {
    parent_model: '',
    format: '',
    family: '',
    families: families ?? [],
    parameter_size: '',
    quantization_level: '',
    ...rest,
  };
}

/** The lowest of some servers' versions, so that a client asks for nothing that one of them does not know. */
export function lowestVersion(answers: readonly (Json | undefined)[]): string {
  const versions = answers
    .map((answer) => textOf(answer ?? {}, 'version'))
    .filter((version) => /^\d+\.\d+/.test(version));
  return versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0] ?? API_VERSION;
}

function names(alias: string): Json {
  return { name: alias, model: alias };
}
