#pragma once
/// The database, the truth of the control plane. Queries run on worker threads; the caller resumes
/// on its own loop. Only db/, accounts/, projects/, deployments/, logs/ write SQL; see records.hpp
/// for rows as described structs. SOCI stays out of headers that others include.

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <type_traits>

#include "base/workers.hpp"

namespace soci {
class session;
}

namespace berth::db {

class Database {
public:
    /// `url`: "sqlite:PATH" ("sqlite::memory:" for tests). Opens, but does not migrate.
    /// Throws: std::runtime_error — cannot be opened, in words for the operator.
    explicit Database(const std::string& url, std::size_t readers = 2);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs the migrations that are missing, each in its own transaction.
    /// Throws: std::runtime_error — the schema is newer than this binary (says both versions).
    void migrate();
    int schema_version();

    /// Runs `query(soci::session&)` on a connection that cannot write.
    /// Throws: soci::soci_error — the database refused or is gone.
    template <class Query>
    auto read(Query query) -> Task<std::invoke_result_t<Query, soci::session&>> {
        auto call = [this, query = std::move(query)]() mutable {
            return with_reader([&](soci::session& sql) { return query(sql); });
        };
        co_return co_await asio::co_spawn(reading_, on_thread(std::move(call)), to_its_end());
    }

    /// The same inside BEGIN IMMEDIATE … COMMIT on the one connection that writes; one at a time.
    /// An exception rolls back and reaches the caller.
    template <class Query>
    auto write(Query query) -> Task<std::invoke_result_t<Query, soci::session&>> {
        auto call = [this, query = std::move(query)]() mutable {
            return in_transaction([&](soci::session& sql) { return query(sql); });
        };
        co_return co_await asio::co_spawn(writing_, on_thread(std::move(call)), to_its_end());
    }

private:
    struct Connections;

    template <class Call>
    static auto on_thread(Call call) -> Task<std::invoke_result_t<Call>> {
        co_return call();
    }

    template <class Use>
    auto with_reader(Use use) {
        const Borrowed borrowed(*this);
        return use(borrowed.session);
    }

    template <class Use>
    auto in_transaction(Use use) {
        Transaction transaction(*this);
        if constexpr (std::is_void_v<std::invoke_result_t<Use, soci::session&>>) {
            use(transaction.session);
            transaction.commit();
        } else {
            auto result = use(transaction.session);
            transaction.commit();
            return result;
        }
    }

    struct Borrowed {
        explicit Borrowed(Database& from);
        ~Borrowed();
        Database& database;
        std::size_t slot;
        soci::session& session;
    };
    struct Transaction {
        explicit Transaction(Database& on);
        ~Transaction();
        void commit();
        soci::session& session;
        bool open = true;
    };

    std::unique_ptr<Connections> connections_;
    asio::thread_pool reading_;
    asio::thread_pool writing_;
};

}  // namespace berth::db
