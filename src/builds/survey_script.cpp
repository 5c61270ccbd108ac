#include "builds/survey_tar.hpp"
#include "plans/survey_files.hpp"

namespace berth::builds {
namespace {

/// Runs in a sandbox, in a directory of its own that has `out/`. Everything it prints is read as
/// hostile, so it may be simple. The words in @ are filled in from plans/survey_files.hpp.
constexpr std::string_view text = R"sh(
survey() {
    top=/src/tree
    here=$(cd -P "$top/$1" 2>/dev/null && pwd -P) || here=
    case "$here/" in "$top"/*) ;; *) here= ;; esac
    [ -n "$here" ] && echo "root_exists 1" >>out/facts
    (cd "$top" && find . -maxdepth @depth@ \( -name .git -o -name node_modules \) -prune -o \
        -printf '%y %P\0') | head -c 2000000 >out/names &
    (cd "$top" && find . \( -name .git -o -name node_modules \) -prune -o -type f \( \
        -name package.json -o -name package-lock.json -o -name npm-shrinkwrap.json \
        -o -name pnpm-lock.yaml -o -name pnpm-workspace.yaml -o -name yarn.lock -o -name bun.lock \
        -o -name bun.lockb -o -name .npmrc -o -name '.yarnrc*' -o -name '.pnpmfile.*' \
        -o -name bunfig.toml -o -name package.yaml -o -name package.json5 -o -name rush.json \
        -o -path './common/config/rush/*' -o -path '*/.yarn/*' -o -path '*/patches/*' \) -print0 |
        LC_ALL=C sort -z | xargs -0 -r sha256sum | sha256sum | cut -c 1-64) |
        sed 's/^/install_hash /' >install &
    (cd "$top" && find . -maxdepth @depth@ \( -name .git -o -name node_modules \) -prune -o \
        -type f -size -@members@k \( @member_files@ \) -printf 'src/tree/%P\0') |
        LC_ALL=C sort -z | head -z -n @members_max@ >paths
    dir="$here"
    while [ -n "$dir" ]; do
        find "$dir" -maxdepth 1 -type f -size -@described@k \( @described_files@ \) \
            -printf '%P\0' | sed -z "s|^|${dir#/}/|" >>paths
        find "$dir" -maxdepth 1 -type f -size -@rules@k \( @rule_files@ \) \
            -printf '%P\0' | sed -z "s|^|${dir#/}/|" >>paths
        for sub in @config_directories@; do
            [ -d "$dir/$sub" ] || continue
            find "$dir/$sub" -maxdepth 1 -type f -size -@described@k \
                \( -name 'config.*' -o -name 'settings.*' \) -printf '%P\0' |
                sed -z "s|^|${dir#/}/$sub/|" >>paths
        done
        for name in @lock_heads@; do
            [ -f "$dir/$name" ] || continue
            mkdir -p "out/heads/${dir#/src/}" &&
                head -c @head@ "$dir/$name" >"out/heads/${dir#/src/}/$name"
        done
        [ "$dir" = "$top" ] && break
        dir=${dir%/*}
    done
    LC_ALL=C sort -zu paths >paths.once
    wait
    cat install >>out/facts
    exec tar -cf - -C /tmp/berth out -C / --null --verbatim-files-from -T /tmp/berth/paths.once
}
)sh";

/// -name 'a' -o -name 'b.*'
template <class Names>
std::string any_of(const Names& names) {
    std::string words;
    for (const std::string_view name : names)
        words += fmt::format("{}-name '{}'", words.empty() ? "" : " -o ", name);
    return words;
}

void fill(std::string& script, std::string_view word, const std::string& value) {
    for (std::size_t at = script.find(word); at != script.npos; at = script.find(word, at))
        script.replace(at, word.size(), value);
}

/// find's -size -Nk is below N, rounded up.
std::string kibibytes_of(std::uint64_t bytes_max) {
    return std::to_string((bytes_max >> 10) + 1);
}

std::string made() {
    std::string script(text);
    fill(script, "@depth@", std::to_string(plans::names_depth));
    fill(script, "@members@", kibibytes_of(plans::member_bytes_max));
    fill(script, "@members_max@", std::to_string(plans::members_max));
    fill(script, "@member_files@", any_of(plans::member_files));
    fill(script, "@described@", kibibytes_of(plans::described_bytes_max));
    fill(script, "@described_files@", any_of(plans::described_files));
    fill(script, "@rules@", kibibytes_of(plans::rule_bytes_max));
    fill(script, "@rule_files@", any_of(plans::rule_files));
    fill(script, "@config_directories@",
         fmt::format("{}", fmt::join(plans::config_directories, " ")));
    fill(script, "@lock_heads@", fmt::format("{}", fmt::join(plans::lock_heads, " ")));
    fill(script, "@head@", std::to_string(plans::lock_head_bytes));
    return script;
}

}  // namespace

const std::string& survey_script() {
    static const std::string script = made();
    return script;
}

}  // namespace berth::builds
