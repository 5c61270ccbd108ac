#pragma once
/// Which file of a deployment a path without a rule means; each platform has its own way.

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

inline constexpr std::uint32_t no_file = UINT32_MAX;

/// The files of a deployment.
class FileIndex {
public:
    virtual ~FileIndex() = default;
    /// `path` without a leading slash, normalised. Its number, or `no_file`.
    virtual std::uint32_t number_of(std::string_view path) const = 0;
    /// Whether unknown navigations get index.html (the framework said so).
    virtual bool is_spa() const = 0;
};

struct Looked {
    std::uint32_t file = no_file;
    /// Not "": the path is another name of this one (normalised).
    std::string canonical{};
};

/// `path` is normalised.
Looked look_up(const FileIndex& index, const Files& files, std::string_view path);

/// Whether the path, whatever the files are, is sent elsewhere first: Vercel's cleanUrls and
/// trailingSlash. "" or the path to redirect to.
std::string canonical_first(const Files& files, std::string_view path);

/// The page for what is not there.
struct Missing {
    std::uint32_t file = no_file;
    std::uint32_t status = 404;
};
Missing look_up_missing(const FileIndex& index, const Files& files, std::string_view path,
                        bool navigation);

/// Whether the last segment has a dot.
bool has_extension(std::string_view path);

}  // namespace berth::rules
