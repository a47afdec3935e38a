#!/usr/bin/env bash
# One slice of training on a machine with a graphics card: scenes are rendered on its cores while the card trains.
#   slice.sh ASSETS RENDERER OUT MINUTES WAIT    starts both, returns after WAIT seconds (training goes on) or when it ends
#   slice.sh look OUT WAIT           waits so long, then gives log and sheet
#   slice.sh more OUT MINUTES                    lets a running training end after MINUTES in all, and waits for it
# OUT gets log, sheet and small copies of the weights: weights.part-* (fp16), or after the first form last.part-*
# (int8, with the critics). WORK (default /dev/shm/scumble) holds shards and the checkpoint.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${WORK:-/dev/shm/scumble}
python=${PYTHON:-python3}
export PYTHONUNBUFFERED=1
# Idle threads of the trainer spin and take the renderers' cores.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2} RAYON_NUM_THREADS=${RAYON_NUM_THREADS:-2}

copies() { # copies NAME OUT [options]
    cp "$work"/train.log "$2"/ || true
    cp "$work"/out/log.jsonl "$work"/out/sheet.jpg "$2"/ 2>/dev/null || true
    [ ! -f "$work"/out/checkpoint.pt ] || "$python" "$here"/release.py "$work"/out/checkpoint.pt "$2/$1" "${@:3}"
}
running() { kill -0 "$(cat "$work"/pid)" 2>/dev/null; }

if [ "$1" = look ]; then
    end=$((SECONDS + $3))
    while running && [ $SECONDS -lt $end ]; do sleep 1; done
    cp "$work"/train.log "$work"/out/log.jsonl "$work"/out/sheet.jpg "$2"/ || true
    grep -v Warning "$work"/train.log | tail -n 8 | cut -c 1-700
    exit
fi
if [ "$1" = more ]; then
    echo "$3" > "$work"/out/minutes
    while running; do sleep 1; done
    copies weights "$2"
    tail -n 3 "$work"/train.log
    exit
fi
assets=$(realpath "$1") renderer=$(realpath "$2") out=$3 minutes=$4 wait=$5
mkdir -p "$work"/scenes/256 "$work"/scenes/512 "$work"/out "$out"
cores=$(nproc)
seconds=$(awk "BEGIN { print int($minutes * 60) }")
seed=${SEED:-$((100000 + $(date +%s) % 800 * 100000))}
for size in 256 512; do
    jobs=$((size == 256 ? (cores - 1) * 2 / 3 : (cores - 1) / 3))
    [ "$jobs" -gt 0 ] || jobs=1
    setsid nice -n 5 "$renderer" -n 100000 -s $((seed + size)) -r $size -j "$jobs" -w "$seconds" \
        "$work"/scenes/$size > "$work"/render-$size.log 2>&1 < /dev/null &
done
cd "$here"
setsid "$python" train.py --assets "$assets" --scenes "$work"/scenes --out "$work"/out --minutes "$minutes" ${TRAIN:-} \
    > "$work"/train.log 2>&1 < /dev/null &
echo $! > "$work"/pid
end=$((SECONDS + wait))
while running && [ $SECONDS -lt $end ]; do
    # A card costs by the minute: say at once what does not come, and wait for nothing that cannot.
    if [ $SECONDS -gt 60 ] && ! ls "$work"/scenes/256/*.bin > /dev/null 2>&1; then
        echo "no scenes after a minute:"; cat "$work"/render-*.log; kill "$(cat "$work"/pid)"; exit 1
    fi
    sleep 1
done
if running; then copies last "$out" --bytes --critics; else copies weights "$out"; fi
grep -v Warning "$work"/train.log | tail -n 40
nvidia-smi --query-gpu=utilization.gpu,memory.used --format=csv,noheader 2>/dev/null || true
uptime
ls "$work"/scenes/256 "$work"/scenes/512 2>/dev/null | grep -c bin$ || true
