#include "builds/source_script.hpp"

namespace berth::builds {

// The credential lies in /tmp, a memory file system of this one run: not in the URL, not in an
// argument, not in the environment, not in .git/config. The repository's own configuration, hooks,
// filters and redirects have no say.
const std::string_view clone_script = R"sh(
set -u
url=$1 ref=$2 commit=$3 root=$4 kind=$5 list=$6
umask 077
mkdir /tmp/berth && cd /tmp/berth && mkdir out secret && tar -xf - -C secret || exit 42
umask 022
export GIT_DIR=/src/git GIT_WORK_TREE=/src/tree GIT_TERMINAL_PROMPT=0 GIT_ASKPASS= SSH_ASKPASS= \
    GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ALLOW_PROTOCOL=https:http:ssh:git \
    GIT_PROTOCOL_FROM_USER=0 LC_ALL=C.UTF-8
helper=
[ "$kind" = token ] && helper='!f() { test "$1" = get && cat /tmp/berth/secret/token; }; f'
checking=yes
[ -s secret/known_hosts ] || checking=accept-new
identity='-o PubkeyAuthentication=no'
[ "$kind" = deploy_key ] && identity='-o IdentitiesOnly=yes -i /tmp/berth/secret/key'
export GIT_SSH_VARIANT=ssh GIT_SSH_COMMAND="ssh -F /dev/null -o BatchMode=yes $identity \
 -o StrictHostKeyChecking=$checking -o UserKnownHostsFile=/tmp/berth/secret/known_hosts \
 -o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no -o ConnectTimeout=20 -o LogLevel=ERROR"

git() {
    command git -c http.followRedirects=false -c core.hooksPath=/dev/null -c core.symlinks=true \
        -c core.autocrlf=false -c gc.auto=0 -c maintenance.auto=false -c protocol.version=2 \
        -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60 -c advice.detachedHead=false \
        -c credential.helper= -c "credential.helper=$helper" "$@"
}
# Runs a command with its stderr shown and kept in `said`.
try() {
    rm -f pipe && mkfifo pipe || exit 42
    tee said <pipe >&2 & tee=$!
    code=0
    "$@" 2>pipe || code=$?
    wait "$tee"
    return "$code"
}
depth=--depth=1
fetch() {
    git fetch --progress --no-tags --no-recurse-submodules $depth -- "$url" "+$1:refs/berth/head"
}
# A server of plain files cannot cut history.
fetch_any() {
    try fetch "$1" && return 0
    grep -q -e 'dumb http' -e 'does not support shallow' said || return 1
    depth=
    try fetch "$1"
}
fetch_everything() {
    git fetch --progress --no-recurse-submodules -- "$url" '+refs/heads/*:refs/berth/heads/*' \
        '+refs/tags/*:refs/tags/*'
}

# Of an earlier fetch only what the server need not send again counts.
rm -rf /src/git/index /src/git/*.lock /src/git/config
mkdir /src/tree && command git init -q --template= || exit 42
branch=$ref
if [ "$list" = list ]; then
    try git ls-remote --symref -- "$url" HEAD 'refs/heads/*' >branches || exit 41
    head -c 1000000 branches >out/branches
elif [ -z "$ref" ] && [ -z "$commit" ]; then
    try git ls-remote --symref -- "$url" HEAD >branches || exit 41
fi
if [ -z "$ref" ] && [ -z "$commit" ]; then
    [ -s branches ] || { echo 'fatal: the repository is empty' >&2; exit 41; }
    branch=$(sed -n 's,^ref: refs/heads/\(.*\)[[:space:]]HEAD$,\1,p' branches | head -n 1)
    want=HEAD
    [ -n "$branch" ] && want=refs/heads/$branch
fi
if [ -n "$commit" ]; then
    if ! fetch_any "$commit"; then
        grep -q -e 'not our ref' -e 'unadvertised' -e 'not allowed' -e 'find remote ref' said || exit 41
        try fetch_everything || exit 41
        if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
            echo "fatal: commit $commit is not in this repository" >&2
            exit 41
        fi
        git update-ref refs/berth/head "$commit" || exit 42
    fi
elif [ -z "$ref" ]; then
    fetch_any "$want" || exit 41
else
    case "$ref" in refs/*) want=$ref ;; *) want=refs/heads/$ref ;; esac
    if ! fetch_any "$want"; then
        grep -q "find remote ref" said || exit 41
        fetch_any "refs/tags/$ref" || exit 41
    fi
fi
try git checkout -q --force --detach refs/berth/head || exit 42

# Files that the repository keeps from being deployed, in the words of .gitignore.
ignored() { (cd /src/tree && git ls-files -z -c -i --exclude-per-directory=.vercelignore); }
left=$(ignored | tr -cd '\0' | wc -c)
if [ "$left" -gt 0 ]; then
    ignored | (cd /src/tree && xargs -0 -r rm -f --)
    [ "$left" = 1 ] && what='1 file is' || what="$left files are"
    echo "$what left out, as .vercelignore says" >&2
fi

{
    echo "branch $branch"
    # The tree is not that of the root directory: builds see what is beside it.
    git log -1 --no-show-signature --format='commit %H%ntree %T%nauthor %an%nmessage %s' HEAD
    # What may have changed since another commit: up to four deep, "tree_of <hash> TAB <path>".
    git ls-tree -r -t HEAD | grep -v '/.*/.*/.*/' | sed 's/^[0-9]* [a-z]* /tree_of /' |
        head -n 20000
} >/src/facts 2>/dev/null
cp /src/facts out/facts
[ -f secret/known_hosts ] && cp secret/known_hosts out/known_hosts
grep -qs 'filter=lfs' /src/tree/.gitattributes &&
    echo 'This repository uses Git LFS: its large files stay pointers, Berth does not fetch them.' >&2
[ -f /src/tree/.gitmodules ] &&
    echo 'This repository has submodules: Berth does not fetch them.' >&2
rm -rf secret
survey "$root"
)sh";

const std::string_view unpack_script = R"sh(
set -u
mkdir -m 700 /tmp/berth && cd /tmp/berth && mkdir out || exit 42
tar --zstd --no-same-owner -xf - -C /src || exit 42
# What was uploaded or pushed as it is: its files of this kind have had no say yet.
if grep -qx 'ignore_files yes' /src/facts; then
    export GIT_DIR=/tmp/berth/git GIT_WORK_TREE=/src/tree GIT_CONFIG_NOSYSTEM=1 \
        GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C.UTF-8
    git init -q --template= || exit 42
    for file in .berthignore .vercelignore; do
        (cd /src/tree && git ls-files -z -o -i --exclude-per-directory="$file") >ignored || exit 42
        left=$(tr -cd '\0' <ignored | wc -c)
        [ "$left" -gt 0 ] || continue
        (cd /src/tree && xargs -0 -r rm -f --) <ignored
        [ "$left" = 1 ] && what='1 file is' || what="$left files are"
        echo "$what left out, as $file says" >&2
    done
    unset GIT_DIR GIT_WORK_TREE
fi
cp /src/facts out/facts
survey "$1"
)sh";

}  // namespace berth::builds
