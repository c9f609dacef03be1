#!/usr/bin/env bash
# A real VS Code for the tests, and what drives it, by npm alone: install.sh DIR
#
# About 850 MB, and a minute. No package runs a script of its own: --ignore-scripts, everywhere. VS Code is the one
# that code-server serves to a browser; its extension host is the same as on the desktop.
set -euo pipefail
dir=$1
mkdir -p "$dir"
cd "$dir"
echo '{"private": true}' >package.json
npm=(npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error)
"${npm[@]}" node@24.21.0 code-server@4.139.1 playwright-core@1.65.1
(cd node_modules/node && node installArchSpecificPackage.js)
cd node_modules/code-server/lib/vscode
"${npm[@]}" --omit=dev
(cd extensions && "${npm[@]}" --omit=dev)
ln -sf code-linux.sh bin/remote-cli/code-server
ln -sf browser-linux.sh bin/helpers/browser.sh
touch "$dir/installed"
