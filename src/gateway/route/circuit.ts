/** Whether a server may be used: `open` until a probe finds it alive again. */
export type Circuit =
  | { readonly state: 'closed' }
  | { readonly state: 'open'; readonly sinceMs: number; readonly probes: number; readonly nextProbeMs: number };

/** A server that nothing is known against. */
export const CLOSED: Circuit = { state: 'closed' };

const FIRST_PROBE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/** After a failure that says the server is gone. */
export function opened(circuit: Circuit, nowMs: number): Circuit {
  return circuit.state === 'open'
    ? circuit
    : { state: 'open', sinceMs: nowMs, probes: 0, nextProbeMs: nowMs + FIRST_PROBE_MS };
}

/** After a probe: one that went well closes the circuit, one that did not puts the next further off, up to 5 s. */
export function probed(circuit: Circuit, alive: boolean, nowMs: number): Circuit {
  if (alive) return CLOSED;
  const probes = circuit.state === 'open' ? circuit.probes + 1 : 0;
  const sinceMs = circuit.state === 'open' ? circuit.sinceMs : nowMs;
  return {
    state: 'open',
    sinceMs,
    probes,
    nextProbeMs: nowMs + Math.min(FIRST_PROBE_MS * 2 ** probes, LONGEST_PAUSE_MS),
  };
}
