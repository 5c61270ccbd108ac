#include "builds/build_run.hpp"
#include "builds/collect_script.hpp"
#include "builds/masker.hpp"
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

Task<Outcome<>> stream_out(BuildRun& run, engines::Mount mount, int file) {
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
    FileOutput output(file, limits.output_bytes + limits.output_files * tar_overhead_per_file);
    const Result<RunEnd> ended =
        co_await drive(run.workshop.engine, std::move(tar), output, collect_limit, run.stop);
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

Task<Outcome<>> upload(BuildRun& run, const BlobSpool& spool) {
    std::vector<std::string> names = spool.names();
    const auto wanted = co_await run.api->missing(std::move(names));
    if (!wanted) co_return failure_from(wanted.error(), jobs::Reason::publish_failed);
    if (wanted->empty()) co_return Outcome<>{};
    run.log.say(fmt::format("Uploading {} new files ({} KiB with compressed forms)", wanted->size(),
                            spool.bytes_of(*wanted) >> 10));
    const MakeByteSource stream = [&spool, list = *wanted] { return spool.stream(list); };
    const Result<> sent = co_await run.api->upload_blobs(stream);
    if (!sent) co_return failure_from(sent.error(), jobs::Reason::publish_failed);
    co_return Outcome<>{};
}

}  // namespace

Task<Outcome<artifacts::Manifest>> collect(BuildRun& run, engines::Mount mount) {
    const Fd tar = scratch_file(run.workshop.scratch_directory);
    const Outcome<> streamed = co_await stream_out(run, std::move(mount), tar.get());
    if (!streamed) co_return streamed.error();
    if (::lseek(tar.get(), 0, SEEK_SET) != 0) throw_errno("lseek");

    BlobSpool spool(run.workshop.scratch_directory);
    const OutputRules rules = rules_of(run);
    const auto parse = [file = tar.get(), &rules, &spool] {
        return collect_output(file, rules, spool);
    };
    Result<SiteOutput> output = co_await run.workshop.workers.run(parse);
    if (!output) co_return failure_of_output(output.error());
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
    const Outcome<> uploaded = co_await upload(run, spool);
    if (!uploaded) co_return uploaded.error();
    co_return manifest;
}

}  // namespace berth::builds
