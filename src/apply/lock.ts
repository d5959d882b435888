import { setTimeout as delay } from 'node:timers/promises';
import type { Become, Host } from '../core/host.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { withSudo, refusedBySudo } from './sudo.ts';

const BEAT_MS = 15_000;
const SILENCE_S = 120;

// The lock is a flock of the kernel: it ends with the process on the host that holds it. That process ends with its input,
// and also after a silence that is too long, since a host may not notice for hours that a connection is gone. A script that
// has begun runs on without a connection, so the holder waits for the second file, which the script locks too.
const HOLD = `
trap '' HUP INT TERM PIPE
exec 9<> "$1" && flock -n 9 && [ "$(stat -c %i -- "$1")" = "$(stat -Lc %i /proc/self/fd/9)" ] || { read -r _ since < "$1"; echo "It has been held since $since." >&2; exit 75; }
printf '%s %s\\n' "$2" "$(date -u +%FT%TZ)" > "$1"
while read -r -t "$3" _; do :; done
exec 8>> "$1.work" && flock -w 600 8
rm -f -- "$1" "$1.work"
`;
const WAIT =
  'for ((tries = 0; tries < 100; tries++)); do read -r token _ < "$1" 2>/dev/null; [ "$token" = "$2" ] && exit 0; sleep 0.05; done; exit 75';

const HOLD_TIMEOUT_MS = 4 * 3_600_000;
const WAIT_TIMEOUT_MS = 20_000;

/** Identifies the lock of this run: scripts check that `file` still holds `token`. */
export interface LockToken {
  readonly file: string;
  /** The file's first word as long as this run holds the lock. */
  readonly token: string;
}

/** A lock that is held on a host. */
export interface Lock {
  readonly token: LockToken;
  release(): Promise<void>;
}

/** Takes the host's lock, so that two runs never change a host at once. Problem `enforce.locked` if another run holds it. */
export async function takeLock(
  host: Host,
  become: Become,
  lockToken: LockToken,
  signal: AbortSignal,
  silenceS = SILENCE_S,
): Promise<Result<Lock>> {
  const { file, token } = lockToken;
  const released = Promise.withResolvers<undefined>();
  const holding = host.run(
    withSudo(become, {
      argv: ['bash', '-c', HOLD, 'hxllm', file, token, String(silenceS)],
      title: 'hold the lock',
      stdin: heartbeats(released.promise),
    }),
    { signal, timeoutMs: HOLD_TIMEOUT_MS },
  );
  const stop = new AbortController();
  const waiting = host.run(
    withSudo(become, { argv: ['bash', '-c', WAIT, 'hxllm', file, token], title: 'take the lock' }),
    { signal: AbortSignal.any([signal, stop.signal]), timeoutMs: WAIT_TIMEOUT_MS },
  );
  // The holder ends first only if it did not get the lock.
  const ended = await Promise.race([
    holding.then((ran) => ({ ran })),
    waiting.then((ran) => (ran.ok && ran.value.exitCode === 0 ? undefined : { ran })),
  ]);
  if (ended === undefined) return ok({ token: lockToken, release: () => release(released, holding) });
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

// One line every 15 s, so that the host knows that this machine is still connected.
async function* heartbeats(done: Promise<undefined>): AsyncIterable<Uint8Array> {
  const stop = new AbortController();
  const over = done.then(() => {
    stop.abort();
  });
  while (!stop.signal.aborted) {
    yield new TextEncoder().encode('held\n');
    await Promise.race([over, delay(BEAT_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)]);
  }
}

function locked(host: string, file: string, stderr: string): Problem {
  return {
    code: 'enforce.locked',
    summary: 'another hxllm run is changing the host',
    detail: `Expected to get the lock ${file}, found that another run holds it until it ends.${stderr.trim() === '' ? '' : ` ${stderr.trim()}`}\nIf that run was cut off, the host releases the lock by itself: after ${String(SILENCE_S)} s of silence, or after finishing what it had begun.`,
    fix: `sudo lslocks | grep ${file}  # on ${host}: names the process; or wait ${String(SILENCE_S / 60)} minutes, then: hxllm enforce`,
    where: { host },
  };
}
