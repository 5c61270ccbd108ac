#pragma once
/// Manual pages in roff's man macros, made of the declarations that the parser reads.

#include <map>
#include <string>

namespace CLI {
class App;
}

namespace berth::cli {

/// File name → page: "berth.1" with the options of every command, the environment and the exit
/// codes, and "berth-NAME.1" for each command of `app`, with what is below it. Names of other
/// rooms' verbs, which have no declaration here, stand in berth.1 alone.
std::map<std::string, std::string> man_pages(const CLI::App& app);

/// Text of a page: no letter of it is taken for roff's own, at a line's begin or inside.
std::string roff(std::string_view text);

}  // namespace berth::cli
