#!/bin/sh
# pip 23.2.1 (the one that Python 3.11 brings) and a complete lock with hashes, as uv and pip-tools write it.
#
# Guess: a lock that names every package with == and its hashes installs tomorrow what it installs today.
# Seen: it stops installing on the day on which an entirely different thing happens: a pinned package that some other package
# asks for *with an extra* (pytest-cov asks for coverage[toml], the lock says coverage==7.10.6) publishes a newer release.
# pip before 24.0 takes coverage[toml] for a package of its own that nobody pinned:
#   ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:
#       coverage[toml]>=7.10.6 from (the address of the newest wheel) (from pytest-cov==7.0.0->-r lock (line 3))
# The same lock, while 7.10.6 was the newest, was installed without a word. pip 24.0 installs it; so does 23.2.1 with
# --no-deps, which is right for any lock that is complete.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >lock <<'EOF'
coverage==7.10.6 --hash=sha256:92c4ecf6bf11b2e85fd4d8204814dc26e6a19f0c9d938c207c5cb0eadfcabbe3
pluggy==1.6.0 --hash=sha256:e920276dd6813095e9377c0bc5566d94c932c33b27a3e3945d8389c374dd4746
pytest-cov==7.0.0 --hash=sha256:3b8e9558b16cc1479da72058bdecf8073661c7f57f7d3c5f22a1c23507f2d861
pytest==8.4.2 --hash=sha256:872f880de3fc3a5bdc88a11b39c9710c3497a547cfa9320bc3c5e62fbf272e79
iniconfig==2.1.0 --hash=sha256:9deba5723312380e77435581c6bf4935c94cbfab9b1ed33ef8d238ea168eb760
packaging==25.0 --hash=sha256:29572ef2b1f17581046b3a2227d5c611fb25ec70ca1ba8554b24b0e69331a484
pygments==2.19.2 --hash=sha256:86540386c03d588bb81d44bc3928634ff26449851e99741617ecb9037ee5ec0b
EOF

install() { # pip's version, its further options
    version=$1
    shift
    [ -d "pip-$version" ] || python3 -m venv "pip-$version"
    "pip-$version/bin/python" -m pip install -qq --disable-pip-version-check "pip==$version"
    rm -rf target
    "pip-$version/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes "$@" --target target -r lock 2>&1
}

if said=$(install 23.2.1); then
    echo "CHANGED: pip 23.2.1 installs the lock" >&2
    exit 1
fi
echo "$said" | grep "pinned with =="
echo "$said" | grep -o "coverage\[toml\]>=[0-9.]*"
install 23.2.1 --no-deps
test -d target/coverage && echo "pip 23.2.1 --no-deps installs it"
install 24.0
test -d target/coverage && echo "pip 24.0 installs it"
