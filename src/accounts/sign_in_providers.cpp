#include "accounts/sign_in_providers.hpp"

#include <algorithm>

#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {

struct ProviderRow {
    std::string id{};
    identity::ProviderKind kind{};
    std::string name{};
    std::string issuer{};
    std::string client_id{};
    std::string sealed_secret{};
    NewPeople new_people{};
    std::vector<std::string> domains{};
    bool enabled = true;
    std::int64_t version = 1;
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ProviderRow, (),
                      (id, kind, name, issuer, client_id, sealed_secret, new_people, domains,
                       enabled, version, created_at_ms))

namespace {

constexpr std::size_t id_bytes_max = 40;
constexpr std::size_t name_bytes_max = 100;
constexpr std::size_t client_bytes_max = 512;
constexpr std::size_t domain_bytes_max = 253;

std::string context_of(const std::string& id) {
    return "sign_in_provider/" + id;
}

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

Result<> check_id(const std::string& id) {
    const bool shaped = id.size() >= 2 && id.size() <= id_bytes_max && is_plain(id.front()) &&
                        is_plain(id.back()) &&
                        std::ranges::all_of(id, [](char c) { return is_plain(c) || c == '-'; });
    if (shaped) return {};
    return fail_as(Failure::invalid, "invalid_id", "/id", "id: 2 to {} of a-z, 0-9 and hyphens",
                   id_bytes_max);
}

bool is_domain(const std::string& domain) {
    return domain.size() <= domain_bytes_max && domain.find('.') != domain.npos &&
           domain.find("..") == domain.npos && is_plain(domain.front()) &&
           is_plain(domain.back()) &&
           std::ranges::all_of(domain, [](char c) { return is_plain(c) || c == '-' || c == '.'; });
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return text;
}

Result<> check_domains(const ProviderSettings& wanted) {
    if (wanted.domains.size() > SignInProviders::domains_max) {
        return fail_as(Failure::invalid, "invalid_domain", "/domains", "domains: at most {}",
                       SignInProviders::domains_max);
    }
    for (const std::string& domain : wanted.domains) {
        if (!domain.empty() && is_domain(domain)) continue;
        return fail_as(Failure::invalid, "invalid_domain", "/domains",
                       "domains: each is a name such as example.org");
    }
    if (wanted.new_people == NewPeople::domains && wanted.domains.empty()) {
        return fail_as(Failure::invalid, "invalid_domain", "/domains",
                       "domains: say whose addresses get an account");
    }
    return {};
}

/// Fills in what may be left out, and checks.
Result<> complete(ProviderSettings& wanted) {
    const Result<std::string> issuer = identity::check_issuer(wanted.kind, wanted.issuer);
    if (!issuer) return issuer.error();
    wanted.issuer = *issuer;
    std::ranges::transform(wanted.domains, wanted.domains.begin(), lower);
    const bool control = std::ranges::any_of(
        wanted.name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
    if (wanted.name.empty() || wanted.name.size() > name_bytes_max || control) {
        return fail_as(Failure::invalid, "invalid_name", "/name", "name: 1 to {} bytes",
                       name_bytes_max);
    }
    if (wanted.client_id.empty() || wanted.client_id.size() > client_bytes_max) {
        return fail_as(Failure::invalid, "invalid_client", "/client_id", "client_id: 1 to {} bytes",
                       client_bytes_max);
    }
    if (wanted.client_secret && wanted.client_secret->size() > client_bytes_max) {
        return fail_as(Failure::invalid, "invalid_client", "/client_secret",
                       "client_secret: at most {} bytes", client_bytes_max);
    }
    return check_domains(wanted);
}

SignInProvider view_of(const ProviderRow& row, std::int64_t people) {
    return {.id = row.id,
            .kind = row.kind,
            .name = row.name,
            .issuer = row.issuer,
            .client_id = row.client_id,
            .has_secret = !row.sealed_secret.empty(),
            .new_people = row.new_people,
            .domains = row.domains,
            .enabled = row.enabled,
            .people = people,
            .version = row.version,
            .created_at_ms = row.created_at_ms};
}

std::int64_t people_of(soci::session& sql, const std::string& issuer) {
    return db::value<std::int64_t>(sql, "select count(*) from identities where issuer = :issuer",
                                   issuer)
        .value_or(0);
}

std::optional<ProviderRow> row_of(soci::session& sql, const std::string& id) {
    return db::select_one<ProviderRow>(sql, "from sign_in_providers where id = :id", id);
}

Error unknown() {
    return fail_as(Failure::not_found, "provider_not_found", "",
                   "no such provider to sign in through");
}

std::string described(const ProviderRow& row) {
    return fmt::format("{} at {}, new people: {}{}", boost::describe::enum_to_string(row.kind, ""),
                       row.issuer, boost::describe::enum_to_string(row.new_people, ""),
                       row.enabled ? "" : ", off");
}

}  // namespace

SignInProviders::SignInProviders(db::Database& database, const Sealer& sealer, Clock now_ms)
    : database_(database), sealer_(sealer), now_ms_(std::move(now_ms)) {}

Task<Result<SignInProvider>> SignInProviders::add(std::string id, ProviderSettings wanted,
                                                  AuditActor actor) {
    const Result<> named = check_id(id);
    if (!named) co_return named.error();
    const Result<> fits = complete(wanted);
    if (!fits) co_return fits.error();
    const std::string secret = wanted.client_secret.value_or("");
    const std::int64_t now = now_ms_();
    const ProviderRow row{
        .id = id,
        .kind = wanted.kind,
        .name = wanted.name,
        .issuer = wanted.issuer,
        .client_id = wanted.client_id,
        .sealed_secret = secret.empty() ? "" : sealer_.seal(context_of(id), secret),
        .new_people = wanted.new_people,
        .domains = wanted.domains,
        .enabled = wanted.enabled,
        .created_at_ms = now};
    const auto work = [&](soci::session& sql) -> Result<SignInProvider> {
        if (row_of(sql, id)) {
            return fail_as(Failure::conflict, "provider_taken", "/id",
                           "id: there is a provider '{}' already", id);
        }
        const auto count = db::value<std::int64_t>(sql, "select count(*) from sign_in_providers");
        if (count.value_or(0) >= providers_max) {
            return fail_as(Failure::conflict, "too_many_providers", "",
                           "there are {} providers already; remove one first", providers_max);
        }
        db::insert(sql, "sign_in_providers", row);
        write_audit(sql, now, {actor, "sign_in_provider_added", id, described(row)});
        return view_of(row, people_of(sql, row.issuer));
    };
    co_return co_await database_.write(work);
}

Task<Result<SignInProvider>> SignInProviders::change(std::string id, std::int64_t version,
                                                     ProviderSettings wanted, AuditActor actor) {
    const Result<> fits = complete(wanted);
    if (!fits) co_return fits.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<SignInProvider> {
        const std::optional<ProviderRow> before = row_of(sql, id);
        if (!before) return unknown();
        if (before->version != version) {
            return fail_as(Failure::precondition, "precondition_failed", "",
                           "it was changed by somebody else in the meantime");
        }
        // A secret goes to no other than the one that it was given for.
        const bool same = before->kind == wanted.kind && before->issuer == wanted.issuer &&
                          before->client_id == wanted.client_id;
        ProviderRow row = *before;
        row.kind = wanted.kind;
        row.name = wanted.name;
        row.issuer = wanted.issuer;
        row.client_id = wanted.client_id;
        row.new_people = wanted.new_people;
        row.domains = wanted.domains;
        row.enabled = wanted.enabled;
        row.version = version + 1;
        if (wanted.client_secret && !wanted.client_secret->empty()) {
            row.sealed_secret = sealer_.seal(context_of(id), *wanted.client_secret);
        } else if (wanted.client_secret || !same) {
            row.sealed_secret.clear();
        }
        db::execute(sql, "delete from sign_in_providers where id = :id", id);
        db::insert(sql, "sign_in_providers", row);
        // Whoever is on the way came from other settings.
        db::execute(sql, "delete from provider_logins where provider = :id", id);
        write_audit(sql, now, {actor, "sign_in_provider_changed", id, described(row)});
        return view_of(row, people_of(sql, row.issuer));
    };
    co_return co_await database_.write(work);
}

Task<Result<>> SignInProviders::remove(std::string id, AuditActor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const std::optional<ProviderRow> row = row_of(sql, id);
        if (!row) return unknown();
        db::execute(sql, "delete from sign_in_providers where id = :id", id);
        db::execute(sql, "delete from provider_logins where provider = :id", id);
        write_audit(sql, now, {actor, "sign_in_provider_removed", id, described(*row)});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<std::vector<SignInProvider>> SignInProviders::list() {
    const auto query = [](soci::session& sql) {
        std::vector<SignInProvider> found;
        for (const ProviderRow& row :
             db::select<ProviderRow>(sql, "from sign_in_providers order by id"))
            found.push_back(view_of(row, people_of(sql, row.issuer)));
        return found;
    };
    co_return co_await database_.read(query);
}

Task<Result<SignInProvider>> SignInProviders::find(std::string id) {
    const auto query = [&](soci::session& sql) -> Result<SignInProvider> {
        const std::optional<ProviderRow> row = row_of(sql, id);
        if (!row) return unknown();
        return view_of(*row, people_of(sql, row->issuer));
    };
    co_return co_await database_.read(query);
}

Task<Result<identity::Provider>> SignInProviders::open(std::string id) {
    const auto query = [&](soci::session& sql) { return row_of(sql, id); };
    const std::optional<ProviderRow> row = co_await database_.read(query);
    if (!row || !row->enabled) co_return unknown();
    identity::Provider provider{
        .kind = row->kind, .issuer = row->issuer, .client_id = row->client_id};
    if (!row->sealed_secret.empty()) {
        provider.client_secret = sealer_.open(context_of(id), row->sealed_secret).value();
    }
    co_return provider;
}

}  // namespace berth::accounts
