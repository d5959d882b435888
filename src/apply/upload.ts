import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { Become, Host } from '../core/host.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import type { Upload } from '../plan/plan.ts';
import { withSudo, refusedBySudo } from './sudo.ts';

const TIMEOUT_MS = 30 * 60_000;

// The next upload removes the rest of an interrupted one. The names differ, since an upload that was cut off may still hang
// on the host and would otherwise remove the file of its successor when it ends.
const SCRIPT = `
umask 022
path=$1 sum=$2 mode=$3 packed=$4 manifest=$5
new=$path.hxllm-new.$$
mkdir -p -- "\${path%/*}" || exit
for folder in "\${path%/*}" "\${manifest%/*}"; do
  [ -z "$folder" ] || { chmod 755 -- "$folder" && chown -- "$(id -u):$(id -g)" "$folder"; } || exit
done
rm -f -- "$path".hxllm-new* || exit
if [ "$packed" = yes ]; then gzip -dc > "$new"; else cat > "$new"; fi || { rm -f -- "$new"; echo "$path could not be written" >&2; exit 1; }
seen=$(sha256sum < "$new"); seen=\${seen%% *}
[ "$seen" = "$sum" ] || { rm -f -- "$new"; echo "$path arrived with sha256 $seen, expected $sum" >&2; exit 1; }
chmod -- "$mode" "$new" && sync -- "$new" && mv -fT -- "$new" "$path" || exit
[ -z "$manifest" ] || printf '%s %s\\n' "$sum" "$(stat -c '%s %Y' -- "$path")" > "$manifest"
`;

/** Sends one file as a stream; the host moves it into place only if its hash is right. The Problem has the host's message. */
export async function upload(
  host: Host,
  become: Become,
  action: Upload & { readonly title: string },
  signal: AbortSignal,
): Promise<Result<undefined>> {
  const { path, sha256, mode, compress, title, manifest = '' } = action;
  const argv = ['bash', '-c', SCRIPT, 'hxllm', path, sha256, mode.toString(8), compress ? 'yes' : 'no', manifest];
  const ran = await host.run(withSudo(become, { argv, title, stdin: streamOf(action) }), {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  if (!ran.ok) return ran;
  if (ran.value.exitCode === 0) return ok(undefined);
  const refused = refusedBySudo(host.name, become, ran.value);
  return fail(
    refused ?? {
      code: 'enforce.upload-failed',
      summary: `${path} could not be sent`,
      detail: ran.value.stderr.trim(),
      fix: `df -h ${path.slice(0, path.lastIndexOf('/'))}  # on ${host.name}`,
      where: { host: host.name },
    },
  );
}

function streamOf({ source, compress }: Upload): AsyncIterable<Uint8Array> {
  const plain =
    'file' in source
      ? createReadStream(source.file, { highWaterMark: 1 << 20 })
      : Readable.from([Buffer.from(source.text, 'utf8')]);
  if (!compress) return plain;
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  plain.on('error', (error: Error) => gzip.destroy(error));
  return plain.pipe(gzip);
}
