import type { Deployment, KeyConfig } from '../../schema/gateway-config.ts';
import { modelGroupBody } from '../api/litellm/model-group-info.ts';
import { modelInfoBody, type ModelFacts } from '../api/litellm/model-info.ts';
import { contextsOf } from '../api/ollama/show.ts';
import { jsonList, Slices, type LongText } from '../http/long-text.ts';
import { isObject, textOf } from '../json.ts';
import { contextOf } from '../proxy/runner-options.ts';
import type { Service } from '../service.ts';
import { listedGroups, showModel } from './catalogue.ts';

/** Time for the answers of all servers, ms; later ones are left out. Servers are asked side by side, each for one model at a time. */
const ANSWERS_MS = 4000;

/** A list as JSON, as LiteLLM has it: `{"data":[…]}`, and the number of its items. */
export interface ListText {
  readonly items: number;
  readonly text: LongText;
}

/** Every deployment of every listed alias; with `id`, the deployment with that id alone, or none. */
export async function listModelInfo(service: Service, key: KeyConfig | undefined, id?: string): Promise<ListText> {
  const { models } = service.namesFor(key);
  const wanted =
    id === undefined
      ? listedGroups(service, key)
      : service.config.groups
          .filter(({ name }) => models.has(name))
          .map(({ name, deployments }) => ({
            name,
            deployments: deployments.filter(({ listed }) => listed.id === id),
          }));
  const facts = await factsOf(
    service,
    wanted.flatMap(({ deployments }) => deployments),
  );
  const all = wanted.flatMap(({ name, deployments }) => deployments.map((deployment) => ({ name, deployment })));
  const text = await jsonList(
    all,
    ({ name, deployment }) => modelInfoBody(name, deployment, facts(deployment)),
    'data',
  );
  return { items: all.length, text };
}

/** Every listed alias; with `asked`, that alias alone, or none. */
export async function listModelGroups(service: Service, key: KeyConfig | undefined, asked?: string): Promise<ListText> {
  const wanted = listedGroups(service, key).filter(({ name }) => asked === undefined || name === asked);
  const facts = await factsOf(
    service,
    wanted.flatMap(({ deployments }) => deployments),
  );
  const text = await jsonList(
    wanted,
    ({ name, deployments }) =>
      modelGroupBody(
        name,
        deployments.map((deployment) => ({ deployment, facts: facts(deployment) })),
      ),
    'data',
  );
  return { items: wanted.length, text };
}

/** Asks the servers about the models of deployments; a server that is silent tells nothing. */
async function factsOf(
  service: Service,
  deployments: readonly Deployment[],
): Promise<(deployment: Deployment) => ModelFacts> {
  const untilMs = performance.now() + ANSWERS_MS;
  const known = new Map<Deployment, ModelFacts>();
  const servers = [...Map.groupBy(new Set(deployments), ({ url }) => url).values()];
  const answers = Promise.all(
    servers.map(async (onServer) => {
      // Answers that are known come without a turn.
      const slices = new Slices();
      for (const deployment of onServer) {
        if (performance.now() < untilMs) known.set(deployment, await askAbout(service, deployment));
        await slices.due();
      }
    }),
  );
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ANSWERS_MS);
  await Promise.race([answers, late]);
  clearTimeout(timer);
  return (deployment) =>
    known.get(deployment) ?? {
      capabilities: undefined,
      context: contextOf(deployment, service.scheduler.fleet),
      contexts: contextsOf({}, deployment.options),
    };
}

async function askAbout(service: Service, deployment: Deployment): Promise<ModelFacts> {
  const { body, from, contexts } = await showModel(
    service,
    { name: deployment.model, deployments: [deployment] },
    false,
  );
  const info = body['model_info'];
  const context = isObject(info) ? info[`${textOf(info, 'general.architecture')}.context_length`] : undefined;
  const capabilities = from === undefined ? undefined : body['capabilities'];
  return {
    capabilities: Array.isArray(capabilities) ? capabilities : undefined,
    context: typeof context === 'number' ? context : undefined,
    contexts,
  };
}
