import type { Call } from '../native/call.ts';
import { goJson, parseBody } from '../wire/json.ts';
import { readFault } from './fault.ts';

/** `POST /sim/faults`: adds a fault. */
export function addFault(call: Call): void {
  call.machine.faults.add(readFault(parseBody(call.text, 'expected an object such as {"kind":"die","after":3}')));
  listFaults(call);
}

/** `GET /sim/faults`: lists the faults that have not struck yet. */
export function listFaults(call: Call): void {
  call.line.whole(200, 'json', goJson({ faults: call.machine.faults.list() }));
}

/** `DELETE /sim/faults`: removes all faults. */
export function clearFaults(call: Call): void {
  call.machine.faults.clear();
  listFaults(call);
}
