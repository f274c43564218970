#!/bin/sh
# Prints the name of a Python from 3.11 on that can make virtual environments: the first of the names given
# as arguments, or of the usual ones. Where there is none, says in one line what to install, and ends with 1.
least='3.11'
[ $# -gt 0 ] || set -- python3.11 python3 python3.12 python3.13 python3.14 python3.15 python
bare=
for name in "$@"; do
    command -v "$name" >/dev/null 2>&1 || continue
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "$name"
        exit 0
    fi
    [ -n "$bare" ] || bare=$("$name" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
done
if [ -n "$bare" ]; then # Debian and Ubuntu keep these modules in a package of their own
    echo "$bare cannot make virtual environments: sudo apt-get install $bare-venv (Debian, Ubuntu)" >&2
else
    echo "Python $least or later is needed: sudo apt-get install python3 python3-venv (Debian 12, Ubuntu 24.04 and later), or https://www.python.org/downloads/" >&2
fi
exit 1
