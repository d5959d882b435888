import { setTimeout as delay } from 'node:timers/promises';
import type { Become, Host } from '../core/host.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { withSudo, refusedBySudo } from './sudo.ts';

const BEAT_MS = 15_000;
const SILENCE_S = 120;

// The lock is the kernel's: it ends with the process that holds it, however we go. That ends with its input; and since a
// host may not learn for hours that a connection is gone, also when it hears nothing for too long. A script that has
// begun goes on without us, so the lock outlives us until that has ended: it shares the second file meanwhile.
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

/** By what a script on the host sees that the lock is still held for it. */
export interface LockToken {
  readonly file: string;
  /** Stands in the file as long as the lock is held for us. */
  readonly token: string;
}

/** A lock that is held on a host. */
export interface Lock {
  readonly token: LockToken;
  release(): Promise<void>;
}

/** Takes the host's lock, so that two who change it do not mix. Problem `enforce.locked` where somebody else holds it. */
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
  // The holder only ends first where it did not get the lock.
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

// A line now and then, so that the host knows that somebody is still there.
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
    summary: 'another hxllm is at work on the host',
    detail: `Wanted the lock ${file}, which another run holds until it ends.${stderr.trim() === '' ? '' : ` ${stderr.trim()}`}\nIf that run was cut off, the host lets go by itself: after ${String(SILENCE_S)} s of silence, or when what it had begun is done.`,
    fix: `sudo lslocks | grep ${file}  # on ${host}, says who it is; or hxllm enforce again in ${String(SILENCE_S / 60)} minutes`,
    where: { host },
  };
}
