// Events as text: a line each, "id<TAB>title"; a line without a tab is an id without a title.
#pragma once

#include <cstdint>
#include <istream>

#include "foretell/batch.h"

// A stream of batches of at most `rows` rows, id: string and title: string. `lines` must outlive it.
foretell::Batches EventLines(std::istream& lines, std::int64_t rows = 1'000);
