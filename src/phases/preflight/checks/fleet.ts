import type { Backend } from '../../../config/config.ts';
import type { Target } from '../../../core/host.ts';
import { shellLine } from '../../../core/shell.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { hostnameOf, knowing, lineOn, type PreflightCheck } from '../subject.ts';

const UNDEFINED = notApplicable('litellm_backends is not defined yet: run hxllm inventory');

/** The backends as the host sees them: a check for each, or the reason why there is nothing to check. */
export function fleetChecks(backends: readonly Backend[] | undefined): readonly PreflightCheck[] {
  if (backends === undefined || backends.length === 0) return [answers('the backends', [], () => UNDEFINED)];
  return backends.map(({ url }) => backendCheck(url));
}

function backendCheck(url: string): PreflightCheck {
  return answers(
    url,
    [`dns.backend-resolves[${hostnameOf(url)}]`],
    knowing(
      (facts) => facts[`version ${url}`],
      (said, { host: { target } }) => {
        if (said.answered) return pass(`Ollama ${said.value}`);
        return failed(
          `Ollama’s version at ${url}/api/version, asked from ${target.name}`,
          said.why,
          inquiryAt(hostnameOf(url), target),
        );
      },
    ),
    url,
  );
}

// Most often the service is stopped, or OLLAMA_HOST makes it listen on its own loopback only.
function inquiryAt(name: string, target: Target): string {
  const line = 'systemctl status ollama; systemctl cat ollama | grep OLLAMA_HOST';
  return /^(?:localhost|127\.|::1$)/.test(name) ? lineOn(target, line) : shellLine(['ssh', name, line]);
}

function answers(what: string, after: readonly string[], judge: PreflightCheck['judge'], key?: string): PreflightCheck {
  return {
    id: idOf('ollama.answers', key),
    title: `Ollama answers at ${what}`,
    severity: 'error',
    asks: key === undefined ? [] : [`version ${key}`],
    after: ['system.bash', ...after],
    judge,
  };
}

function idOf(family: string, key: string | undefined): string {
  return key === undefined ? family : `${family}[${key}]`;
}
