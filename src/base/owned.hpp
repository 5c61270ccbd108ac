#pragma once
/// Owners of what C libraries give: `std::unique_ptr<BIO, FreedBy<BIO_free>>`.

namespace berth {

template <auto free>
struct FreedBy {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};

}  // namespace berth
