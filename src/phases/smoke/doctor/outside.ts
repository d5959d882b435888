import { judgeAll } from '../../../core/check.ts';
import { isObject } from '../../../core/json.ts';
import { FLEET_VERSION, type FleetDocument } from '../../../schema/fleet-document.ts';
import { Client } from '../client.ts';
import { jsonOf, replyOf, type Exchange } from '../exchange.ts';
import { probe } from '../probes.ts';
import { QUICK_MS } from '../questions.ts';
import { SMOKE_CHECKS } from '../run.ts';
import { isOurs, type SmokeTarget } from '../target.ts';
import type { OutsideSymptoms, StreamTiming } from './diagnosis.ts';
import { isBuffered, timeStream } from './stream-timing.ts';

/** The means of asking over HTTP. */
export interface OutsideTools {
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly progress: (text: string) => void;
}

/** Asks a server over HTTP: the probes and checks of smoke, its fleet, and the arrival of a stream's events. */
export async function askOutside(target: SmokeTarget, tools: OutsideTools): Promise<OutsideSymptoms> {
  const { signal, nowMs, progress } = tools;
  const client = new Client(new URL(target.url), target, signal, nowMs);
  try {
    const seen = await probe(client, target, { progress, note: () => undefined }, nowMs);
    const listed = replyOf(seen.models)?.status === 200;
    const fleet =
      isOurs(target) && listed
        ? await client.ask({ method: 'GET', path: 'fleet', below: 'server', key: 'right', timeoutMs: QUICK_MS })
        : undefined;
    const timings: StreamTiming[] = [];
    if (seen.model !== undefined && replyOf(seen.stream)?.status === 200 && seen.stream !== undefined) {
      progress('timing a stream');
      const place = { url: seen.stream.asked.url, key: target.key, tls: target.tls, model: seen.model };
      // A pause of this machine looks the same, so a buffered stream is asked for once more.
      for (let turn = 0; turn < 2 && timings.every(isBuffered); turn += 1) {
        const timing = await timeStream(place, signal, nowMs);
        if (timing === undefined) break;
        timings.push(timing);
      }
    }
    const results = judgeAll(SMOKE_CHECKS, seen, target.name);
    return { seen, results, fleet: readFleet(fleet), timings, exchanges: client.exchanges };
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
