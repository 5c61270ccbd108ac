#pragma once
/// `berth projects transfer`, `deleted`, `restore` and `purge`: projects that change hands or end.

namespace CLI {
class App;
}

namespace berth::cli {

struct Parsed;

/// Adds them to `noun`.
void add_project_fate(CLI::App& noun, Parsed& parsed);

}  // namespace berth::cli
