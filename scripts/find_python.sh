#!/bin/sh
# Prints "VERSION PATH" of the Python that is asked for by name or path, else of the first good one; else nothing.
# Good is 3.11 or newer. 3.11 and 3.13 come first: they are the two that everything is tested on.

tell() {
    "$1" -c 'import sys; sys.version_info >= (3, 11) and print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null
}

[ -n "$1" ] || set -- python3.11 python3.13 python3.12 python3.14 python3
for name in "$@"; do
    # pyenv answers to the names of versions that are installed but not switched on, and then refuses to run them.
    for each in "$name" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/"$name"; do
        found=$(tell "$each") && [ -n "$found" ] && echo "$found" && exit
    done
done
