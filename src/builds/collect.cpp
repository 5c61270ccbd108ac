#include "builds/build_run.hpp"
#include "builds/checks.hpp"
#include "builds/collect_script.hpp"
#include "builds/growing_file.hpp"
#include "builds/masker.hpp"
#include "builds/signal.hpp"
#include "builds/site_rules.hpp"
#include "plans/survey.hpp"

#include <unistd.h>

namespace berth::builds {
namespace {

constexpr std::chrono::milliseconds collect_limit = std::chrono::minutes(5);
constexpr std::size_t secret_bytes_min = 8;
constexpr std::uint64_t tar_overhead_per_file = 2048;

StepFailure failed(jobs::Reason reason, std::string detail, std::string next_step) {
    return {.reason = reason, .detail = std::move(detail), .next_step = std::move(next_step)};
}

/// "a\nb\n" → "a, b"
std::string on_one_line(std::string_view lines) {
    std::string text = repair_utf8(utf8_prefix(lines, 1500));
    while (text.ends_with('\n'))
        text.pop_back();
    for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 2)) {
        text.replace(at, 1, ", ");
    }
    return text;
}

StepFailure missing(const BuildRun& run, const FileOutput& output) {
    const std::string wanted = run.plan.output_dir.empty()
                                   ? std::string("none of dist, build, out, _site, public")
                                   : "no directory '" + run.plan.output_dir + "'";
    const std::string there = on_one_line(output.errors);
    return failed(
        jobs::Reason::output_missing,
        fmt::format("the build made {}{}", wanted, there.empty() ? "" : "; there is: " + there),
        "Set the output directory in the project's settings to what the build makes.");
}

StepFailure failure_of_output(const Error& error) {
    StepFailure failure{.detail = error.message};
    if (!boost::describe::enum_from_string(error.code.c_str(), failure.reason)) {
        failure.reason = jobs::Reason::output_unsafe;
    }
    switch (failure.reason) {
        case jobs::Reason::secret_in_output:
            failure.next_step =
                "Everybody could read it on the site. If it is meant to be public, "
                "mark the variable as not sensitive; if not, keep it out of the "
                "build's output and change the secret. An owner of the team can set "
                "the project to warn instead (secret_in_output).";
            break;
        case jobs::Reason::output_unsafe:
            failure.next_step = "A site may have regular files and links inside it only.";
            break;
        case jobs::Reason::output_missing:
            failure.next_step = "Check the output directory in the project's settings.";
            break;
        default:
            failure.next_step = "Check that the output directory is the right one.";
    }
    return failure;
}

OutputRules rules_of(const BuildRun& run) {
    OutputRules rules{.bytes_max = run.job.limits.output_bytes,
                      .files_max = run.job.limits.output_files,
                      .is_source_tree = run.plan.is_source_tree};
    for (const jobs::JobVariable& variable : run.job.variables) {
        if (!variable.sensitive || variable.value.size() < secret_bytes_min) continue;
        auto& list = run.job.secret_in_output == jobs::SecretInOutput::warn ? rules.tolerated
                                                                            : rules.secrets;
        list.push_back({variable.key, forms_of(variable.value, secret_bytes_min)});
    }
    for (const std::string& secret : engines::secrets_of(run.workshop.proxies)) {
        rules.secrets.push_back({"HTTPS_PROXY", forms_of(secret, secret_bytes_min)});
    }
    return rules;
}

/// The output on its way to the store. What `tar` writes is parsed while more of it comes.
struct Passage {
    Passage(const asio::any_io_executor& loop, const BuildRun& run)
        : tar(run.workshop.scratch_directory),
          spool(std::make_shared<BlobSpool>(run.workshop.scratch_directory)),
          rules(rules_of(run)),
          changed(loop) {}

