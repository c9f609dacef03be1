#!/bin/sh
# Make a repository of the plugin alone, for plugin managers that want a plugin at the top of one: mirror.sh DIR
#
# DIR becomes a bare repository whose branch `main` has the history of this folder, with a tag for the version. Run
# again, it is brought up to date.
set -eu
[ $# -eq 1 ] || { echo "usage: mirror.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
top=$(git -C "$here" rev-parse --show-toplevel)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/pyproject.toml")
commit=$(git -C "$top" subtree split -q --prefix=editors/nvim HEAD)
[ -d "$1" ] || git init --quiet --bare --initial-branch=main "$1"
git -C "$top" push --quiet --force "$1" "$commit:refs/heads/main" "$commit:refs/tags/v$version"
echo "$1 has editsvc.nvim v$version, $(git -C "$1" rev-parse --short main)"
