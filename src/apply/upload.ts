import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { Host } from '../core/host.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import type { RunCommand, Upload } from '../plan/plan.ts';
import { RECORD, type HostRecord } from './host-record.ts';
import { dropPackedCopy, packedCopy } from './packed-copy.ts';

const TIMEOUT_MS = 30 * 60_000;
/** The exit code of an upload that arrived as something else than was sent. */
const DAMAGED = 65;

// The next upload removes the rest of an interrupted one. The names differ, since an upload that was cut off may still hang
// on the host and would otherwise remove the file of its successor when it ends.
const SCRIPT = `
umask 022
path=$1 sum=$2 mode=$3 packed=$4 manifest=$5 run=$6 journal=$7 step=$8
${RECORD}
new=$path.hxllm-new.$$
mkdir -p -- "\${path%/*}" || exit
for folder in "\${path%/*}" "\${manifest%/*}"; do
  [ -z "$folder" ] || { chmod 755 -- "$folder" && chown -- "$(id -u):$(id -g)" "$folder"; } || exit
done
rm -f -- "$path".hxllm-new* || exit
if [ "$packed" = yes ]; then gzip -dc > "$new"; else cat > "$new"; fi || { rm -f -- "$new"; echo "$path could not be written" >&2; exit 1; }
seen=$(sha256sum < "$new"); seen=\${seen%% *}
[ "$seen" = "$sum" ] || { rm -f -- "$new"; echo "Expected the SHA-256 $sum, found $seen." >&2; exit ${String(DAMAGED)}; }
chmod -- "$mode" "$new" && sync -- "$new" && mv -fT -- "$new" "$path" || exit
[ -z "$manifest" ] || printf '%s %s\\n' "$sum" "$(stat -c '%s %Y' -- "$path")" > "$manifest"
[ -z "$step" ] || record done "$step"
`;

/** Sends one file as a stream; the host moves it into place only if its hash is right, and notes `step` as done unless it is empty. The Problem has the host's message. */
export async function upload(
  host: Host,
  action: Upload & { readonly title: string; readonly command: RunCommand },
  record: HostRecord,
  step: string,
  signal: AbortSignal,
): Promise<Result<undefined>> {
  const { path, sha256, mode, compress, title, command, manifest = '' } = action;
  const file = [path, sha256, mode.toString(8), compress ? 'yes' : 'no', manifest];
  const argv = ['bash', '-c', SCRIPT, 'hxllm', ...file, record.id, record.file, step];
  const ran = await host.run({ argv, title, stdin: await streamOf(action) }, { signal, timeoutMs: TIMEOUT_MS });
  if (!ran.ok) return ran;
  if (ran.value.exitCode === 0) return ok(undefined);
  // Its gzip may have met a damaged copy; a copy that was fine costs three seconds.
  if ('file' in action.source && action.source.packed !== undefined) await dropPackedCopy(action.source.packed);
  if (ran.value.exitCode === DAMAGED)
    return fail({
      code: 'enforce.upload-damaged',
      summary: `${path} did not arrive as it was sent`,
      detail: `${ran.value.stderr.trim()} The host removed it, and nothing uses it. The file on this machine changed on its way, or the connection did.`,
      fix: `${command}  # sends it again`,
      where: { host: host.name },
    });
  return fail({
    code: 'enforce.upload-failed',
    summary: `${path} could not be sent`,
    detail: ran.value.stderr.trim(),
    fix: `df -h ${path.slice(0, path.lastIndexOf('/'))}  # on ${host.name}`,
    where: { host: host.name },
  });
}

async function streamOf({ source, compress }: Upload): Promise<AsyncIterable<Uint8Array>> {
  const packed =
    compress && 'file' in source && source.packed !== undefined
      ? await packedCopy(source.file, source.packed)
      : undefined;
  if (packed !== undefined) return read(packed);
  const plain = 'file' in source ? read(source.file) : Readable.from([Buffer.from(source.text, 'utf8')]);
  if (!compress) return plain;
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  plain.on('error', (error: Error) => gzip.destroy(error));
  return plain.pipe(gzip);
}

function read(file: string): Readable {
  return createReadStream(file, { highWaterMark: 1 << 20 });
}
