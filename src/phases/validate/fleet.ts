import type { Settings } from '../../config/config.ts';
import { isSameModel } from '../../core/model-name.ts';
import { listInWords, pluralize } from '../../core/pluralize.ts';
import { failed, notApplicable, pass, type Verdict } from '../../core/verdict.ts';
import { MODEL_OFFLINE } from '../../core/without-internet.ts';
import { hostnameOf } from '../../facts/name.ts';
import type { HostFacts } from './host-facts.ts';

/**
 * Whether each alias has a server that can serve it: by the variables, and by the models that the backends list to the host. An alias
 * is not judged while one of its servers is silent, since that one may have the model.
 */
export function judgeServed(settings: Settings, facts: HostFacts | undefined): Verdict {
  const { models = [], backends = [] } = settings;
  const all = backends.map(({ url }) => url);
  const listed = new Map(all.map((url) => [url, modelsAt(url, facts)]));
  const unserved = models.flatMap(({ name, model, backends: own }) => {
    const urls = own ?? all;
    if (urls.length === 0)
      return [{ text: `${name} has no backend`, fix: `correct backends: of ${name} in litellm_models` }];
    const canServe = urls.some((url) => listed.get(url)?.some((one) => isSameModel(one, model)) ?? true);
    return canServe
      ? []
      : [
          {
            text: `${name} needs ${model}, which ${listInWords(urls)} ${urls.length === 1 ? 'does' : 'do'} not have`,
            fix: `OLLAMA_HOST=${urls[0] ?? ''} ollama pull ${model}  # ${MODEL_OFFLINE}`,
          },
        ];
  });
  const [first] = unserved;
  if (first !== undefined)
    return failed('a server for every alias', unserved.map(({ text }) => text).join('; '), first.fix);
  const silent = all.filter((url) => listed.get(url) === undefined);
  return silent.length === 0
    ? pass(`${pluralize(models.length, 'model')} on ${pluralize(all.length, 'backend')}`)
    : notApplicable(`${silent.join(', ')} did not tell the host its models; hxllm preflight says why`);
}

function modelsAt(url: string, facts: HostFacts | undefined): readonly string[] | undefined {
  const fact = facts?.[`models ${url}`];
  return fact?.known === true && fact.value.answered ? fact.value.value.map(({ name }) => name) : undefined;
}

/**
 * Whether two backends are one server: their names have an address in common on the host, and their ports are the same. A proxy may tell
 * servers apart by their names: then they list other models.
 */
export function judgeOneServer({ backends = [] }: Settings, facts: HostFacts | undefined): Verdict {
  const places = new Map<string, string>();
  const twins: (readonly [string, string])[] = [];
  let unresolved = 0;
  for (const { url } of backends) {
    const resolved = facts?.[`resolves ${hostnameOf(url)}`];
    if (resolved?.known !== true || resolved.value.length === 0) unresolved += 1;
    const addresses = resolved?.known === true ? resolved.value : [];
    const { protocol, port, pathname } = new URL(url);
    const keys = addresses.map((address) => `${loopbackOf(address)} ${port === '' ? protocol : port} ${pathname}`);
    const twin = keys
      .map((key) => places.get(key))
      .find((other) => other !== undefined && !listOthers(other, url, facts));
    if (twin !== undefined) twins.push([twin, url]);
    for (const key of keys) places.set(key, twin ?? url);
  }
  const [first] = twins;
  if (first !== undefined)
    return failed(
      'one address for each server',
      twins.map(([one, other]) => `${one} and ${other} are one server, whose slots and memory count twice`).join('; '),
      `remove ${first[1]} from litellm_backends, if it is the same server as ${first[0]}`,
    );
  return unresolved === backends.length
    ? notApplicable('the host resolves none of the backends’ names')
    : pass('no address on the host belongs to two of them');
}

/** Whether both told the host their models, and these differ. */
function listOthers(one: string, other: string, facts: HostFacts | undefined): boolean {
  const [a, b] = [one, other].map((url) => {
    const fact = facts?.[`models ${url}`];
    if (fact?.known !== true || !fact.value.answered) return undefined;
    return fact.value.value
      .map(({ name, digest, modifiedAt }) => `${name} ${digest} ${modifiedAt}`)
      .toSorted((left, right) => left.localeCompare(right))
      .join('\n');
  });
  return a !== undefined && b !== undefined && a !== b;
}

// localhost is ::1 and 127.0.0.1, and a server listens on both.
function loopbackOf(address: string): string {
  return address === '::1' || address.startsWith('127.') ? 'loopback' : address;
}
