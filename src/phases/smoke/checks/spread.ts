import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown } from '../../../core/verdict.ts';
import type { ProbeResults } from '../probes.ts';

/** Does every backend answer requests? */
export const SPREAD_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'backends.used',
    title: 'every backend answers requests',
    severity: 'error',
    after: ['models.listed', 'chat.answers'],
    judge: ({ backends, target }) => {
      const named = backends.filter((backend) => backend !== undefined);
      if (target.backends === undefined)
        return notApplicable(
          named.length === 0
            ? 'this server does not say which backend answered'
            : `no backends are expected; answers came from ${[...new Set(named)].join(', ')}`,
        );
      if (backends.length === 0) return unknown('no request was sent to a backend');
      if (named.length === 0)
        return failed(
          'x-hxllm-backend on replies',
          'no such header: this is not a gateway that hxllm installed',
          'hxllm enforce',
        );
      const strange = named.find((backend) => target.backends?.includes(backend) !== true);
      if (strange !== undefined)
        return failed(`answers from ${target.backends.join(', ')}`, `an answer from ${strange}`, 'hxllm enforce');
      const idle = target.backends.filter((url) => !named.includes(url));
      if (idle.length > 0)
        return failed(
          `an answer from each of ${target.backends.join(', ')}`,
          `none of ${String(named.length)} answers came from ${idle.join(', ')}`,
          'hxllm preflight',
        );
      return pass(
        target.backends.map((url) => `${url} ${String(named.filter((backend) => backend === url).length)}×`).join(', '),
      );
    },
  },
];
