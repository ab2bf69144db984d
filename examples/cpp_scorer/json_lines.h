// Rows of a JSON Lines stream as batches, and predictions back as lines.
#pragma once

#include <cstdint>
#include <istream>
#include <ostream>

#include "foretell/batch.h"

// One column of text for each name in `texts`, where what is absent, null or no text is null; one for each in
// `kept`, of JSON as it was; and `line`, the number of the line from 1. Batches of `rows`. A line that is no
// JSON object ends the stream with an Error (FT0704).
foretell::Batches JsonLines(std::istream& lines, const std::vector<std::string>& texts,
                            const std::vector<std::string>& kept, std::int64_t rows);

// Each row as a JSON object of its columns; those in `kept` are JSON already.
void WriteJsonLines(const foretell::Batch& batch, const std::vector<std::string>& kept, std::ostream& out);
