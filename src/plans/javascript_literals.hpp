#pragma once
/// What a JavaScript or TypeScript configuration says in plain literals: keys of objects with the
/// keys around them ("build.outDir"), assignments (`config.outDir = '…'`), calls with a text
/// (`setOutputDirectory('…')`) and imports. Nothing runs, nothing is guessed: a key whose value is
/// computed is known to be there and has no value. Works on any text and never recurses.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace berth::plans {

class JavascriptLiterals {
public:
    static JavascriptLiterals read(std::string_view source);

    /// The text at `path`. Calls, brackets and functions around an object do not count:
    /// `defineConfig({build: {outDir: 'x'}})` has "build.outDir". Also of `path.resolve(__dirname,
    /// 'x')` and its like. Nothing when it is not there, computed, or said twice differently.
    std::optional<std::string> text(std::string_view path) const;
    /// The same of true and false.
    std::optional<bool> flag(std::string_view path) const;
    /// Whether `path` is there, with whatever value.
    bool has(std::string_view path) const;

    /// Whether a module is imported or required: "@sveltejs/adapter-static".
    bool imports(std::string_view module) const { return imports_.contains(std::string(module)); }

private:
    friend class JavascriptReader;
    struct Value {
        enum class Kind { computed, text, flag } kind = Kind::computed;
        std::string text{};
        bool operator==(const Value&) const = default;
    };
    const Value* the_one(std::string_view path) const;

    std::map<std::string, std::vector<Value>, std::less<>> values_{};
    std::set<std::string> imports_{};
};

}  // namespace berth::plans
