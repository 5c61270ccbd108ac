#include "rules/file_lookup.hpp"

#include <array>

namespace berth::rules {

namespace {

std::uint32_t find(const FileIndex& index, std::string_view stem, std::string_view suffix) {
    std::string name(stem);
    name += suffix;
    return index.number_of(name);
}

Looked found(std::uint32_t file) {
    return {file, {}};
}

Looked elsewhere(std::string path) {
    return {no_file, std::move(path)};
}

/// "/docs" with docs/index.html is "/docs/", "/about" is about.html: links that are relative hold.
Looked look_up_berth(const FileIndex& index, std::string_view path) {
    const std::string_view key = path.substr(1);
    if (path.ends_with('/')) {
        if (const auto file = find(index, key, "index.html"); file != no_file) return found(file);
        const std::string_view bare = key.substr(0, key.empty() ? 0 : key.size() - 1);
        if (!bare.empty() && find(index, bare, ".html") != no_file)
            return elsewhere("/" + std::string(bare));
        return {};
    }
    if (const auto exact = index.number_of(key); exact != no_file) return found(exact);
    if (const auto page = find(index, key, ".html"); page != no_file) return found(page);
    if (find(index, key, "/index.html") != no_file) return elsewhere(std::string(path) + "/");
    return {};
}

Looked look_up_netlify(const FileIndex& index, std::string_view path) {
    const std::string_view key = path.substr(1);
    if (!key.empty() && !key.ends_with('/')) {
        if (const auto exact = index.number_of(key); exact != no_file) return found(exact);
    }
    if (key.empty()) {
        const auto file = index.number_of("index.html");
        return found(file != no_file ? file : index.number_of("index.htm"));
    }
    const std::string_view bare = key.ends_with('/') ? key.substr(0, key.size() - 1) : key;
    for (const std::string_view suffix : {".html", ".htm", "/index.html", "/index.htm"}) {
        if (const auto file = find(index, bare, suffix); file != no_file) return found(file);
    }
    return {};
}

/// rules.md: "…/" → "…/index.html"; ".html" in the address is redirected away.
Looked look_up_cloudflare(const FileIndex& index, std::string_view path) {
    const std::string_view key = path.substr(1);
    if (path.ends_with('/')) {
        if (const auto file = find(index, key, "index.html"); file != no_file) return found(file);
        if (path.ends_with("/index/"))
            return elsewhere(std::string(path.substr(0, path.size() - 6)));
        const std::string_view bare = key.substr(0, key.empty() ? 0 : key.size() - 1);
        if (!bare.empty() && find(index, bare, ".html") != no_file)
            return elsewhere("/" + std::string(bare));
        return {};
    }
    if (const auto exact = index.number_of(key); exact != no_file) {
        if (!key.ends_with(".html") || key == ".html") return found(exact);
        if (key == "index.html" || key.ends_with("/index.html"))
            return elsewhere(std::string(path.substr(0, path.size() - 10)));
        const std::string_view bare = path.substr(0, path.size() - 5);
        if (index.number_of(bare.substr(1)) != no_file) return found(exact);
        return elsewhere(std::string(bare));
    }
    if (key == "index" || key.ends_with("/index"))
        return elsewhere(std::string(path.substr(0, path.size() - 5)));
    if (const auto page = find(index, key, ".html"); page != no_file) return found(page);
    if (find(index, key, "/index.html") != no_file) return elsewhere(std::string(path) + "/");
    return {};
}

/// "/a/", "/a.html", "/a/index" and "/a/index.html" are all names of "a".
std::string_view stem_of(std::string_view path) {
    std::string_view stem = path;
    if (stem.ends_with('/')) stem.remove_suffix(1);
    if (stem.ends_with(".html")) stem.remove_suffix(5);
    if (stem.ends_with("/index")) stem.remove_suffix(6);
    return stem.empty() ? stem : stem.substr(1);
}

/// The newer modes in which every page has, or no page has, a slash at its end.
Looked look_up_cloudflare_slash(const FileIndex& index, TrailingSlash slash,
                                std::string_view path) {
    const std::string_view key = path.substr(1);
    const bool is_page = path.ends_with(".html") || path.ends_with('/');
    if (const auto exact = index.number_of(key); exact != no_file && !is_page) return found(exact);
    const std::string stem(stem_of(path));
    const std::string bare = stem.empty() ? "" : "/" + stem;
    std::uint32_t file = index.number_of(stem.empty() ? "index.html" : stem + ".html");
    if (file == no_file) file = index.number_of(stem + "/index.html");
    if (file == no_file) return found(index.number_of(key));
    const std::string address = slash == TrailingSlash::add || bare.empty() ? bare + "/" : bare;
    return address == path ? found(file) : elsewhere(address);
}

Looked look_up_vercel(const FileIndex& index, const Files& files, std::string_view path) {
    std::string_view key = path.substr(1);
    if (key.ends_with('/')) key.remove_suffix(1);
    if (key.empty()) return found(index.number_of("index.html"));
    if (const auto exact = index.number_of(key); exact != no_file) return found(exact);
    if (files.clean_urls) {
        if (const auto page = find(index, key, ".html"); page != no_file) return found(page);
    }
    return found(find(index, key, "/index.html"));
}

Looked look_up_exact(const FileIndex& index, std::string_view path) {
    if (path.ends_with('/')) return found(find(index, path.substr(1), "index.html"));
    return found(index.number_of(path.substr(1)));
}

/// The 404.html of the path's folder or of the nearest above it.
std::uint32_t nearest_missing_page(const FileIndex& index, std::string_view path) {
    for (std::string_view folder = path.substr(0, path.rfind('/') + 1);;) {
        const auto page = find(index, folder.substr(1), "404.html");
        if (page != no_file || folder == "/") return page;
        folder.remove_suffix(1);
        folder = folder.substr(0, folder.rfind('/') + 1);
    }
}

}  // namespace

bool has_extension(std::string_view path) {
    return path.substr(path.rfind('/') + 1).find('.') != path.npos;
}

Looked look_up(const FileIndex& index, const Files& files, std::string_view path) {
    switch (files.lookup) {
        case FileLookup::berth:
            return look_up_berth(index, path);
        case FileLookup::netlify:
            return look_up_netlify(index, path);
        case FileLookup::cloudflare:
            return files.trailing_slash == TrailingSlash::as_is
                       ? look_up_cloudflare(index, path)
                       : look_up_cloudflare_slash(index, files.trailing_slash, path);
        case FileLookup::vercel:
            return look_up_vercel(index, files, path);
        case FileLookup::exact:
            return look_up_exact(index, path);
    }
    return {};
}

std::string canonical_first(const Files& files, std::string_view path) {
    if (files.lookup == FileLookup::cloudflare) return "";  // there the files decide
    std::string wanted(path);
    if (files.clean_urls) {
        // "/a/index.html", "/a/index" and "/a.html" are the file's name, not its address.
        if (wanted.ends_with(".html/") || wanted.ends_with("/index/")) wanted.pop_back();
        if (wanted.ends_with(".html")) wanted.resize(wanted.size() - 5);
        if (wanted.ends_with("/index")) wanted.resize(wanted.size() - 6);
        if (wanted.empty()) wanted = "/";
    }
    const bool exempt =
        wanted == "/" || wanted == "/.well-known" || wanted.starts_with("/.well-known/");
    if (!exempt && files.trailing_slash == TrailingSlash::add) {
        if (!wanted.ends_with('/') && !has_extension(wanted)) wanted += '/';
        if (wanted.ends_with('/') &&
            has_extension(std::string_view(wanted).substr(0, wanted.size() - 1)))
            wanted.pop_back();
    }
    if (!exempt && files.trailing_slash == TrailingSlash::remove && wanted.ends_with('/'))
        wanted.pop_back();
    return wanted == path ? "" : wanted;
}

Missing look_up_missing(const FileIndex& index, const Files& files, std::string_view path,
                        bool navigation) {
    const bool wants_page = navigation && !has_extension(path);
    if (files.not_found == NotFound::bare) return {};
    if (files.not_found == NotFound::page) return {nearest_missing_page(index, path), 404};
    const std::uint32_t root = files.lookup == FileLookup::cloudflare
                                   ? nearest_missing_page(index, path)
                                   : index.number_of("404.html");
    if (files.not_found == NotFound::spa) {
        const std::uint32_t page = index.number_of("index.html");
        if (wants_page && page != no_file) return {page, 200};
        return {root, 404};
    }
    if (index.is_spa() && root == no_file && wants_page) {
        if (const auto page = index.number_of("index.html"); page != no_file) return {page, 200};
    }
    return {root, 404};
}

}  // namespace berth::rules
