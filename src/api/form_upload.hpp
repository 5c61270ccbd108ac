#pragma once
/// Better compressed forms of what is stored, from workers that had time for them.

#include <string>

#include "base/workers.hpp"
#include "objects/object_store.hpp"

namespace berth::api {

/// Reads blobs (the format at the top of jobs/job.hpp), and puts each form in the place of the
/// stored one if it is smaller. Those that have no such place any more, or are not smaller, are
/// left out without a word. All or none of the rest.
///
/// Errors: invalid — bad_blob_name: also of a blob that is no form; blob_hash_mismatch: it is not a
///         form of that blob, or one that browsers cannot read; blob_stream_cut; unavailable.
Task<Result<>> store_forms(objects::ObjectStore& store, Workers& workers, std::string stream);

}  // namespace berth::api
