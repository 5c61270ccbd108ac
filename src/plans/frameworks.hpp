#pragma once
/// The frameworks that Berth knows, as data. One row is all that most of them need; what a row
/// cannot say (whether a configuration makes static files, where it puts them) is in
/// framework_output.cpp and framework_server.cpp under the row's name. docs/builds.md and the
/// dashboard's list are made from this table.

#include <span>
#include <string_view>

namespace berth::plans {

/// What a build of it makes.
enum class Makes {
    files,    // pages: every address has a file
    spa,      // one page that answers every address
    either,   // static files or a server program: its configuration says
    server,   // a server program, always
    outside,  // files, by a program that does not come from npm
};

/// Lists are words with blanks between them. Commands are of the framework's own program, to be run
/// by the package manager; "" is none.
struct FrameworkRow {
    std::string_view name;   // the word of the API
    std::string_view title;  // as people write it
    Makes makes = Makes::files;
    std::string_view packages{};  // any of them in package.json
    std::string_view files{};     // or any of these in the root directory; a `*` may end a name
    std::string_view build{};     // when package.json has no such script
    std::string_view dev{};
    std::string_view start{};  // of what the build makes, where that is a server
    std::string_view output{};
    std::string_view server_entry{};
    std::string_view caches{};  // directories that make the next build faster
    /// Where the output may be set, as words "file:key"; "key/client" is `client` below the value.
    std::string_view config{};
};

/// In the order of precedence: what brings another one along comes before it.
std::span<const FrameworkRow> frameworks();

/// Null when there is no such row.
const FrameworkRow* framework_row(std::string_view name);

/// "vite.config.* app.config.*" → each word.
template <class Visit>
void each_word(std::string_view list, Visit visit) {
    while (!list.empty()) {
        const std::size_t end = list.find(' ');
        if (end != 0) visit(list.substr(0, end));
        list = end == list.npos ? "" : list.substr(end + 1);
    }
}

}  // namespace berth::plans
