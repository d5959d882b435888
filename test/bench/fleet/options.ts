import { parseArgs } from 'node:util';
import { ROUTING_STRATEGIES, type RoutingStrategy } from '../../../src/core/routing-strategy.ts';
import type { Workload } from '../../fleet/workload/workload.ts';
import { REAL_TIME } from '../../fleet/workload/real-time.ts';

/** The text of `--help`. */
export const USAGE = `npm run bench:fleet [-- OPTIONS]    how well gateways route, over HTTP, in front of simulated Ollama servers, at real time

  --only REGEX          workloads: ${REAL_TIME.map(({ name }) => name).join(', ')}
  --seed N              of the requests (1)
  --strategies A,B      ours (${ROUTING_STRATEGIES.join(',')}); "none" for none
  --peers A,B           nginx, litellm (nginx; litellm needs --litellm). nginx: apt-get install nginx-light
  --litellm PATH        the command of LiteLLM: python3 -m venv V && V/bin/pip install 'litellm[proxy]==1.108.7'; PATH is V/bin/litellm
  --gateway NAME=URL    a gateway that runs already; its servers listen on 127.0.0.1 from --first-port on, ten ports for each of them
  --first-port N        (11500)
  --at-once N           gateways that get the requests at the same time, each in front of its own servers (all of them)
  --trace FOLDER        our decisions, as NDJSON
  --json FILE           all requests and loads
`;

/** The command line. */
export interface Options {
  readonly workloads: readonly Workload[];
  readonly seed: number;
  readonly strategies: readonly RoutingStrategy[];
  readonly peers: readonly string[];
  readonly litellm: string | undefined;
  readonly gateways: readonly { readonly name: string; readonly url: string }[];
  readonly firstPort: number;
  readonly atOnce: number;
  readonly trace: string | undefined;
  readonly json: string | undefined;
}

/** Reads the command line; `help` wins. Throws an error with the reason if it cannot. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '.' },
      seed: { type: 'string', default: '1' },
      strategies: { type: 'string', default: ROUTING_STRATEGIES.join(',') },
      peers: text,
      litellm: text,
      gateway: { type: 'string', multiple: true, default: [] },
      'first-port': { type: 'string', default: '11500' },
      'at-once': { type: 'string', default: '1000' },
      trace: text,
      json: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  const only = new RegExp(values.only);
  const workloads = REAL_TIME.filter(({ name }) => only.test(name));
  if (workloads.length === 0)
    throw new Error(`No workload matches ${values.only}; there are ${REAL_TIME.map(({ name }) => name).join(', ')}.`);
  const peers = values.peers ?? (values.litellm === undefined ? 'nginx' : 'nginx,litellm');
  const named = peers === '' ? [] : peers.split(',');
  for (const peer of named)
    if (peer !== 'nginx' && peer !== 'litellm')
      throw new Error(`Expected nginx or litellm for --peers, found ${peer}.`);
  if (named.includes('litellm') && values.litellm === undefined)
    throw new Error('--peers litellm needs --litellm PATH.');
  return {
    workloads,
    seed: wholeOf('--seed', values.seed),
    strategies: values.strategies === 'none' ? [] : values.strategies.split(',').map(strategyOf),
    peers: named,
    litellm: values.litellm,
    gateways: values.gateway.map(gatewayOf),
    firstPort: wholeOf('--first-port', values['first-port']),
    atOnce: wholeOf('--at-once', values['at-once']),
    trace: values.trace,
    json: values.json,
  };
}

function strategyOf(name: string): RoutingStrategy {
  const strategy = ROUTING_STRATEGIES.find((one) => one === name);
  if (strategy === undefined) throw new Error(`Expected one of ${ROUTING_STRATEGIES.join(', ')}, found ${name}.`);
  return strategy;
}

function gatewayOf(text: string): { readonly name: string; readonly url: string } {
  const [, name, url] = /^([^=]+)=(https?:\/\/.+)$/.exec(text) ?? [];
  if (name === undefined || url === undefined || !URL.canParse(url))
    throw new Error(`Expected --gateway NAME=URL, found ${text}.`);
  return { name, url };
}

function wholeOf(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`Expected a whole number from 1 for ${flag}, found ${JSON.stringify(text)}.`);
  return number;
}
