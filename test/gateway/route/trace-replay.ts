import assert from 'node:assert/strict';
import type { Lease } from '../../../src/gateway/route/fleet.ts';
import { policyFor } from '../../../src/gateway/route/policies.ts';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { route } from '../../../src/gateway/route/router.ts';
import { readTrace, type Trace } from '../../../src/gateway/route/trace-reader.ts';
import {
  parseTraceLine,
  traceLine,
  tracedDecision,
  untracedEvent,
  type PolicySettings,
  type TracedStep,
} from '../../../src/gateway/route/trace.ts';
import { CheckedRouting } from './invariants.ts';

/**
 * Asserts for a trace (`HXLLM_ROUTE_TRACE`) that `route()` decides again what it decided then, event by event, and that the invariants of
 * routing hold. Returns the trace.
 */
export function assertTrace(text: string, file = 'route.ndjson'): Trace {
  const read = readTrace(text, file);
  assert.ok(read.ok, JSON.stringify(read.ok ? '' : read.problems));
  const { header, steps } = read.value;
  for (const isChecked of [false, true]) {
    const fleet = createFleet(header.spec);
    let numbers: number[] = [];
    const policyWith = ({ strategy, ...settings }: PolicySettings): Policy =>
      policyFor(strategy, {
        ...settings,
        random: () => {
          const number = numbers.shift();
          assert.ok(number !== undefined, 'more random numbers are drawn than were');
          return number;
        },
      });
    let policy = policyWith(header.policy);
    const checked = isChecked ? new CheckedRouting(fleet, policy) : undefined;
    const leases = new Map<string, Lease>();
    for (const [index, { t, event, random = [], decisions = [] }] of steps.entries()) {
      const line = `${file}:${String(index + 2)}`;
      if (event.kind === 'reconfigured') {
        policy = policyWith(event.policy);
        checked?.use(policy);
      }
      numbers = [...random];
      const known = untracedEvent(event, leases);
      assert.ok(known !== undefined, `${line}: the lease of ${JSON.stringify(event)} was never given`);
      const now = checked?.apply(known, t) ?? route(fleet, policy, known, t);
      assert.deepEqual(
        now.map((decision) => again({ t, event, decisions: [tracedDecision(decision)] })),
        decisions.map((decision) => again({ t, event, decisions: [decision] })),
        line,
      );
      assert.deepEqual(numbers, [], `${line}: fewer random numbers are drawn than were`);
      for (const decision of now) if (decision.kind === 'assign') leases.set(decision.request, decision.lease);
      if (event.kind === 'released') leases.delete(event.lease);
    }
  }
  return read.value;
}

// As a line of the file has it.
function again(step: TracedStep): unknown {
  return parseTraceLine(traceLine(step));
}
