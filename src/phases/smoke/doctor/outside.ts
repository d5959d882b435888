import { judgeAll } from '../../../core/check.ts';
import { isObject } from '../../../core/json.ts';
import { FLEET_VERSION, type FleetDocument } from '../../../schema/fleet-document.ts';
import { Client } from '../client.ts';
import { jsonOf, replyOf, type Exchange } from '../exchange.ts';
import { probe } from '../probes.ts';
import { SMOKE_CHECKS } from '../run.ts';
import type { SmokeTarget } from '../target.ts';
import type { OutsideSymptoms } from './diagnosis.ts';

/** The means of asking over HTTP. */
export interface OutsideTools {
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly progress: (text: string) => void;
}

/** Asks a server over HTTP: the probes and checks of smoke, without its ramp. */
export async function askOutside(target: SmokeTarget, tools: OutsideTools): Promise<OutsideSymptoms> {
  const { signal, nowMs, progress } = tools;
  const client = new Client(new URL(target.url), target, signal, nowMs);
  const asked = { ...target, withoutRamp: true };
  try {
    const seen = await probe(client, asked, { progress, note: () => undefined }, nowMs);
    const results = judgeAll(SMOKE_CHECKS, seen, target.name);
    return { seen, results, fleet: readFleet(seen.fleet), exchanges: client.exchanges };
  } finally {
    await client.close();
  }
}

function readFleet(exchange: Exchange | undefined): FleetDocument | undefined {
  const reply = replyOf(exchange);
  const document = reply?.status === 200 ? jsonOf(reply) : undefined;
  if (!isObject(document) || !Array.isArray(document['servers']) || !Array.isArray(document['aliases']))
    return undefined;
  // The gateway writes it by the schema of this version.
  return document['schema_version'] === FLEET_VERSION ? (document as unknown as FleetDocument) : undefined;
}
