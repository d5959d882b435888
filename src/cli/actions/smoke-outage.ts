import { pathsOf, type HostConfig } from '../../config/config.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { OutServer } from '../../phases/smoke/out-server.ts';
import { runAsRoot } from '../hosts/as-root.ts';

/** A server is out of use for at most so long, whatever happens on this side. */
const MOST_SECONDS = 300;
/** The host takes a connection for lost that says nothing for so long: without a word from the network its end may never be seen there. */
const SILENT_SECONDS = 30;
const BEAT_MS = 5000;
const DRAINED = 'hxllm:drained';
const RETURNED = 'hxllm:undrained';

/**
 * Drains a server and holds it until the input ends or is silent: this program, its machine or the connection is gone then, or it said so. The
 * gateway may restart at that moment, so taking the server back is tried again.
 */
const SCRIPT = `gateway=$1 url=$2 seconds=$3 silent=$4
[ -x "$gateway" ] || { echo "no gateway is installed there" >&2; exit 1; }
back() {
  trap '' HUP INT TERM PIPE
  for try in 1 2 3 4 5 6 7 8 9 10; do
    if "$gateway" --control undrain "$url" >/dev/null 2>&1; then echo ${RETURNED}; exit 0; fi
    sleep 1
  done
  "$gateway" --control undrain "$url" >/dev/null; exit 1
}
trap back HUP INT TERM PIPE
"$gateway" --control drain "$url" >/dev/null || exit 1
echo ${DRAINED}
while [ "$SECONDS" -lt "$seconds" ] && IFS= read -r -t "$silent" _; do :; done
back`;

/** Takes servers of a host's gateway out of use, by draining them as `hxllm backend drain` does. */
export function createOutage(config: HostConfig, tools: PhaseTools): (server: string) => Promise<Result<OutServer>> {
  const { name } = config.target;
  return async (server) => {
    if (config.settings.serviceManager === 'process')
      return fail(notTaken(name, server, 'litellm_service_manager is process, whose gateway takes no commands'));
    return hold(config, server, tools);
  };
}

async function hold(config: HostConfig, server: string, { connect, signal }: PhaseTools): Promise<Result<OutServer>> {
  // Ctrl-C ends the requests, and never the connection that puts the server back.
  const whole = new AbortController();
  const letGo = new AbortController();
  const connected = await connect(config.target, signal);
  if (!connected.ok) return connected;
  const host = connected.value;
  const drained = Promise.withResolvers<'drained' | 'ended'>();
  let said = '';
  const ran = runAsRoot(host, config.become, {
    script: SCRIPT,
    args: [`${pathsOf(config.settings).current}/gateway`, server, String(MOST_SECONDS), String(SILENT_SECONDS)],
    title: 'take a server out of use',
    signal: whole.signal,
    inputUntil: letGo.signal,
    inputBeatMs: BEAT_MS,
    timeoutMs: (MOST_SECONDS + 60) * 1000,
    onOutput: (chunk) => {
      said += Buffer.from(chunk).toString();
      if (said.includes(DRAINED)) drained.resolve('drained');
    },
  }).finally(() => drained.resolve('ended'));
  const { name } = config.target;
  if ((await drained.promise) === 'ended') {
    letGo.abort();
    const result = await ran;
    await host.close();
    return result.ok ? fail(notTaken(name, server, lastLine(result.value.stderr))) : result;
  }
  return ok({
    giveBack: async () => {
      letGo.abort();
      const result = await ran;
      await host.close();
      if (said.includes(RETURNED)) return ok(undefined);
      const found = result.ok ? lastLine(result.value.stderr) : result.problems[0].summary;
      return fail({
        code: 'smoke.not-put-back',
        summary: `${server} may still be drained on ${name}`,
        detail: `Expected the gateway to use it again, found: ${found}. The host puts it back by itself within ${String(SILENT_SECONDS)} s if its command still runs.`,
        fix: `hxllm backend undrain ${server} --limit ${name}`,
        where: { host: name },
      });
    },
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.replace(/\.$/, '') ?? '';
}

function notTaken(name: string, server: string, found: string): Problem {
  return {
    code: 'smoke.not-taken-out',
    summary: `${server} was not taken out of use on ${name}`,
    detail: `Expected the gateway to drain it, found: ${found === '' ? 'no answer' : found}.`,
    fix: `hxllm backend list --limit ${name}`,
    where: { host: name },
  };
}
