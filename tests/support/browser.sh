#!/bin/sh
# A browser for the tests of pages: the one that is there, else, as root (a container, CI), one by apt.
found() {
  for name in chromium-headless-shell chromium chromium-browser google-chrome chrome; do
    command -v "$name" > /dev/null && return 0
  done
  return 1
}

found && exit 0
if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing a browser by apt ..."
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-dejavu-core > /dev/null ||
    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null
fi
found || echo "There is no browser: install Chromium to run the tests of the HTML report, which are skipped now."
