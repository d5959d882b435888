import type { Call } from '../native/call.ts';
import { goJson, parseBody } from '../wire/json.ts';
import { readFault } from './fault.ts';

/** `POST /sim/faults`: from now on something goes wrong. */
export function addFault(call: Call): void {
  call.machine.faults.add(readFault(parseBody(call.text, 'wanted an object such as {"kind":"die","after":3}')));
  listFaults(call);
}

/** `GET /sim/faults`: what is still to go wrong. */
export function listFaults(call: Call): void {
  call.line.whole(200, 'json', goJson({ faults: call.machine.faults.list() }));
}

/** `DELETE /sim/faults`: nothing goes wrong any more. */
export function clearFaults(call: Call): void {
  call.machine.faults.clear();
  listFaults(call);
}
