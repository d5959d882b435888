import { nearestName } from '../../../../core/spelling.ts';
import { listedModels } from '../../probe-results.ts';
import { replyOf, at, jsonOf } from '../../exchange.ts';
import { cause, evidenceOf, resultOf, serviceOf, type Rule, type Symptoms } from '../diagnosis.ts';

/** The configuration on the host is not that of the operator's files, and this explains what the answers show. */
export const explainingStaleRule: Rule = (symptoms) => {
  // An alias that is listed under nearly the same name is a slip in one of the two places, and says more than "another content".
  if (slipOf(symptoms) !== undefined) return undefined;
  const signs = signsOf(symptoms);
  return signs.length === 0 ? undefined : stale(symptoms, signs);
};

/** The same without a sign in the answers. */
export const staleRule: Rule = (symptoms) => stale(symptoms, []);

function stale(symptoms: Symptoms, signs: readonly string[]): ReturnType<Rule> {
  const { target, expected } = symptoms;
  const health = serviceOf(symptoms);
  if (health === undefined || expected === undefined) return undefined;
  const differing = [...expected.files].filter(([path, hash]) => health.files.get(path) !== hash).map(([path]) => path);
  const refused = health.log.findLast((line) => /"event":"(?:reload-refused|reloaded|listening)"/.test(line));
  const isRefused = refused?.includes('"event":"reload-refused"') === true;
  if (differing.length > 0)
    return cause(
      'config.stale',
      `the configuration on ${target.name} is not that of your files`,
      [
        ...signs,
        ...differing.map(
          (path) => `${path}: ${health.files.has(path) ? 'another content than your files make' : 'not on the host'}`,
        ),
        ...(isRefused ? ['the last reload was refused'] : []),
      ],
      `hxllm enforce --dry-run --limit ${target.name}  # shows the difference; without --dry-run it applies it`,
    );
  if (!isRefused && signs.length === 0) return undefined;
  return cause(
    'config.not-loaded',
    `the gateway on ${target.name} runs with an older configuration than its files`,
    [...signs, `${expected.configFile} is that of your files`, ...(isRefused ? ['the last reload was refused'] : [])],
    `hxllm service reload --limit ${target.name}`,
  );
}

function signsOf(symptoms: Symptoms): readonly string[] {
  const { outside, target } = symptoms;
  const { fleet } = outside;
  const strange =
    fleet?.servers.filter(({ url }) => target.backends?.includes(url) === false).map(({ url }) => url) ?? [];
  const missing =
    fleet === undefined
      ? []
      : (target.backends ?? []).filter((url) => !fleet.servers.some((server) => server.url === url));
  const absent = absentAliases(symptoms);
  return [
    ...(absent.length === 0 ? [] : [`GET /v1/models does not list ${absent.join(', ')}`]),
    ...(strange.length === 0 ? [] : [`the gateway uses ${strange.join(', ')}, which your files do not name`]),
    ...(missing.length === 0 || fleet?.servers_left_out !== 0
      ? []
      : [`the gateway does not know ${missing.join(', ')}`]),
  ];
}

function absentAliases({ outside, target }: Symptoms): readonly string[] {
  if (replyOf(outside.seen.models)?.status !== 200) return [];
  const listed = listedModels(outside.seen.models);
  return (target.models ?? []).filter((alias) => !listed.includes(alias));
}

/** An alias that is not listed, while nearly the same name is listed that the files do not have. */
function slipOf(symptoms: Symptoms): { readonly alias: string; readonly near: string } | undefined {
  const { outside, target } = symptoms;
  const others = listedModels(outside.seen.models).filter((name) => target.models?.includes(name) === false);
  // llama3-8b and llama3-70b are two models.
  const digits = (name: string): string => name.replaceAll(/\D/g, '');
  for (const alias of absentAliases(symptoms)) {
    const near = nearestName(
      alias,
      others.filter((name) => digits(name) === digits(alias)),
    );
    if (near !== undefined) return { alias, near };
  }
  return undefined;
}

/** An alias is not listed, or answers under another name. */
export const aliasRule: Rule = (symptoms) => {
  const { outside, target, expected } = symptoms;
  const listed = listedModels(outside.seen.models);
  const slip = slipOf(symptoms);
  const [absent] = slip === undefined ? absentAliases(symptoms) : [slip.alias];
  if (absent !== undefined) {
    const health = serviceOf(symptoms);
    const file = expected?.configFile;
    const differs = file !== undefined && health !== undefined && health.files.get(file) !== expected?.files.get(file);
    return cause(
      'models.wrong-alias',
      `no model is listed as ${absent}`,
      [
        `GET /v1/models lists ${listed.length === 0 ? 'nothing' : listed.slice(0, 8).join(', ')}`,
        ...(slip === undefined ? [] : [`the nearest name there is ${slip.near}, which your files do not have`]),
        ...(differs ? [`${file}: another content than your files make`] : []),
      ],
      `hxllm inventory explain ${target.name}  # shows where litellm_models comes from; then: hxllm enforce`,
    );
  }
  for (const [alias, exchange] of outside.seen.aliases) {
    const reply = replyOf(exchange);
    const model = reply?.status === 200 ? at(jsonOf(reply), 'model') : alias;
    if (target.models === undefined || target.embeddings.includes(alias) || model === alias) continue;
    return cause(
      'models.wrong-alias',
      `a request for ${alias} is answered under another name`,
      [`expected model ${JSON.stringify(alias)} in the answer, found ${JSON.stringify(model)}`],
      `hxllm validate --limit ${target.name}`,
    );
  }
  return undefined;
};

/** A check of smoke failed for a reason that no other rule knows. */
export const otherRule: Rule = (symptoms) => {
  const failed = symptoms.outside.results.filter(({ outcome, severity }) => outcome === 'fail' && severity === 'error');
  const open = symptoms.outside.results.filter(
    ({ outcome, severity }) => outcome === 'unknown' && severity === 'error',
  );
  const [first] = [...failed, ...open];
  if (first === undefined) return undefined;
  return cause(
    `smoke.${first.id}`,
    first.outcome === 'fail' ? `a check fails: ${first.title}` : `a question has no answer: ${first.title}`,
    [evidenceOf(resultOf(symptoms, first.id) ?? first)],
    first.fix ?? 'hxllm smoke',
  );
};
