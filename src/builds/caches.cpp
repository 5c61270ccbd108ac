#include "builds/caches.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace berth::builds {
namespace {

constexpr std::chrono::milliseconds save_limit = std::chrono::minutes(2);

std::string_view word_of(CacheKind kind) {
    switch (kind) {
        case CacheKind::framework:
            return "fw";
        case CacheKind::packages:
            return "pm";
        case CacheKind::source:
            return "git";
    }
    std::unreachable();
}

/// What people are told of a kind, by how its names begin.
constexpr std::array<std::pair<std::string_view, jobs::CacheKind>, 5> told_kinds{
    {{"snap-", jobs::CacheKind::install},
     {"fw-", jobs::CacheKind::bundler},
     {"pm-", jobs::CacheKind::downloads},
     {"git-", jobs::CacheKind::repository},
     {"tool-", jobs::CacheKind::toolchain}}};

/// Nothing for what is not ours, or not finished.
std::optional<jobs::KeptCache> told(const engines::VolumeState& volume) {
    const auto kind = std::ranges::find_if(
        told_kinds, [&](const auto& one) { return volume.name.starts_with(one.first); });
    if (!volume.kept || kind == told_kinds.end()) return std::nullopt;
    jobs::KeptCache cache{.name = volume.name,
                          .kind = kind->second,
                          .project = project_of_cache(volume.name),
                          .bytes = volume.disk_bytes,
                          .used_at_ms = volume.used_at_ms};
    if (cache.kind == jobs::CacheKind::toolchain) return cache;
    if (cache.project.empty()) return std::nullopt;
    if (cache.kind == jobs::CacheKind::install) return cache;
    // KIND-PROJECT-TRUST[-PART]-TIME
    std::string_view rest = cache.name;
    rest.remove_prefix(kind->first.size() + cache.project.size() + 1);
    cache.trust = rest.substr(0, rest.find('-'));
    rest.remove_prefix(std::min(rest.size(), cache.trust.size() + 1));
    const std::size_t end = rest.find('-');
    if (end != rest.npos) cache.part = rest.substr(0, end);
    return cache;
}

/// Arguments: where to look, then the paths. Copies those that are there. Exit code 40: none is.
constexpr const char* save_script = R"sh(
cd "$1" || exit 42
shift
code=40
for path in "$@"; do
    [ -e "$path" ] || continue
    [ -L "$path" ] && continue
    cp -a --parents -- "$path" /keep/ || exit 43
    code=0
done
exit "$code"
)sh";
constexpr int nothing_there = 40;

/// False: there is nothing to keep, or it does not fit.
Task<bool> copy_into(Workshop& workshop, const jobs::Job& job, const std::string& tenant,
                     const CacheSave& save, const std::string& volume) {
    constexpr std::uint64_t bytes_per_file = 8192;
    engines::Volume made{.name = volume,
                         .tenant = tenant,
                         .bytes_max = job.limits.disk_bytes,
                         .files_max = job.limits.disk_bytes / bytes_per_file};
    const Result<> done = co_await workshop.engine.make_volume(std::move(made));
    if (!done) {
        log::warning("cache not kept", {{"job", job.id}, {"why", done.error().message}});
        co_return false;
    }
    engines::Run run{.sandbox = sandbox_of(job), .tenant = tenant};
    run.argv = {"/bin/sh", "-c", save_script, "berth-save", save.view.target};
    run.argv.insert(run.argv.end(), save.paths.begin(), save.paths.end());
    run.directory = "/";
    run.mounts = {save.view, {.target = "/keep", .upper = volume}};
    Stop stop;
    CaptureOutput output(0);
    const Result<RunEnd> ended =
        co_await drive(workshop.engine, std::move(run), output, save_limit, stop);
    if (ended && ended->exit.code == 0 && !ended->timed_out) co_return true;
    const bool nothing = ended && ended->exit.code == nothing_there;
    if (!nothing) {
        log::warning("cache not kept",
                     {{"job", job.id}, {"why", ended ? output.errors : ended.error().message}});
    }
    co_return false;
}

}  // namespace

std::string cache_prefix(CacheKind kind, std::string_view project, std::string_view trust,
                         std::string_view part) {
    if (project.empty()) return "";
    const std::string begin = fmt::format("{}-{}-{}-", word_of(kind), project, trust);
    return part.empty() ? begin : begin + part_hash(part) + "-";
}

