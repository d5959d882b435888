import type { BackendConfig, Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import { textOf, type Json } from '../json.ts';
import { findListed, loadedBody, lowestVersion, tagBody } from '../api/ollama/listing.ts';
import { contextInModels, plainShow, showBody } from '../api/ollama/show.ts';
import { contextOf } from '../proxy/runner-options.ts';
import type { Service } from '../service.ts';
import type { BackendQuery } from '../upstream/query-cache.ts';

const ON_DISK: BackendQuery = { path: '/api/tags', holdsMs: 5000 };
const IN_MEMORY: BackendQuery = { path: '/api/ps', holdsMs: 250 };
const VERSION: BackendQuery = { path: '/api/version', holdsMs: 60_000 };
const SERVED: BackendQuery = { path: '/models', holdsMs: 60_000 };

/** Every alias as a model that Ollama has on disk. */
export async function listTags(service: Service): Promise<Json> {
  const answers = await askAll(service, ON_DISK);
  const since = new Date(service.since * 1000);
  return {
    models: [...service.models].map(([alias, { deployments }]) =>
      tagBody(
        alias,
        firstOf(deployments, ({ url, model }) => findListed(answers.get(url), model)),
        since,
      ),
    ),
  };
}

/** The aliases whose models are in memory somewhere, each as the server has it where it stays longest. */
export async function listLoaded(service: Service): Promise<Json> {
  const answers = await askAll(service, IN_MEMORY);
  const models = [...service.models].flatMap(([alias, { deployments }]) => {
    const known = deployments
      .map(({ url, model }) => findListed(answers.get(url), model))
      .filter((listed) => listed !== undefined);
    const [longest] = known.toSorted((a, b) => endOf(b) - endOf(a));
    return longest === undefined ? [] : [loadedBody(alias, longest)];
  });
  return { models };
}

/** A version whose API every server has. */
export async function showVersion(service: Service): Promise<Json> {
  return { version: lowestVersion([...(await askAll(service, VERSION)).values()]) };
}

/** What an alias is: as a server says it that has the model, or else what is known here; and which server that was. */
export async function showModel(
  service: Service,
  { name: alias, deployments }: ModelGroup,
  verbose: boolean,
): Promise<{ readonly body: Json; readonly from: Deployment | undefined }> {
  const { upstream, scheduler } = service;
  for (const deployment of deployments.filter(({ provider, url }) => provider === 'ollama' && isUp(service, url))) {
    const { model, options } = deployment;
    // With all its words it is large, and seldom wanted.
    const shown = await upstream.query(deployment, {
      path: '/api/show',
      body: verbose ? { model, verbose } : { model },
      holdsMs: verbose ? 0 : 5000,
    });
    if (shown !== undefined)
      return {
        body: showBody(shown, { alias, options, context: contextOf(deployment, scheduler.fleet) }),
        from: deployment,
      };
  }
  const [first] = deployments;
  const told =
    first.provider === 'openai' && isUp(service, first.url)
      ? contextInModels(await upstream.query(first, SERVED), first.model)
      : undefined;
  return {
    body: plainShow(
      { alias, options: first.options, context: told ?? contextOf(first, scheduler.fleet) },
      first.mode,
      new Date(service.since * 1000),
    ),
    from: undefined,
  };
}

async function askAll(service: Service, query: BackendQuery): Promise<ReadonlyMap<string, Json | undefined>> {
  const asked = service.config.backends.filter(({ provider, url }) => provider === 'ollama' && isUp(service, url));
  return new Map(
    await Promise.all(
      asked.map(async (backend: BackendConfig) => [backend.url, await service.upstream.query(backend, query)] as const),
    ),
  );
}

// Whoever is known to be down is not waited for.
function isUp({ scheduler }: Service, url: string): boolean {
  return scheduler.fleet.backends.get(url)?.circuit.state !== 'open';
}

// Servers say it in the time of where they are.
function endOf(loaded: Json): number {
  return Date.parse(textOf(loaded, 'expires_at')) || 0;
}

function firstOf<T, R>(list: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of list) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
