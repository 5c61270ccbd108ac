#include "builds/survey.hpp"

namespace berth::builds {

/// Runs in a sandbox, in a directory of its own that has `out/`. Everything it prints is read as
/// hostile, so it may be simple. Files of more than 256 KiB do not describe a project; rules may
/// have 3 MiB.
const std::string_view survey_script = R"sh(
survey() {
    top=/src/tree
    here=$(cd -P "$top/$1" 2>/dev/null && pwd -P) || here=
    case "$here/" in "$top"/*) ;; *) here= ;; esac
    [ -n "$here" ] && echo "root_exists 1" >>out/facts
    (cd "$top" && find . -maxdepth 4 \( -name .git -o -name node_modules \) -prune -o \
        -printf '%y %P\0') | head -c 2000000 >out/names
    (cd "$top" && find . \( -name .git -o -name node_modules \) -prune -o -type f \( \
        -name package.json -o -name package-lock.json -o -name npm-shrinkwrap.json \
        -o -name pnpm-lock.yaml -o -name pnpm-workspace.yaml -o -name yarn.lock -o -name bun.lock \
        -o -name bun.lockb -o -name .npmrc -o -name '.yarnrc*' -o -name '.pnpmfile.*' \
        -o -name bunfig.toml -o -name package.yaml -o -name package.json5 \
        -o -path '*/.yarn/*' -o -path '*/patches/*' \) -print0 |
        LC_ALL=C sort -z | xargs -0 -r sha256sum | sha256sum | cut -c 1-64) |
        sed 's/^/install_hash /' >>out/facts
    : >paths
    dir="$here"
    while [ -n "$dir" ]; do
        find "$dir" -maxdepth 1 -type f -size -257k \( -name package.json -o -name .nvmrc \
            -o -name .node-version -o -name .tool-versions -o -name 'vite.config.*' \
            -o -name 'next.config.*' -o -name 'astro.config.*' -o -name angular.json \
            -o -name .npmrc -o -name .yarnrc.yml \
            -o -name .gitmodules -o -name .gitattributes -o -name 'svelte.config.*' \
            -o -name 'nuxt.config.*' \) -printf '%P\0' | sed -z "s|^|${dir#/}/|" >>paths
        find "$dir" -maxdepth 1 -type f -size -3073k \( -name berth.toml -o -name netlify.toml \
            -o -name vercel.json -o -name 'wrangler.toml' -o -name wrangler.json \
            -o -name wrangler.jsonc \) -printf '%P\0' | sed -z "s|^|${dir#/}/|" >>paths
        for name in pnpm-lock.yaml yarn.lock; do
            [ -f "$dir/$name" ] || continue
            mkdir -p "out/heads/${dir#/src/}" && head -c 400 "$dir/$name" >"out/heads/${dir#/src/}/$name"
        done
        [ "$dir" = "$top" ] && break
        dir=${dir%/*}
    done
    exec tar -cf - -C /tmp/berth out -C / --null --verbatim-files-from -T /tmp/berth/paths
}
)sh";

}  // namespace berth::builds