std::string part_hash(std::string_view part) {
    return sha256_hex(part).substr(0, jobs::cache_part_size);
}

std::vector<jobs::KeptCache> kept_caches(const std::vector<engines::VolumeState>& volumes) {
    std::vector<jobs::KeptCache> caches;
    for (const engines::VolumeState& volume : volumes) {
        if (auto cache = told(volume)) caches.push_back(std::move(*cache));
    }
    std::ranges::sort(caches, std::greater{}, &jobs::KeptCache::used_at_ms);
    if (caches.size() > jobs::caches_per_report_max) caches.resize(jobs::caches_per_report_max);
    return caches;
}

std::string snapshot_name(std::string_view project, std::string_view key) {
    return fmt::format("snap-{}-{}", project.empty() ? "none" : project, key);
}

std::string project_of_cache(std::string_view volume) {
    constexpr std::array<std::string_view, 4> kinds{"snap-", "fw-", "pm-", "git-"};
    for (const std::string_view kind : kinds) {
        if (!volume.starts_with(kind)) continue;
        const std::string_view rest = volume.substr(kind.size());
        const std::size_t end = rest.find('-');
        return end == rest.npos ? "" : std::string(rest.substr(0, end));
    }
    return "";
}

std::int64_t saved_at_ms(std::string_view volume) {
    const std::string_view digits = volume.substr(volume.rfind('-') + 1);
    std::int64_t time = 0;
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), time);
    return bad == std::errc() && end == digits.data() + digits.size() ? time : 0;
}

Task<std::string> newest_cache(engines::Engine& engine, std::string prefix) {
    if (prefix.empty()) co_return "";
    const auto volumes = co_await engine.volumes();
    if (!volumes) co_return "";
    std::string newest;
    for (const engines::VolumeState& volume : *volumes) {
        const bool later = newest.empty() || saved_at_ms(volume.name) > saved_at_ms(newest);
        if (volume.kept && volume.name.starts_with(prefix) && later) newest = volume.name;
    }
    co_return newest;
}

std::vector<std::string> framework_cache_paths(const std::string& root,
                                               const std::vector<std::string>& named) {
    constexpr std::array<std::string_view, 12> names{".next/cache",
                                                     ".nuxt",
                                                     ".astro",
                                                     ".vite",
                                                     ".turbo",
                                                     ".nx/cache",
                                                     ".parcel-cache",
                                                     ".angular/cache",
                                                     ".vitepress/cache",
                                                     "node_modules/.cache",
                                                     "node_modules/.vite",
                                                     "node_modules/.astro"};
    std::vector<std::string> paths;
    for (const std::string_view name : names) {
        if (!root.empty()) paths.push_back(root + "/" + std::string(name));
        paths.emplace_back(name);
    }
    for (const std::string& name : named) {
        std::string path = root.empty() ? name : root + "/" + name;
        if (std::ranges::find(paths, path) == paths.end()) paths.push_back(std::move(path));
    }
    return paths;
}

Task<> save_cache(Workshop& workshop, const jobs::Job& job, std::string tenant, CacheSave save) {
    if (save.prefix.empty()) co_return;
    std::string volume = save.volume;
    if (volume.empty()) {
        volume = sandbox_of(job) + "-" + save.prefix.substr(0, save.prefix.find('-'));
        const bool copied = co_await copy_into(workshop, job, tenant, save, volume);
        if (!copied) {
            (void)co_await workshop.engine.remove_volume(volume);
            co_return;
        }
    }
    const std::string name = save.prefix + std::to_string(workshop.now());
    const Result<> kept = co_await workshop.engine.keep_volume(volume, name);
    if (!kept) {
        log::warning("cache not kept", {{"job", job.id}, {"why", kept.error().message}});
        co_return;
    }
    const auto volumes = co_await workshop.engine.volumes();
    if (!volumes) co_return;
    for (const engines::VolumeState& old : *volumes) {
        const bool replaced = old.kept && old.name.starts_with(save.prefix) && old.name != name;
        // One that a build still reads goes with the next.
        if (replaced) (void)co_await workshop.engine.remove_volume(old.name);
    }
}

}  // namespace berth::builds
