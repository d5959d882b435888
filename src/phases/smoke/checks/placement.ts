import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { at, jsonOf, replyOf } from '../exchange.ts';
import { judgeLeast } from '../limits.ts';
import { readDeployments } from '../memory.ts';
import type { ProbeResults } from '../probe-results.ts';
import { ratesOf } from '../server-rates.ts';
import { serversOf } from '../target.ts';

/** A server this many times slower than another one with the same model is a warning. */
const MOST_TIMES = 3;

/** Does the gateway use the servers that the configuration gives each alias, and is each as fast as the others? */
export const PLACEMENT_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'backends.configured',
    title: 'every alias has the servers of its configuration',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ state, target }) => {
      if (target.backends === undefined) return notApplicable('no backends are expected');
      const deployed = readDeployments(state);
      if (deployed === undefined) return notApplicable('/health does not list the servers of each alias');
      const plain = (url: string): string => url.replace(/\/+$/, '');
      const rows = (target.models ?? [])
        .filter((alias) => !alias.includes('*'))
        .map((alias) => {
          const wanted = serversOf(target, alias).map(plain);
          const found = [...(deployed.get(alias) ?? [])].map(plain);
          return {
            alias,
            missing: wanted.filter((url) => !found.includes(url)),
            other: found.filter((url) => !wanted.includes(url)),
          };
        });
      const wrong = rows.filter(({ missing, other }) => missing.length + other.length > 0);
      const number = { value: wrong.length, unit: 'aliases', limit: 0 };
      if (wrong.length === 0) return pass(`${String(rows.length)} aliases`, number);
      return failed(
        'the servers of litellm_models and litellm_backends',
        wrong
          .map(({ alias, missing, other }) =>
            [
              ...(missing.length === 0 ? [] : [`${alias} is not on ${missing.join(', ')}`]),
              ...(other.length === 0 ? [] : [`${alias} is on ${other.join(', ')}`]),
            ].join(' and '),
          )
          .join('; '),
        'hxllm enforce',
        number,
      );
    },
  },
  {
    id: 'backends.even-speed',
    title: 'no server is much slower than another one with the same model',
    severity: 'warning',
    after: ['models.listed'],
    judge: ({ fleet }) => {
      const reply = replyOf(fleet);
      if (reply?.status !== 200) return notApplicable('/fleet does not show the speed of the servers');
      const rates = ratesIn(jsonOf(reply));
      const pairs = [...Map.groupBy(rates, ({ model }) => model)].flatMap(([model, on]) => {
        const sorted = on.toSorted((a, b) => a.rate - b.rate);
        const [slow, fast] = [sorted[0], sorted.at(-1)];
        return slow === undefined || fast === undefined || slow === fast ? [] : [{ model, slow, fast }];
      });
      const times = ({ slow, fast }: (typeof pairs)[number]): number => Math.round((fast.rate / slow.rate) * 10) / 10;
      const worst = pairs.toSorted((a, b) => times(b) - times(a))[0];
      if (worst === undefined) return notApplicable('no model wrote on two servers yet');
      const { model, slow, fast } = worst;
      const seen = `${model}: ${String(slow.rate)} tokens/s on ${slow.url}, ${String(fast.rate)} on ${fast.url}`;
      const number = { value: times(worst), unit: 'times', limit: MOST_TIMES };
      return times(worst) <= MOST_TIMES
        ? pass(seen, number)
        : failed(`at most ${String(MOST_TIMES)} times slower`, seen, `hxllm backend drain ${slow.url}`, number);
    },
  },
  {
    id: 'backends.fast-enough',
    title: 'every server writes fast enough for one client',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ aliases, servers, target }) => {
      if (target.backends === undefined) return notApplicable('no backends are expected');
      const rates = ratesOf([...aliases.values(), ...servers.map(({ exchange }) => exchange)]);
      const [slowest] = rates.toSorted((a, b) => a.rate - b.rate);
      if (slowest === undefined) return notApplicable('no answer says how long writing it took');
      const seen = rates.map(({ server, alias, rate }) => `${server} (${alias}) ${String(rate)} tokens/s`).join(', ');
      const fix = `ssh ${new URL(slowest.server).hostname} 'uptime; ollama ps'  # its load, and whether the model is on the GPU`;
      return judgeLeast('tokensPerS', slowest.rate, target, { seen, of: slowest.server, fix });
    },
  },
];

/** A model's speed on one server, as the gateway learned it. */
interface Rate {
  readonly url: string;
  readonly model: string;
  readonly rate: number;
}

function ratesIn(fleet: unknown): readonly Rate[] {
  const servers = at(fleet, 'servers');
  return (Array.isArray(servers) ? servers : []).flatMap((server: unknown) => {
    const [url, models] = [at(server, 'url'), at(server, 'models')];
    if (typeof url !== 'string' || !Array.isArray(models)) return [];
    return models.flatMap((entry: unknown) => {
      const [model, rate] = [at(entry, 'model'), at(entry, 'rates', 'decode')];
      return typeof model === 'string' && typeof rate === 'number' && rate > 0 ? [{ url, model, rate }] : [];
    });
  });
}
