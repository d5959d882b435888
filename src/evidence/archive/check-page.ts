/** The script of an exported archive: it checks the hashes of all files and the links of the chain with the tools of any system. */
export const CHECK_SCRIPT = String.raw`#!/bin/sh
# Checks this evidence without hxllm: sh check.sh. Needs sha256sum, sed, grep, find, sort and comm.
export LC_ALL=C
cd -- "$(dirname -- "$0")" || exit 2
bad=0
fault() { echo "DIFFERS: $*"; bad=1; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
: > "$work/sums"
before=
[ -f evidence/chain.jsonl ] || fault "there is no evidence/chain.jsonl"
# Each line of the log is a run: its manifest has that hash, and names the hash of the line before.
while IFS= read -r line; do
  phase=$(printf '%s\n' "$line" | sed -n 's/^{"phase":"\([a-z-]*\)",.*/\1/p')
  run=$(printf '%s\n' "$line" | sed -n 's/.*"run":"\([0-9TZ-]*\)",.*/\1/p')
  hash=$(printf '%s\n' "$line" | sed -n 's/.*"sha256":"\([0-9a-f]*\)"}$/\1/p')
  folder=evidence/$phase/$run
  manifest=$folder/manifest.json
  # A run that was removed on purpose has its manifest below the run of prune that did it.
  [ -f "$manifest" ] || manifest=$(find evidence/prune -path "*/removed/$phase/$run/manifest.json" 2>/dev/null | head -n 1)
  if [ -z "$manifest" ]; then fault "there is no run $phase/$run"; before=$hash; continue; fi
  [ "$(sha256sum < "$manifest" | cut -d' ' -f1)" = "$hash" ] || fault "$manifest is another than chain.jsonl says"
  # In a manifest of an earlier hxllm the run before is one of its own phase, and has no phase.
  last=$(sed -n '/^  "previous": {/,/^  }/p' "$manifest")
  if printf '%s\n' "$last" | grep -q '^    "phase"'; then
    printf '%s\n' "$last" | grep -q "\"sha256\": \"$before\"" || fault "$phase/$run does not follow the run before it in chain.jsonl"
  fi
  if [ "$manifest" = "$folder/manifest.json" ]; then
    echo "$hash  $manifest" >> "$work/sums"
    sed -n '/^  "files": {/,/^  }/s|^    "\(.*\)": "\([0-9a-f]\{64\}\)",\{0,1\}$|\2  '"$folder"'/\1|p' "$manifest" >> "$work/sums"
  fi
  before=$hash
done < evidence/chain.jsonl
sha256sum --check --quiet "$work/sums" || bad=1
cut -c67- "$work/sums" | sort > "$work/listed"
find evidence ! -type d | grep -v -e '^evidence/chain\.jsonl$' -e '^evidence/[^/]*/[^/]*/manifest\.json\.sig$' | sort > "$work/found"
comm -13 "$work/listed" "$work/found" > "$work/added"
find evidence ! -type d ! -type f > "$work/links"
while IFS= read -r file; do fault "$file is no plain file, but a link or the like"; done < "$work/links"
while IFS= read -r file; do fault "$file is in no manifest: it was added, or its run was not closed"; done < "$work/added"
[ "$bad" = 0 ] && echo "All files and links are as they were closed. The head is $phase/$run, $hash: compare it with one kept elsewhere."
exit "$bad"
`;

/** The page of an exported archive. `HEAD_RUN` and `HEAD_HASH` are filled in. */
export const CHECK_PAGE = `# How to check this evidence

This archive holds the evidence of hxllm, a deployment tool: a folder for each run, below its phase, in \`evidence/\`. \`summary.txt\` of a run is
the page to read first, \`run.json\` has every verdict, \`events.jsonl\` every event in order. Nothing here needs hxllm.

1. \`sh check.sh\` compares every file with the manifest of its run, and every manifest with the chain. It prints each difference, and exits
   with 1 if there is one. It is short: read it first.
2. Compare the head with one that was kept elsewhere: the head of this archive is the run \`HEAD_RUN\`, with the manifest's SHA-256
   \`HEAD_HASH\`. The folder alone cannot show that newer runs were removed. Each deployed host has such heads in
   \`/var/log/litellm/audit.log\` (and its rotated parts): \`manifest\` of a line \`closed\` is the SHA-256 of that run's \`manifest.json\`.
3. Where runs have a \`manifest.json.sig\`, get the operator's public key from the operator, not from here, write it to \`signers\` and verify:

       echo "operator $(cat operator.pub)" > signers
       ssh-keygen -Y verify -f signers -I operator -n hxllm-evidence -s evidence/HEAD_RUN/manifest.json.sig < evidence/HEAD_RUN/manifest.json

   One good signature of the head vouches for all runs, since each manifest names the one before it.

\`manifest.json\` of a run: \`files\` (path → SHA-256), \`previous\` (the run of any phase that closed before, with the SHA-256 of its manifest), and in
one run \`joined\` (ends of the chains that an earlier version kept for each phase). Runs that were removed on purpose have their manifests in
\`evidence/prune/*/removed/\`.
`;
