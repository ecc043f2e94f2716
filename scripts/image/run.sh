#!/usr/bin/env bash
# Runs a command in an image's file system, as `docker run --read-only` would: as its user, without further rights, and with
# nothing of the image that it could write to. The environment is what this script is given; the network is the machine's.
#
#   scripts/image/run.sh ROOTFS USER:GROUP FOLDER COMMAND...      as root; FOLDER is where in the image it runs
#
# The process keeps its id, so that signals reach it.
set -euo pipefail

exec unshare --mount -- sh -euc '
  rootfs=$1 user=$2 folder=$3
  shift 3
  mount --bind "$rootfs" "$rootfs"
  mount -o remount,bind,ro "$rootfs"
  mount --rbind /dev "$rootfs/dev"
  mount --rbind /proc "$rootfs/proc"
  exec setpriv --no-new-privs chroot --userspec="$user" --groups="${user#*:}" "$rootfs" env --chdir="$folder" "$@"
' sh "$@"
