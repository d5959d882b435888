import type { Become, Host } from '../core/host.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { becoming, refusedBySudo } from './become.ts';

// The lock is the kernel's: it ends with the process that holds it, and that ends with its input, however we go.
const HOLD = `
exec 9<> "$1" && flock -n 9 && [ "$(stat -c %i -- "$1")" = "$(stat -Lc %i /proc/self/fd/9)" ] || { read -r _ since < "$1"; echo "It has been held since $since." >&2; exit 75; }
printf '%s %s\\n' "$2" "$(date -u +%FT%TZ)" > "$1"
cat > /dev/null
rm -f -- "$1"
`;
const WAIT = 'for ((tries = 0; tries < 100; tries++)); do read -r token _ < "$1" 2>/dev/null; [ "$token" = "$2" ] && exit 0; sleep 0.05; done; exit 75';

const HOLD_TIMEOUT_MS = 4 * 3_600_000;
const WAIT_TIMEOUT_MS = 20_000;

/** A lock that is held on a host. */
export interface Lock {
  release(): Promise<void>;
}

/** Takes the host's lock, so that two who change it do not mix. Problem `enforce.locked` where somebody else holds it. */
export async function takeLock(host: Host, become: Become, file: string, token: string, signal: AbortSignal): Promise<Result<Lock>> {
  const released = Promise.withResolvers<undefined>();
  const holding = host.run(becoming(become, { argv: ['bash', '-c', HOLD, 'hxllm', file, token], stdin: untilDone(released.promise) }), { signal, timeoutMs: HOLD_TIMEOUT_MS });
  const stop = new AbortController();
  const waiting = host.run(becoming(become, { argv: ['bash', '-c', WAIT, 'hxllm', file, token] }), { signal: AbortSignal.any([signal, stop.signal]), timeoutMs: WAIT_TIMEOUT_MS });
  // The holder only ends first where it did not get the lock.
  const ended = await Promise.race([holding.then((ran) => ({ ran })), waiting.then((ran) => (ran.ok && ran.value.exitCode === 0 ? undefined : { ran }))]);
  if (ended === undefined) return ok({ release: () => release(released, holding) });
  released.resolve(undefined);
  stop.abort();
  const [held] = await Promise.all([holding, waiting]);
  if (!held.ok) return held;
  return fail(refusedBySudo(host.name, become, held.value) ?? locked(host.name, file, held.value.stderr));
}

async function release(released: PromiseWithResolvers<undefined>, holding: Promise<unknown>): Promise<void> {
  released.resolve(undefined);
  await holding;
}

async function* untilDone(done: Promise<undefined>): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode('held\n');
  await done;
}

function locked(host: string, file: string, stderr: string): Problem {
  return {
    code: 'enforce.locked',
    summary: 'another hxllm is at work on the host',
    detail: `Wanted the lock ${file}, which another process holds until it ends.${stderr.trim() === '' ? '' : ` ${stderr.trim()}`}`,
    fix: `on ${host}: sudo fuser -v ${file}`,
    where: { host },
  };
}
