#include "builds/fetch.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "builds/caches.hpp"
#include "builds/source.hpp"
#include "rules/repo_url.hpp"

namespace berth::builds {
namespace {

SourceOrder order_of(const BuildRun& run) {
    return {.sandbox = run.sandbox,
            .tenant = run.tenant,
            .volume = run.volume("src"),
            .source = run.job.source,
            .limits = run.job.limits,
            .proxies = run.workshop.proxies};
}

Task<Outcome<plans::Survey>> unpack(BuildRun& run, Fd snapshot) {
    SourceOrder order = order_of(run);
    co_return co_await unpack_source(run.workshop.engine, std::move(order), std::move(snapshot),
                                     run.log, run.stop);
}

constexpr std::int64_t mirror_lives_ms = 24 * 3600 * 1000;

/// The repository as it is now, for the next builds; not anew after every commit.
void save_mirror(BuildRun& run, const std::string& prefix, const std::string& mirror) {
    if (!mirror.empty() && run.workshop.now() - saved_at_ms(mirror) < mirror_lives_ms) return;
    CacheSave save{
        .prefix = prefix,
        .view = {.target = "/src", .lower = {run.volume("src")}},
        .paths = {"git/objects", "git/refs", "git/HEAD", "git/shallow", "git/packed-refs"}};
    if (!mirror.empty()) save.view.lower.push_back(mirror);
    run.caches.push_back(std::move(save));
}

/// Throws away what a clone in vain has written.
Task<Outcome<>> make_source_volume_anew(BuildRun& run) {
    const std::string volume = run.volume("src");
    (void)co_await run.workshop.engine.remove_volume(volume);
    co_return co_await make_job_volume(run, volume);
}

Task<Outcome<plans::Survey>> clone(BuildRun& run) {
    const jobs::Source& source = run.job.source;
    const std::string what = !source.commit.empty() ? source.commit.substr(0, 12)
                             : source.ref.empty()   ? std::string("the default branch")
                                                    : source.ref;
    run.log.say(fmt::format("Cloning {} at {}", source.repo_url, what));
    engines::Engine& engine = run.workshop.engine;
    const std::string prefix = cache_prefix(CacheKind::source, run.job.project, trust_of(run.job),
                                            run.job.source.repo_url);
    const std::string mirror = co_await newest_cache(engine, prefix);
    SourceOrder order = order_of(run);
    order.mirror = mirror;
    Outcome<plans::Survey> cloned =
        co_await clone_source(engine, std::move(order), run.log, run.stop);
    if (!cloned && !mirror.empty() && cloned.error().reason == jobs::Reason::clone_failed) {
        run.log.say("The kept copy of the repository is left out");
        (void)co_await engine.remove_volume(mirror);
        const Outcome<> made = co_await make_source_volume_anew(run);
        if (!made) co_return made.error();
        SourceOrder again = order_of(run);
        cloned = co_await clone_source(engine, std::move(again), run.log, run.stop);
        if (cloned) save_mirror(run, prefix, "");
        co_return cloned;
    }
    if (cloned) save_mirror(run, prefix, mirror);
    co_return cloned;
}

/// The kept snapshot in a file, or nothing when the store has it no more.
Task<Outcome<std::optional<Fd>>> download(BuildRun& run) {
    Fd file = scratch_file(run.workshop.scratch_directory);
    const Result<> downloaded = co_await run.api->download_source(file.get());
    if (!downloaded && downloaded.error().failure == Failure::not_found) {
        co_return std::optional<Fd>();
    }
    if (!downloaded) co_return failure_from(downloaded.error(), jobs::Reason::internal);
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("lseek");
    co_return std::optional<Fd>(std::move(file));
}

std::string sha256_of(int file) {
    Sha256 hash;
    std::string block(1 << 20, '\0');
    off_t at = 0;
    for (;;) {  // ends at the end of the file
        const ssize_t count = ::pread(file, block.data(), block.size(), at);
        if (count < 0) throw_errno("read a scratch file");
        if (count == 0) return hash.hex();
        hash.add({block.data(), static_cast<std::size_t>(count)});
        at += count;
    }
}

ByteSource read_from_start(int file) {
    return [file, at = off_t{0}](std::span<char> into) mutable -> std::size_t {
        const ssize_t count = ::pread(file, into.data(), into.size(), at);
        if (count <= 0) return 0;
        at += count;
        return static_cast<std::size_t>(count);
    };
}

/// Of what was uploaded or pushed there is no other source.
StepFailure no_source_kept() {
    return {.reason = jobs::Reason::clone_not_found,
            .detail = "the source of this deployment is kept no longer",
            .next_step =
                "Deploy the directory again, or push again; the project's settings say "
                "how many sources are kept (keep_sources)."};
}

}  // namespace

Task<Outcome<>> fetch(BuildRun& run) {
    const Result<std::string> root = plans::normal_root(run.job.source.root);
    if (!root) {
        co_return StepFailure{.reason = jobs::Reason::plan_failed,
                              .detail = root.error().message,
                              .next_step = "Correct the root directory in the project's settings."};
    }
    run.job.source.root = *root;
    const Outcome<> made = co_await make_job_volume(run, run.volume("src"));
    if (!made) co_return made.error();
    std::optional<Outcome<plans::Survey>> survey;
    if (run.job.source_sha256) {
        Outcome<std::optional<Fd>> kept = co_await download(run);
        if (!kept) co_return kept.error();
        if (*kept) {
            run.log.say(run.api->source_words(run.job.source));
            Outcome<plans::Survey> unpacked = co_await unpack(run, std::move(**kept));
            survey = std::move(unpacked);
        } else {
            run.job.source_sha256.reset();
        }
    }
    if (!survey && run.job.source.repo_url.empty()) co_return no_source_kept();
    if (!survey) {
        Outcome<plans::Survey> cloned = co_await clone(run);
        survey = std::move(cloned);
    }
    if (!*survey) co_return survey->error();
    run.survey = std::move(**survey);
    run.layers = {run.volume("src") + "/tree"};
    const jobs::CommitFacts& commit = run.survey.commit;
    if (!commit.commit.empty())
        run.log.say(fmt::format("Commit {} {}", commit.commit.substr(0, 12), commit.message));
    co_return Outcome<>{};
}

Task<std::optional<std::string>> keep_source(BuildRun& run) {
    if (run.job.source_sha256) co_return run.job.source_sha256;
    const Fd file = scratch_file(run.workshop.scratch_directory);
    SourceOrder order = order_of(run);
    const Outcome<> packed =
        co_await pack_source(run.workshop.engine, std::move(order), file.get(), run.stop);
    if (!packed) {
        log::warning("source not kept",
                     {{"deployment", run.job.id}, {"why", packed.error().detail}});
        co_return std::nullopt;
    }
    const auto hash = [number = file.get()] { return sha256_of(number); };
    std::string sha256 = co_await run.workshop.workers.run(hash);
    const MakeByteSource stream = [number = file.get()] { return read_from_start(number); };
    const Result<> sent = co_await run.api->upload_source(sha256, stream);
    if (sent) co_return sha256;
    log::warning("source not kept", {{"deployment", run.job.id}, {"why", sent.error().message}});
    co_return std::nullopt;
}

}  // namespace berth::builds
