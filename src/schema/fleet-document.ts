import { described, documentSchema, objectOf, type JsonSchema } from '../core/json-schema.ts';

/** The version of the format of `/fleet`. */
export const FLEET_VERSION = 1;

/** The document of `GET /fleet`: servers, models and queues, as routing knows them. Times in ms, rates in tokens a second. */
export interface FleetDocument {
  readonly schema_version: typeof FLEET_VERSION;
  readonly at: string;
  readonly strategy: string;
  readonly in_flight: number;
  readonly waiting: number;
  readonly servers: readonly FleetServer[];
  readonly servers_left_out: number;
  readonly aliases: readonly FleetAlias[];
  readonly aliases_left_out: number;
}

/** A server. */
export interface FleetServer {
  readonly url: string;
  readonly state: 'up' | 'doubted' | 'down';
  readonly drained?: true;
  readonly down_since?: string;
  readonly next_probe_ms?: number;
  readonly last_seen?: string;
  readonly slow_factor?: number;
  readonly in_flight: number;
  readonly room: { readonly stated?: number; readonly believed?: number };
  readonly load?: FleetLoad;
  readonly models: readonly FleetModel[];
  readonly models_left_out: number;
  readonly other_models: readonly string[];
}

/** The phase of a load. */
export type LoadPhase = 'making-room' | 'held' | 'loading' | 'in-request';

/** A load that is under way. */
export interface FleetLoad {
  readonly model: string;
  readonly phase: LoadPhase;
  readonly reason?: 'absent' | 'queue' | 'ahead' | 'weight' | 'options' | 'context';
  readonly since_ms: number;
  readonly expected_ms?: number;
  readonly victims: readonly string[];
}

/** A model on a server. */
export interface FleetModel {
  readonly model: string;
  readonly residency: 'resident' | 'absent' | 'unknown' | 'always';
  readonly context?: number;
  readonly grown_from?: number;
  readonly slots: { readonly stated?: number; readonly believed?: number; readonly trying: boolean };
  readonly in_flight: number;
  readonly abandoned: number;
  readonly unread_tokens: number;
  readonly idle_ms?: number;
  readonly paused_ms?: number;
  readonly rates: {
    readonly prefill?: number;
    readonly decode?: number;
    readonly load_ms?: number;
    readonly service_ms?: number;
  };
}

/** An alias: its queue, and its requests as they were lately. */
export interface FleetAlias {
  readonly alias: string;
  readonly waiting: number;
  readonly oldest_ms?: number;
  readonly on_time: number;
  readonly late: number;
  readonly batch: number;
  readonly retries: number;
  readonly waits_for_load: boolean;
  readonly callers: readonly FleetCaller[];
  readonly callers_left_out: number;
  readonly requests_per_s: number;
  readonly prompt_tokens: number;
  readonly cached_share: number;
  readonly response_tokens: number;
}

/** A caller with requests in a queue. */
export interface FleetCaller {
  readonly key: string;
  readonly user?: string;
  readonly newcomers?: true;
  readonly people: number;
  readonly batch: number;
}

const { text, count, duration, time, word, list } = described;
const number = (description: string): JsonSchema => ({ description, type: 'number', minimum: 0 });

const LOAD = objectOf<FleetLoad>(
  'The load that is under way; absent if there is none. A server loads one model at a time.',
  {
    model: text('The model, as the server names it.'),
    phase: word<LoadPhase>('How far it is.', {
      'making-room': 'decided, and waits until a model at work is idle, which is unloaded for it',
      held: 'decided, and sent when the requests on their way have arrived',
      loading: 'sent to the server',
      'in-request': 'inside a client’s request',
    }),
    reason: {
      optional: word<NonNullable<FleetLoad['reason']>>('Its cause; absent inside a client’s request.', {
        absent: 'requests wait, and no server has the model in memory',
        queue: 'another copy, since the queue is long',
        ahead: 'another copy, while nobody waits',
        weight: 'the share of the requests that the entry’s weight asks for',
        options: 'the model is in memory with other or unknown options',
        context: 'its context has grown',
      }),
    },
    since_ms: duration('Time since it was decided, in ms.'),
    expected_ms: { optional: duration('Its expected duration, in ms; absent before the first sample.') },
    victims: list('The models that leave the memory for it, as far as is known.', { type: 'string' }),
  },
);

