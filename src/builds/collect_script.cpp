#include "builds/collect_script.hpp"

namespace berth::builds {

// Nobody else runs when it does, but it holds even so: it steps into the directory first and looks
// where it is then, and tar follows no link.
const std::string_view collect_script = R"sh(
cd "$1" || exit 71
shift
for dir in "$@"; do
    [ -d "$dir" ] || continue
    cd -P "$dir" || exit 71
    case "$(pwd -P)/" in /build/*) ;; *) exit 73 ;; esac
    exec tar --hard-dereference --sort=name --format=posix \
        --anchored --exclude=./.git --exclude=./node_modules -cf - .
done
for name in *; do
    [ "$name" = node_modules ] && continue
    [ -e "$name" ] || continue
    if [ -d "$name" ]; then echo "$name/"; else echo "$name"; fi
done | head -n 30 >&2
exit 72
)sh";

}  // namespace berth::builds