    GrowingFile tar;
    std::shared_ptr<BlobSpool> spool;  // outlives the tar
    OutputRules rules;
    std::optional<Result<SiteOutput>> parsed{};
    std::exception_ptr broken{};
    bool begun = false;
    bool ended = false;
    Signal changed;
};

/// Holds a thread until the tar ends, and so begins no sooner than it.
Task<> parse(Workers& workers, std::shared_ptr<Passage> passage) {
    const ReadContent read = [&passage](std::span<char> into) { return passage->tar.read(into); };
    const auto work = [&] { return collect_output(read, passage->rules, *passage->spool); };
    try {
        Result<SiteOutput> output = co_await workers.run(work);
        passage->parsed = std::move(output);
    } catch (...) {
        passage->broken = std::current_exception();
    }
    passage->ended = true;
    passage->changed.notify();
}

Task<> begin_to_parse(BuildRun& run, std::shared_ptr<Passage> passage) {
    if (std::exchange(passage->begun, true)) co_return;
    const auto loop = co_await asio::this_coro::executor;
    spawn(loop, parse(run.workshop.workers, passage), "parse an output");
}

/// Tells the parser of what came.
class PassageOutput final : public Output {
public:
    PassageOutput(BuildRun& run, std::shared_ptr<Passage> passage, FileOutput& file)
        : run_(run), passage_(std::move(passage)), file_(file) {}

    Task<bool> take(engines::Chunk chunk) override {
        const bool more = co_await file_.take(std::move(chunk));
        if (!more || file_.bytes() == 0) co_return more;
        passage_->tar.grow_to(file_.bytes());
        co_await begin_to_parse(run_, passage_);
        co_return true;
    }

private:
    BuildRun& run_;
    std::shared_ptr<Passage> passage_;
    FileOutput& file_;
};

Task<Outcome<>> stream_out(BuildRun& run, engines::Mount mount, std::shared_ptr<Passage> passage) {
    engines::Run tar{.sandbox = run.sandbox, .tenant = run.tenant};
    tar.argv = {"/bin/sh", "-c", std::string(collect_script), "berth-collect",
                run.root_directory()};
    if (run.plan.output_dir.empty()) {
        tar.argv.insert(tar.argv.end(), run.plan.output_guesses.begin(),
                        run.plan.output_guesses.end());
    } else {
        tar.argv.push_back("./" + run.plan.output_dir);
    }
    tar.directory = "/";
    tar.mounts.push_back(std::move(mount));
    const jobs::JobLimits& limits = run.job.limits;
    FileOutput output(passage->tar.descriptor(),
                      limits.output_bytes + limits.output_files * tar_overhead_per_file);
    PassageOutput told(run, passage, output);
    const Result<RunEnd> ended =
        co_await drive(run.workshop.engine, std::move(tar), told, collect_limit, run.stop);
    if (!ended) co_return failure_from(ended.error(), jobs::Reason::internal);
    if (output.too_large()) {
        co_return failed(jobs::Reason::output_too_large,
                         fmt::format("the output is larger than {} MiB", limits.output_bytes >> 20),
                         "Check that the output directory is the right one.");
    }
    switch (ended->exit.code) {
        case 0:
            co_return Outcome<>{};
        case 71:
        case 72:
            co_return missing(run, output);
        case 73:
            co_return failed(jobs::Reason::output_unsafe,
                             "the output directory is a link that leaves the project", "");
        default:
            co_return failed(jobs::Reason::publish_failed,
                             "the output could not be read: " + on_one_line(output.errors),
                             "Deploy again.");
    }
}

void say_tolerated(BuildRun& run, const SiteOutput& output) {
    for (const std::string& warning : output.warnings)
        run.log.say(warning + ": everybody can read it", jobs::Level::warning);
    if (output.warnings_left_out > 0) {
        run.log.say(fmt::format("… and {} more", output.warnings_left_out), jobs::Level::warning);
    }
}

