import { manifestPath } from '../../../core/model-name.ts';
import { quote, shellLine } from '../../../core/shell.ts';
import { MODEL_OFFLINE } from '../../../core/without-internet.ts';
import { hostnameOf } from '../../../facts/name.ts';

/** The folder of models of Ollama's own service on Linux. */
const MODELS_FOLDER = '/usr/share/ollama/.ollama/models';

/** A server that has the model, and the folder of its models if that is known. */
export interface ModelSource {
  readonly url: string;
  readonly folder: string | undefined;
}

/** The command that brings a model to a server: a pull, and for servers without internet a copy from one that has it. */
export function bringModel(model: string, to: string, source: ModelSource | undefined): string {
  const pull = `OLLAMA_HOST=${to} ${shellLine(['ollama', 'pull', model])}`;
  return `${pull}  # ${source === undefined ? MODEL_OFFLINE : `without internet: ${copyModel(model, source, to)}`}`;
}

/**
 * The command that copies a model's files from server to server: its manifest, and the blobs that the manifest names. It needs ssh and tar
 * there, and no restart: Ollama reads manifests for each request.
 */
export function copyModel(model: string, { url, folder = MODELS_FOLDER }: ModelSource, to: string): string {
  const manifest = quote(manifestPath(model));
  const blobs = `$(sudo grep -ohE 'sha256:[0-9a-f]{64}' ${quote(`${folder}/${manifestPath(model)}`)} | sort -u | sed 's,:,-,; s,^,blobs/,')`;
  const read = `sudo tar -C ${quote(folder)} -cf - ${manifest} ${blobs}`;
  const write = `sudo tar -C ${quote(MODELS_FOLDER)} -xf -`;
  return `ssh ${hostnameOf(url)} ${quote(read)} | ssh ${hostnameOf(to)} ${quote(write)}`;
}

/** The folder of models from the path of a blob in it: `/usr/share/ollama/.ollama/models/blobs/sha256-…`. */
export function folderOfBlob(path: string | undefined): string | undefined {
  return path === undefined ? undefined : /^(\/.+)\/blobs\/[^/]+$/.exec(path)?.[1];
}
