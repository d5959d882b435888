import { pluralize } from '../../../core/pluralize.ts';
import { cause, type Diagnosis, type Rule, type Symptoms } from './diagnosis.ts';
import { connectionRule, keyRule } from './rules/access.ts';
import { deadBackendRule, modelRule, queueRule } from './rules/backends.ts';
import { aliasRule, explainingStaleRule, otherRule, staleRule } from './rules/configuration.ts';
import { serviceRule } from './rules/service.ts';
import { bufferedRule, contextRule, drainedRule, lopsidedRule, slowRule, truncatedRule } from './rules/speed.ts';

/**
 * The rules, causes before their consequences: a stopped service before a refused connection, a wrong key before models that are not listed, a
 * dead server before a full queue. A configuration that is not the operator's comes early only where it explains an answer, since a new version
 * of hxllm may render another one without any harm.
 */
const RULES: readonly Rule[] = [
  serviceRule,
  connectionRule,
  keyRule,
  explainingStaleRule,
  deadBackendRule,
  aliasRule,
  modelRule,
  queueRule,
  truncatedRule,
  bufferedRule,
  drainedRule,
  slowRule,
  lopsidedRule,
  staleRule,
  otherRule,
  unaskedHost,
  contextRule,
];

/** The one cause that fits the symptoms first, or that all is well. */
export function diagnose(symptoms: Symptoms): Diagnosis {
  for (const rule of RULES) {
    const diagnosis = rule(symptoms);
    if (diagnosis !== undefined) return diagnosis;
  }
  return healthy(symptoms);
}

function unaskedHost({ host, target: { name } }: Symptoms): Diagnosis | undefined {
  if (host === undefined) return undefined;
  if ('why' in host)
    return cause(
      'host.not-asked',
      `the gateway answers, and the host ${name} could not be asked`,
      [host.why],
      host.fix,
    );
  const unknown = host.service.known ? undefined : host.service.why;
  return unknown === undefined
    ? undefined
    : cause(
        'host.not-asked',
        `the gateway answers, and the service on ${name} could not be asked`,
        [unknown],
        'hxllm doctor --ask-become-pass',
      );
}

function healthy({ outside, target, host }: Symptoms): Diagnosis {
  const passed = outside.results.filter(({ outcome }) => outcome === 'pass').length;
  const servers = outside.fleet?.servers.filter(({ state }) => state === 'up').length;
  return {
    id: 'healthy',
    severity: 'none',
    summary: `${target.name} is healthy`,
    evidence: [
      `${pluralize(passed, 'check')} over HTTP passed at ${target.url}`,
      ...(servers === undefined ? [] : [`${pluralize(servers, 'server')} up`]),
      host === undefined
        ? 'no host was asked: an address alone was given'
        : 'the service runs with the configuration of your files',
    ],
    next: '',
  };
}
