#pragma once
/// Patterns of names with slashes, as people write them: files of a site, branches of a repository.

#include <memory>
#include <string>
#include <string_view>

namespace berth::rules {

/// `*` is any part of one segment, `**` any number of segments, `?` one character, `{a,b}` either.
/// A pattern without a slash is that of the last segment: `*.js` fits "a/b/main.js". A slash at the
/// beginning stands for the top. Immutable; takes time linear in the text, whatever the pattern.
class Glob {
public:
    explicit Glob(std::string_view pattern);
    Glob(Glob&&) noexcept;
    Glob& operator=(Glob&&) noexcept;
    ~Glob();

    /// `name`: without a slash at the beginning.
    bool fits(std::string_view name) const;

    /// What is wrong with a pattern, for people, or "": it is empty, longer than 255 bytes, has
    /// control characters, or a brace that is not closed.
    static std::string problem(std::string_view pattern);

private:
    struct Compiled;
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace berth::rules
