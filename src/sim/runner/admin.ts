import { isObject } from '../../core/json.ts';
import type { Call } from '../native/call.ts';
import { goJson, parseBody } from '../wire/json.ts';
import { Refusal } from '../wire/refusal.ts';

const EXPECTED = 'expected an object such as {"speed":0.5}, with a number above 0';

/** `POST /sim/speed`: the machine works at a part of its stated speed from now on. */
export function setSpeed(call: Call): void {
  const body = parseBody(call.text, EXPECTED);
  const speed = isObject(body) ? body['speed'] : undefined;
  if (typeof speed !== 'number' || !(speed > 0) || !Number.isFinite(speed)) throw new Refusal(400, EXPECTED);
  call.machine.processor.speed = speed;
  call.line.whole(200, 'json', goJson({ speed }));
}

/** `GET /sim/journal`: the last loads and uses of models. */
export function listJournal(call: Call): void {
  call.line.whole(200, 'json', goJson({ journal: call.machine.journal.list() }));
}
