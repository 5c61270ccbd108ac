#include "builds/source.hpp"

#include <unistd.h>

#include "builds/archive.hpp"
#include "builds/clone_failure.hpp"
#include "builds/source_script.hpp"
#include "builds/survey_tar.hpp"
#include "rules/repo_url.hpp"

namespace berth::builds {
namespace {

constexpr std::size_t survey_bytes_max = 16 << 20;

StepFailure failed(jobs::Reason reason, std::string detail, std::string next_step) {
    return {.reason = reason, .detail = std::move(detail), .next_step = std::move(next_step)};
}

/// The tar with the credential's files, for stdin.
Fd credential_input(const jobs::Credential& credential) {
    Fd file = memory_file("");
    TarWriter tar(file.get());
    if (credential.kind == jobs::CredentialKind::token) {
        const std::string user =
            credential.username.empty() ? "x-access-token" : credential.username;
        tar.file("token", fmt::format("username={}\npassword={}\n", user, credential.secret), 0600);
    }
    if (credential.kind == jobs::CredentialKind::deploy_key) {
        const bool ended = credential.secret.ends_with('\n');  // ssh insists on it
        tar.file("key", credential.secret + (ended ? "" : "\n"), 0600);
    }
    if (!credential.known_hosts.empty()) tar.file("known_hosts", credential.known_hosts, 0600);
    tar.close();
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("lseek");
    return file;
}

std::optional<StepFailure> check(const jobs::Source& source) {
    const jobs::Credential& credential = source.credential;
    const std::string line = credential.username + credential.secret;
    if (credential.kind == jobs::CredentialKind::token &&
        line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos) {
        return failed(jobs::Reason::clone_auth, "the token has a line break in it",
                      "Enter the token again.");
    }
    if (!source.ref.empty() && !rules::is_ref_name(source.ref)) {
        return failed(jobs::Reason::clone_ref, "that is not a name of a branch or tag", "");
    }
    if (!source.commit.empty() && !rules::is_commit_id(source.commit)) {
        return failed(jobs::Reason::clone_ref, "a commit is 40 hex digits", "");
    }
    return std::nullopt;
}

engines::Run source_run(const SourceOrder& order, std::string script) {
    engines::Run run{.sandbox = order.sandbox, .tenant = order.tenant};
    run.argv = {"/bin/sh", "-c", std::move(script), "berth-source"};
    run.directory = "/src";
    run.mounts = {{.target = "/src", .upper = order.volume}};
    if (!order.mirror.empty()) run.mounts[0].lower = {order.mirror};
    run.limits.memory_bytes = order.limits.memory_bytes;
    run.limits.cpu_percent = order.limits.cpu_percent;
    run.limits.processes = 128;
    return run;
}

/// git gets the one variable that counts, and none where the repository is reached straight.
void go_through_proxy(engines::Run& run, const engines::Proxies& proxies,
                      const rules::RepoUrl& url) {
    const std::string scheme = boost::describe::enum_to_string(url.scheme, "");
    const std::string proxy = engines::proxy_for(proxies, scheme, url.host, url.port);
    if (proxy.empty()) return;
    run.environment.push_back(scheme + "_proxy=" + proxy);
    run.reach.proxies = engines::places_of({.https = proxy});
}

StepFailure clone_end_failure(const RunEnd& ended, const CaptureOutput& output,
                              const jobs::Source& source, const LogWriter& log) {
    if (ended.timed_out) {
        return failed(jobs::Reason::timed_out, "the clone took too long", "Try again.");
    }
    if (log.limit_reached())
        return failed(jobs::Reason::log_limit, "the log is over its limit", "");
    if (ended.exit.disk_full) {
        return failed(jobs::Reason::disk_full, "the repository does not fit into the build's disk",
                      "Make the repository smaller, or raise the disk limit.");
    }
    if (ended.exit.out_of_memory) {
        return failed(jobs::Reason::out_of_memory, "git needed more memory than the limit", "");
    }
    const bool had_credential = source.credential.kind != jobs::CredentialKind::none;
    CloneFailure why = classify_clone(output.errors, had_credential);
    StepFailure failure = failed(why.reason, log.mask(std::move(why.detail)), why.next_step);
    failure.exit_code = ended.exit.code;
    failure.first_error = failure.detail;
    return failure;
}

Outcome<Survey> survey_of(const CaptureOutput& output, const SourceOrder& order) {
    if (output.too_large()) {
        return failed(jobs::Reason::clone_failed, "the repository describes itself with too much",
                      "");
    }
    Result<Survey> survey = read_survey(output.out, order.source.root);
    if (!survey) {
        return failed(jobs::Reason::internal,
                      "the source could not be read: " + survey.error().message, "Deploy again.");
    }
    if (survey->commit.branch.empty()) survey->commit.branch = order.source.ref;
    return std::move(*survey);
}

}  // namespace

Task<Outcome<Survey>> clone_source(engines::Engine& engine, SourceOrder order, LogWriter& log,
                                   Stop& stop) {
    const Result<rules::RepoUrl> url = rules::parse_repo_url(order.source.repo_url);
    if (!url) {
        co_return failed(jobs::Reason::clone_not_found, url.error().message,
                         "Correct the address of the repository.");
    }
    if (const auto bad = check(order.source)) co_return *bad;

    const jobs::Source& source = order.source;
    const char* kind = boost::describe::enum_to_string(source.credential.kind, "none");
    engines::Run run = source_run(order, survey_script() + std::string(clone_script));
    run.argv.insert(run.argv.end(), {url->text, source.ref, source.commit, source.root, kind,
                                     order.list_branches ? "list" : ""});
    run.reach = {.kind = engines::Reach::Kind::host, .host = url->host, .port = url->port};
    go_through_proxy(run, order.proxies, *url);
    run.input = credential_input(source.credential);

    CaptureOutput output(survey_bytes_max, &log);
    const std::chrono::milliseconds limit(order.limits.clone_ms);
    const Result<RunEnd> ended = co_await drive(engine, std::move(run), output, limit, stop);
    log.end_streams();
    if (!ended) {
        const bool blocked = ended.error().failure == Failure::forbidden;
        StepFailure failure = failure_from(
            ended.error(), blocked ? jobs::Reason::clone_blocked : jobs::Reason::internal);
        if (blocked) {
            failure.next_step = "The operator can allow this network: BERTH_ALLOW_NETS.";
        }
        co_return failure;
    }
    if (ended->exit.code != 0 || ended->timed_out) {
        if (!output.too_large()) co_return clone_end_failure(*ended, output, source, log);
    }
    co_return survey_of(output, order);
}

Task<Outcome<Survey>> unpack_source(engines::Engine& engine, SourceOrder order, Fd file,
                                    LogWriter& log, Stop& stop) {
    engines::Run run = source_run(order, survey_script() + std::string(unpack_script));
    run.argv.push_back(order.source.root);
    run.input = std::move(file);
    CaptureOutput output(survey_bytes_max, &log);
    const std::chrono::milliseconds limit(order.limits.clone_ms);
    const Result<RunEnd> ended = co_await drive(engine, std::move(run), output, limit, stop);
    log.end_streams();
    if (!ended) co_return failure_from(ended.error(), jobs::Reason::internal);
    if (ended->exit.code != 0 || ended->timed_out) {
        co_return failed(jobs::Reason::clone_failed, "the kept source could not be unpacked",
                         "Deploy the branch instead: it is cloned again.");
    }
    co_return survey_of(output, order);
}

Task<Outcome<>> pack_source(engines::Engine& engine, SourceOrder order, int file, Stop& stop) {
    engines::Run run = source_run(order, "exec tar -I 'zstd -q -1' -cf - facts tree");
    run.mounts = {{.target = "/src", .lower = {order.volume}}};
    FileOutput output(file, order.limits.disk_bytes);
    const std::chrono::milliseconds limit(order.limits.clone_ms);
    const Result<RunEnd> ended = co_await drive(engine, std::move(run), output, limit, stop);
    if (!ended) co_return failure_from(ended.error(), jobs::Reason::internal);
    if (ended->exit.code != 0 || output.too_large()) {
        co_return failed(jobs::Reason::internal, "the source could not be kept: " + output.errors,
                         "");
    }
    co_return Outcome<>{};
}

}  // namespace berth::builds
