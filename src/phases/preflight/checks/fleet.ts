import type { Backend } from '../../../config/config.ts';
import type { Target } from '../../../core/host.ts';
import { shellLine } from '../../../core/shell.ts';
import { failed, notApplicable, pass, unknown } from '../../../core/verdict.ts';
import { hostnameOf } from '../../../facts/name.ts';
import { knowing, lineOn, type PreflightCheck, type QuestionName } from '../subject.ts';

const UNDEFINED = notApplicable('litellm_backends is not defined yet: run hxllm inventory');

/** The backends as the host sees them: a check for each, or the reason why there is nothing to check. */
export function fleetChecks(backends: readonly Backend[] | undefined): readonly PreflightCheck[] {
  if (backends === undefined || backends.length === 0) return [answers('the backends', [], () => UNDEFINED)];
  const urls = backends.map(({ url }) => url);
  return [...urls.map(backendCheck), versionCheck(urls)];
}

function versionCheck(urls: readonly string[]): PreflightCheck {
  return {
    id: 'ollama.same-version',
    title: 'Ollama has one version on all backends',
    severity: 'note',
    why: 'Compares the versions of the backends. Versions differ in features and in their choice of context; during an upgrade that rolls through the fleet that is expected.',
    remedy: 'Upgrade the backends with the older version.',
    asks: urls.map((url): QuestionName => `version ${url}`),
    alongside: urls.map((url) => `ollama.answers[${url}]`),
    after: ['system.bash'],
    judge: ({ seen }) => {
      if (!seen.reached) return unknown(seen.problem.summary);
      const { facts } = seen;
      const versions = urls.flatMap((url) => {
        const fact = facts[`version ${url}`];
        return fact?.known === true && fact.value.answered ? [{ url, version: fact.value.value }] : [];
      });
      const [first] = versions;
      if (first === undefined) return { outcome: 'skip', seen: 'not judged because no backend answered' };
      return new Set(versions.map(({ version }) => version)).size === 1
        ? pass(`${first.version} on ${String(versions.length)} of ${String(urls.length)}`)
        : failed(
            'one version of Ollama',
            versions.map(({ url, version }) => `${version} on ${url}`).join('; '),
            'upgrade the older ones  # without internet: copy /usr/local/bin/ollama and /usr/local/lib/ollama of the newest, then systemctl restart ollama',
          );
    },
  };
}

function backendCheck(url: string): PreflightCheck {
  return answers(
    url,
    [`dns.backend-resolves[${hostnameOf(url)}]`, `network.backend-reached[${url}]`],
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
    why: 'Asks the backend for its version, from the host. A backend that this host does not reach serves nothing, whatever other machines see.',
    remedy:
      'Start Ollama there, let it listen beyond its own loopback (OLLAMA_HOST=0.0.0.0), and open its port for this host.',
    asks: key === undefined ? [] : [`version ${key}`],
    after: ['system.bash', ...after],
    judge,
  };
}

function idOf(family: string, key: string | undefined): string {
  return key === undefined ? family : `${family}[${key}]`;
}