const MODEL = objectOf<FleetModel>('A model of the configuration on this server.', {
  model: text('The model, as the server names it.'),
  residency: word<FleetModel['residency']>('Whether it is in memory.', {
    resident: 'it is',
    absent: 'it is not',
    unknown: 'not known, as after a load of another model',
    always: 'the server loads by itself',
  }),
  context: { optional: count('The context that it has, in tokens; absent if unknown.') },
  grown_from: { optional: count('The server’s own context, in tokens, if the gateway has made a longer one.') },
  slots: objectOf<FleetModel['slots']>('Requests that it runs at once.', {
    stated: { optional: count('Stated in the configuration.') },
    believed: { optional: count('The number in use, stated or learned; absent if the server queues requests itself.') },
    trying: { description: 'Whether a request beyond them is being tried.', type: 'boolean' },
  }),
  in_flight: count('Its requests there.'),
  abandoned: count('Slots in which the server still reads prompts of clients that have left.'),
  unread_tokens: number('Tokens of prompts that it is still reading, an estimate.'),
  idle_ms: {
    optional: duration('Time since its last request ended, in ms; absent while it has one, or if it had none.'),
  },
  paused_ms: {
    optional: duration('It gets no request or no load for this time, in ms, since it was full or its load failed.'),
  },
  rates: objectOf<FleetModel['rates']>('Its speed there, learned; each absent before its first sample.', {
    prefill: { optional: number('Tokens of a prompt that it reads in a second.') },
    decode: { optional: number('Tokens of a response that it makes in a second while it serves nothing else.') },
    load_ms: { optional: duration('The duration of a load, in ms.') },
    service_ms: { optional: duration('The mean time of a request in its slot, in ms.') },
  }),
});

const SERVER = objectOf<FleetServer>('A server.', {
  url: text('Its address.'),
  state: word<FleetServer['state']>('Whether it is in use.', {
    up: 'it is',
    doubted: 'a connection broke, and a probe decides; it gets no new request',
    down: 'from a failure until a probe succeeds',
  }),
  drained: {
    optional: {
      description: 'An operator has drained it: it gets nothing new. Absent if it is not drained.',
      const: true,
    },
  },
  down_since: { optional: time('Since when it is down.') },
  next_probe_ms: { optional: duration('Time to the next probe of a server that is down, in ms.') },
  last_seen: { optional: time('When it last answered anything; absent if it never has.') },
  slow_factor: {
    optional: number(
      'How much longer it takes for a token than the mean of all servers with the same models: 1 is as long, 2 twice as long. Absent where too few answers are known, or no other server has its models.',
    ),
  },
  in_flight: count('Requests that it is working on.'),
  room: objectOf<FleetServer['room']>('Models that it holds at the same time.', {
    stated: { optional: count('Stated in the configuration.') },
    believed: { optional: count('The number at which a load had to evict one; absent if that was not seen.') },
  }),
  load: { optional: LOAD },
  models: list('Its models; of more than 64 those in memory or with requests.', MODEL),
  models_left_out: count('Models that are left out.'),
  other_models: list('Models in its memory that no alias uses.', { type: 'string' }),
});

const ALIAS = objectOf<FleetAlias>('An alias with a queue, or with requests since the start.', {
  alias: text('The alias; requests that name a server wait as `ALIAS on URL`.'),
  waiting: count('Requests that wait for a slot.'),
  oldest_ms: { optional: duration('The time since the oldest of them came, in ms.') },
  on_time: count('Requests of people that can still begin in time.'),
  late: count('Requests of people that are late.'),
  batch: count('Requests of batches.'),
  retries: count('Requests of which an attempt has failed.'),
  waits_for_load: { description: 'Whether they wait only for a load.', type: 'boolean' },
  callers: list(
    'The callers with most requests in the queue.',
    objectOf<FleetCaller>('A caller.', {
      key: text(
        'The alias of its key, never the key; `master` for the master key, `anyone` for a gateway without one.',
      ),
      user: {
        optional: text('The name within the key that its requests give; parts that look like keys are `[key]`.'),
      },
      newcomers: { optional: { description: 'All names that came for the first time.', const: true } },
      people: count('Its requests in the queue that are no batch.'),
      batch: count('Its batches in the queue.'),
    }),
  ),
  callers_left_out: count('Callers beyond ten, which are left out.'),
  requests_per_s: number('Requests a second, of the last minutes.'),
  prompt_tokens: number('Mean tokens of a prompt.'),
  cached_share: {
    description: 'The part of a prompt that servers had in their caches, as a mean.',
    type: 'number',
    minimum: 0,
    maximum: 1,
  },
  response_tokens: number('Mean tokens of a response.'),
});

/** The schema of what `GET /fleet` answers. */
export function fleetDocumentSchema(): JsonSchema {
  return documentSchema('fleet', 'The answer of GET /fleet', {
    ...objectOf<FleetDocument>('Servers, models and queues, as routing knows them. No server is asked for it.', {
      schema_version: { description: 'The version of this format.', const: FLEET_VERSION },
      at: time('When it was written.'),
      strategy: text(
        'The strategy of routing. Where the file names none it is `fleet`, and aliases whose entries differ in weight are shared by weight.',
      ),
      in_flight: count('Requests that servers are working on.'),
      waiting: count('Requests that wait for a slot.'),
      servers: list('The servers, in the order of the configuration.', SERVER),
      servers_left_out: count('Servers beyond 1,024, which are left out.'),
      aliases: list('The aliases: those with most waiting requests first.', ALIAS),
      aliases_left_out: count('Aliases beyond 200, which are left out.'),
    }),
  });
}
