import type { HostSymptoms, ExpectedState, Symptoms } from '../../../../src/phases/smoke/doctor/diagnosis.ts';
import { Secret } from '../../../../src/core/secret.ts';
import type { ServiceHealth, UnitHealth } from '../../../../src/facts/service-health.ts';
import { askOutside } from '../../../../src/phases/smoke/doctor/outside.ts';
import type { SmokeTarget } from '../../../../src/phases/smoke/target.ts';
import { FLEET_VERSION, type FleetDocument, type FleetServer } from '../../../../src/schema/fleet-document.ts';
import { json, KEY, startFake, type Answer, type Seen } from '../fake-server.ts';

export const ONE = 'http://127.0.0.1:1';
export const TWO = 'http://127.0.0.1:2';
export const PHI = 'phi3:3.8b-mini-128k-instruct-q8_0';
export const LLAMA = 'llama3:8b-instruct-q8_0';
const HASH = 'a'.repeat(64);
const FILES = new Map([
  ['/etc/litellm/config.yaml', HASH],
  ['/etc/litellm/litellm.env', HASH],
]);

const UNIT: UnitHealth = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  result: 'success',
  enabled: 'enabled',
  exitStatus: 0,
};

/** The service of a healthy host, with changes. */
export function service(
  over: Partial<Omit<ServiceHealth, 'service' | 'socket'>> & {
    readonly service?: Partial<UnitHealth>;
    readonly socket?: Partial<UnitHealth>;
  } = {},
): ServiceHealth {
  return {
    installed: true,
    process: undefined,
    files: FILES,
    log: ['{"time":"2026-11-30T00:00:00.000Z","event":"listening"}'],
    check: { exitCode: 0, text: 'valid' },
    config: 'model_list: []\n',
    ...over,
    service: { ...UNIT, ...over.service },
    socket: { ...UNIT, ...over.socket },
  };
}

/** The answers of a healthy host, with changes. `models`: by server; a text is the reason why it does not answer. */
export function host(
  over: {
    readonly service?: ServiceHealth;
    readonly listeners?: readonly string[];
    readonly models?: Readonly<Record<string, readonly string[] | string>>;
    readonly trained?: number;
  } = {},
): HostSymptoms {
  const models = { [ONE]: [PHI, LLAMA], [TWO]: [PHI, LLAMA], ...over.models };
  return {
    service: { known: true, value: over.service ?? service() },
    listeners: { known: true, value: over.listeners ?? ['0.0.0.0'] },
    backends: Object.entries(models).map(([url, names]) => {
      if (typeof names === 'string') {
        const silent = { known: true as const, value: { answered: false as const, why: names } };
        return { url, version: silent, models: silent, details: { known: true as const, value: undefined } };
      }
      return {
        url,
        version: { known: true as const, value: { answered: true as const, value: '0.22.1' } },
        models: {
          known: true as const,
          value: { answered: true as const, value: names.map((name) => ({ name, digest: '', modifiedAt: '' })) },
        },
        details: {
          known: true as const,
          value: {
            loaded: [],
            shown: names.map((name) => ({
              name,
              numCtx: undefined,
              trainedContext: over.trained ?? 131_072,
              weights: undefined,
            })),
          },
        },
      };
    }),
  };
}

/** The state that the operator's files ask for. */
export function expected(over: Partial<ExpectedState> = {}): ExpectedState {
  return {
    serviceManager: 'systemd',
    port: 4000,
    configFile: '/etc/litellm/config.yaml',
    envFile: '/etc/litellm/litellm.env',
    routingStrategy: 'fleet',
    models: [
      { name: 'phi3-3.8b', model: PHI, numCtx: undefined, mode: 'chat' },
      { name: 'llama3-8b', model: LLAMA, numCtx: undefined, mode: 'chat' },
    ],
    files: FILES,
    ...over,
  };
}

/** A server in `/fleet`. */
export function server(url: string, over: Partial<FleetServer> = {}): FleetServer {
  const model = (name: string): FleetServer['models'][number] => ({
    model: name,
    residency: 'resident',
    slots: { believed: 4, trying: false },
    in_flight: 0,
    abandoned: 0,
    unread_tokens: 0,
    rates: {},
  });
  return {
    url,
    state: 'up',
    in_flight: 0,
    room: {},
    models: [model(PHI), model(LLAMA)],
    models_left_out: 0,
    other_models: [],
    ...over,
  };
}

/** The document of `GET /fleet`. */
export function fleet(servers: readonly FleetServer[], over: Partial<FleetDocument> = {}): FleetDocument {
  return {
    schema_version: FLEET_VERSION,
    at: '2026-11-30T00:00:00.000Z',
    strategy: 'fleet',
    in_flight: 0,
    waiting: 0,
    servers,
    servers_left_out: 0,
    aliases: [],
    aliases_left_out: 0,
    ...over,
  };
}

/** `/health` of a gateway with both models in the memory of both servers, each with two slots. */
export function health(): object {
  const models = [
    ['phi3-3.8b', PHI],
    ['llama3-8b', LLAMA],
  ] as const;
  return {
    healthy_endpoints: [ONE, TWO].flatMap((base) =>
      models.map(([alias, model]) => ({ model_name: alias, model, api_base: base })),
    ),
    backends: [ONE, TWO].map((backend) => ({
      backend,
      resident: models.map(([, model]) => model),
      slots: Object.fromEntries(models.map(([, model]) => [model, { known: 2 }])),
    })),
  };
}

/** A planted fault; everything that it does not name is healthy. */
export interface Planted {
  readonly bend?: (seen: Seen, answer: Answer) => Answer | 'hang up' | 'say nothing';
  /** How fast the fake writes its streams. */
  readonly pace?: { readonly everyMs: number };
  /** The names that the gateway lists. */
  readonly listed?: readonly string[];
  readonly fleet?: FleetDocument;
  readonly host?: Symptoms['host'];
  readonly expected?: Partial<ExpectedState>;
  readonly target?: Partial<SmokeTarget>;
  /** The address that is asked; by default the fake's own. */
  readonly at?: (url: string) => Promise<{ readonly url: string } & AsyncDisposable>;
}

/** The symptoms of a gateway with a planted fault, really asked over HTTP. */
export async function examined(planted: Planted): Promise<Symptoms> {
  const shown = planted.fleet ?? fleet([server(ONE), server(TWO)]);
  await using fake = await startFake({
    models: planted.listed ?? ['phi3-3.8b', 'llama3-8b'],
    backends: [ONE, TWO],
    health: health(),
    ...(planted.pace === undefined ? {} : { pace: planted.pace }),
    bend: (seen, answer) => {
      const own = seen.path === '/fleet' && seen.key === KEY ? json(200, shown) : answer;
      return planted.bend?.(seen, own) ?? own;
    },
  });
  await using place = (await planted.at?.(fake.url)) ?? { url: fake.url, [Symbol.asyncDispose]: async () => undefined };
  const target: SmokeTarget = {
    name: 'hx-api-server',
    url: place.url,
    key: new Secret(KEY),
    models: ['phi3-3.8b', 'llama3-8b'],
    backends: [ONE, TWO],
    embeddings: [],
    ...planted.target,
  };
  const { signal } = new AbortController();
  const outside = await askOutside(target, { signal, nowMs: () => performance.now(), progress: () => undefined });
  return { target, outside, expected: expected(planted.expected), host: planted.host ?? host() };
}
