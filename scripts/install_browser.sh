#!/usr/bin/env bash
# Installs what the page tests need and pip cannot bring: Debian's Chromium, and letters for Arabic. For `make browser`.
set -euo pipefail

packages=()
command -v chromium >/dev/null || packages+=(chromium)
[ -n "$(find /usr/share/fonts -name 'NotoNaskhArabic*' -print -quit 2>/dev/null)" ] || packages+=(fonts-noto-core)

if [ "${#packages[@]}" -eq 0 ]; then
    echo "browser: $(chromium --version 2>/dev/null), and letters for Arabic, are here"
elif [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "browser: missing ${packages[*]}; install them with your system's package manager, as root" >&2
    exit 1
else
    echo "browser: installing ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -q -y --no-install-recommends "${packages[@]}"
fi
