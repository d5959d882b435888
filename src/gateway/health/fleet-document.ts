import { DEFAULT_STRATEGY } from '../../core/routing-strategy.ts';
import { FLEET_VERSION, type FleetDocument } from '../../schema/fleet-document.ts';
import type { GatewayConfig } from '../../schema/gateway-config.ts';
import { SlicedText, type LongText } from '../http/long-text.ts';
import type { Fleet } from '../route/fleet.ts';
import { fleetAlias, fleetAliasNames } from './fleet-aliases.ts';
import type { ContextState } from './fleet-health.ts';
import { contextKeyOf, fleetServer, meanRates, type FleetMoment } from './fleet-servers.ts';

/** More would make a document of some megabytes. */
const MOST_SERVERS = 1024;
const MOST_ALIASES = 200;

/** The facts of the document of `/fleet`; `nowMs` is on routing's clock, `date` is the same moment. */
export interface FleetDocumentSource {
  readonly config: Pick<GatewayConfig, 'backends' | 'routing' | 'masterKey'>;
  readonly fleet: Fleet;
  readonly contexts: readonly ContextState[];
  readonly nowMs: number;
  readonly date: Date;
}

/**
 * The document of `/fleet` as JSON. Requests are served between its parts, so a large one is not the state of one moment. Servers come in
 * the order of the configuration.
 */
export async function fleetDocument({ config, fleet, contexts, nowMs, date }: FleetDocumentSource): Promise<LongText> {
  const moment: FleetMoment = {
    fleet,
    contexts: new Map(contexts.map((one) => [contextKeyOf(one.backend, one.model), one])),
    stated: new Map(config.backends.map(({ url, numParallel }) => [url, numParallel])),
    means: meanRates(fleet),
    nowMs,
    date,
  };
  const { masterKey } = config;
  const isKey = (word: string): boolean =>
    masterKey.state === 'set' && (masterKey.key.equals(word) || masterKey.previous?.equals(word) === true);
  const backends = [...fleet.backends.values()];
  const names = fleetAliasNames(fleet);
  let inFlight = 0;
  for (const backend of backends) inFlight += backend.inFlight;
  const head: Omit<FleetDocument, 'servers' | 'servers_left_out' | 'aliases' | 'aliases_left_out'> = {
    schema_version: FLEET_VERSION,
    at: date.toISOString(),
    strategy: config.routing.strategy ?? DEFAULT_STRATEGY,
    in_flight: inFlight,
    waiting: fleet.waiting.size,
  };
  const text = new SlicedText();
  const leftOut = (all: readonly unknown[], most: number): string => String(Math.max(0, all.length - most));
  await text.add(`${JSON.stringify(head).slice(0, -1)},"servers":[`);
  await text.addList(backends.slice(0, MOST_SERVERS), (backend) => fleetServer(moment, backend));
  await text.add(`],"servers_left_out":${leftOut(backends, MOST_SERVERS)},"aliases":[`);
  await text.addList(names.slice(0, MOST_ALIASES), (name) => fleetAlias(fleet, name, isKey, nowMs));
  await text.add(`],"aliases_left_out":${leftOut(names, MOST_ALIASES)}}`);
  return text.end();
}
