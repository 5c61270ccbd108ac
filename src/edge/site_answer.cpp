#include "edge/site_answer.hpp"

#include <unistd.h>

#include "base/log.hpp"
#include "edge/preconditions.hpp"
#include "edge/ranges.hpp"

namespace berth::edge {

namespace {

SiteAnswer want(const WantedBlob& blob) {
    SiteAnswer answer;
    answer.status = 0;
    answer.wanted = blob;
    return answer;
}

SiteAnswer broken_blob(const SiteFile& file, const http::HeadView& head, bool away) {
    if (away) {
        return answer_page(503, "file_unavailable", "This file cannot be read at the moment.",
                           head.get("accept"), "retry-after: 5\r\n");
    }
    log::error("blob is missing or damaged", {{"sha256", hex_of(file.sha256)}});
    return answer_page(500, "blob_missing", "A file of this site cannot be read.",
                       head.get("accept"));
}

bool read_whole(int file, std::string& into) {
    std::size_t at = 0;
    while (at < into.size()) {
        const ssize_t count =
            ::pread(file, into.data() + at, into.size() - at, static_cast<off_t>(at));
        if (count <= 0) return false;
        at += static_cast<std::size_t>(count);
    }
    return true;
}

/// Whether what was opened is worth sending: a stored form that is not smaller is not.
bool is_of_use(const Blobs::Opened& opened, const SiteFile& file, Coding coding) {
    if (!opened.file && !opened.reader) return false;
    return coding == Coding::identity ? opened.bytes == file.bytes : opened.bytes < file.bytes;
}

SiteAnswer answer_kept(std::shared_ptr<const Prepared> prepared, Manner manner) {
    SiteAnswer answer;
    answer.status = manner.status;
    answer.source = traffic::Source::memory;
    answer.file = prepared->file;
    answer.bytes = prepared->bytes;
    answer.prepared = std::move(prepared);
    return answer;
}

/// The answer in one coding; status 0: it is to be brought, or there is no such form, or, `away`,
/// it cannot be had now.
SiteAnswer answer_coded(Blobs& blobs, const Site& site, const SiteFile& file, Manner manner,
                        Coding coding, bool& away) {
    const bool for_good = manner.by_its_name && file.immutable;
    const PreparedKey key{file.sha256, std::hash<std::string_view>{}(site.type_of(file)), coding,
                          Manner{manner.status, for_good, manner.searchable}};
    if (auto kept = blobs.find(key)) return answer_kept(std::move(kept), manner);
    SiteAnswer answer;
    answer.status = 0;
    if (blobs.is_known_missing(key)) return answer;
    const WantedBlob wanted{file.sha256, coding, file.bytes};
    Blobs::Opened opened = blobs.open(wanted);
    if (opened.wanted) return want(wanted);
    if (!is_of_use(opened, file, coding)) {
        const bool found = opened.file || opened.reader;
        if (coding != Coding::identity && (opened.missing || found)) blobs.remember_missing(key);
        if (opened.missing || found) return answer;
        if (auto kept = blobs.find_old(key)) return answer_kept(std::move(kept), manner);
        away = true;
        return answer;
    }
    answer.status = manner.status;
    answer.head = file_head(file, manner, coding, opened.bytes, site.type_of(file));
    if (opened.reader) {
        answer.reader = std::move(opened.reader);
        answer.reads = wanted;
        answer.bytes = opened.bytes;
        return answer;
    }
    auto prepared = std::make_shared<Prepared>();
    if (opened.bytes <= Blobs::kept_bytes_max) {
        prepared->body.resize(static_cast<std::size_t>(opened.bytes));
        if (!read_whole(opened.file->get(), prepared->body)) {
            answer.status = 0;
            return answer;
        }
        prepared->head = std::move(answer.head);
        answer.prepared = std::move(prepared);
        answer.source = traffic::Source::miss;
        blobs.remember(key, answer.prepared);
        return answer;
    }
    prepared->head = std::move(answer.head);
    prepared->file = std::move(opened.file);
    prepared->bytes = opened.bytes;
    answer.file = prepared->file;
    answer.bytes = opened.bytes;
    answer.prepared = std::move(prepared);
    blobs.remember(key, answer.prepared);
    return answer;
}

/// The forms to try, the best first: by what the request says, then by size.
Codings order_of(const SiteFile& file, const Wanted& wanted) {
    Codings order;
    for (const Coding coding : file.codings) {
        const int weight = wanted.of(coding);
        if (weight == 0 || weight < wanted.identity) continue;
        std::size_t at = order.count++;
        for (; at > 0 && wanted.of(order.all[at - 1]) < weight; --at)
            order.all[at] = order.all[at - 1];
        order.all[at] = coding;
    }
    order.all[order.count++] = Coding::identity;
    return order;
}

SiteAnswer answer_best(Blobs& blobs, const Site& site, const SiteFile& file, Manner manner,
                       const http::HeadView& head) {
    const Wanted wanted = file.compressible ? wanted_of(head) : Wanted{};
    bool away = false;
    for (const Coding coding : order_of(file, wanted).list()) {
        SiteAnswer answer = answer_coded(blobs, site, file, manner, coding, away);
        if (answer.status != 0 || answer.wanted) return answer;
    }
    return broken_blob(file, head, away);
}

/// Which of the file's forms a condition may name: those that the request takes. A cache that
/// was told that its br form is good still would give it to somebody who cannot read br.
Codings takes_of(const SiteFile& file, const http::HeadView& head) {
    Codings takes;
    const Wanted wanted = file.compressible ? wanted_of(head) : Wanted{};
    for (const Coding coding : file.codings) {
        if (wanted.of(coding) > 0) takes.all[takes.count++] = coding;
    }
    takes.all[takes.count++] = Coding::identity;
    return takes;
}

/// The head is made once and kept beside the file's own answers.
SiteAnswer answer_not_modified(Blobs& blobs, const SiteFile& file, Manner manner, Coding coding) {
    const bool for_good = manner.by_its_name && file.immutable;
    const PreparedKey key{file.sha256, file.compressible ? 1U : 0U, coding,
                          Manner{304, for_good, manner.searchable}};
    SiteAnswer answer;
    answer.status = 304;
    answer.prepared = blobs.find(key);
    if (answer.prepared) return answer;
    auto prepared = std::make_shared<Prepared>();
    prepared->head = not_modified_head(file, manner, etag_of(file, coding));
    answer.prepared = std::move(prepared);
    blobs.remember(key, answer.prepared);
    return answer;
}

/// Ranges are pieces of the plain bytes: stored forms may be compressed anew at any time.
SiteAnswer answer_ranges(Blobs& blobs, const Site& site, const SiteFile& file, Manner manner,
                         std::vector<Range> ranges, const http::HeadView& head) {
    const WantedBlob wanted{file.sha256, Coding::identity, file.bytes};
    Blobs::Opened opened = blobs.open(wanted);
    if (opened.wanted) return want(wanted);
    if (!is_of_use(opened, file, Coding::identity)) {
        const bool away = !opened.missing && !opened.file && !opened.reader;
        return broken_blob(file, head, away);
    }
    // What comes is read once, from the first byte to the last: RFC 9110 §14.2 allows the whole.
    if (!opened.file && ranges.size() > 1) return answer_best(blobs, site, file, manner, head);
    manner.status = 206;
    SiteAnswer answer;
    answer.status = 206;
    answer.file = std::move(opened.file);
    answer.reader = std::move(opened.reader);
    answer.reads = wanted;
    if (ranges.size() == 1) {
        answer.offset = ranges[0].offset;
        answer.bytes = ranges[0].bytes;
        answer.head = file_head(file, manner, Coding::identity, answer.bytes, site.type_of(file));
        add_field(answer.head, "content-range", content_range(ranges[0], file.bytes));
        return answer;
    }
    // Nobody can make a file that holds half of its own hash.
    answer.parts = std::make_unique<Multipart>(Multipart{hex_of(file.sha256).substr(0, 32),
                                                         std::string(site.type_of(file)),
                                                         file.bytes, std::move(ranges)});
    answer.bytes = body_bytes(*answer.parts);
    answer.head =
        file_head(file, manner, Coding::identity, answer.bytes, multipart_type(*answer.parts));
    return answer;
}

SiteAnswer answer_unsatisfiable(const SiteFile& file) {
    SiteAnswer answer;
    answer.status = 416;
    answer.head = unsatisfiable_head(file);
    return answer;
}

/// What the conditions say, when they say anything.
std::optional<SiteAnswer> answer_conditions(Blobs& blobs, const Site& site, const SiteFile& file,
                                            Manner manner, const http::HeadView& head,
                                            const Codings& takes) {
    const Verdict verdict = judge(file, takes, head);
    switch (verdict.kind) {
        case Verdict::Kind::go_on:
            return std::nullopt;
        case Verdict::Kind::failed:
            return answer_page(412, "precondition_failed", "The file has changed.",
                               head.get("accept"));
        case Verdict::Kind::known:
            return answer_not_modified(blobs, file, manner, verdict.coding);
        case Verdict::Kind::known_anyhow:
            break;
    }
    // Which form the visitor has is not said: it is told of the one that it would get.
    SiteAnswer best = answer_best(blobs, site, file, manner, head);
    if (best.status != manner.status || best.wanted) return best;
    SiteAnswer answer;
    answer.status = 304;
    answer.head = not_modified_head(file, manner, field_of(best.head_text(), "etag"));
    return answer;
}

/// A piece of the file, or that there is none; nothing: the whole is asked for.
std::optional<SiteAnswer> answer_pieces(Blobs& blobs, const Site& site, const SiteFile& file,
                                        Manner manner, const http::HeadView& head) {
    const auto wanted = lone_value(head, "range");
    if (!wanted) return std::nullopt;
    // Exactly one strong tag: a weak one, a date or a second field is not the same.
    if (head.find("if-range") != nullptr &&
        lone_value(head, "if-range") != etag_of(file, Coding::identity)) {
        return std::nullopt;
    }
    std::vector<Range> ranges;
    switch (parse_ranges(*wanted, file.bytes, ranges)) {
        case RangeKind::part:
            return answer_ranges(blobs, site, file, manner, std::move(ranges), head);
        case RangeKind::unsatisfiable:
            return answer_unsatisfiable(file);
        case RangeKind::whole:
            break;
    }
    return std::nullopt;
}

}  // namespace

SiteAnswer answer_file(Blobs& blobs, const Site& site, const SiteFile& file, Manner manner,
                       const http::HeadView& head) {
    if (manner.status != 200) return answer_best(blobs, site, file, manner, head);
    const bool conditional =
        head.find("if-match") != nullptr || head.find("if-none-match") != nullptr;
    const bool in_pieces = head.verb == "GET" && head.find("range") != nullptr;
    if (conditional) {
        // A range is one of the plain bytes: no other form may be meant by its conditions.
        constexpr Codings plain{{Coding::identity}, 1};
        const Codings takes = in_pieces ? plain : takes_of(file, head);
        auto answer = answer_conditions(blobs, site, file, manner, head, takes);
        if (answer) return std::move(*answer);
    }
    if (in_pieces) {
        auto answer = answer_pieces(blobs, site, file, manner, head);
        if (answer) return std::move(*answer);
    }
    return answer_best(blobs, site, file, manner, head);
}

}  // namespace berth::edge
