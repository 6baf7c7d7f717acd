#!/usr/bin/env bash
# Submits a run in @ARRAY@ parts as a Slurm job array, and the merge after it. If a precision needs more replications, the
# merge submits a further round of parts first.
# Submitted again, it simulates the parts that are missing.
# FIVENINES: the command, if it is not on the path. SBATCH_…: what sbatch reads.
set -euo pipefail
export FIVENINES="${FIVENINES:-fivenines}"
# A relative path begins where the script is called.
case $FIVENINES in */*) FIVENINES=$(realpath -- "$FIVENINES") ;; esac
cd -- "$(dirname -- "$0")"
SCRIPT=$PWD/$(basename -- "$0")
export PARTS=@PARTS@ FILE=@FILE@ SCRIPT
# The parts are those of the scenario for which this script was written: its file, its bases, its recordings.
if ! sha256sum --check --quiet >&2 << 'SUMS'
@SUMS@SUMS
then
  echo "$FILE, or a file that it names, has changed since this script was written: write it again, with \`fivenines slurm\` and --force" >&2
  exit 2
fi
mkdir -p "$PARTS"
ROUND=1
while [ -e "$PARTS/round-$((ROUND + 1))" ]; do ROUND=$((ROUND + 1)); done
export ROUND
missing=
for number in $(seq @ARRAY@); do
  [ -e "$PARTS/part-$ROUND-$number" ] || missing="$missing,$number"
done
after=
if [ -n "$missing" ]; then
  array=$(sbatch --parsable --job-name=@JOB@ --array="${missing#,}" --cpus-per-task=@CPUS@ --output="$PARTS/log-$ROUND-%a" << 'TASK'
#!/usr/bin/env bash
part=(--shard "$SLURM_ARRAY_TASK_ID/@ARRAY@" --threads @CPUS@ --out "$PARTS/part-$ROUND-$SLURM_ARRAY_TASK_ID")
[ "$ROUND" = 1 ] || part+=(--round "$PARTS/round-$ROUND")
exec "$FIVENINES" run "$FILE" @FLAGS@ "${part[@]}"
TASK
)
  echo "array ${array%%;*}, round $ROUND: parts ${missing#,}"
  after=--dependency=afterany:${array%%;*}
fi
merge=$(sbatch --parsable --job-name=@MERGE@ $after --cpus-per-task=@CPUS@ --output="$PARTS/log-merge-$ROUND" << 'TASK'
#!/usr/bin/env bash
whole=yes
for number in $(seq @ARRAY@); do
  [ -e "$PARTS/part-$ROUND-$number" ] || whole=
done
# With a part lost there is no further round: the merge names the part.
if [ -n "$whole" ]; then
  "$FIVENINES" plan-shards "$PARTS"/part-* --files @FOLDER@ --threads @CPUS@ --out "$PARTS/round-$((ROUND + 1))"
  code=$?
  [ "$code" != 5 ] || exec bash "$SCRIPT"
  [ "$code" = 0 ] || exit "$code"
fi
exec "$FIVENINES" merge "$PARTS"/part-* --files @FOLDER@ --threads @CPUS@ --out @RESULTS@
TASK
)
echo "merge ${merge%%;*}: results in "@RESULTS@
