import { NO_DIALECTS, type AbilityAnswers, type DialectAnswers } from './abilities.ts';
import type { Burst } from './burst.ts';
import { NO_PARAMETERS, type AliasParameters, type ChatParameters } from './chat-probes.ts';
import type { ConnectionSteps } from './connection.ts';
import { at, jsonOf, replyOf, type Exchange } from './exchange.ts';
import type { KeyAnswers } from './key-probes.ts';
import type { AliasFacts } from './model-facts.ts';
import type { Outage } from './outage.ts';
import type { Ramps } from './ramp/samples.ts';
import type { ServerAnswer } from './servers.ts';
import { NO_STREAMS, type StreamAnswers } from './stream-probes.ts';
import type { SmokeTarget } from './target.ts';

/** The answers to questions that need no model. `undefined` or empty if an earlier answer left nothing to ask. */
export interface AccessAnswers {
  readonly target: SmokeTarget;
  readonly connection: ConnectionSteps;
  readonly health: Exchange;
  /** Requests that need no model, one after the other. */
  readonly pings: readonly Exchange[];
  readonly withoutKey: readonly Exchange[];
  readonly wrongKey: Exchange | undefined;
  /** `Authorization` headers that hold no key. */
  readonly malformed: readonly Exchange[];
  /** The right key in the URL; not asked where it would end in a log. */
  readonly queryKey: Exchange | undefined;
  /** A proxy that says that it stands in between. */
  readonly proxy: string | undefined;
  /** Asked with the key before a rotation, and with one that was revoked. */
  readonly previousKey: Exchange | undefined;
  readonly revokedKey: Exchange | undefined;
  readonly models: Exchange | undefined;
}

/** The answers of models. */
export interface ModelAnswers extends StreamAnswers {
  /** The model chosen for the chat. */
  readonly model: string | undefined;
  readonly chat: Exchange | undefined;
  readonly parameters: ChatParameters;
  /** Of each chat alias that answered. */
  readonly aliasParameters: ReadonlyMap<string, AliasParameters>;
  /** The answers of models that are listed and not configured; `undefined` where the time was over before. */
  readonly extras: ReadonlyMap<string, Exchange | undefined>;
  /** The answer to each alias, asked without naming a server; `undefined` where the time was over before. */
  readonly aliases: ReadonlyMap<string, Exchange | undefined>;
  /** The answers of servers that were asked by name. */
  readonly servers: readonly ServerAnswer[];
  readonly burst: Burst;
  readonly outage: Outage;
  readonly ramps: Ramps;
  /** Facts that the server states about each alias. */
  readonly facts: ReadonlyMap<string, AliasFacts>;
  /** The reason if hxllm's own gateway did not state them. */
  readonly lostFacts: string | undefined;
  readonly abilities: ReadonlyMap<string, AbilityAnswers>;
  readonly dialects: DialectAnswers;
  /** The last `/health`, and the `/fleet` after it. */
  readonly state: Exchange | undefined;
  readonly fleet: Exchange | undefined;
}

/** All exchanges with a server. */
export interface ProbeResults extends AccessAnswers, ModelAnswers {
  /** Only where a key is to be made, and a model has answered. */
  readonly keys?: KeyAnswers | undefined;
}

/** Reports to the operator while requests are sent: the current one, and what is about to be loaded. */
export interface Teller {
  readonly progress: (text: string) => void;
  readonly note: (text: string) => void;
}

/** No model was asked. */
export const NO_MODELS: ModelAnswers = {
  model: undefined,
  chat: undefined,
  parameters: NO_PARAMETERS,
  aliasParameters: new Map(),
  extras: new Map(),
  ...NO_STREAMS,
  aliases: new Map(),
  servers: [],
  burst: { sent: false, why: 'the models were not asked' },
  outage: { tried: false, why: 'the models were not asked' },
  ramps: { ran: false, why: 'no chat was answered' },
  facts: new Map(),
  lostFacts: undefined,
  abilities: new Map(),
  dialects: NO_DIALECTS,
  state: undefined,
  fleet: undefined,
};

/** The ids in a list of models; empty if the answer is not a list. */
export function listedModels(listing: Exchange | undefined): readonly string[] {
  const reply = replyOf(listing);
  const data = reply === undefined ? undefined : at(jsonOf(reply), 'data');
  if (!Array.isArray(data)) return [];
  return data.map((entry: unknown) => at(entry, 'id')).filter((id) => typeof id === 'string');
}
