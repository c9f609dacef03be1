#!/bin/sh
# Editors for tests/editors/test_clients.py into the folder $1, by apt: Helix, Emacs 30 and lsp-mode of Debian 13, Emacs
# and eglot of this system's own release, all unpacked beside the system; Kate, which the system takes, and a display.
# Without root or apt, nothing is done. What could not be had is said; its tests say so, too.
set -u
target=$1
mkdir -p "$target"
target=$(cd "$target" && pwd)
if ! command -v apt-get > /dev/null || [ "$(id -u)" != 0 ]; then
  echo "Helix, Emacs and Kate are installed by apt as root only; what is not there already is not tested."
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive

# The machine's own source of packages, with another suite.
sources() {
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    awk -v suite="$1" '
      /^URIs:/ && !uri { uri = $2 }
      /^Signed-By:/ && !key { key = $0 }
      END { if (uri) printf "Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n%s\n", uri, suite, key }' "$file"
    return
  done
  awk -v suite="$1" '
    $1 == "deb" && !uri { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z]+:/) uri = $i }
    END { if (uri) printf "Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n", uri, suite }' /etc/apt/sources.list
}

# unpack NAME SUITE PACKAGE...: packages and what they need into $target/NAME; the system's own packages play no part.
unpack() {
  name=$1 suite=$2
  shift 2
  [ -f "$target/$name/complete" ] && return 0
  echo "Fetching $* of $suite ..."
  work=$(mktemp -d)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts" "$work/root"
  sources "$suite" > "$work/parts/suite.sources"
  cat > "$work/apt.conf" <<EOF
Dir::State::Lists "$work/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/parts";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
EOF
  if APT_CONFIG="$work/apt.conf" apt-get update -qq &&
    APT_CONFIG="$work/apt.conf" apt-get install -y -qq --download-only "$@" > /dev/null; then
    for package in "$work"/cache/archives/*.deb; do
      case "$package" in
        # What a compiler needs, nobody needs here.
        */binutils* | */linux-libc-dev* | */libc6-dev* | */libc-dev-bin* | */lib*san[0-9]_* | */libgprofng*) ;;
        *) dpkg-deb -x "$package" "$work/root" || break ;;
      esac
    done
    rm -rf "${target:?}/$name"
    mv "$work/root" "$target/$name" && touch "$target/$name/complete"
  else
    echo "$* could not be installed."
  fi
  rm -rf "$work"
}

own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
unpack debian-13 trixie hx emacs-nox elpa-lsp-mode
if [ -n "$own" ] && [ "$own" != trixie ]; then
  unpack own "$own" emacs-nox elpa-eglot
fi
if ! command -v kate > /dev/null || ! command -v xdotool > /dev/null || ! command -v Xvfb > /dev/null ||
  ! command -v openbox > /dev/null || ! command -v dbus-run-session > /dev/null; then
  echo "Installing Kate ..."
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends kate xdotool xvfb openbox dbus imagemagick > /dev/null ||
    echo "Kate could not be installed."
fi
