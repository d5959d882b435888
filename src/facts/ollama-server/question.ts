import { SAY } from '../base64.ts';
import type { Question } from '../question.ts';
import { parseOllamaHost, type OllamaHost } from './answer.ts';

// Of the environments only Ollama's settings leave the host. A container has an environment of its own, which its process shows.
const SCRIPT = `${SAY}
wanted='OLLAMA_(HOST|NUM_PARALLEL|CONTEXT_LENGTH|KEEP_ALIVE|MAX_LOADED_MODELS)='
has() { command -v "$1" >/dev/null; }
setting() { say setting "\${1%%=*}" "\${1#*=}"; }
show() { systemctl show ollama.service -p "$1" 2>/dev/null | sed "s/^$1=//"; }
main=0; ! has systemctl || main=$(show MainPID)
for folder in /proc/[0-9]*; do
  # The unit's process may have another name: a wrapper, or a program of one's own.
  if [ "$folder" != "/proc/$main" ]; then
    { IFS= read -r name <"$folder/comm"; } 2>/dev/null && [ "$name" = ollama ] || continue
    grep -qzx serve "$folder/cmdline" 2>/dev/null || continue
  fi
  groups=$(cat "$folder/cgroup" 2>/dev/null)
  inside=no; [ "$(readlink "$folder/ns/pid" 2>/dev/null)" = "$(readlink /proc/self/ns/pid)" ] || inside=yes
  # A pipe has no exit code of its reader's failure, so the file is opened first.
  if { exec 3<"$folder/environ"; } 2>/dev/null; then readable=yes; else readable=no; fi
  say process "\${folder#/proc/}" "$readable" "$inside" "$groups" "$(sed -n 's/^PPid:[[:space:]]*//p' "$folder/status" 2>/dev/null)"
  [ $readable = no ] || while IFS= read -r line; do setting "$line"; done < <(grep -zE "^$wanted" <&3 | tr '\\0\\n' '\\n ')
  exec 3<&-
done
if has systemctl; then
  say unit "$(show LoadState)" "$(show ActiveState)" "$main"
  # systemd applies the files after Environment=, so they are printed after it.
  while IFS= read -r word; do word=\${word#\\"}; setting "\${word%\\"}"; done < <(show Environment | grep -oE "\\"$wanted[^\\"]*\\"|$wanted[^ ]*")
  while IFS= read -r path; do
    optional=no; case $path in *'(ignore_errors=yes)') optional=yes;; esac
    path=\${path% (ignore_errors=*}
    [ -n "$path" ] && { [ $optional = no ] || [ -e "$path" ]; } || continue
    if [ -r "$path" ]; then
      while IFS= read -r line; do setting "$line"; done < <(grep -E "^[[:space:]]*$wanted" -- "$path" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
    else say unreadable "$path"; fi
  done < <(show EnvironmentFiles)
fi
if has nvidia-smi; then
  said=$(nvidia-smi --query-gpu=index,name,memory.total --format=csv,noheader,nounits 2>&1); say nvidia "$?" "$said"
fi
PATH=$PATH:/opt/rocm/bin
if has rocm-smi; then
  said=$(rocm-smi --showproductname --showmeminfo vram --json 2>/dev/null); say rocm "$?" "$said"
fi
say end
exit 0`;

/**
 * The Ollama servers of a host with their settings, and its GPUs. A process of another user shows its environment to root alone; `as: user`
 * is for hosts where sudo refuses.
 */
export function ollamaHostQuestion(as: 'root' | 'user'): Question<OllamaHost> {
  return { script: SCRIPT, as, timeoutS: 20, parse: ({ stdout }) => parseOllamaHost(stdout) };
}
