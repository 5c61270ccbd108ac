#include "projects/git_request_store.hpp"

#include "accounts/audit.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::projects {
namespace {

std::optional<GitRequest> find_request(soci::session& sql, const std::string& project,
                                       std::int64_t number) {
    return db::select_one<GitRequest>(
        sql, "from git_requests where project = :project and number = :number", project, number);
}

/// Whether somebody has allowed this author's code to be built here before.
bool is_known(soci::session& sql, const GitRequest& request) {
    if (request.author_id.empty()) return false;
    return db::value<std::int64_t>(sql,
                                   "select count(*) from git_requests where project = :project and "
                                   "author_id = :author and approval = 'approved'",
                                   request.project, request.author_id)
               .value_or(0) > 0;
}

Approval approval_of(soci::session& sql, const GitRequest& told,
                     const std::optional<GitRequest>& before) {
    if (!told.fork) return Approval::none;
    if (before && before->approval == Approval::approved) return Approval::approved;
    return is_known(sql, told) ? Approval::approved : Approval::waiting;
}

void prune(soci::session& sql, const std::string& project) {
    db::execute(sql,
                "delete from git_requests where project = :project and state = 'closed' and "
                "number <= (select number from git_requests where project = :same "
                "order by number desc limit 1 offset :kept)",
                project, project, GitRequestStore::requests_max);
}

}  // namespace

std::string ref_of(const GitRequest& request) {
    return request.fork ? fmt::format("pull:{}", request.number) : request.branch;
}

Task<GitRequest> GitRequestStore::keep(GitRequest told) {
    told.updated_at_ms = now_ms_();
    const auto work = [&](soci::session& sql) {
        const std::optional<GitRequest> before = find_request(sql, told.project, told.number);
        GitRequest kept = told;
        kept.approval = approval_of(sql, told, before);
        if (before) {
            kept.approved_by = before->approved_by;
            kept.comment_id = before->comment_id;
            kept.comment_hash = before->comment_hash;
        }
        db::execute(sql, "delete from git_requests where project = :project and number = :number",
                    kept.project, kept.number);
        db::insert(sql, "git_requests", kept);
        prune(sql, kept.project);
        return kept;
    };
    co_return co_await database_.write(work);
}

Task<std::optional<GitRequest>> GitRequestStore::find(std::string project, std::int64_t number) {
    const auto query = [&](soci::session& sql) { return find_request(sql, project, number); };
    co_return co_await database_.read(query);
}

Task<std::vector<GitRequest>> GitRequestStore::open(std::string project) {
    const auto query = [&](soci::session& sql) {
        return db::select<GitRequest>(sql,
                                      "from git_requests where project = :project and "
                                      "state = 'open' order by number desc limit :limit",
                                      project, requests_max);
    };
    co_return co_await database_.read(query);
}

Task<std::vector<GitRequest>> GitRequestStore::open_of(std::string project, std::string ref) {
    std::vector<GitRequest> all = co_await open(project);
    std::erase_if(all, [&](const GitRequest& one) { return ref_of(one) != ref; });
    co_return all;
}

Task<Result<GitRequest>> GitRequestStore::approve(std::string project, std::int64_t number,
                                                  Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<GitRequest> {
        std::optional<GitRequest> found = find_request(sql, project, number);
        if (!found) return fail(Failure::not_found, "no such pull request");
        if (found->approval != Approval::waiting || found->state != RequestState::open) {
            return fail_as(Failure::conflict, "nothing_to_approve", "",
                           "this pull request does not wait for anybody's word");
        }
        found->approval = Approval::approved;
        found->approved_by = actor.name;
        db::execute(sql,
                    "update git_requests set approval = 'approved', approved_by = :by "
                    "where project = :project and number = :number",
                    actor.name, project, number);
        accounts::write_audit(sql, now,
                              {actor, "pull_request_approved", project,
                               fmt::format("{} of {}", number, found->author)});
        return std::move(*found);
    };
    co_return co_await database_.write(work);
}

Task<> GitRequestStore::mark_newest(std::string project, std::string ref) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update git_reports set due = 1, marks = marks + 1, attempts = 0, "
                    "next_at_ms = :now where deployment = (select id from deployments where "
                    "project = :project and ref = :ref order by intent desc limit 1)",
                    now, project, ref);
    };
    co_await database_.write(work);
}

Task<> GitRequestStore::set_comment(GitRequest request, std::string comment_id,
                                    std::string comment_hash) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update git_requests set comment_id = :id, comment_hash = :hash "
                    "where project = :project and number = :number",
                    comment_id, comment_hash, request.project, request.number);
    };
    co_await database_.write(work);
}

}  // namespace berth::projects