/// What was stored just now in a quick form.
QuickForms quick_forms(std::shared_ptr<const BlobSpool> spool, std::vector<std::string> stored) {
    std::erase_if(stored, [&spool](const std::string& name) {
        const std::size_t dot = name.find('.');
        if (dot == name.npos || name.ends_with(".gz")) return true;
        const std::string plain = name.substr(0, dot);
        return !spool->holds(plain) || spool->size_of(plain) > dense_bytes_max;
    });
    if (stored.empty()) return {};
    return {std::move(spool), std::move(stored)};
}

Task<Outcome<>> upload(BuildRun& run, std::shared_ptr<const BlobSpool> spool) {
    std::vector<std::string> names = spool->names();
    const auto wanted = co_await run.api->missing(std::move(names));
    if (!wanted) co_return failure_from(wanted.error(), jobs::Reason::publish_failed);
    if (wanted->empty()) co_return Outcome<>{};
    run.log.say(fmt::format("Uploading {} new files ({} KiB with compressed forms)", wanted->size(),
                            spool->bytes_of(*wanted) >> 10));
    const MakeByteSource stream = [&spool, list = *wanted] { return spool->stream(list); };
    const Result<> sent = co_await run.api->upload_blobs(stream);
    if (!sent) co_return failure_from(sent.error(), jobs::Reason::publish_failed);
    run.quick = quick_forms(std::move(spool), *wanted);
    co_return Outcome<>{};
}

/// Waits for the parser on every way out.
Task<Outcome<SiteOutput>> pass(BuildRun& run, engines::Mount mount,
                               std::shared_ptr<Passage> passage) {
    // A worker that ends drops this coroutine, and must not wait for a thread that waits for it.
    const std::shared_ptr<void> let_go(nullptr, [passage](void*) { passage->tar.end(); });
    std::optional<Outcome<>> streamed;
    std::exception_ptr broken;
    try {
        Outcome<> outcome = co_await stream_out(run, std::move(mount), passage);
        streamed = std::move(outcome);
    } catch (...) {
        broken = std::current_exception();
    }
    passage->tar.end();
    if (streamed && *streamed) co_await begin_to_parse(run, passage);
    while (passage->begun && !passage->ended)
        co_await passage->changed.wait();
    if (broken) std::rethrow_exception(broken);
    if (!*streamed) co_return streamed->error();
    if (passage->broken) std::rethrow_exception(passage->broken);
    if (!*passage->parsed) co_return failure_of_output(passage->parsed->error());
    co_return std::move(**passage->parsed);
}

}  // namespace

Task<Outcome<artifacts::Manifest>> collect(BuildRun& run, engines::Mount mount) {
    const auto passage =
        std::make_shared<Passage>(co_await asio::this_coro::executor, std::as_const(run));
    Outcome<SiteOutput> output = co_await pass(run, std::move(mount), passage);
    if (!output) co_return output.error();
    say_tolerated(run, *output);

    artifacts::Manifest manifest{.deployment = run.job.id,
                                 .project = run.job.project,
                                 .spa = run.plan.shown.spa,
                                 .files = std::move(output->files)};
    std::map<std::string, std::string> rule_files = std::move(output->rule_files);
    manifest.rules = co_await compile_rules(run, std::move(rule_files));
    std::uint64_t bytes = 0;
    for (const auto& [path, entry] : manifest.files)
        bytes += entry.bytes;
    run.log.say(fmt::format("The site has {} files, {} KiB", manifest.files.size(), bytes >> 10));
    if (run.stop.asked()) {
        co_return failure_from(fail_as(Failure::conflict, "stopped", "", "stopped"), {});
    }
    const BlobSpool& spool = *passage->spool;
    std::optional<std::vector<jobs::Check>> checks = co_await check_output(run, manifest, spool);
    run.checks = std::move(checks);
    const Outcome<> uploaded = co_await upload(run, passage->spool);
    if (!uploaded) co_return uploaded.error();
    co_return manifest;
}

}  // namespace berth::builds
