import { isObject, textOf, type Json } from '../../json.ts';
import { canonicalModelName } from '../../../core/model-name.ts';

/** The version of Ollama whose API the gateway implements. The gateway reports it if no Ollama server reports its own. */
const API_VERSION = '0.22.1';

// A digest that no file has.
const NO_DIGEST = '0'.repeat(64);

/** The models of a server's response to `/api/tags` or `/api/ps`, by {@link canonicalModelName}. */
export function listedByName(response: Json | undefined): ReadonlyMap<string, Json> {
  const models = response?.['models'];
  const byName = new Map<string, Json>();
  for (const listed of Array.isArray(models) ? models.filter(isObject) : []) {
    const name = canonicalModelName(textOf(listed, 'name'));
    if (!byName.has(name)) byName.set(name, listed);
  }
  return byName;
}

/** The entry of an alias in `/api/tags`. Clients rely on every field, so unknown fields are present with empty values. */
export function tagBody(alias: string, serverEntry: Json | undefined, since: Date): Json {
  return {
    ...names(alias),
    modified_at: since.toISOString(),
    size: 0,
    digest: NO_DIGEST,
    ...serverEntry,
    ...names(alias),
    details: detailsBody(serverEntry?.['details']),
  };
}

/** The entry of an alias in `/api/ps`; `serverEntry` describes the loaded model. */
export function loadedBody(alias: string, serverEntry: Json): Json {
  return {
    ...names(alias),
    size: 0,
    digest: NO_DIGEST,
    expires_at: new Date(0).toISOString(),
    size_vram: 0,
    ...serverEntry,
    ...names(alias),
    details: detailsBody(serverEntry['details']),
  };
}

/** The details of a model, without its parent: that is a path on a server. */
export function detailsBody(details: unknown): Json {
  const { parent_model: _origin, families, ...rest }: Json = isObject(details) ? details : {};
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

/** The lowest version of the given servers, so that no client uses a feature that one of them lacks. */
export function lowestVersion(responses: readonly (Json | undefined)[]): string {
  const versions = responses
    .map((response) => textOf(response ?? {}, 'version'))
    .filter((version) => /^\d+\.\d+/.test(version));
  return versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0] ?? API_VERSION;
}

function names(alias: string): Json {
  return { name: alias, model: alias };
}
