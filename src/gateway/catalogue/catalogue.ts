import type { Deployment, KeyConfig, ModelGroup } from '../../schema/gateway-config.ts';
import { canonicalModelName } from '../../core/model-name.ts';
import { textOf, type Json } from '../json.ts';
import { listedByName, loadedBody, lowestVersion, tagBody } from '../api/ollama/listing.ts';
import { contextsOf, minimalShowBody, showBody, type ModelContexts } from '../api/ollama/show.ts';
import { jsonList, type LongText } from '../http/long-text.ts';
import { contextOf } from '../proxy/runner-options.ts';
import type { Service } from '../service.ts';
import { providerOf } from '../upstream/providers.ts';

/** Every alias, as a model that Ollama has on disk, in JSON. */
export async function listTags(service: Service, key: KeyConfig | undefined): Promise<LongText> {
  const listed = listedIn(await askAll(service, 'tags'));
  const since = new Date(service.since * 1000);
  return jsonList(
    listedGroups(service, key),
    ({ name: alias, deployments }) => tagBody(alias, firstOf(deployments, listed), since),
    'models',
  );
}

/** The aliases whose models are in memory, each as listed by the backend that keeps it longest, in JSON. */
export async function listLoaded(service: Service, key: KeyConfig | undefined): Promise<LongText> {
  const listed = listedIn(await askAll(service, 'loaded'));
  const loaded = ({ name: alias, deployments }: ModelGroup): Json | undefined => {
    const known = deployments.map(listed).filter((entry) => entry !== undefined);
    const [longest] = known.toSorted((a, b) => endOf(b) - endOf(a));
    return longest === undefined ? undefined : loadedBody(alias, longest);
  };
  return jsonList(listedGroups(service, key), loaded, 'models');
}

/** The lowest version of the backends: every backend has its API. */
export async function showVersion(service: Service): Promise<Json> {
  return { version: lowestVersion([...(await askAll(service, 'version')).values()]) };
}

/** The properties of an alias, from a backend that has the model or else from the configuration; and that backend. */
export async function showModel(
  service: Service,
  { name: alias, deployments }: ModelGroup,
  verbose: boolean,
): Promise<{ readonly body: Json; readonly from: Deployment | undefined; readonly contexts: ModelContexts }> {
  const { upstream, scheduler } = service;
  for (const deployment of deployments.filter(({ url }) => isUp(service, url))) {
    const { model, options } = deployment;
    const { show } = providerOf(deployment).catalogue;
    const shown = show === undefined ? undefined : await upstream.query(deployment, show(model, verbose));
    if (shown !== undefined)
      return {
        body: showBody(shown, { alias, options, context: contextOf(deployment, scheduler.fleet) }),
        from: deployment,
        contexts: contextsOf(shown, options),
      };
  }
  const [first] = deployments;
  const { contextLength } = providerOf(first).catalogue;
  const context =
    contextLength !== undefined && isUp(service, first.url)
      ? contextLength.read(await upstream.query(first, contextLength.query), first.model)
      : undefined;
  return {
    body: minimalShowBody(
      { alias, options: first.options, context: context ?? contextOf(first, scheduler.fleet) },
      first.mode,
      new Date(service.since * 1000),
    ),
    from: undefined,
    contexts: { ...contextsOf({}, first.options), trained: context },
  };
}

/** The aliases that lists show to a caller, each with the deployments that serve it. */
export function listedGroups(service: Service, key: KeyConfig | undefined): readonly ModelGroup[] {
  const { listed, models } = service.namesFor(key);
  return listed.flatMap((name) => {
    const group = models.get(name);
    return group === undefined ? [] : [{ ...group, name }];
  });
}

type Subject = 'tags' | 'loaded' | 'version';

/** Asks every backend that is up and knows the subject; answers by URL. */
async function askAll(service: Service, subject: Subject): Promise<ReadonlyMap<string, Json | undefined>> {
  const asked = service.config.backends.flatMap((backend) => {
    const query = providerOf(backend).catalogue[subject];
    return query !== undefined && isUp(service, backend.url) ? [{ backend, query }] : [];
  });
  return new Map(
    await Promise.all(
      asked.map(async ({ backend, query }) => [backend.url, await service.upstream.query(backend, query)] as const),
    ),
  );
}

/** Finds the entry of a deployment's model in the answer of its server: each answer is read once, for all aliases. */
function listedIn(answers: ReadonlyMap<string, Json | undefined>): (deployment: Deployment) => Json | undefined {
  const byUrl = new Map([...answers].map(([url, answer]) => [url, listedByName(answer)]));
  return ({ url, model }) => byUrl.get(url)?.get(canonicalModelName(model));
}

// A backend that is down would only delay the answer.
function isUp({ scheduler }: Service, url: string): boolean {
  return scheduler.fleet.backends.get(url)?.circuit.state !== 'open';
}

// Backends write times in their own time zone.
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
