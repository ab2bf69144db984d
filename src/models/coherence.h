// How often words occur together in documents: what the coherence of topics is computed from.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "text/csr.h"

namespace foretell {

// For each topic its best words, `width` a topic, by id: the number of rows of `counts` that have both the
// i-th and the j-th of them, topics x width x width numbers (on the diagonal, those that have the word). An
// entry of 0 is no word. `between` is called from time to time. FT0101 where the sizes disagree, FT0206 for
// ids that are no columns and values that are no counts.
std::vector<std::int64_t> CountTogether(CsrView counts, std::span<const std::int32_t> topic_words,
                                        std::int64_t width, const std::function<void()>& between = {});

}  // namespace foretell
