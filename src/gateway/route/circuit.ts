/**
 * Whether a backend may be used: the circuit is `open` from a failure until a probe succeeds. `doubted`: a connection broke, which may
 * be the fault of one request; until a probe has ended, the backend gets no new request, and waiters wait.
 */
export type Circuit =
  | { readonly state: 'closed'; readonly doubted?: true }
  | { readonly state: 'open'; readonly sinceMs: number; readonly probes: number; readonly nextProbeMs: number };

/** The circuit of a backend without failures. */
export const CLOSED: Circuit = { state: 'closed' };

/** The circuit of a backend that is to be probed before its next request. */
export const DOUBTED: Circuit = { state: 'closed', doubted: true };

/** Whether a probe decides on the backend. */
export function isDoubted(circuit: Circuit): boolean {
  return circuit.state === 'closed' && circuit.doubted === true;
}

const FIRST_PROBE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/** The circuit after a failure that says that the backend is gone. */
export function opened(circuit: Circuit, nowMs: number): Circuit {
  return circuit.state === 'open'
    ? circuit
    : { state: 'open', sinceMs: nowMs, probes: 0, nextProbeMs: nowMs + FIRST_PROBE_MS };
}

/** The circuit after a probe: a success closes it, a failure delays the next probe, up to 5 s. */
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
