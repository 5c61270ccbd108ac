#include "base/result.hpp"

namespace berth {

const char* word(Failure failure) {
    return boost::describe::enum_to_string(failure, "internal");
}

}  // namespace berth
