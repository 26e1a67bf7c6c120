#!/usr/bin/env bash
# A set of runs over several seeds, and one comparison at its end. Call it again to go on where it
# stopped: finished runs are kept, begun ones resume, failed ones are tried again.
#
#   scripts/ablation.sh pretraining  CHECKPOINT   random, pretrained, frozen, thawed, pulled
#   scripts/ablation.sh fewshot      CHECKPOINT   5, 10, 20, 50, 100 % of the labels, with and without
#   scripts/ablation.sh classes      CHECKPOINT   2, 4, 8 and 9 classes
#   scripts/ablation.sh architecture              the U-Net's parts, and its rivals, from random weights
#   scripts/ablation.sh controls                  the model, noise before P alone, shuffled labels
#
# CHECKPOINT is the run folder of a pretraining. Whatever follows goes to every run:
#   scripts/ablation.sh fewshot outputs/contrastive_xlstm_unet/<run> dataset.data_dir=/data trainer.devices=1
# In the environment: EXPERIMENT (default fore_aftershock/finetune_xlstm_unet), SEEDS ("1 2 3"),
# OUT (default ablations/<set>), JOBS (how many at once, default 1), ONLY (names of the set's runs that
# are wanted, such as "random frozen"; default all), PYTHON. A folder holds runs of one plan: another
# checkpoint or other overrides need another OUT.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

EXPERIMENT=${EXPERIMENT:-fore_aftershock/finetune_xlstm_unet}
SEEDS=${SEEDS:-1 2 3}
JOBS=${JOBS:-1}
ONLY=${ONLY:-}
PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python)}
SET=${1:-}
[ $# -gt 0 ] && shift
OUT=${OUT:-ablations/$SET}

usage() { sed -n '2,17s/^# \{0,1\}//p' scripts/ablation.sh >&2; exit 2; }

CHECKPOINT=""
case $SET in
  pretraining | fewshot | classes)
    CHECKPOINT=${1:-}
    [ -e "$CHECKPOINT" ] || { echo "error: no pretraining at '$CHECKPOINT'" >&2; usage; }
    shift ;;
  architecture | controls) ;;
  *) usage ;;
esac

# Epochs by training share, so that few labels are still seen often enough.
epochs() { case $1 in 0.035) echo 60 ;; 0.07) echo 40 ;; 0.14) echo 30 ;; 0.35) echo 20 ;; *) echo 15 ;; esac; }

# One line a run: its name, then its overrides, quoted for the shell.
plan() {
  local pre both="encoder.freeze=true model.freeze=true" frac n
  printf -v pre %q "model.pretrained=$CHECKPOINT"
  case $SET in
    pretraining)
      echo "random"
      echo "pretrained $pre"
      echo "frozen $pre $both"
      echo "thawed $pre $both train.unfreeze_at_epoch=5 train.unfrozen_lr_mult=0.1"
      echo "pulled $pre train.l2_to_pretrained=0.01" ;;
    fewshot)
      for frac in 0.035 0.07 0.14 0.35 0.7; do
        n="dataset.train_frac=$frac trainer.max_epochs=$(epochs $frac)"
        echo "random_$frac $n"
        echo "pretrained_$frac $pre $n"
      done ;;
    classes)
      for n in 2 4 8 9; do echo "classes_$n $pre dataset.num_classes=$n"; done ;;
    architecture)
      echo "mlstm"
      echo "slstm model.block_type=slstm"
      echo "mixed model.mix=0.5"
      echo "no_levels 'model.pool=[]'"
      echo "wav2vec2_like model=wav2vec2_like"
      echo "cnn1d model=cnn1d encoder=raw encoder.patch=1 encoder.pretrained=null" ;;
    controls)
      echo "model"
      echo "noise_only dataset.keep=noise"
      echo "shuffled_labels dataset.shuffle_labels=true" ;;
  esac
}

wanted() { [ -z "$ONLY" ] || case " $ONLY " in *" $1 "*) ;; *) return 1 ;; esac; }

one() {  # folder, overrides…
  local folder=$1 log=$1.log planned=$1.overrides
  shift
  if [ -e "$planned" ] && [ "$(cat "$planned")" != "$(printf '%s\n' "$@")" ]; then
    echo "FAILED   $folder was begun with other overrides ($planned): give another OUT" >&2
    return 1
  fi
  [ -e "$folder/summary.json" ] && return 0
  printf '%s\n' "$@" > "$planned"
  if [ -e "$folder/checkpoints/last.ckpt" ]; then set -- "resume=$folder"
  else rm -rf "$folder"; set -- "$@" "hydra.run.dir=$folder"; fi
  echo "run      $(basename "$folder")"
  "$PYTHON" simple_train.py "$@" > "$log" 2>&1 && return 0
  local code=$?
  echo "FAILED   $folder (see $log)" >&2
  sed -n '/^error: /,$p' "$log" >&2
  [ $code -ne 2 ] || finished || return 255  # refused, the first of all: xargs starts no other
  return 1
}
finished() { compgen -G "$OUT/*/summary.json" > /dev/null; }
export -f one finished

mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
export PYTHON OUT
GIVEN=""
[ $# -eq 0 ] || printf -v GIVEN '%q ' "$@"
runs=()
for seed in $SEEDS; do
  while read -r name overrides; do
    wanted "$name" || continue
    printf -v folder %q "$OUT/${name}_seed$seed"
    runs+=("$folder experiment=$EXPERIMENT seed=$seed experiment_name=${SET}_$name $overrides $GIVEN")
  done < <(plan)
done
[ ${#runs[@]} -gt 0 ] || { echo "error: no run of '$SET' is wanted by ONLY='$ONLY' SEEDS='$SEEDS'" >&2; usage; }
printf '%s\0' "${runs[@]}" | xargs -0 -P "$JOBS" -n 1 bash -c 'eval "one $1"' one
status=$?
[ $status -eq 0 ] || echo "some runs failed: mend what their messages say, and call this again" >&2
finished || exit 1
"$PYTHON" scripts/compare.py "$OUT" --out "$OUT/comparison" --replace || status=1
exit $((status > 0))
