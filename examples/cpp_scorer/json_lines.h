// Rows of a JSON Lines stream as batches, and predictions back as lines.
#pragma once

#include <cstdint>
#include <istream>
#include <ostream>

#include "foretell/batch.h"

// One column of text for each name, and `line`, the number of the line from 1. What is absent, null or no
// text is null. A line that is no JSON object ends the stream with an Error (FT0704).
foretell::Batches JsonLines(std::istream& lines, const std::vector<std::string>& names, std::int64_t rows);

// Each row as a JSON object of its columns.
void WriteJsonLines(const foretell::Batch& batch, std::ostream& out);
