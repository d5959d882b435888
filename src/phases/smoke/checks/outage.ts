import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown } from '../../../core/verdict.ts';
import { ABORTED } from '../diagnose.ts';
import { backendOf, describeReply } from '../exchange.ts';
import type { OutageRequest } from '../outage.ts';
import type { ProbeResults } from '../probe-results.ts';
import { outOfTime } from './answers.ts';

/** Does anything fail while a server is out of use, and is the server used afterwards? */
export const OUTAGE_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'backends.outage',
    title: 'nothing fails while a server is out of use',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ outage, target }) => {
      if (!outage.tried) {
        if ('problem' in outage)
          return unknown(`${outage.problem.summary}: ${outage.problem.detail}`, outage.problem.fix);
        return outage.late === true ? outOfTime([outage.why], target) : notApplicable(outage.why);
      }
      const { server, alias, requests } = outage;
      const broken = requests.filter(({ error }) => error !== undefined);
      const [first] = broken;
      if (broken.some(({ error }) => error === ABORTED.seen)) return unknown(ABORTED.seen, ABORTED.fix);
      const out = requests.filter(({ stretch }) => stretch === 'out');
      const number = { value: broken.length, unit: 'requests', limit: 0 };
      const wanted = `an answer to each request for ${alias} while ${server} is out of use`;
      if (first !== undefined)
        return failed(
          wanted,
          `${String(broken.length)} of ${String(requests.length)} failed: ${first.error ?? ''}`,
          'hxllm fleet',
          number,
        );
      const still = out.filter((one) => one.server === server).length;
      return still > 0
        ? failed(`${wanted}, from other servers`, `${String(still)} answers of ${server}`, 'hxllm backend list', number)
        : pass(
            `${server} was out of use: ${String(out.length)} requests for ${alias}, all answered by others (it had answered ${shareOf(server, requests)} before)`,
            number,
          );
    },
  },
  {
    id: 'backends.put-back',
    title: 'the server is in use again',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ outage }) => {
      if (!outage.tried) return notApplicable('no server was taken out of use');
      const { server, lost, after } = outage;
      const fix = `hxllm backend undrain ${server}`;
      if (lost !== undefined) return failed(`${server} in use`, `${lost.summary}: ${lost.detail}`, lost.fix);
      if (after === undefined) return unknown('it was not asked', fix);
      if (backendOf(after) === server)
        return pass(`${server} answered when it was asked by name`, { value: 1, unit: 'servers', limit: 1 });
      const { outcome } = after;
      if (outcome.answered) return failed(`an answer of ${server}`, describeReply(outcome.reply), fix);
      return outcome.trouble.kind === 'aborted'
        ? unknown(outcome.trouble.seen, outcome.trouble.fix)
        : failed(`an answer of ${server}`, outcome.trouble.seen, fix);
    },
  },
];

function shareOf(server: string, requests: readonly OutageRequest[]): string {
  const before = requests.filter(({ stretch }) => stretch === 'before');
  return `${String(before.filter((one) => one.server === server).length)} of ${String(before.length)}`;
}
