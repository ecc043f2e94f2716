#!/usr/bin/env bash
# Builds the image of the Dockerfile where there is neither a Docker engine nor a registry of images: with buildah, over a
# base that is made here of Debian's (or Ubuntu's) packages and the Node.js that npm brings.
#
#   scripts/image/build.sh FOLDER      as root, in a checkout where npm ci has run
#
# FOLDER must not exist. In it lie afterwards rootfs, the image's file system, and image.json, which has what the Dockerfile
# says of user, command, environment and health. Nothing is written elsewhere: whoever removes it has removed everything.
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
mkdir "$1"
folder=$(cd "$1" && pwd)
base=localhost/doorstep-base
tag=localhost/doorstep

trap 'rm -rf "$folder/base" "$folder/store" "$folder/run"' EXIT

# A store of its own; copies of files instead of layers, since the folder may lie on a file system of any kind.
store() {
  buildah --root "$folder/store" --runroot "$folder/run" --storage-driver vfs "$@"
}

# The release that this machine has, from where it takes its own packages.
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME)' | awk -v release="$release" '$2 == release { print $1; exit }')
[ -n "$mirror" ] || { echo "apt knows no mirror of $release." >&2; exit 1; }

echo "The base, of $release ..."
debootstrap --variant=minbase "$release" "$folder/base" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
  { tail -n 20 "$folder/debootstrap.log" >&2; exit 1; }
npm_folder=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$folder/base/usr/local/lib/node_modules"
cp -L "$project/node_modules/.bin/node" "$folder/base/usr/local/bin/node"
cp -r "$npm_folder" "$folder/base/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$folder/base/usr/local/bin/npm"
chroot "$folder/base" useradd --uid 1000 --create-home node

container=$(store from scratch)
store copy --quiet "$container" "$folder/base" / >/dev/null
rm -rf "$folder/base"
store config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
# Where npm finds packages, and whom it trusts on the way, are this machine's.
store config --env "npm_config_registry=$(npm config get registry)" "$container"
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  store copy --quiet "$container" "$NODE_EXTRA_CA_CERTS" /etc/extra-ca.pem >/dev/null
  store config --env NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem --env npm_config_cafile=/etc/extra-ca.pem "$container"
fi
store commit --quiet --rm "$container" "$base" >/dev/null

echo 'The image ...'
# Of the two formats only Docker's has health checks.
BUILDAH_ISOLATION=chroot store bud --format docker --from "$base" --pull-never --network host --tag "$tag" "$project" \
  >"$folder/build.log" 2>&1 || { tail -n 60 "$folder/build.log" >&2; exit 1; }
store inspect --type image "$tag" >"$folder/image.json"
container=$(store from --pull-never "$tag")
mv "$(store mount "$container")" "$folder/rootfs"
